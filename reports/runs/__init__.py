"""What several runs say together: two beside each other, many on one page, and code that is newer than a run."""
