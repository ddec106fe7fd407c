"""What rows share that is compiled: the fused pass over X, how Numba compiles, and the GPU."""
