"""The open box: what a browser loads to draw by itself, and runs recorded for those who have not loaded it."""
