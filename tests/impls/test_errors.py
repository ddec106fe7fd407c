"""Errors meant for users: one line each, of one family, and caught by their usual Python kind too."""

import pickle

import pytest

import impls
from impls import errors
from impls.errors import UserError


@pytest.mark.parametrize(
    ("kind", "usual"),
    [
        (errors.BadValue, ValueError),
        (errors.Unsuited, ValueError),
        (errors.UnknownName, KeyError),
        (errors.Unavailable, ImportError),
        (errors.BrokenFile, ImportError),
    ],
)
def test_kinds(kind, usual):
    assert issubclass(kind, UserError)
    assert issubclass(kind, usual)


def test_unavailable_has_a_status_and_a_reason():
    error = errors.Unavailable("no CUDA device", "needs an NVIDIA GPU")
    assert (error.status, error.reason) == ("no CUDA device", "needs an NVIDIA GPU")
    assert str(error) == "no CUDA device: needs an NVIDIA GPU"
    again = pickle.loads(pickle.dumps(error))  # as it comes from a worker
    assert (again.status, again.reason, str(again)) == (error.status, error.reason, str(error))


def test_not_installed_names_all_libraries():
    error = errors.not_installed("numba", "zarr")
    assert (error.status, error.reason) == ("not installed", "pip install numba zarr")


@pytest.mark.parametrize("name", ["numpy_zeroloop", "numpy_zero_lop", "Numpy_zero_loop", "numpy zero loop"])
def test_unknown_name_offers_near_matches(name):
    with pytest.raises(impls.UnknownName) as caught:
        impls.load(name)
    assert isinstance(caught.value, KeyError)
    # KeyError's own str would be the repr of the message, in quotes.
    assert str(caught.value).startswith(f"no implementation '{name}'; did you mean numpy_zero_loop or ")


@pytest.mark.parametrize("name", ["", "xyz"])
def test_unknown_name_without_near_matches_lists_all(name):
    with pytest.raises(impls.UnknownName) as caught:
        impls.load(name)
    assert str(caught.value) == f"no implementation {name!r}; there are {', '.join(impls.names())}"
