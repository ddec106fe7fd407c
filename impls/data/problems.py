"""The data: a problem is a name, X, Y and parameters w, b, the same bytes for every row and every run."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from impls import limits
from impls.contract import Array
from impls.errors import BadValue, UnknownName


@dataclass(frozen=True)
class Shape:
    """A named problem before its data are made."""

    name: str
    n_x: int
    m: int
    title: str
    synthetic: bool = True


SHAPES = (
    Shape("breast_cancer", 30, 569, "real data: Wisconsin breast cancer, standardised", synthetic=False),
    Shape("two_features", 2, 1_000_000, "synthetic: the first notes' two features, a million examples"),
    Shape("cats", 12288, 209, "synthetic: the shape of 209 pictures of 64 x 64 x 3"),
    Shape("mnist", 784, 10_000, "synthetic: the shape of ten thousand 28 x 28 digits"),
    Shape("higgs", 28, 1_000_000, "synthetic: the shape of a tenth of HIGGS"),
    Shape("square", 128, 10_000, "synthetic: fits in a processor's cache"),
    Shape("large", 1000, 100_000, "synthetic: 0.8 GB, fits in no cache"),
)
DTYPES = ("float64", "float32")
_ORACLE_BYTES = 120  # for each example, in any dtype: fifteen arrays in float64


@dataclass(frozen=True)
class Problem:
    """Read-only arrays X (n_x, m), Y (1, m) and w (n_x, 1), and b: where each step is evaluated."""

    shape: Shape
    X: Array
    Y: Array
    w: Array
    b: float

    @property
    def name(self) -> str:
        """The problem's name in every table."""
        return self.shape.name

    @property
    def dtype(self) -> str:
        """Of all arrays, "float64" or "float32"."""
        return str(self.X.dtype)


def names() -> tuple[str, ...]:
    """Return the names of the named problems."""
    return tuple(shape.name for shape in SHAPES)


def find(name: str) -> Shape:
    """Return the shape of a named problem or of a text like 128x10000; raises UnknownName."""
    for shape in SHAPES:
        if shape.name == name:
            return shape
    if size := sized(name):
        return Shape(name, *size, "synthetic")
    raise UnknownName("problem", name, (*names(), "128x10000 (n_x x m)"))


def sized(text: str) -> tuple[int, int] | None:
    """Return n_x and m of a text like 128x10000; None for any other."""
    found = re.fullmatch(r"([1-9][0-9]{0,9})x([1-9][0-9]{0,11})", text)
    return (int(found[1]), int(found[2])) if found else None


def bytes_of(shape: Shape, dtype: str, copies: int = 1) -> int:
    """Return how much memory copies of X and Y take, with what the oracle needs for each example."""
    return shape.m * (copies * (shape.n_x + 1) * np.dtype(dtype).itemsize + _ORACLE_BYTES)


def check_memory(shape: Shape, dtype: str, copies: int = 1) -> None:
    """Raise BadValue for data that do not fit in the memory that is free now."""
    needed, free = bytes_of(shape, dtype, copies), limits.free_bytes()
    if needed > free:
        what = "the data" if copies == 1 else f"{copies} copies of the data"
        sizes = f"take {needed / 1e9:,.1f} GB of memory, but only {free / 1e9:,.1f} GB are free"
        raise BadValue(f"problem {shape.name}: {what} and the oracle {sizes}")


def load(name: str, dtype: str = "float64") -> Problem:
    """Make or load a problem by its name; raises what `made` does, and UnknownName."""
    return made(find(name), dtype)


def made(shape: Shape, dtype: str) -> Problem:
    """Make or load a problem; float32 data are the float64 data, rounded.

    Raises BadValue for a dtype not in `DTYPES` or data that do not fit in memory.
    """
    if dtype not in DTYPES:
        raise BadValue(f"dtype: {dtype}, but {' or '.join(DTYPES)} is needed")
    check_memory(shape, dtype)
    make: Callable[[Shape, str], tuple[Array, Array]] = _synthetic if shape.synthetic else _breast_cancer
    X, Y = make(shape, dtype)
    # Not 0, where every sigmoid is 1/2 and a wrong one could pass.
    rng = np.random.default_rng([shape.n_x, shape.m, 1])
    w = (rng.standard_normal((shape.n_x, 1)) / np.sqrt(shape.n_x)).astype(dtype)
    for array in (X, Y, w):
        array.setflags(write=False)
    return Problem(shape, X, Y, w, b=0.25)


def _breast_cancer(shape: Shape, dtype: str) -> tuple[Array, Array]:
    """Wisconsin Diagnostic Breast Cancer (Street, Wolberg, Mangasarian, 1993), as scikit-learn ships it."""
    from sklearn.datasets import load_breast_cancer

    features, labels = load_breast_cancer(return_X_y=True)
    X = ((features - features.mean(axis=0)) / features.std(axis=0)).T
    return np.ascontiguousarray(X, dtype), labels.reshape(1, shape.m).astype(dtype)


def _synthetic(shape: Shape, dtype: str) -> tuple[Array, Array]:
    """Standard normal features, labels drawn from a logistic model of them: overlapping classes."""
    rng = np.random.default_rng([shape.n_x, shape.m])
    weights = rng.standard_normal(shape.n_x) * (2 / np.sqrt(shape.n_x))
    X, Z = np.empty((shape.n_x, shape.m), dtype), np.zeros(shape.m)
    for j in range(shape.n_x):  # a feature at a time: float32 data never exist in float64 as a whole
        feature = rng.standard_normal(shape.m)
        X[j] = feature
        Z += weights[j] * feature
    return X, (Z + rng.logistic(size=shape.m) > 0).reshape(1, shape.m).astype(dtype)
