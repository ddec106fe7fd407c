"""What is right: the oracle in 106-bit arithmetic, and the gate that compares rows with it."""
