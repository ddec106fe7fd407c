"""Where X and Y come from: named problems in memory, data sets in chunks on disk, a cluster's workers."""
