"""The file format: zip parts, XML as it is really written, cells and formats of a closed workbook."""
