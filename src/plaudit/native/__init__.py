"""Kernels in C for what NumPy and Arrow need many passes for; everything works without them, with the same results."""
