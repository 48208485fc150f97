"""Figures of the page on decoders that have not seen everything."""
