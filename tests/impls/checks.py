"""What the tests of `impls` share: problems and their references, made once, and short ways to judge a step.

All arrays are read-only, as those of the named problems are: Numba compiles once more for arrays that can be
written to, and for each layout, which takes seconds.
"""

import functools
from dataclasses import replace

import numpy as np

from impls.data import problems
from impls.data.dataset import opened
from impls.data.writing import Writer
from impls.truth.gate import relative_errors
from impls.truth.oracle import reference


@functools.cache
def problem_of(name, dtype="float64"):
    """A problem, made once for all tests: read-only, and never changed by one."""
    return problems.load(name, dtype)


@functools.cache
def truth_of(name, dtype="float64"):
    """Its reference, computed once for all tests."""
    problem = problem_of(name, dtype)
    return reference(problem.w, problem.b, problem.X, problem.Y)


def read_only(array):
    array.setflags(write=False)
    return array


def changed(problem, **arrays):
    """Return a problem with other arrays in the same layout, or another b."""
    return replace(
        problem, **{name: read_only(value) if name != "b" else value for name, value in arrays.items()}
    )


def serves(row, problem):
    """Return whether a row takes this number of features."""
    return row.record.n_x in (None, problem.shape.n_x)


def run(row, problem, threads=None):
    """Take one step of a row on a problem."""
    return row.bind(problem.X, problem.Y, threads)(problem.w, problem.b)


def error(result, problem, truth=None):
    """Return the largest error of a step relative to the oracle's scale; NaN if any is, unlike `max`."""
    truth = truth or reference(problem.w, problem.b, problem.X, problem.Y)
    return np.max(list(relative_errors(result, truth).values()))


def bits(result):
    return result.cost.hex(), result.dw.tobytes(), result.db.hex()


def written(path, X, Y, chunk, **origin):
    """Write a data set in Zarr's format; X (n_x, m), Y (1, m)."""
    writer = Writer(path, len(X), X.shape[1], str(X.dtype), chunk, origin)
    for k, start in enumerate(range(0, X.shape[1], chunk)):
        writer.write(k, X[:, start : start + chunk], Y[:, start : start + chunk])
    writer.finish()
    return path


def tabled(path, X, Y):
    """Write a data set as one NumPy file, an example per row."""
    np.save(path, np.ascontiguousarray(np.vstack([Y, X]).T))
    return path


def on_disk(path, problem, chunk):
    """Return a problem as a data set in Zarr's format."""
    return opened(written(path, problem.X, problem.Y, chunk))
