"""The loss that scikit-learn's LogisticRegression minimises: raw predictions by BLAS, the link in Cython."""

import numpy as np
from sklearn._loss import HalfBinomialLoss
from sklearn.linear_model._linear_loss import LinearModelLoss

from impls.contract import Step

_LOSS = LinearModelLoss(HalfBinomialLoss(), fit_intercept=True)


def prepare(X, Y, threads):
    """Turn the data to one example per row; not copied, since BLAS is as fast on the view."""
    return np.ascontiguousarray(X).T, np.ascontiguousarray(Y[0])


def step(w, b, examples, labels):
    """Cost and gradients; formula and shapes in `impls.contract`, the intercept last of all coefficients."""
    coefficients = np.append(w[:, 0], w.dtype.type(b))
    # One thread for the link, as LogisticRegression has it: OpenMP's threads would wait in the way of BLAS's.
    J, gradient = _LOSS.loss_gradient(coefficients, examples, labels, l2_reg_strength=0.0, n_threads=1)
    return Step(J, gradient[:-1].reshape(-1, 1), gradient[-1])
