r"""What every implementation computes, and the shapes it computes it on.

One full-batch step of logistic regression over m examples of n_x features, one example per column:

| name          | shape          | meaning                                              |
|---------------|----------------|------------------------------------------------------|
| X             | (n_x, m)       | examples, float64 or float32                         |
| Y             | (1, m)         | labels, 0 or 1, in the dtype of X                    |
| w, b          | (n_x, 1), float| parameters, w in the dtype of X                      |
| Z             | (1, m)         | w.T X + b                                            |
| A             | (1, m)         | sigmoid(Z) = 1 / (1 + exp(-Z))                       |
| dZ            | (1, m)         | A - Y                                                |
| J             | float          | -(1/m) sum(Y log A + (1 - Y) log(1 - A))             |
| dw, db        | (n_x, 1), float| (1/m) X dZ.T, (1/m) sum(dZ)                          |

The logarithms of J overflow once A rounds to 0 or 1. With softplus(z) = log(1 + exp(z)) the same cost is

    J = (1/m) sum(softplus(Z) - Y Z),      softplus(z) = max(z, 0) + log1p(exp(-|z|)),

which is exact for every finite z: log A = z - softplus(z) and log(1 - A) = -softplus(z). All rows use it.

Source of the formulas: the cross-entropy of a Bernoulli label with the logistic link, e.g. C. M. Bishop,
Pattern Recognition and Machine Learning (2006), sections 4.3.2 and 4.3.4.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from impls.errors import BadValue

Array = NDArray[Any]


class Step(NamedTuple):
    """Result of one step: cost J, dw of shape (n_x, 1), db."""

    cost: float
    dw: Array
    db: float


def check_data(X: Array, Y: Array) -> None:
    """Raise BadValue, which names the argument, unless X and Y are data that rows can compute on."""
    _check_floats("X", X, "(n_x, m), one example per column")
    _check_floats("Y", Y, "(1, m), one label per example")
    n_x, m = X.shape
    if n_x == 0 or m == 0:
        raise BadValue(f"X: shape {X.shape} is empty; at least one feature and one example are needed")
    if Y.shape != (1, m):
        raise BadValue(f"Y: shape {Y.shape}, but X of shape {X.shape} needs (1, {m})")
    if Y.dtype != X.dtype:
        raise BadValue(f"Y: dtype {Y.dtype}, but X is {X.dtype}; both need the same")
    if not np.isfinite(X).all():
        j, i = np.argwhere(~np.isfinite(X))[0]
        raise BadValue(f"X: X[{j}, {i}] is {X[j, i]}; every value must be finite")
    if not ((Y == 0) | (Y == 1)).all():
        raise BadValue(f"Y: label {Y[(Y != 0) & (Y != 1)][0]}; every label must be 0 or 1")


def check_parameters(w: Array, b: float, n_x: int, dtype: Any) -> None:
    """Raise BadValue, which names the argument, unless w and b fit data of n_x features in this dtype."""
    shape = getattr(w, "shape", None)
    if shape != (n_x, 1):
        raise BadValue(f"w: {_described(w)}, but X of {n_x} features needs an array of shape ({n_x}, 1)")
    if w.dtype != dtype:
        raise BadValue(f"w: dtype {w.dtype}, but X is {dtype}; both need the same")
    if not _is_number(b):
        raise BadValue(f"b: {_described(b)}, but one number is needed")


def as_step(result: Any, n_x: int) -> Step:
    """Return the result of a row's function as a Step; raise BadValue if it is not (J, dw, db)."""
    try:
        J, dw, db = result
    except (TypeError, ValueError):
        raise BadValue(f"step returned {_described(result)}, but (J, dw, db) is needed") from None
    if type(dw) is not np.ndarray or dw.shape != (n_x, 1):
        raise BadValue(f"step returned dw: {_described(dw)}, but an array of shape ({n_x}, 1) is needed")
    if dw.dtype.char not in "df":
        raise BadValue(f"step returned dw: dtype {dw.dtype}, but float64 or float32 is needed")
    for name, value in (("J", J), ("db", db)):
        if not _is_number(value):
            raise BadValue(f"step returned {name}: {_described(value)}, but one number is needed")
    return Step(float(J), dw, float(db))


def _is_number(value: Any) -> bool:
    if isinstance(value, (float, int)):
        return True
    return getattr(value, "shape", None) == () and np.asarray(value).dtype.kind in "fiu"


def _check_floats(name: str, array: Array, needed: str) -> None:
    if not isinstance(array, np.ndarray) or isinstance(array, (np.ma.MaskedArray, np.matrix)):
        raise BadValue(f"{name}: {_described(array)}, but a NumPy array of shape {needed} is needed")
    if array.ndim != 2:
        raise BadValue(f"{name}: shape {array.shape} is {array.ndim}-D, but {needed} is needed")
    if array.dtype not in (np.float64, np.float32):
        raise BadValue(f"{name}: dtype {array.dtype}, but float64 or float32 is needed")


def _described(value: Any) -> str:
    if type(value) is np.ndarray:
        return f"shape {value.shape}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return "None" if value is None else f"a {type(value).__name__}"
