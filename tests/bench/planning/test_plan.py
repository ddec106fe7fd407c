"""What a run will do, and what is refused."""

import sys

import numpy as np
import pytest

from bench.planning import plan as plans
from bench.request import BadRequest
from impls import limits, pools
from impls.data import problems
from impls.errors import UserError
from impls.records import RECORDS
from tests.bench.planning.planned import NUMPY, planned, setting


def test_each_process_goes_through_all_settings_of_a_thread_count_together():
    plan, selected = planned(problems=("5x7", "3x50"), dtypes=("float64", "float32"), thread_counts=(1,))
    assert plans.settings(plan, selected) == [
        setting(problem, dtype) for problem in ("5x7", "3x50") for dtype in ("float64", "float32")
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"thread_counts": (pools.available() + 1,)}, "but this process may use"),
        (
            {"baseline": "numpy_one_loop", "rows": (NUMPY.name,)},
            "baseline 'numpy_one_loop' is not among the rows",
        ),
        ({"problems": ("1000000x1000000",)}, "GB are free"),
        ({"rows": ("nobody",)}, "no implementation 'nobody'"),
    ],
)
def test_what_cannot_be_had_is_refused(asked, words):
    with pytest.raises(UserError, match=words):
        planned(**asked)


def test_copies_of_all_rows_must_fit_in_memory(monkeypatch):
    monkeypatch.setattr(limits, "free_bytes", lambda: 9_000_000)
    planned(rows=(NUMPY.name,), problems=("100x1000",))
    rows = sum(row.device == "cpu" and not row.on_disk for row in RECORDS)
    with pytest.raises(BadRequest, match=rf"a copy for {rows} rows take 0\.0 GB"):
        planned(problems=("100x1000",))


def test_a_run_of_rows_that_are_not_installed_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "numexpr", None)
    with pytest.raises(BadRequest, match="no row can run: not installed: pip install numexpr"):
        planned(rows=("numexpr_zero_loop",))


def test_a_baseline_that_is_a_file_is_known_by_its_name(tmp_path):
    file = str(tmp_path / "mine.py")
    (tmp_path / "mine.py").touch()
    assert planned(rows=(NUMPY.name, file), baseline=file)[0].baseline == "mine.py"


def test_rows_that_take_too_long_are_skipped_with_the_prediction():
    plan = planned(processes=6)[0]
    assert plan.row_s == 300 / 8
    assert plans.too_long(plan, 4.6) is None, "one call in each of six, and two more"
    said = plans.too_long(plan, 4.8)
    assert said.startswith("predicted to take 38 s in 6 processes, with 4.8 s for a call")


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
    curvature = np.linalg.eigvalsh(with_ones @ with_ones.T)[-1] / (4 * X.shape[1])
    assert 1.5 / curvature < plans.ALPHA < 2 / curvature


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("1.5h", 5400)])
def test_durations(text, seconds):
    assert plans.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "0s", "nanm", "infh", "5 minutes"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="is no duration"):
        plans.parse_duration(text)


def test_seeds_differ_between_runs():
    assert len({planned()[0].seed for _ in range(5)}) == 5
