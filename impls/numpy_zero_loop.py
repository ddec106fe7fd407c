"""No Python loop: NumPy handles all examples at once.

Two matrix products do what the loops did.
"""

import numpy as np

from impls.contract import Step
from impls.stable import sigmoid, softplus


def step(w, b, X, Y):
    """Cost and gradients; formula and shapes in `impls.contract`."""
    m = X.shape[1]
    Z = np.dot(w.T, X) + b
    A = sigmoid(Z)
    dZ = A - Y
    J = (1 / m) * np.sum(softplus(Z) - Y * Z)
    dw = (1 / m) * np.dot(X, dZ.T)
    db = (1 / m) * np.sum(dZ)
    return Step(J, dw, db)
