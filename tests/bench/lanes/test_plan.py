"""What a run will do: problems, order, blocks, predictions and budgets."""

import dataclasses
import itertools
import sys

import numpy as np
import pytest

from bench.lanes import plan as plans
from bench.lanes.plan import PRESETS, Asked, Paces
from bench.request import BadRequest, Setting
from impls import pools, records
from impls.data import problems
from impls.errors import UserError
from impls.records import RECORDS

NUMPY = "numpy_zero_loop"


def setting(name, dtype="float64", threads=1):
    return Setting(problems.find(name), dtype, threads)


def planned(preset="course", **asked):
    return plans.make(Asked(preset, **asked))


def test_course_is_what_is_measured_where_nobody_chooses():
    plan, selected = planned()
    assert tuple(shape.name for shape in selected.shapes) == PRESETS["course"].problems
    assert (plan.dtypes, plan.thread_counts) == (("float64",), (pools.available(),))
    assert (plan.processes, plan.baseline, plan.budget_s) == (6, NUMPY, 300)


def test_full_measures_no_size_twice():
    sizes = [(shape.n_x, shape.m) for shape in map(problems.find, PRESETS["full"].problems)]
    assert len(set(sizes)) == len(sizes)


def test_full_has_a_grid_up_to_a_hundred_million_numbers():
    sizes = [tuple(map(int, name.split("x"))) for name in PRESETS["full"].problems if name[0].isdigit()]
    assert max(n_x * m for n_x, m in sizes) == 10**8
    assert {n_x for n_x, _ in sizes} == {2, 10, 100, 1000, 10_000}
    assert min(m for _, m in sizes) == 100


def test_each_process_goes_through_all_settings_of_a_thread_count_together():
    plan, selected = planned(problems=("5x7", "3x50"), dtypes=("float64", "float32"), thread_counts=(1,))
    assert plans.settings(plan, selected) == [
        setting(problem, dtype) for problem in ("5x7", "3x50") for dtype in ("float64", "float32")
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"thread_counts": (pools.available() + 1,)}, "but this process may use"),
        ({"baseline": "numpy_one_loop", "rows": (NUMPY,)}, "baseline 'numpy_one_loop' is not among the rows"),
        ({"problems": ("1000000x1000000",)}, "GB are free"),
        ({"rows": ("nobody",)}, "no implementation 'nobody'"),
    ],
)
def test_what_cannot_be_had_is_refused(asked, words):
    with pytest.raises(UserError, match=words):
        planned(**asked)


def test_the_truth_takes_time_for_each_example_and_once_for_all_numbers_of_threads(monkeypatch):
    monkeypatch.setattr(pools, "available", lambda: 2)

    def forecast(name, *counts):
        plan, selected = planned(rows=(NUMPY,), problems=(name,), thread_counts=counts)
        return plans.forecast_s(plan, selected, plans.Paces())

    assert forecast("2x1000000", 1) > forecast("200x10000", 1) + 2
    assert forecast("2x1000000", 1, 2) < 2 * forecast("2x1000000", 1) - 2


def test_copies_of_all_rows_must_fit_in_memory(monkeypatch):
    class Memory:
        available = 9_000_000

    monkeypatch.setattr(plans.psutil, "virtual_memory", lambda: Memory)
    monkeypatch.setattr(plans.problems.psutil, "virtual_memory", lambda: Memory)
    planned(rows=(NUMPY,), problems=("100x1000",))
    rows = sum(row.device == "cpu" and not row.on_disk for row in RECORDS)
    with pytest.raises(BadRequest, match=rf"a copy for {rows} rows take 0\.0 GB"):
        planned(problems=("100x1000",))


@pytest.mark.parametrize("rounds", [3, 4, 12])
@pytest.mark.parametrize("lanes", [2, 3, 16])
def test_each_round_begins_elsewhere(lanes, rounds):
    plan = dataclasses.replace(planned()[0], rounds=rounds)
    orders = [plans.order(plan, 1, 2, lanes, round_) for round_ in range(rounds)]
    assert all(sorted(order) == list(range(lanes)) for order in orders)
    for lane in range(lanes):
        places = [order.index(lane) for order in orders]
        assert len(set(places)) == min(lanes, rounds), "no lane has a place twice before it had all"


