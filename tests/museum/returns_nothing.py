"""Computes nothing."""

import numpy as np


def step(w, b, X, Y):
    return 0.5, np.zeros_like(w), 0.0
