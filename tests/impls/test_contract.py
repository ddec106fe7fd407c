"""Bad arrays, parameters and results: the message names the argument, what it was and what is needed."""

import re

import numpy as np
import pytest

import impls
from impls.contract import Step, as_step, check_data, check_parameters

X, Y, W = np.ones((3, 4)), np.array([[0.0, 1.0, 1.0, 0.0]]), np.ones((3, 1))


def with_value(array, value):
    changed = array.copy()
    changed[0, 2] = value
    return changed


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_good_data(dtype):
    check_data(X.astype(dtype), Y.astype(dtype))


BAD_DATA = [
    (X.tolist(), Y, "X: a list of 3, but a NumPy array of shape (n_x, m), one example per column is needed"),
    (X, Y.tolist(), "Y: a list of 1, but a NumPy array of shape (1, m), one label per example is needed"),
    (None, Y, "X: None, but a NumPy array of shape (n_x, m)"),
    (X[0], Y, "X: shape (4,) is 1-D, but (n_x, m), one example per column is needed"),
    (X, Y[0], "Y: shape (4,) is 1-D, but (1, m), one label per example is needed"),
    (X[None], Y, "X: shape (1, 3, 4) is 3-D, but (n_x, m)"),
    (X[:, :0], Y[:, :0], "X: shape (3, 0) is empty; at least one feature and one example are needed"),
    (X[:0], Y, "X: shape (0, 4) is empty; at least one feature and one example are needed"),
    (X, Y[:, :3], "Y: shape (1, 3), but X of shape (3, 4) needs (1, 4)"),
    (X, Y.repeat(2, axis=0), "Y: shape (2, 4), but X of shape (3, 4) needs (1, 4)"),
    (X, Y.T, "Y: shape (4, 1), but X of shape (3, 4) needs (1, 4)"),
    (X.astype(int), Y, "X: dtype int64, but float64 or float32 is needed"),
    (X.astype(object), Y, "X: dtype object, but float64 or float32 is needed"),
    (X.astype(">f8"), Y, "X: dtype >f8, but float64 or float32 is needed"),
    (X, Y.astype(bool), "Y: dtype bool, but float64 or float32 is needed"),
    (X, Y.astype("float32"), "Y: dtype float32, but X is float64; both need the same"),
    (with_value(X, np.nan), Y, "X: X[0, 2] is nan; every value must be finite"),
    (with_value(X, -np.inf), Y, "X: X[0, 2] is -inf; every value must be finite"),
    (X, with_value(Y, 2), "Y: label 2.0; every label must be 0 or 1"),
    (X, with_value(Y, 0.5), "Y: label 0.5; every label must be 0 or 1"),
    (X, with_value(Y, np.nan), "Y: label nan; every label must be 0 or 1"),
]


@pytest.mark.parametrize(("X", "Y", "message"), BAD_DATA, ids=[message for *_, message in BAD_DATA])
def test_bad_data(X, Y, message):
    with pytest.raises(ValueError, match=beginning(message)):
        check_data(X, Y)
    with pytest.raises(ValueError, match=beginning(message)):
        impls.load("numpy_zero_loop").bind(X, Y)


BAD_PARAMETERS = [
    (W[:2], 0.0, "w: shape (2, 1), but X of 3 features needs an array of shape (3, 1)"),
    (W[:, 0], 0.0, "w: shape (3,), but X of 3 features needs an array of shape (3, 1)"),
    (W.T, 0.0, "w: shape (1, 3), but X of 3 features needs an array of shape (3, 1)"),
    ([1.0, 1.0, 1.0], 0.0, "w: a list of 3, but X of 3 features needs an array of shape (3, 1)"),
    (None, 0.0, "w: None, but X of 3 features needs an array of shape (3, 1)"),
    (W.astype("float32"), 0.0, "w: dtype float32, but X is float64; both need the same"),
    (W.astype(int), 0.0, "w: dtype int64, but X is float64; both need the same"),
    (W, None, "b: None, but one number is needed"),
    (W, "0", "b: a str, but one number is needed"),
    (W, np.zeros(1), "b: shape (1,), but one number is needed"),
]


@pytest.mark.parametrize(
    ("w", "b", "message"), BAD_PARAMETERS, ids=[message for *_, message in BAD_PARAMETERS]
)
def test_bad_parameters(w, b, message):
    with pytest.raises(ValueError, match=beginning(message)):
        check_parameters(w, b, n_x=3, dtype=X.dtype)
    with pytest.raises(ValueError, match=beginning(message)):
        impls.load("numpy_zero_loop").bind(X, Y)(w, b)


@pytest.mark.parametrize("b", [0, 0.0, np.float32(0), np.float64(0), np.array(0.0)])
def test_good_parameters(b):
    check_parameters(W, b, n_x=3, dtype=X.dtype)


BAD_RESULTS = [
    (None, "step returned None, but (J, dw, db) is needed"),
    (0.5, "step returned a float, but (J, dw, db) is needed"),
    ((0.5, W), "step returned a tuple of 2, but (J, dw, db) is needed"),
    ((0.5, W[:, 0], 0.0), "step returned dw: shape (3,), but an array of shape (3, 1) is needed"),
    ((0.5, W.tolist(), 0.0), "step returned dw: a list of 3, but an array of shape (3, 1) is needed"),
    ((np.ones((1, 1)), W, 0.0), "step returned J: shape (1, 1), but one number is needed"),
    ((0.5, W, None), "step returned db: None, but one number is needed"),
]


@pytest.mark.parametrize(("result", "message"), BAD_RESULTS, ids=[message for _, message in BAD_RESULTS])
def test_bad_results(result, message):
    with pytest.raises(ValueError, match=beginning(message)):
        as_step(result, n_x=3)


def test_good_result_becomes_a_step():
    result = as_step([np.float32(0.5), W, np.array(2)], n_x=3)
    assert result == Step(0.5, W, 2.0)
    assert [type(value) for value in result] == [float, np.ndarray, float]


def beginning(message):
    return "^" + re.escape(message)


@pytest.mark.parametrize(
    ("dw", "said"),
    [
        (np.zeros((2, 1), complex), "dtype complex128"),
        (np.zeros((2, 1), object), "dtype object"),
        (np.array([["1"], ["2"]]), "dtype <U1"),
        ([[0.0], [0.0]], "a list of 2"),
    ],
)
def test_gradient_of_another_kind_is_refused(dw, said):
    with pytest.raises(ValueError, match=f"^step returned dw: {said}, but "):
        as_step((0.0, dw, 0.0), 2)


def test_masked_and_matrix_data_are_refused():
    masked = np.ma.masked_array(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"^X: a MaskedArray, but a NumPy array of shape \(n_x, m\)"):
        check_data(masked, np.ones((1, 3)))
