"""The rows of other libraries on a GPU, with a processor in its place: what they share with their models."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import impls
from impls import records
from impls.kernels import cuda_device
from impls.truth.gate import TOLERANCE
from tests.impls.checks import error, problem_of, run, truth_of


@pytest.fixture
def on_processor(monkeypatch):
    """Load a row for a GPU, with another place for its data."""

    def load(name, attribute, place):
        if absent := records.find(name).absent:
            pytest.skip(f"not installed: {absent}")
        monkeypatch.setattr(cuda_device, "why_none", lambda: None)
        monkeypatch.setattr(cuda_device, "check_room", lambda X: None)
        row = impls.load(name)
        monkeypatch.setattr(sys.modules[f"impls.{name}"], attribute, place)
        return row

    return load


def test_torch(on_processor, monkeypatch, dtype):
    row = on_processor("torch_gpu", "_DEVICE", "cpu")
    monkeypatch.setattr(sys.modules["torch"].cuda, "is_available", lambda: True)
    problem = problem_of("2x50", dtype)
    result = run(row, problem)
    assert error(result, problem, truth_of("2x50", dtype)) <= TOLERANCE[dtype]
    assert run(impls.load("torch_step"), problem).cost == result.cost


def test_jax(on_processor, dtype):
    row = on_processor("jax_gpu", "_PLATFORM", "cpu")
    problem = problem_of("2x50", dtype)
    result = run(row, problem)
    assert error(result, problem, truth_of("2x50", dtype)) <= TOLERANCE[dtype]
    assert result.dw.dtype == dtype


def test_jax_multiplies_with_all_digits_on_a_gpu(on_processor, monkeypatch):
    row, problem = on_processor("jax_gpu", "_PLATFORM", "cpu"), problem_of("2x50", "float32")
    module, config, asked = sys.modules["impls.jax_gpu"], sys.modules["jax"].config, []
    compute = module.cost_and_gradients

    def spy(*arguments):
        asked.append(config.jax_default_matmul_precision)
        return compute(*arguments)

    monkeypatch.setattr(module, "cost_and_gradients", spy)
    row.bind(problem.X, problem.Y)(problem.w, problem.b)
    assert asked == ["highest"]
    assert config.jax_default_matmul_precision is None


def test_cupy(monkeypatch, dtype):
    """With NumPy in CuPy's place, of which the row uses what both have."""
    cupy = ModuleType("cupy")
    cupy.__dict__.update({**vars(np), "asnumpy": np.asarray})
    pool = SimpleNamespace(free_all_blocks=lambda: None)
    cupy.get_default_memory_pool = lambda: pool
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr(cuda_device, "why_none", lambda: None)
    monkeypatch.setattr(cuda_device, "check_room", lambda X: None)
    monkeypatch.delitem(sys.modules, "impls.cupy_zero_loop", raising=False)
    problem = problem_of("2x50", dtype)
    row = impls.load("cupy_zero_loop")
    monkeypatch.delitem(sys.modules, "impls.cupy_zero_loop")
    far = np.abs(problem.w.T @ problem.X).max()
    for w in (problem.w, problem.w * (1e4 / far).astype(dtype)):
        result = row.bind(problem.X, problem.Y)(w, problem.b)
        expected = impls.load("numpy_zero_loop").bind(problem.X, problem.Y)(w, problem.b)
        assert result.cost == expected.cost
        np.testing.assert_array_equal(result.dw, expected.dw)
        assert result.db == expected.db


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torch_gpu", "this build of PyTorch has no CUDA"),
        ("jax_gpu", r"JAX has no CUDA here; pip install 'jax\[cuda13\]'"),
        ("numba_cuda_fused", r"Numba finds no CUDA toolkit; pip install 'numba-cuda\[cu13\]'"),
    ],
)
def test_library_that_knows_no_gpu(on_processor, monkeypatch, name, said):
    row, problem = on_processor(name, "__name__", f"impls.{name}"), problem_of("2x50")
    if "torch" in row.record.needs:
        monkeypatch.setattr(sys.modules["torch"].cuda, "is_available", lambda: False)
    elif "numba" in row.record.needs:
        monkeypatch.setattr(sys.modules["numba"].cuda, "is_available", lambda: False)
    else:
        monkeypatch.setattr(sys.modules["impls.jax_gpu"], "_PLATFORM", "no such platform")
    with pytest.raises(impls.Unsuited, match=f"^{said}"):
        row.bind(problem.X, problem.Y)


def test_rows_of_processors_name_the_processor():
    if absent := records.find("jax_step").absent:
        pytest.skip(f"not installed: {absent}")
    problem = problem_of("2x50")
    for name in ("jax_step", "jax_autograd"):
        X, Y = impls.load(name).prepare_data(problem.X, problem.Y, sys.modules["impls.pools"].available())
        assert X.committed
        assert {device.platform for device in (*X.devices(), *Y.devices())} == {"cpu"}
