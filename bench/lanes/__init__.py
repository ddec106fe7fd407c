"""What `zeroloop run` does: each row in processes of its own, which take turns."""
