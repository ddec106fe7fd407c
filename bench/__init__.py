"""Measuring: rows on problems, verified before and after, into one results file; and the command line."""
