"""The filing as a Word document: the report's text, then the tables that are attached to it."""
