"""One gradient step of logistic regression, implemented in many ways behind one interface.

    impl = impls.load("numpy_zero_loop")
    step = impl.bind(X, Y)
    J, dw, db = step(w, b)

Formula and shapes: `impls.contract`. Rows: `impls.records`.
"""

from impls.contract import Step
from impls.errors import BrokenFile, Unavailable, UnknownName, Unsuited
from impls.records import names
from impls.registry import Implementation, load

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
