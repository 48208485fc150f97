"""AI knows nothing: who told it what, what a label costs, a clock that cannot be read, and what it keeps."""
