"""Rows that train in real runs, as they should and as they should not."""

import contextlib
import itertools
import math

import pytest

from bench.lanes.conductor import Conductor
from bench.lanes.ledger import Ledger
from bench.planning import forecast
from bench.planning import plan as plans
from bench.planning.forecast import Paces
from reports.reading import read
from tests.bench.lanes.real_runs import (
    NUMPY,
    RIGHT,
    Watch,
    measured,
    planned,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("marked")]


ENDS = """
calls = float("-inf")


def step(w, b, X, Y):
    global calls
    calls = calls + 1 if w.any() else 1
    J, dw, db = right(w, b, X, Y)
    return J, -dw if calls == 101 else dw, db
"""
# What rows do wrong where they train: at w = 0, which no block is at, a training begins.
TRAINED_WRONG = {
    "ends.py": ENDS,
    "diverges.py": """
def step(w, b, X, Y):
    J, dw, db = right(w, b, X, Y)
    return J, dw if w.any() else dw + 1e308, db
""",
    "forges.py": """
descend = sys.modules["bench.lanes.lane"].gradient_descent


def forged(*arguments):
    fit = descend(*arguments)
    return fit._replace(costs=[*fit.costs[:-1], float("nan")])


sys.modules["bench.lanes.lane"].gradient_descent = forged
step = right
""",
    "detours.py": """
calls = 0


def step(w, b, X, Y):
    global calls
    calls += not w.any() or calls > 0
    J, dw, db = right(w, b, X, Y)
    return J * 1.001 if calls == 50 else J, dw, db
""",
    "forgets.py": """
lane = sys.modules["bench.lanes.lane"]
descend = lane.gradient_descent
lane.gradient_descent = lambda *arguments: descend(*arguments)._replace(costs=[0.5])
step = right
""",
    "wanders.py": """
lane = sys.modules["bench.lanes.lane"]
descend = lane.gradient_descent
lane.gradient_descent = lambda *arguments: descend(*arguments)._replace(b=float("nan"))


def step(w, b, X, Y):
    return right(w, 0.0 if b != b else b, X, Y)
""",
}
WRONG_WORDS = {
    "ends.py": "dw is off by",
    "diverges.py": "Diverged: iteration",
    "forges.py": "its training's cost 99 is nan",
    "detours.py": "its training's cost 49 is",
    "forgets.py": "its training did not return 100 costs",
    "wanders.py": "its training returned no valid w and b: b: holds a value",
}
# In the second process alone.
CRASHES_LATER = """
def step(w, b, X, Y):
    if is_second and not w.any():
        os.abort()
    return right(w, b, X, Y)
"""
WRONG_LATER = ENDS.replace("calls == 101", "is_second and calls == 101")
# As Numba would: parameters that may be written to are of another type.
COMPILES = """
import time

seen = set()


def step(w, b, X, Y):
    if w.flags.writeable not in seen:
        time.sleep(0.2)
    seen.add(w.flags.writeable)
    return right(w, b, X, Y)
"""
TOO_SLOW = """
import time


def step(*data):
    time.sleep(0.0301)
    return right(*data)
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two processes of rows that train as they should, and as they should not, and a twin."""
    folder = tmp_path_factory.mktemp("trained")
    sources = {
        "crashes_later.py": CRASHES_LATER,
        "wrong_later.py": WRONG_LATER,
        "compiles.py": COMPILES,
        "slow.py": TOO_SLOW,
        **TRAINED_WRONG,
    }
    for name, source in sources.items():
        (folder / name).write_text(RIGHT + source)
    rows = (NUMPY, "python_two_loop", *(str(folder / name) for name in sources))
    plan, selected = planned(rows, processes=2, problems=("8x100", "breast_cancer"), row_s=60.0)
    show = Watch()
    measured(folder / "run.json", plan, selected, show)
    return read(folder / "run.json"), show.doings


