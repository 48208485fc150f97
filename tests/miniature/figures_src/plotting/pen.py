COLOUR = b"ink"
