"""A new workbook, sheet by sheet: what is drawn, calculated, checked and styled on it."""