def test_rows_train_on_real_data(trained):
    found, doings = trained
    trainings = {one.row: one for one in found.run.trainings}
    shown = [NUMPY, "python_two_loop", "crashes_later.py", "compiles.py"]
    assert list(trainings) == shown, "in the order of the rows"
    assert {one.problem for one in trainings.values()} == {"breast_cancer"}
    numpy, python = trainings[NUMPY], trainings["python_two_loop"]
    assert numpy.alpha == python.alpha == 0.5
    assert len(numpy.costs) == len(python.costs) == 100
    assert numpy.costs == pytest.approx(python.costs, rel=1e-9)
    assert numpy.costs[0] == pytest.approx(math.log(2))
    assert all(after < before for before, after in itertools.pairwise(numpy.costs))
    assert len(numpy.wall_s) == len(python.wall_s) == 2
    assert doings.count(f"training {NUMPY}") == 2, "its twin does not"


def test_compiling_anew_for_a_training_is_no_fault(trained):
    found, _ = trained
    (training,) = [one for one in found.run.trainings if one.row == "compiles.py"]
    assert len(training.wall_s) == 2
    assert not [entry for entry in found.run.unmeasured if entry.row == "compiles.py"]


@pytest.mark.parametrize("name", TRAINED_WRONG)
def test_a_row_that_trains_wrongly_has_failed(trained, name):
    found, _ = trained
    lost = [entry for entry in found.run.unmeasured if entry.row == name]
    assert [(one.problem, one.status, one.process) for one in lost] == [
        ("breast_cancer", "failed", process) for process in (1, 2)
    ]
    assert all(WRONG_WORDS[name] in one.reason for one in lost), lost
    assert [one.problem for one in found.timings if one.row == name] == ["8x100"]


@pytest.mark.parametrize(
    ("name", "status", "trained_times"), [("crashes_later.py", "crashed", 1), ("wrong_later.py", "failed", 0)]
)
def test_what_goes_wrong_in_one_training_costs_that_process_its_times(trained, name, status, trained_times):
    """A row that crashed has what its other processes did; one that was wrong is shown without a time."""
    found, _ = trained
    (lost,) = [entry for entry in found.run.unmeasured if entry.row == name]
    assert (lost.problem, lost.status, lost.process) == ("breast_cancer", status, 2)
    blocks_s = [one.blocks_s for one in found.timings if (one.row, one.problem) == (name, "breast_cancer")]
    assert [[len(process) for process in one] for one in blocks_s] == [[2, 0]]
    assert sum(len(one.wall_s) for one in found.run.trainings if one.row == name) == trained_times


def test_a_row_that_would_train_too_long_has_its_times_and_no_training(trained):
    found, doings = trained
    assert "training slow.py" not in doings
    assert {one.problem for one in found.timings if one.row == "slow.py"} == {"8x100", "breast_cancer"}
    assert not [entry for entry in found.run.unmeasured if entry.row == "slow.py"]


def test_rows_train_in_all_processes_or_in_none(tmp_path, monkeypatch):
    """The first process that times a row decides, however fast the others are, also where a run goes on."""
    predicted = iter([None, 1.0])  # for two rows, once
    monkeypatch.setattr(plans, "training_s", lambda setting, call_s: next(predicted))
    monkeypatch.setattr(forecast, "visit_s", lambda *_: 0.0)
    plan, selected = planned((NUMPY, "numpy_one_loop"), problems=("breast_cancer",))

    def interrupt(ledger):
        if ledger.done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured(tmp_path / "run.json", plan, selected, Watch(interrupt))
    before = read(tmp_path / "run.json")
    (first,) = before.run.trainings
    with contextlib.closing(Ledger(tmp_path / "run.json", plan, selected)) as ledger:
        ledger.resume(before, plans.settings(plan, selected))
        Conductor(selected, ledger, Paces(), Watch()).run()
    (training,) = read(tmp_path / "run.json").run.trainings
    assert (training.row, training.costs, training.wall_s[:1]) == (first.row, first.costs, first.wall_s)
    assert len(training.wall_s) == 3
