"""What benchmarks of the project itself measured, kept as data so that a page can show it."""
