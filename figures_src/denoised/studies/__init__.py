"""Small controlled experiments: too long for a figure, short enough for anyone to repeat. Each module holds the
experiment, and beside it lies the small file of results that the figures read."""
