"""Figures of the page on negatives and the told sequence of the pipeline."""
