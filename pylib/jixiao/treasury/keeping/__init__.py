"""The store: its tables, its files, questions to it, and last year's figures from it."""
