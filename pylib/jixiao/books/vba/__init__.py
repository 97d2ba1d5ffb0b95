"""Macros in workbooks: their source, how it is packed, the buttons that run it, and how it is all taken out again."""
