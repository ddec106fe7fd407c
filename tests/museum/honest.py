"""What all others are made from."""

from impls.numpy_zero_loop import step

__all__ = ["step"]
