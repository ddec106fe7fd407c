"""One gradient step of logistic regression, implemented in many ways behind one interface.

    impl = impls.load("numpy_zero_loop")
    step = impl.bind(X, Y)
    J, dw, db = step(w, b)

Formula and shapes: `impls.contract`. Rows: `impls.registry`.
"""

from impls.contract import Step, Unsuited
from impls.registry import BrokenFile, Implementation, Unavailable, UnknownName, load, names

__all__ = [
    "BrokenFile",
    "Implementation",
    "Step",
    "Unavailable",
    "UnknownName",
    "Unsuited",
    "load",
    "names",
]
