"""A results file in; tables, figures and one HTML page out. Nothing here measures anything."""
