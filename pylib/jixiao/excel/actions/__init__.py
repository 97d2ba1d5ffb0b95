"""What each button of the ribbon does, over the open workbook."""
