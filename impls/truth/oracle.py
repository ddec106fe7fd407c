"""The oracle, which every row is compared with: the textbook formulas in 106-bit arithmetic, stage by stage.

With labels 0 and 1 and the sign s = 1 - 2y of an example, the formulas of `impls.contract` become

    dz = s sigmoid(s z),      J = (1/m) sum(softplus(s z)),

in which nothing cancels. No row computes the same numbers in this way.

Rows cannot be more exact than the rounding of what they add up, so `Reference.scale` holds, for J, for each
dw_j and for db, the mean magnitude of the terms, each term with its conditioning:

    zeta_i = |b| + sum_j |w_j x_ji|                     what rounding z_i is relative to
    g_i    = a_i + y_i + a_i (1 - a_i) zeta_i           likewise dz_i = a_i - y_i
    scale  = (1/m) sum_i  (J_i + a_i + y_i + |dz_i| zeta_i),  |x_ji| g_i,  g_i

To each term the smallest normal number of the dtype is added, over its rounding unit. If every example is
certain, exp underflows in any row; then no digits are demanded that the dtype does not have.

An error is |computed - reference| / scale, which is comparable over all problems (N. J. Higham, Accuracy and
Stability of Numerical Algorithms, 2nd ed. (2002), sections 1.6 and 3.1).
"""

from typing import NamedTuple

import numpy as np

from impls.contract import Array, Step
from impls.errors import BadValue
from impls.truth.doubledouble import DoubleDouble, exp, log1p, product, where

_BLOCK = 2**14  # numbers in a block, whose temporary arrays stay in the second-level cache
_LARGEST = 2.0**450  # its square still leaves room for products and sums


class Reference(NamedTuple):
    """True values rounded to float64, and the scale that errors are relative to."""

    value: Step
    scale: Step


def reference(w: Array, b: float, X: Array, Y: Array) -> Reference:
    """Evaluate one step; shapes as in `impls.contract`.

    Raises BadValue for values above 2**450 in magnitude, where products would leave the range of float64.
    """
    for name, array in (("X", X), ("w", w), ("b", np.asarray(b))):
        if not max(float(array.max()), -float(array.min())) < _LARGEST:  # np.abs would copy X
            raise BadValue(f"{name}: holds a value that is not below 2**450 in magnitude")
    n_x, m = X.shape
    w, b, y = w.astype(np.float64), float(b), Y[0].astype(np.float64)

    z, zeta = _forward(w, b, X)
    a, dz, costs = _link(z, y)
    limits = np.finfo(X.dtype)
    floor = float(limits.tiny) / float(limits.eps)
    g = a + y + a * (1 - a) * zeta + floor
    dw, dw_scale = _backward(X, dz, g)

    J, db = costs.sum(0) / float(m), dz.sum(0) / float(m)
    cost_scale = costs.hi + a + y + np.abs(dz.hi) * zeta + floor
    return Reference(
        value=Step(float(J.hi), (dw / float(m)).hi.reshape(n_x, 1), float(db.hi)),
        scale=Step(float(cost_scale.mean()), dw_scale.reshape(n_x, 1) / m, float(g.mean())),
    )


def _forward(w: Array, b: float, X: Array) -> tuple[DoubleDouble, Array]:
    """z_i and zeta_i for all examples."""
    n_x, m = X.shape
    z_hi, z_lo, zeta = np.empty(m), np.empty(m), np.empty(m)
    for columns in _blocks(m, _BLOCK):
        z, magnitude = DoubleDouble(np.full(columns.stop - columns.start, b)), abs(b)
        for rows in _blocks(n_x, _BLOCK // (columns.stop - columns.start)):
            x = X[rows, columns].astype(np.float64)
            z = z + product(w[rows], x).sum(0)
            magnitude = magnitude + (np.abs(w[rows]) * np.abs(x)).sum(axis=0)
        z_hi[columns], z_lo[columns], zeta[columns] = z.hi, z.lo, magnitude
    return DoubleDouble(z_hi, z_lo), zeta


def _link(z: DoubleDouble, y: Array) -> tuple[Array, DoubleDouble, DoubleDouble]:
    """a_i in float64, dz_i and J_i for all examples."""
    m = len(y)
    a, parts = np.empty(m), np.empty((4, m))
    for block in _blocks(m, _BLOCK):
        sign = 1 - 2 * y[block]
        signed = DoubleDouble(sign * z.hi[block], sign * z.lo[block])
        positive = signed.hi > 0
        t = exp(-abs(signed))
        mistake = where(positive, DoubleDouble(np.ones_like(t.hi)), t) / (t + 1.0)  # sigmoid(s z) = |a - y|
        cost = log1p(t) + where(positive, signed, DoubleDouble(np.zeros_like(t.hi)))
        a[block] = np.where(sign > 0, mistake.hi, 1 - mistake.hi)
        parts[:, block] = sign * mistake.hi, sign * mistake.lo, cost.hi, cost.lo
    return a, DoubleDouble(parts[0], parts[1]), DoubleDouble(parts[2], parts[3])


def _backward(X: Array, dz: DoubleDouble, g: Array) -> tuple[DoubleDouble, Array]:
    """Sums over the examples of x_ji dz_i and of |x_ji| g_i."""
    n_x, m = X.shape
    hi, lo, scale = np.empty(n_x), np.empty(n_x), np.empty(n_x)
    for rows in _blocks(n_x, 32):
        total, magnitude = DoubleDouble(np.zeros(rows.stop - rows.start)), np.float64(0)
        for columns in _blocks(m, _BLOCK // (rows.stop - rows.start)):
            x = X[rows, columns].astype(np.float64)
            terms = product(x, dz.hi[columns]) + x * dz.lo[columns]
            total = total + terms.sum(1)
            magnitude = magnitude + (np.abs(x) * g[columns]).sum(axis=1)
        hi[rows], lo[rows], scale[rows] = total.hi, total.lo, magnitude
    return DoubleDouble(hi, lo), scale


def _blocks(count: int, size: int) -> list[slice]:
    size = max(1, size)
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
