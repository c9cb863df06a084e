"""What a person or a machine runs: the command line. Thin: it parses, calls what is below, and prints."""
