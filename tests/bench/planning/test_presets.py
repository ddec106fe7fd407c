"""What is measured unless the user chooses."""

import pytest

from bench.planning import plan as plans
from bench.planning.presets import AB, PRESETS
from bench.request import BadRequest
from impls import limits, pools
from impls.data import problems
from impls.kernels import cuda_device
from impls.records import RECORDS
from reports.facts.citable import FEWEST_PROCESSES
from tests.bench.helpers import zeroloop
from tests.bench.planning.planned import NUMPY, planned


def test_course_is_what_is_measured_where_nobody_chooses():
    plan, selected = planned()
    assert tuple(shape.name for shape in selected.shapes) == PRESETS["course"].problems
    assert (plan.dtypes, plan.thread_counts) == (("float64",), (pools.available(),))
    assert (plan.processes, plan.baseline, plan.budget_s) == (6, NUMPY.name, 300)


def test_full_measures_no_size_twice():
    sizes = [(shape.n_x, shape.m) for shape in map(problems.find, PRESETS["full"].problems)]
    assert len(set(sizes)) == len(sizes)


def test_full_has_a_grid_up_to_a_hundred_million_numbers():
    sizes = [tuple(map(int, name.split("x"))) for name in PRESETS["full"].problems if name[0].isdigit()]
    assert max(n_x * m for n_x, m in sizes) == 10**8
    assert {n_x for n_x, _ in sizes} == {2, 10, 100, 1000, 10_000}
    assert min(m for _, m in sizes) == 100


def test_a_contest_is_of_rows_that_are_fast_in_memory_in_every_way(monkeypatch):
    monkeypatch.setattr(pools, "available", lambda: 4)
    plan, selected = planned("contest")
    names = [row.name for row in selected.rows]
    assert {row.side for row in RECORDS if row.name in names} == {"ours", "peer", None}
    assert {"numpy_zero_loop", "numba_parallel", "numba_fused", "torch_step", "jax_autograd"} <= set(names)
    left_out = {"python_two_loop", "numpy_one_loop", "numba_chunks", "dask_chunks", "torch_gpu"}
    assert left_out.isdisjoint(names)
    assert selected.shapes == problems.SHAPES
    assert (plan.dtypes, plan.thread_counts) == (("float32", "float64"), (4, 1))
    assert plan.processes >= FEWEST_PROCESSES


def test_one_core_is_measured_once(monkeypatch):
    monkeypatch.setattr(pools, "available", lambda: 1)
    assert planned("contest")[0].thread_counts == (1,)


def test_the_gpu_measures_its_rows_and_numpy_largest_first(monkeypatch):
    monkeypatch.setattr(cuda_device, "why_none", lambda: None)
    monkeypatch.setattr(limits, "free_bytes", lambda: 100e9)
    plan, selected = planned("gpu")
    assert [row.name for row in selected.rows if row.device == "cpu"] == [NUMPY.name]
    assert [row for row in selected.rows if row.device == "cuda"] == [
        row for row in RECORDS if row.device == "cuda"
    ]
    first, *_, last = plans.settings(plan, selected)
    assert first.key[:2] == ("1000x1000000", "float32")
    assert last.key[:2] == ("higgs", "float64")


def test_the_gpu_is_needed(monkeypatch):
    monkeypatch.setattr(cuda_device, "why_none", lambda: "none here")
    with pytest.raises(BadRequest, match=r"^gpu: no CUDA device: none here$"):
        planned("gpu")


def test_what_fits_in_float32_alone_is_not_refused(monkeypatch):
    monkeypatch.setattr(cuda_device, "why_none", lambda: None)
    monkeypatch.setattr(limits, "free_bytes", lambda: 13e9)
    plan, selected = planned("gpu")
    too_large = [one.key[:2] for one in plans.settings(plan, selected) if plans.too_large(one, selected)]
    assert too_large == [("1000x1000000", "float64")]
    monkeypatch.setattr(limits, "free_bytes", lambda: 11e9)
    with pytest.raises(BadRequest, match=r"the data and a copy for 1 row take 12\.1 GB; 11\.0 GB are free"):
        planned("gpu")


def test_help_names_each_preset_with_its_time():
    said = zeroloop("run", "--help").output
    assert "ab " not in said, "it has a command of its own"
    for name, preset in PRESETS.items() - {(AB, PRESETS[AB])}:
        assert f"{name} " in said
        assert preset.about.split(":")[0] in said
