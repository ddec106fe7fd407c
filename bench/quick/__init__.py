"""What `pytest --benchmark-only` does: all rows in one process, one after the other."""
