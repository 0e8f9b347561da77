"""Files that come in: their names and places, their inspection, and what became of each path."""
