"""Inside Excel: worksheet functions, what the buttons do, the add-in and its installation."""
