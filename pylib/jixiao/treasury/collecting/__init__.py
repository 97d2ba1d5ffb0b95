"""From folders, zip files and shares to rows: files are found, read and checked in chunks, here or on a cluster."""
