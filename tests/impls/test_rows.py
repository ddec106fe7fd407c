"""Every row against the oracle, against the other rows, and against what the contract promises."""

import ast
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import impls
from impls.data import problems
from impls.data.problems import Problem, Shape
from impls.truth.gate import TOLERANCE, relative_errors
from impls.truth.oracle import Reference, reference

# Of wide data few examples: loops over NumPy's scalars take seconds there.
SIZES = [f"{n_x}x{m}" for n_x in (1, 2, 3, 17, 128) for m in (1, 2, 7, 1000, 4097) if n_x * m < 200_000]


@pytest.fixture(scope="module", params=SIZES)
def size(request):
    return request.param


@pytest.fixture(scope="module")
def judged(size, dtype, load):
    """A problem and its reference, made once for all rows."""
    problem = load(size, dtype)
    return problem, reference(problem.w, problem.b, problem.X, problem.Y)


def test_every_shape(row, judged, bind):
    problem, truth = judged
    errors = relative_errors(bind(row, problem)(problem.w, problem.b), truth)
    assert all(error <= TOLERANCE[problem.dtype] for error in errors.values())


def stretched(problem):
    """Scale w and b so that the largest |z| is 1e4."""
    factor = 1e4 / np.abs(np.dot(problem.w.T, problem.X) + problem.b).max()
    return replace(problem, w=(problem.w * factor).astype(problem.dtype), b=float(problem.b * factor))


def relabelled(problem, consistent):
    """Let every label be the one that the parameters predict, or none."""
    predicted = np.dot(problem.w.T, problem.X) + problem.b > 0
    return replace(problem, Y=(predicted == consistent).astype(problem.dtype))


VARIANTS = {
    "labels all 0": lambda problem: replace(problem, Y=np.zeros_like(problem.Y)),
    "labels all 1": lambda problem: replace(problem, Y=np.ones_like(problem.Y)),
    "w = 0": lambda problem: replace(problem, w=np.zeros_like(problem.w), b=0.0),
    "|z| to 1e4, labels random": stretched,
    "|z| to 1e4, labels consistent": lambda problem: relabelled(stretched(problem), consistent=True),
    "|z| to 1e4, labels all mistaken": lambda problem: relabelled(stretched(problem), consistent=False),
}


@pytest.mark.parametrize("name", ["1x1", "2x50", "17x200"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_kind_of_data(row, variant, name, dtype, load, bind, error):
    problem = VARIANTS[variant](load(name, dtype))
    assert error(bind(row, problem)(problem.w, problem.b), problem) <= TOLERANCE[dtype]


@pytest.mark.parametrize("z", [-90, -103, -150, -720, -744, -1e4])
def test_where_exp_underflows(row, z, dtype, error):
    w, X, Y = np.full((2, 1), z / 2, dtype), np.ones((2, 3), dtype), np.zeros((1, 3), dtype)
    problem = Problem(Shape("2x3", 2, 3, "every label 0, every z alike"), X, Y, w, b=0.0)
    assert error(row.bind(X, Y)(w, 0.0), problem) <= TOLERANCE[dtype]


@pytest.mark.parametrize("name", ["2x1", "3x7", "17x1000"])
def test_all_rows_agree(row, name, dtype, load, bind):
    problem = load(name, dtype)
    expected = bind(impls.load("numpy_zero_loop"), problem)(problem.w, problem.b)
    scale = reference(problem.w, problem.b, problem.X, problem.Y).scale
    errors = relative_errors(bind(row, problem)(problem.w, problem.b), Reference(expected, scale))
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
    return Problem(Shape(f"{n_x}x{m}", n_x, m, "generated"), X, Y, w, draw(VALUES))


@pytest.mark.parametrize("name", ["python_two_loop", "numpy_one_loop", "numpy_zero_loop", "numba_two_loop"])
@given(problem=generated_problems())
@settings(deadline=None, derandomize=True, max_examples=30)
def test_generated_problems(name, problem, error):
    result = impls.load(name).bind(problem.X, problem.Y)(problem.w, problem.b)
    assert error(result, problem) <= TOLERANCE["float64"]


def inside(array, cells):
    """Place an array in some cells of a larger one, whose other cells would spoil every result."""
    larger = np.full([2 * size for size in array.shape], 1e6)
    larger[cells] = array
    return larger[cells]


def read_only(array):
    array = array.copy()
    array.setflags(write=False)
    return array


LAYOUTS = {
    "C order": np.ascontiguousarray,
    "Fortran order": np.asfortranarray,
    "every second row and column": lambda array: inside(array, np.s_[::2, ::2]),
    "negative strides": lambda array: inside(array, np.s_[-1::-2, -1::-2]),
    "read-only": read_only,
}


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(row, layout, load, error):
    problem = load("2x9")
    X, Y, w = (LAYOUTS[layout](array) for array in (problem.X, problem.Y, problem.w))
    assert error(row.bind(X, Y)(w, problem.b), problem) <= TOLERANCE["float64"]


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_every_number_of_threads(row, threads, load, error):
    problem = load("2x5")  # seven threads outnumber the examples, and many a machine's cores
    try:
        step = row.bind(problem.X, problem.Y, threads=threads)
    except impls.Unsuited as unsuited:
        if "jax" not in row.record.needs:  # whose number of threads is settled when it starts
            raise
        pytest.skip(str(unsuited))
    result = step(problem.w, problem.b)
    assert error(result, problem) <= TOLERANCE["float64"]


def test_nan_is_not_hidden(row, load):
    problem = load("2x9")
    result = row.bind(problem.X, problem.Y)(np.full_like(problem.w, np.nan), problem.b)
    assert np.isnan([result.cost, *result.dw[:, 0], result.db]).all()


def test_returns_a_step(row, dtype, load):
    problem = load("2x9", dtype)
    result = row.bind(problem.X, problem.Y)(problem.w, problem.b)
    assert [type(value) for value in result] == [float, np.ndarray, float]
    assert type(result) is impls.Step
    assert result.dw.shape == (2, 1)


def test_inputs_stay_as_they_were(row, dtype, load):
    problem, original = load("2x9", dtype), problems.load("2x9", dtype)
    row.bind(problem.X, problem.Y)(problem.w, problem.b)
    for array, as_it_was in ((problem.X, original.X), (problem.Y, original.Y), (problem.w, original.w)):
        assert array.tobytes() == as_it_was.tobytes()


def bits(result):
    return result.cost.hex(), result.dw.tobytes(), result.db.hex()


def test_repeats_its_bits_and_keeps_no_state(row, dtype, load):
    problem = load("2x1000", dtype)
    step = row.bind(problem.X, problem.Y)
    first = step(problem.w, problem.b)
    first_bits = bits(first)
    assert bits(step(-problem.w, 1.0)) != first_bits
    assert bits(first) == first_bits  # no buffer of the row's own was handed out
    assert bits(step(problem.w, problem.b)) == first_bits
    assert bits(row.bind(problem.X, problem.Y)(problem.w, problem.b)) == first_bits


@pytest.mark.parametrize("name", ["python_two_features", "python_two_loop"])
def test_pure_python_imports_only_math(name):
    tree = ast.parse(impls.load(name).record.path.read_text("utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [getattr(node, "module", None) for node in imports] == ["math"]


def test_numba_compiles_the_very_lesson():
    from impls import numba_two_loop, python_two_loop

    assert numba_two_loop._loops.py_func is python_two_loop.step
