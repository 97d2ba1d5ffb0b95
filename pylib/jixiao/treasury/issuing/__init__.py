"""One prefilled workbook for each unit, and the list of what was handed out."""
