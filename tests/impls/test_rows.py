"""Every row against the oracle, the other rows and what the contract promises, and in a training.

A row that compiles does so for each shape (JAX) or dtype (Numba). So a plain `pytest` takes a few shapes, the
same ones in all tests, which hold the boundaries that rows have in common. The full grid is slow.
"""

import ast
import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import impls
from impls.data.problems import Problem, Shape
from impls.training import Diverged, gradient_descent
from impls.truth.gate import TOLERANCE, relative_errors
from impls.truth.oracle import Reference, reference
from tests.impls.checks import bits, changed, error, problem_of, read_only, run, serves, truth_of

# One example and one feature, two features, odd numbers, eight tiles and one example more, many features. The
# boundaries of Numba's fused rows are in `kernels/test_sweep.py`.
SHAPES = {"float64": ("1x1", "2x50", "17x4097"), "float32": ("2x1", "2x50", "128x400")}
COMMON = "2x50"
# Of wide data few examples: loops over NumPy's scalars take seconds there.
GRID = [f"{n_x}x{m}" for n_x in (1, 2, 3, 17, 128) for m in (1, 2, 7, 1000, 4097) if n_x * m < 200_000]


def assert_right(row, names, dtype):
    for name in names:
        problem = problem_of(name, dtype)
        if serves(row, problem):
            errors = relative_errors(run(row, problem), truth_of(name, dtype))
            assert all(error <= TOLERANCE[dtype] for error in errors.values()), name


def test_shapes(row, dtype):
    assert_right(row, SHAPES[dtype], dtype)


@pytest.mark.slow
def test_every_shape(row, dtype):
    assert_right(row, [name for name in GRID if name not in SHAPES[dtype]], dtype)


def stretched(problem):
    """Scale w and b so that the largest |z| is 1e4."""
    factor = 1e4 / np.abs(np.dot(problem.w.T, problem.X) + problem.b).max()
    return changed(problem, w=(problem.w * factor).astype(problem.dtype), b=float(problem.b * factor))


def relabelled(problem, consistent):
    """Let every label be the one that the parameters predict, or none."""
    predicted = np.dot(problem.w.T, problem.X) + problem.b > 0
    return changed(problem, Y=(predicted == consistent).astype(problem.dtype))


def all_at(z):
    """Let every label be 0 and every Z be z."""
    return lambda problem: changed(
        problem,
        w=np.full_like(problem.w, z / len(problem.w)),
        b=0.0,
        X=np.ones_like(problem.X),
        Y=np.zeros_like(problem.Y),
    )


VARIANTS = {
    "labels all 0": lambda problem: changed(problem, Y=np.zeros_like(problem.Y)),
    "labels all 1": lambda problem: changed(problem, Y=np.ones_like(problem.Y)),
    "w = 0": lambda problem: changed(problem, w=np.zeros_like(problem.w), b=0.0),
    "|z| to 1e4, labels random": stretched,
    "|z| to 1e4, labels consistent": lambda problem: relabelled(stretched(problem), consistent=True),
    "|z| to 1e4, labels all mistaken": lambda problem: relabelled(stretched(problem), consistent=False),
    **{f"exp underflows, z = {z}": all_at(z) for z in (-90, -103, -150, -720, -744, -1e4)},
}


@functools.cache
def variants_of(name, dtype):
    """Return each kind of data with its reference, made once for all rows."""
    varied = {kind: variant(problem_of(name, dtype)) for kind, variant in VARIANTS.items()}
    return {kind: (one, reference(one.w, one.b, one.X, one.Y)) for kind, one in varied.items()}


def assert_right_for_every_kind(row, name, dtype):
    if serves(row, problem_of(name, dtype)):
        for kind, (problem, truth) in variants_of(name, dtype).items():
            assert error(run(row, problem), problem, truth) <= TOLERANCE[dtype], kind


def test_every_kind_of_data(row, dtype):
    assert_right_for_every_kind(row, COMMON, dtype)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["1x1", "17x200"])
def test_every_kind_of_data_of_other_shapes(row, name, dtype):
    assert_right_for_every_kind(row, name, dtype)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["2x1", "3x7", "17x1000"])
def test_all_rows_agree(row, name, dtype):
    problem = problem_of(name, dtype)
    if not serves(row, problem):
        return
    expected = Reference(run(impls.load("numpy_zero_loop"), problem), truth_of(name, dtype).scale)
    errors = relative_errors(run(row, problem), expected)
    assert all(error <= TOLERANCE[dtype] for error in errors.values())


VALUES = st.floats(-1e3, 1e3).map(
    lambda value: value if abs(value) > 1e-100 else 0.0
)  # no product underflows


@st.composite
def generated_problems(draw):
    n_x, m = draw(st.integers(1, 6)), draw(st.integers(1, 40))
    X = draw(arrays(np.float64, (n_x, m), elements=VALUES))
    Y = draw(arrays(np.float64, (1, m), elements=st.sampled_from([0.0, 1.0])))
    w = draw(arrays(np.float64, (n_x, 1), elements=VALUES))
    X, Y, w = map(read_only, (X, Y, w))
    return Problem(Shape(f"{n_x}x{m}", n_x, m, "generated"), X, Y, w, draw(VALUES))


@given(problem=generated_problems())
@settings(deadline=None, derandomize=True, max_examples=10)
def test_generated_problems(problem):
    assert_lessons_right(problem)


