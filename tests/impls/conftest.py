"""What the tests of `impls` share: every row, both dtypes, and the distance from the oracle."""

from dataclasses import replace

import numpy as np
import pytest

import impls
from impls.data import problems
from impls.records import RECORDS
from impls.truth.gate import relative_errors
from impls.truth.oracle import reference

INSTALLED = [
    pytest.param(record.name, marks=[pytest.mark.slow] if "distributed" in record.needs else [])
    for record in RECORDS
    if not record.missing
]


@pytest.fixture(params=INSTALLED)
def row(request):
    """Each row whose libraries are installed, in turn; one that does not load fails."""
    return impls.load(request.param)


@pytest.fixture(scope="session", params=problems.DTYPES)
def dtype(request):
    return request.param


@pytest.fixture(scope="session")
def load():
    return _load


@pytest.fixture(scope="session")
def bind():
    return _bind


@pytest.fixture(scope="session")
def error():
    return _error


def _load(name, dtype="float64"):
    """Load a problem with writable arrays: Numba compiles anew for each layout, and these save seconds."""
    problem = problems.load(name, dtype)
    return replace(problem, X=problem.X.copy(), Y=problem.Y.copy(), w=problem.w.copy())


def _bind(row, problem):
    """Bind a row to a problem, or skip the number of features that it does not serve."""
    if row.record.n_x not in (None, problem.shape.n_x):
        pytest.skip(f"{row.name} serves n_x = {row.record.n_x} only")
    return row.bind(problem.X, problem.Y)


def _error(result, problem):
    """Largest error of a result relative to the oracle's scale; NaN where any is, which `max` would lose."""
    truth = reference(problem.w, problem.b, problem.X, problem.Y)
    return np.max(list(relative_errors(result, truth).values()))