@pytest.mark.parametrize("lanes", [2, 4, 16])
def test_no_lane_follows_the_same_lane_twice(lanes):
    plan = dataclasses.replace(planned()[0], rounds=lanes)
    orders = [plans.order(plan, 1, 2, lanes, round_) for round_ in range(lanes)]
    followed = [pair for order in orders for pair in itertools.pairwise(order)]
    assert len(set(followed)) == len(followed) == lanes * (lanes - 1)


def test_orders_differ_between_processes_and_problems_and_are_repeatable():
    plan = planned()[0]
    orders = {tuple(plans.order(plan, process, place, 16, 0)) for process in range(6) for place in range(6)}
    assert len(orders) == 36
    assert plans.order(plan, 1, 1, 16, 2) == plans.order(plan, 1, 1, 16, 2)


@pytest.mark.parametrize(("call_s", "blocks"), [(1e-6, 6), (0.05, 6), (0.1, 3), (0.29, 1), (100.0, 1)])
def test_slow_rows_get_fewer_blocks(call_s, blocks):
    plan = dataclasses.replace(planned()[0], rounds=6, block_s=0.05)
    assert plans.blocks(plan, call_s) == blocks


@pytest.mark.parametrize(
    ("blocks", "rounds"), [(6, [0, 1, 2, 3, 4, 5]), (3, [1, 3, 5]), (2, [2, 5]), (1, [5]), (0, [])]
)
def test_blocks_are_spread_over_the_rounds(blocks, rounds):
    plan = dataclasses.replace(planned()[0], rounds=6)
    assert [round_ for round_ in range(6) if plans.has_block(plan, blocks, round_)] == rounds


def test_one_size_predicts_nothing_of_rows_with_overhead():
    paces = Paces()
    paces.see(records.find(NUMPY), setting("2x100"), 6e-6)
    assert paces.predicted(records.find(NUMPY), setting("large")) is None


def test_a_run_of_rows_that_are_all_slow_has_a_plan():
    plan, selected = planned("quick", rows=("python_two_loop",), problems=("square",))
    paces = Paces()
    paces.see(records.find("python_two_loop"), setting("square", threads=pools.available()), 0.4)
    assert plans.fitted(plan, selected, paces, binding=False).rounds >= 3


def test_a_run_of_rows_that_are_not_installed_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "numexpr", None)
    with pytest.raises(BadRequest, match="no row can run: not installed: pip install numexpr"):
        planned(rows=("numexpr_zero_loop",))


def test_until_keeps_the_budget_for_processes():
    plan, selected = planned(until=0.02)
    assert plan.budget_s == 4 * 300
    assert plans.fitted(plan, selected, Paces(), binding=False).rounds == 3
    assert planned(until=0.02, budget_s=100.0)[0].budget_s == 100


def test_a_baseline_that_is_a_file_is_known_by_its_name(tmp_path):
    file = str(tmp_path / "mine.py")
    (tmp_path / "mine.py").touch()
    assert planned(rows=(NUMPY, file), baseline=file)[0].baseline == "mine.py"


def test_rows_that_take_too_long_are_skipped_with_the_prediction():
    plan = planned(processes=6)[0]
    assert plan.row_s == 300 / 8
    assert plans.too_long(plan, 4.6) is None, "one call in each of six, and two more"
    said = plans.too_long(plan, 4.8)
    assert said.startswith("predicted to take 38 s in 6 processes, with 4.8 s for a call")


def test_paces_predict_what_grows_with_examples_and_with_elements():
    paces = Paces()
    for name, call_s in (("2x2000", 2000 * 3e-7 + 4000 * 1e-7), ("200x20", 20 * 3e-7 + 4000 * 1e-7)):
        paces.see(records.find("numpy_zero_loop"), setting(name), call_s)
    predicted = paces.predicted(records.find("numpy_zero_loop"), setting("100x10000"))
    assert predicted == pytest.approx(10_000 * 3e-7 + 1_000_000 * 1e-7, rel=1e-6)
    assert paces.predicted(records.find("numpy_zero_loop"), setting("100x10000", "float32")) is None
    assert paces.predicted(records.find("sklearn_loss"), setting("2x2000")) is None


