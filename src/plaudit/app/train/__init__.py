"""`plaudit train`: its options, its run, and what a person sees of it."""
