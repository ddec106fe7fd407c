"""What a results file says, as numbers and sentences; how it is shown is no matter here."""
