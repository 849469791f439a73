"""The use cases, with fake ports where that is simpler."""
