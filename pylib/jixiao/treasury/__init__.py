"""The treasury's desk: collecting thousands of filings, checking them all, and the store they are kept in."""
