"""What several runs say together: two of them, many on one page, and code that is newer than a run."""
