"""Classifiers behind HTTP, with a page. Nothing is imported here: the extra `serve` is needed by what lies inside."""
