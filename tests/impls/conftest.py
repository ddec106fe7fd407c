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


@pytest.fixture(params=INSTALLED)
def row(request):
    """Each row whose libraries are installed, in turn; one that does not load fails."""
    return impls.load(request.param)


@pytest.fixture(scope="session", params=problems.DTYPES)
def dtype(request):
    return request.param
