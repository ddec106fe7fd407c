"""Sigmoid and softplus for NumPy arrays, exact for every finite z: exp never sees a positive number."""

import numpy as np


def sigmoid(Z):
    """1 / (1 + exp(-Z)), written as exp(Z) / (1 + exp(Z)) for negative Z, so that nothing overflows."""
    T = np.exp(-np.abs(Z))
    return np.where(Z >= 0, 1, T) / (1 + T)


def softplus(Z):
    """log(1 + exp(Z)), with the large part taken out of the logarithm."""
    return np.maximum(Z, 0) + np.log1p(np.exp(-np.abs(Z)))
