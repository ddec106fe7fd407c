"""What compiled rows share: the fused pass over X, the way Numba compiles, and the GPU's driver."""
