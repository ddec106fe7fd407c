"""How long a run will take, and how many rounds fit."""

import dataclasses

import pytest

from bench.planning import forecast
from bench.planning import plan as plans
from bench.planning.forecast import Paces
from bench.request import BadRequest
from impls import pools, records
from tests.bench.planning.planned import NUMPY, planned, setting

REAL = setting("breast_cancer")


def test_the_truth_takes_time_for_each_example_and_once_for_all_numbers_of_threads(monkeypatch):
    monkeypatch.setattr(pools, "available", lambda: 2)

    def predicted_s(name, *counts):
        plan, selected = planned(rows=(NUMPY.name,), problems=(name,), thread_counts=counts)
        return forecast.forecast_s(plan, selected, Paces())

    assert predicted_s("2x1000000", 1) > predicted_s("200x10000", 1) + 2
    assert predicted_s("2x1000000", 1, 2) < 2 * predicted_s("2x1000000", 1) - 2


def test_one_size_predicts_nothing_of_rows_with_overhead():
    paces = Paces()
    paces.see(NUMPY, setting("2x100"), 6e-6)
    assert paces.predicted(NUMPY, setting("large")) is None


def test_a_run_of_rows_that_are_all_slow_has_a_plan():
    plan, selected = planned("quick", rows=("python_two_loop",), problems=("square",))
    paces = Paces()
    paces.see(records.find("python_two_loop"), setting("square", threads=pools.available()), 0.4)
    assert forecast.fitted(plan, selected, paces, asked_budget=False).rounds >= 3


def test_until_keeps_the_budget_for_processes():
    plan, selected = planned(until=0.02)
    assert plan.budget_s == 4 * 300
    assert forecast.fitted(plan, selected, Paces(), asked_budget=False).rounds == 3
    assert planned(until=0.02, budget_s=100.0)[0].budget_s == 100


def test_paces_predict_what_grows_with_examples_and_with_elements():
    paces = Paces()
    for name, call_s in (("2x2000", 2000 * 3e-7 + 4000 * 1e-7), ("200x20", 20 * 3e-7 + 4000 * 1e-7)):
        paces.see(NUMPY, setting(name), call_s)
    predicted = paces.predicted(NUMPY, setting("100x10000"))
    assert predicted == pytest.approx(10_000 * 3e-7 + 1_000_000 * 1e-7, rel=1e-6)
    assert paces.predicted(NUMPY, setting("100x10000", "float32")) is None
    assert paces.predicted(records.find("sklearn_loss"), setting("2x2000")) is None


def test_what_was_seen_is_no_prediction():
    paces = Paces()
    for name, call_s in (("2x2000", 5.0), ("200x20", 1.0), ("2x4000", 0.1)):
        paces.see(NUMPY, setting(name), call_s)
    assert paces.predicted(NUMPY, setting("2x2000")) == 5.0


def test_interpreted_rows_are_probed():
    _, selected = planned(rows=("python_two_loop", "python_two_features", NUMPY.name), thread_counts=(1,))
    paces = Paces()
    paces.probe(selected)
    square = setting("square")
    assert 0.01 < paces.predicted(records.find("python_two_loop"), square) < 10
    assert paces.predicted(records.find("python_two_features"), square) is not None
    assert paces.predicted(NUMPY, square) is None


def test_trainings_are_reckoned_with(monkeypatch):
    rows = (NUMPY.name, "python_two_loop", "numpy_two_loop")
    plan, selected = planned(rows=rows, problems=("breast_cancer", "5x7"), thread_counts=(1,), processes=5)
    paces = Paces()
    for row, call_s in zip(rows, (1e-4, 1e-2, 1.0), strict=True):
        paces.see(records.find(row), REAL, call_s)
    with_trainings_s = forecast.forecast_s(plan, selected, paces)
    monkeypatch.setattr(plans, "TRAINED_ON", "nothing")
    added_s = with_trainings_s - forecast.forecast_s(plan, selected, paces)
    iterations_s = (
        5 * 100 * (1e-4 + 1e-2)
    )  # the third takes too long, and the first one's twin does not train
    assert iterations_s < added_s < iterations_s + 2 * 5 * 0.01, "and each is verified"


def test_a_budget_sets_the_rounds():
    paces = Paces()
    plan, selected = planned(rows=(NUMPY.name, "numba_fused"), problems=("5x7", "8x100"), budget_s=90.0)
    least_s = forecast.forecast_s(plan, selected, paces)
    few = forecast.fitted(dataclasses.replace(plan, budget_s=1.5 * least_s), selected, paces, True)
    many = forecast.fitted(dataclasses.replace(plan, budget_s=4000.0), selected, paces, True)
    assert 3 < few.rounds < many.rounds == 12
    assert least_s < forecast.forecast_s(few, selected, paces) < few.budget_s
    endless = dataclasses.replace(plan, budget_s=None)
    assert forecast.fitted(endless, selected, paces, False) == endless
    with pytest.raises(BadRequest, match=r"budget: this takes .*, the first problem .*; 1 s were given"):
        forecast.fitted(dataclasses.replace(plan, budget_s=1.0), selected, paces, True)


def test_a_budget_that_was_asked_for_is_a_limit_and_that_of_a_preset_is_none():
    plan, selected = planned(rows=(NUMPY.name, "numba_fused"), problems=("5x7", "8x100"), budget_s=20.0)
    assert forecast.forecast_s(plan, selected, Paces()) > 20
    assert forecast.fitted(plan, selected, Paces(), asked_budget=True) == plan
    free = forecast.fitted(plan, selected, Paces(), asked_budget=False)
    assert (free.rounds, free.budget_s) == (3, None)
