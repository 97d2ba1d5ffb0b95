"""The summary (汇总) of a store: one workbook and one page of the same figures."""
