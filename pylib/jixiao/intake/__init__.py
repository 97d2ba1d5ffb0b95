"""A filing from documents that are none of ours: Word reports, and workbooks that a unit made itself."""