@pytest.mark.slow
@given(problem=generated_problems())
@settings(deadline=None, derandomize=True, max_examples=100)
def test_many_generated_problems(problem):
    assert_lessons_right(problem)


def assert_lessons_right(problem):
    for name in ("python_two_loop", "numpy_one_loop", "numpy_zero_loop", "numba_two_loop"):
        assert error(run(impls.load(name), problem), problem) <= TOLERANCE["float64"], name


def inside(array, cells):
    """Place an array in some cells of a larger one, whose other cells would spoil every result."""
    larger = np.full([2 * size for size in array.shape], 1e6)
    larger[cells] = array
    return larger[cells]


LAYOUTS = {
    "writable": np.array,
    "Fortran order": np.asfortranarray,
    "every second row and column": lambda array: inside(array, np.s_[::2, ::2]),
    "negative strides": lambda array: inside(array, np.s_[-1::-2, -1::-2]),
}


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(row, layout):
    problem = problem_of("2x9")
    X, Y, w = (LAYOUTS[layout](array) for array in (problem.X, problem.Y, problem.w))
    assert error(row.bind(X, Y)(w, problem.b), problem, truth_of("2x9")) <= TOLERANCE["float64"]


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_every_number_of_threads(row, threads):
    for name in (COMMON, "1x1"):  # seven outnumber many a machine's cores, and the examples
        problem = problem_of(name)
        if not serves(row, problem):
            continue
        try:
            result = run(row, problem, threads)
        except impls.Unsuited as unsuited:
            if "jax" not in row.record.needs:  # whose number of threads is settled when it starts
                raise
            pytest.skip(str(unsuited))
        assert error(result, problem, truth_of(name)) <= TOLERANCE["float64"], name


def test_nan_is_not_hidden(row):
    problem = problem_of(COMMON)
    J, dw, db = run(row, changed(problem, w=np.full_like(problem.w, np.nan)))
    assert np.isnan([J, *dw[:, 0], db]).all()


def test_returns_a_step_and_leaves_its_inputs_alone(row, dtype):
    problem = problem_of(COMMON, dtype)
    inputs = problem.X, problem.Y, problem.w
    before = [array.tobytes() for array in inputs]
    result = run(row, problem)
    assert type(result) is impls.Step
    assert [type(value) for value in result] == [float, np.ndarray, float]
    assert result.dw.shape == (2, 1)
    assert [array.tobytes() for array in inputs] == before


def test_repeats_its_bits_and_keeps_no_state(row, dtype):
    problem = problem_of(COMMON, dtype)
    step = row.bind(problem.X, problem.Y)
    first = step(problem.w, problem.b)
    first_bits = bits(first)
    assert bits(step(read_only(-problem.w), 1.0)) != first_bits
    assert bits(first) == first_bits  # no buffer of the row's own was handed out
    assert bits(step(problem.w, problem.b)) == first_bits
    assert bits(run(row, problem)) == first_bits


@pytest.mark.slow
def test_all_rows_arrive_at_the_same_parameters(row):
    problem = problem_of("breast_cancer")
    if not serves(row, problem):
        return
    steps = [one.bind(problem.X, problem.Y) for one in (row, impls.load("numpy_zero_loop"))]
    mine, expected = (gradient_descent(step, problem.w, problem.b, 0.1, 200) for step in steps)
    np.testing.assert_allclose(mine.w, expected.w, rtol=0, atol=1e-8)
    assert mine.b == pytest.approx(expected.b, abs=1e-8)
    np.testing.assert_allclose(mine.costs, expected.costs, rtol=0, atol=1e-8)


def test_dtype_is_kept_and_given_parameters_are_not_modified(row, dtype):
    problem = problem_of(COMMON, dtype)
    w = problem.w.copy()
    fit = gradient_descent(row.bind(problem.X, problem.Y), w, problem.b, alpha=0.1, iterations=5)
    assert (fit.w.dtype, fit.w.shape, type(fit.b)) == (dtype, (2, 1), float)
    assert not np.shares_memory(fit.w, w)
    assert np.array_equal(w, problem.w)


def test_alpha_that_is_far_too_large(row, dtype):
    problem = problem_of(COMMON, dtype)
    step = row.bind(read_only(problem.X * problem.X.dtype.type(100)), problem.Y)
    for iterations in (1, 10):
        with pytest.raises(Diverged, match=r"a smaller alpha than 1e\+308 may help"):
            gradient_descent(step, problem.w, problem.b, alpha=1e308, iterations=iterations)


@pytest.mark.parametrize("name", ["python_two_features", "python_two_loop"])
def test_pure_python_imports_only_math(name):
    tree = ast.parse(impls.load(name).record.path.read_text("utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [getattr(node, "module", None) for node in imports] == ["math"]


def test_numba_compiles_the_very_lesson():
    from impls import numba_two_loop, python_two_loop

    assert numba_two_loop._loops.py_func is python_two_loop.step


@pytest.mark.parametrize("name", ["numba_two_loop", "numba_parallel"])
def test_nothing_more_is_compiled_for_one_feature(name):
    from numba import typeof

    row = impls.load(name)
    problems = [problem_of(shape) for shape in ("1x1", "1x7", COMMON)]
    compiled_for = [[typeof(one) for one in row.prepare_data(p.X, p.Y, 2)] for p in problems]
    assert compiled_for[0] == compiled_for[1] == compiled_for[2]
