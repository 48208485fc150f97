"""The AI eye: what a kernel answers, how a net of kernels is built, and what its layers know."""
