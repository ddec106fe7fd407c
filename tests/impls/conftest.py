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

COMPILES_LONG = ("numba_parallel", "float32")  # row and dtype; the other dtype runs the same lines


@pytest.hookimpl(tryfirst=True)  # before pytest deselects by -m
def pytest_collection_modifyitems(items):
    for item in items:
        values = getattr(item, "callspec", None)
        if values and (values.params.get("row"), values.params.get("dtype")) == COMPILES_LONG:
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