def test_what_was_seen_is_no_prediction():
    paces = Paces()
    for name, call_s in (("2x2000", 5.0), ("200x20", 1.0), ("2x4000", 0.1)):
        paces.see(records.find("numpy_zero_loop"), setting(name), call_s)
    assert paces.predicted(records.find("numpy_zero_loop"), setting("2x2000")) == 5.0


def test_interpreted_rows_are_probed():
    _, selected = planned(rows=("python_two_loop", "python_two_features", NUMPY), thread_counts=(1,))
    paces = Paces()
    paces.probe(selected)
    square = setting("square")
    assert 0.01 < paces.predicted(records.find("python_two_loop"), square) < 10
    assert paces.predicted(records.find("python_two_features"), square) is not None
    assert paces.predicted(records.find(NUMPY), square) is None


REAL = setting("breast_cancer")


def test_rows_train_on_real_data_where_that_takes_at_most_three_seconds():
    assert plans.training_s(REAL, 0.02) == pytest.approx(2.0)
    assert plans.training_s(REAL, 0.03) == pytest.approx(3.0)
    assert plans.training_s(REAL, 0.0301) is None
    assert plans.training_s(setting("square"), 1e-6) is None


def test_each_update_of_a_training_lowers_the_cost():
    """The learning rate is below 2 over the largest curvature of J, that of w and b together."""
    X = problems.load(plans.TRAINED_ON).X
    with_ones = np.vstack([X, np.ones(X.shape[1])])
    curvature = np.linalg.norm(with_ones, 2) ** 2 / (4 * X.shape[1])
    assert 1.5 / curvature < plans.ALPHA < 2 / curvature


def test_trainings_are_reckoned_with(monkeypatch):
    rows = (NUMPY, "python_two_loop", "numpy_two_loop")
    plan, selected = planned(rows=rows, problems=("breast_cancer", "5x7"), thread_counts=(1,), processes=5)
    paces = Paces()
    for row, call_s in zip(rows, (1e-4, 1e-2, 1.0), strict=True):
        paces.see(records.find(row), REAL, call_s)
    with_trainings_s = plans.forecast_s(plan, selected, paces)
    monkeypatch.setattr(plans, "TRAINED_ON", "nothing")
    added_s = with_trainings_s - plans.forecast_s(plan, selected, paces)
    iterations_s = (
        5 * 100 * (1e-4 + 1e-2)
    )  # the third takes too long, and the first one's twin does not train
    assert iterations_s < added_s < iterations_s + 2 * 5 * 0.01, "and each is verified"


def test_a_budget_sets_the_rounds():
    paces = Paces()
    plan, selected = planned(
        rows=(NUMPY, "numba_fused"), problems=("5x7", "8x100"), processes=18, budget_s=60.0
    )
    assert plans.forecast_s(dataclasses.replace(plan, rounds=3), selected, paces) < 60
    few = plans.fitted(plan, selected, paces, binding=True)
    many = plans.fitted(dataclasses.replace(plan, budget_s=4000.0), selected, paces, binding=True)
    assert 3 <= few.rounds < many.rounds == 12
    assert plans.forecast_s(few, selected, paces) < plans.forecast_s(many, selected, paces)
    with pytest.raises(BadRequest, match=r"budget: this takes .* minutes at least"):
        plans.fitted(dataclasses.replace(plan, budget_s=1.0), selected, paces, binding=True)
    assert plans.fitted(dataclasses.replace(plan, budget_s=1.0), selected, paces, binding=False).rounds == 3
    assert plans.fitted(dataclasses.replace(plan, budget_s=None), selected, paces, binding=False).rounds == 3


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("1.5h", 5400)])
def test_durations(text, seconds):
    assert plans.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "0s", "nanm", "infh", "5 minutes"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="is no duration"):
        plans.parse_duration(text)


def test_seeds_differ_between_runs():
    assert len({planned()[0].seed for _ in range(5)}) == 5
