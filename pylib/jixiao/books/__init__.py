"""Workbooks: building new ones, reading and annotating closed ones, and working in open ones."""
