"""Fixtures of the tests of `impls`: every row that is installed, and both dtypes."""

import pytest

import impls
from impls.data import problems
from impls.records import RECORDS

INSTALLED = [
    pytest.param(record.name, marks=[pytest.mark.slow] if "distributed" in record.needs else [])
    for record in RECORDS
    if not record.missing
]

# What takes seconds to compile in float32, by the parameters of its tests; in float64 the same lines run.
COMPILES_LONG = ({"row": "numba_parallel"}, {"order": "F"})


@pytest.hookimpl(tryfirst=True)  # before pytest deselects by -m
def pytest_collection_modifyitems(items):
    for item in items:
        values = item.callspec.params if hasattr(item, "callspec") else {}
        if any(values.items() >= {"dtype": "float32", **long}.items() for long in COMPILES_LONG):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(params=INSTALLED)
def row(request):
    """Each row whose libraries are installed, in turn; one that does not load fails."""
    return impls.load(request.param)


@pytest.fixture(scope="session", params=problems.DTYPES)
def dtype(request):
    return request.param


@pytest.fixture(scope="session", autouse=True)
def compiled_here():
    """Let this process compile what it runs: to do so in another one costs a start of Python for each dtype.

    `kernels/test_rehearsal.py` tests what that other process is for.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("impls.kernels.rehearsal._play_elsewhere", lambda dtype, order: None)
        yield
