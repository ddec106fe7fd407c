"""The named problems: their shapes, their bytes, and what is said about names that are none."""

import numpy as np
import pytest

from impls.data import problems
from impls.errors import UnknownName

SMALL = ["breast_cancer", "two_features", "cats", "square", "5x7", "17x1000"]  # the others take long to make


def test_shapes():
    assert [(shape.name, shape.n_x, shape.m, shape.synthetic) for shape in problems.SHAPES] == [
        ("breast_cancer", 30, 569, False),
        ("two_features", 2, 1_000_000, True),
        ("cats", 12288, 209, True),
        ("mnist", 784, 10_000, True),
        ("higgs", 28, 1_000_000, True),
        ("square", 128, 10_000, True),
        ("large", 1000, 100_000, True),
    ]
    assert problems.names() == tuple(shape.name for shape in problems.SHAPES)
    for shape in problems.SHAPES:
        assert problems.find(shape.name) is shape
        assert shape.title.startswith("synthetic: " if shape.synthetic else "real data: ")


@pytest.mark.parametrize("name", SMALL)
def test_arrays(name):
    problem = problems.load(name)
    n_x, m = problem.shape.n_x, problem.shape.m
    assert (problem.name, problem.dtype) == (name, "float64")
    assert (problem.X.shape, problem.Y.shape, problem.w.shape) == ((n_x, m), (1, m), (n_x, 1))
    assert type(problem.b) is float
    assert set(np.unique(problem.Y)) == {0, 1}
    assert np.isfinite(problem.X).all()
    assert problem.w.all()
    for array in (problem.X, problem.Y, problem.w):
        assert array.dtype == np.float64
        assert array.flags.c_contiguous
        assert not array.flags.writeable


def test_any_shape_has_a_name():
    assert problems.find("5x7") == problems.Shape("5x7", 5, 7, "synthetic")


@pytest.mark.parametrize("name", ["breast_cancer", "5x7"])
def test_same_bytes_every_time(name, dtype):
    first, second = problems.load(name, dtype), problems.load(name, dtype)
    assert first.X is not second.X
    for one, other in zip(arrays(first), arrays(second), strict=True):
        assert one.tobytes() == other.tobytes()
    assert first.b == second.b


@pytest.mark.parametrize("name", ["breast_cancer", "5x7", "17x1000"])
def test_float32_is_float64_rounded(name):
    wide, narrow = problems.load(name, "float64"), problems.load(name, "float32")
    assert narrow.dtype == "float32"
    for one, other in zip(arrays(wide), arrays(narrow), strict=True):
        assert other.dtype == np.float32
        assert one.astype("float32").tobytes() == other.tobytes()
    assert wide.b == narrow.b


def test_shapes_differ_in_data():
    assert not np.array_equal(problems.load("5x7").X[0], problems.load("5x9").X[0, :7])


def test_classes_overlap():
    problem = problems.load("17x1000")
    assert 0.3 < problem.Y.mean() < 0.7


def test_breast_cancer_is_standardised():
    problem = problems.load("breast_cancer")
    np.testing.assert_allclose(problem.X.mean(axis=1), 0, atol=1e-13)
    np.testing.assert_allclose(problem.X.std(axis=1), 1, rtol=1e-13)
    assert problem.Y.sum() == 357  # benign, as the data set's authors count them


@pytest.mark.parametrize(
    "name", ["0x5", "5x0", "05x7", "5", "5x", "5x7x9", "-5x7", "128X10", "5 x 7", "5x7\n", ""]
)
def test_unknown_name(name):
    everything = f"{', '.join(problems.names())}, 128x10000 (n_x x m)"
    with pytest.raises(UnknownName) as caught:
        problems.load(name)
    assert str(caught.value) == f"no problem {name!r}; there are {everything}"


@pytest.mark.parametrize(
    ("name", "near"), [("sqare", "square"), ("higs", "higgs"), ("breast-cancer", "breast_cancer")]
)
def test_near_name(name, near):
    with pytest.raises(UnknownName, match=rf"^no problem '{name}'; did you mean {near}\b"):
        problems.load(name)


@pytest.mark.parametrize("name", ["99999999x99999999", "9999999999x999999999999"])
def test_too_large_is_refused_before_anything_is_made(name, monkeypatch):
    monkeypatch.setattr(problems, "_synthetic", None)
    needs = rf"problem {name}: the data and the oracle take [\d,.]+ GB of memory, but only [\d.]+ GB are free"
    with pytest.raises(ValueError, match=f"^{needs}$"):
        problems.load(name)


def arrays(problem):
    return problem.X, problem.Y, problem.w
