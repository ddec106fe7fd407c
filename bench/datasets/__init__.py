"""Data sets on disk: made from a seed, imported from a table; and trainings kept in a file."""
