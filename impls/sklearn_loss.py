"""The loss function inside scikit-learn's LogisticRegression.

BLAS computes the raw predictions and the gradient, compiled Cython code the link. scikit-learn has no public
way to this function. Its private modules are used here and nowhere else; if a release moves them, the row
does not load, and says so.
"""

import numpy as np
from sklearn._loss import HalfBinomialLoss
from sklearn.linear_model._linear_loss import LinearModelLoss

from impls.contract import Step

_LOSS = LinearModelLoss(HalfBinomialLoss(), fit_intercept=True)


def prepare(X, Y, threads):
    """Turn the data to one example per row; not copied, since BLAS is as fast on the view."""
    return np.ascontiguousarray(X).T, np.ascontiguousarray(Y[0])


def step(w, b, examples, labels):
    """Cost and gradients; formula and shapes in `impls.contract`. The intercept is the last coefficient."""
    coefficients = np.append(w[:, 0], w.dtype.type(b))
    # The link runs in one thread, as in LogisticRegression: threads of OpenMP would delay those of BLAS.
    J, gradient = _LOSS.loss_gradient(coefficients, examples, labels, l2_reg_strength=0.0, n_threads=1)
    return Step(J, gradient[:-1].reshape(-1, 1), gradient[-1])
