"""Real runs with real processes, and what becomes of them where rows misbehave."""

import contextlib
import dataclasses
import itertools
import math
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.lanes import forecast
from bench.lanes import ledger as ledgers
from bench.lanes import plan as plans
from bench.lanes.conductor import Conductor
from bench.lanes.forecast import Paces
from bench.lanes.ledger import Ledger
from bench.lanes.plan import Asked
from bench.lanes.visit import Visit
from bench.locking import alone_in
from reports.facts.facts import Facts
from reports.facts.left_out import left_out
from reports.reading import read

FAULTY = Path(__file__).with_name("faulty")
PROBLEMS = ("8x100", "3x50")
NUMPY = "numpy_zero_loop"
PATIENCE_S = 15.0  # for rows that hang; long enough for others on a busy machine
# In the second process, on the first problem: the status, and words of the reason.
FAULTS = {
    "crashes": ("crashed", "SIGSEGV"),
    "aborts": ("crashed", "SIGABRT"),
    "killed": ("crashed", "SIGKILL"),
    "exits": ("crashed", "exit code 0"),
    "overwrites": ("crashed", "read-only"),
    "intrudes": ("crashed", "wrote into the talk"),
    "hangs": ("killed", f"no answer for {PATIENCE_S:.0f} s"),
    "hoards": ("killed", "the limit is 0.5 GB"),
    "raises": ("failed", "RuntimeError: out of luck"),
    "errs": ("failed", "J is off by"),
}
HARMLESS = ("floods", "leaves_children")


pytestmark = pytest.mark.slow
MARK = "ZEROLOOP_TESTS"  # in the environment of all that these tests start


@pytest.fixture(scope="module", autouse=True)
def marked():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, str(os.getpid()))
        yield


class Watch:
    """Shows nothing; calls a function at each sign of progress."""

    def __init__(self, function=lambda ledger: None):
        self.progress = function
        self.doings = []

    def now(self, process, setting, doing):
        self.doings.append(doing)


def planned(rows, processes=3, cold=1, problems=PROBLEMS, threads=(1,), budget_s=None, **changes):
    """Return a plan of short blocks, without a budget unless one is given, and its rows and problems."""
    plan, selected = plans.make(Asked("quick", rows, problems, thread_counts=threads, processes=processes))
    short = {"cold": cold, "rounds": 2, "block_s": 0.005, "budget_s": budget_s}
    return dataclasses.replace(plan, **short, **changes), selected


def measured(path, plan, selected, show=None, **limits):
    with contextlib.closing(Ledger(path, plan, selected)) as ledger:
        Conductor(selected, ledger, Paces(), show or Watch(), **limits).run()
        return ledger


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """Two rows and one that cannot serve these data, two processes each, the first of them cold."""
    rows = (NUMPY, "numba_two_loop", "python_two_features")
    plan, selected = planned(rows, processes=2)
    path = tmp_path_factory.mktemp("healthy") / "run.json"
    ledger = measured(path, plan, selected)
    return ledger, read(path)


def test_every_row_has_its_blocks_of_every_process(healthy):
    _, found = healthy
    assert [(one.problem, one.row) for one in found.timings] == [
        (problem, row) for problem in PROBLEMS for row in (NUMPY, "numba_two_loop")
    ]
    for timing in (*found.timings, *found.run.twins):
        assert [len(process) for process in timing.blocks_s] == [2, 2]
        assert len(timing.prepare_s) == 2
        assert 0 <= timing.error <= timing.tolerance
    assert not found.run.interrupted
    assert found.run.done == 4


def test_first_calls_are_told_apart(healthy):
    """Cold in the first process, warm in the second; on the problem that a row met first."""
    _, found = healthy
    first, second = (one for one in found.timings if one.row == "numba_two_loop")
    (cold_s,), (warm_s,) = first.first_call_s, first.warm_call_s
    assert cold_s > warm_s > 0
    assert (second.first_call_s, second.warm_call_s) == ((), ())
    numpy = found.timings[0]
    assert (len(numpy.first_call_s), numpy.warm_call_s) == (2, ()), "it keeps nothing on disk"


def test_a_twin_runs_beside_the_baseline(healthy):
    _, found = healthy
    assert [(one.row, one.problem) for one in found.run.twins] == [(NUMPY, problem) for problem in PROBLEMS]
    assert all(comparison.twin_of == NUMPY for comparison in Facts(found).comparisons)


def test_rows_that_do_not_suit_the_data_say_so_once(healthy):
    _, found = healthy
    (loss,) = left_out(Facts(found).comparisons)
    assert (loss.name, loss.status, len(loss.comparisons)) == ("python_two_features", "unsuited", 2)


def test_time_is_accounted_for(healthy):
    _, found = healthy
    blocks = sum(len(process) for one in (*found.timings, *found.run.twins) for process in one.blocks_s)
    assert blocks * 0.8 * found.run.plan.block_s < found.run.spent.timed_s < found.run.spent.total_s
    assert found.run.noise.others >= 0


def test_speed_of_light_and_memory_are_measured(healthy):
    _, found = healthy
    assert [light.problem for light in found.run.lights] == list(PROBLEMS)
    assert all(timing.extra_bytes is not None for timing in found.timings)


def test_pools_of_the_lanes_are_in_the_environment(healthy):
    _, found = healthy
    assert {pool.threads for pool in found.environment.pools if pool.name == "numba"} == {1}


def test_pytest_benchmark_reads_the_file(healthy, tmp_path):
    ledger, _ = healthy
    shutil.copy(ledger.path, tmp_path / "0001_run.json")
    done = subprocess.run(
        ["pytest-benchmark", "compare", str(tmp_path / "0001_run.json")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "8x100-float64-1t-numba_two_loop" in done.stdout


def test_nothing_is_left_behind(healthy):
    assert not lanes()


RIGHT = """
import os
import sys
from pathlib import Path

from impls.numpy_zero_loop import step as right

starts = Path(__file__).with_suffix(".starts")
starts.touch()
is_second = starts.read_text() == "."
starts.write_text(starts.read_text() + ".")
"""
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
descend = sys.modules["__main__"].gradient_descent


def forged(*arguments):
    fit = descend(*arguments)
    return fit._replace(costs=[*fit.costs[:-1], float("nan")])


sys.modules["__main__"].gradient_descent = forged
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
descend = sys.modules["__main__"].gradient_descent
sys.modules["__main__"].gradient_descent = lambda *arguments: descend(*arguments)._replace(costs=[0.5])
step = right
""",
    "wanders.py": """
descend = sys.modules["__main__"].gradient_descent
sys.modules["__main__"].gradient_descent = lambda *arguments: descend(*arguments)._replace(b=float("nan"))


def step(w, b, X, Y):
    return right(w, 0.0 if b != b else b, X, Y)
""",
}
WRONG_WORDS = {
    "ends.py": "dw is off by",
    "diverges.py": "Diverged: iteration",
    "forges.py": "its training's cost 99 is nan",
    "detours.py": "its training's cost 49 is",
    "forgets.py": "its training has not 100 costs",
    "wanders.py": "its training ended at no parameters: b: holds a value",
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


def lanes():
    """Return the command lines of all processes that these tests have started, in whatever way."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(os.getpid()) and process.pid != os.getpid():
                found.append(process.cmdline())
    return found


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """All faults in one run, each in its row's second process."""
    folder = tmp_path_factory.mktemp("faulty")
    shutil.copytree(FAULTY, folder, dirs_exist_ok=True)
    rows = [NUMPY, *(str(folder / f"{name}.py") for name in (*FAULTS, *HARMLESS))]
    plan, selected = planned(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        measured(folder / "run.json", plan, selected, patience_s=PATIENCE_S, memory_bytes=500_000_000)
    return read(folder / "run.json")


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_costs_its_row_that_process_and_no_more(faulty, name):
    status, words = FAULTS[name]
    lost = [entry for entry in faulty.run.unmeasured if entry.row == f"{name}.py"]
    problems = PROBLEMS if name == "errs" else PROBLEMS[:1]  # once wrong, it stays wrong in that process
    assert [(entry.problem, entry.process, entry.status) for entry in lost] == [
        (problem, 2, status) for problem in problems
    ]
    assert all(words in entry.reason for entry in lost)
    for timing in faulty.timings:
        if timing.row == f"{name}.py":
            second = 0 if timing.problem in problems else 2
            assert [len(process) for process in timing.blocks_s] == [2, second, 2]


@pytest.mark.parametrize("name", [NUMPY, *(f"{name}.py" for name in HARMLESS)])
def test_faults_of_others_cost_a_row_nothing(faulty, name):
    found = [timing for timing in faulty.timings if timing.row == name]
    assert len(found) == len(PROBLEMS)
    assert all(len(process) == 2 for timing in found for process in timing.blocks_s)
    assert all(len(timing.blocks_s) == 3 for timing in found)
    assert not [entry for entry in faulty.run.unmeasured if entry.row == name]


def test_a_row_that_was_wrong_once_is_shown_without_a_time(faulty):
    square, _ = Facts(faulty).comparisons
    shown = {line.name: line for line in square.lines}
    assert (shown["errs.py"].status, shown["errs.py"].step_s) == ("failed", None)
    assert shown["crashes.py"].step_s
    assert "crashed in process 2" in [
        loss.status for loss in left_out((square,)) if loss.name == "crashes.py"
    ]


def test_no_process_is_left_of_a_faulty_run(faulty):
    assert not lanes()


COMMAND = (
    *("run", "quick", "--impl", NUMPY, "--impl", "numba_two_loop", "--problem", "8x100", "--problem", "3x50"),
    *("--processes", "2", "--threads", "1", "-o"),
)


def started(path):
    command = [shutil.which("zeroloop"), *COMMAND, str(path)]
    temporary = path.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def blocks(path):
    """Count the blocks in a results file, twins included."""
    found = read(path)
    return sum(len(process) for one in (*found.timings, *found.run.twins) for process in one.blocks_s)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def structure(value):
    """Return a document without its measurements, but with the number of its blocks."""
    if isinstance(value, dict):
        dropped = ("seed", "extra_bytes", "datetime", "cpu", "iqr_outliers", "outliers", "stddev_outliers")
        return {key: structure(item) for key, item in value.items() if key not in dropped}
    if isinstance(value, list):
        return [structure(item) for item in value]
    return type(value) if isinstance(value, float) else value


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The same run, which nobody ended."""
    path = tmp_path_factory.mktemp("whole") / "run.json"
    started(path).communicate(timeout=120)
    return read(path)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda one: one.name)
def test_a_run_that_was_ended_loses_nothing_and_goes_on(tmp_path, number, whole):
    path = tmp_path / "run.json"
    process = started(path)
    # In the second process, on the second problem: what is done is kept, what is begun is begun anew.
    wait_for(lambda: path.exists() and (read(path).run.done or 0) >= 3)
    seen = blocks(path)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    assert "Traceback" not in said
    assert number == signal.SIGKILL or f"--resume {path}" in said
    assert blocks(path) >= seen
    assert read(path).run.interrupted
    wait_for(lambda: not lanes(), 10)
    wait_for(lambda: not list((tmp_path / "temporary").iterdir()), 10)  # it held compiled code
    assert {file.name for file in tmp_path.iterdir()} == {"run.json", "temporary"}
    resumed = CliRunner().invoke(main, ["run", "--resume", str(path)])
    assert resumed.exit_code == 0, resumed.output
    assert structure(read(path).document) == structure(whole.document)


def fill_up(disk):
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
        for _ in range(10_000):
            file.write(b"x" * 4096)
    assert not shutil.disk_usage(disk).free


def test_a_full_disk_leaves_all_finished_blocks(small_disk):
    disk = small_disk(megabytes=8)
    seen = []

    def fill(ledger):
        seen.append(sum(len(process) for one in ledger.entries.values() for process in one.blocks_s))
        if len(seen) == 5:
            fill_up(disk)

    plan, selected = planned((NUMPY, "numpy_one_loop"))
    with pytest.raises(OSError, match="cannot write"):
        measured(disk / "run.json", plan, selected, Watch(fill))
    found = read(disk / "run.json")
    assert found.run.interrupted
    written = sum(len(process) for timing in found.timings for process in timing.blocks_s)
    assert written >= seen[-1] >= seen[4]


def test_until_adds_processes_and_ends_with_the_budget(tmp_path):
    rows = (NUMPY, "numpy_one_loop")
    plan, selected = planned(rows, processes=1, problems=PROBLEMS[:1], until=1e-9, budget_s=1000.0)

    def spend(ledger):
        if ledger.done == 6:
            conductor._budget._limit_s = 0.0

    with contextlib.closing(Ledger(tmp_path / "run.json", plan, selected)) as ledger:
        conductor = Conductor(selected, ledger, Paces(), Watch(spend))
        conductor.run()
        found = ledger.results
    assert found.run.plan.processes == 6
    assert all(len(timing.blocks_s) == 6 for timing in found.timings)


def test_until_ends_when_the_intervals_are_narrow(tmp_path):
    plan, selected = planned((NUMPY, "numpy_one_loop"), 4, problems=PROBLEMS[:1], until=1e9, budget_s=1000.0)
    found = measured(tmp_path / "run.json", plan, selected).results
    assert found.run.plan.processes == 5, "fewer have no interval worth the name"


SLEEPS = """
import time

from impls import numpy_zero_loop


def step(*data):
    time.sleep(0.2)
    return numpy_zero_loop.step(*data)
"""


def test_rows_too_slow_for_the_budget_are_skipped_with_the_prediction(tmp_path):
    (tmp_path / "sleeps.py").write_text(SLEEPS)
    plan, selected = planned((NUMPY, str(tmp_path / "sleeps.py")), processes=2, row_s=0.5)
    found = measured(tmp_path / "run.json", plan, selected).results
    assert {one.row for one in found.timings} == {NUMPY}
    skipped = [entry for entry in found.run.unmeasured if entry.row == "sleeps.py"]
    assert [(entry.status, entry.process) for entry in skipped] == [("skipped", None)] * 2
    assert all("with 0.2 s for a call" in entry.reason for entry in skipped)


def test_a_budget_ends_a_run_and_skips_the_rest(tmp_path):
    """By a budget that is spent when the first setting is done: no other is begun, in whatever process."""
    plan, selected = planned((NUMPY, "numpy_one_loop"), processes=2, budget_s=1000.0)

    def spend(ledger):
        if any(blocks for entry in ledger.entries.values() for blocks in entry.blocks_s):
            conductor._budget._limit_s = 0.0

    with contextlib.closing(Ledger(tmp_path / "run.json", plan, selected)) as ledger:
        conductor = Conductor(selected, ledger, Paces(), Watch(spend))
        conductor.run()
    found = read(tmp_path / "run.json")
    assert not found.run.interrupted
    assert found.run.done == 2 * len(PROBLEMS)
    assert {one.problem for one in found.timings} == set(PROBLEMS[:1])
    said = "the budget of 16:40 min was spent before its turn"
    assert [
        (lost.row, lost.problem, lost.status, lost.process, lost.reason) for lost in found.run.unmeasured
    ] == [(row, PROBLEMS[1], "skipped", None, said) for row in (NUMPY, "numpy_one_loop")]


def test_a_budget_that_ends_within_a_setting_leaves_no_row_ahead(tmp_path):
    plan, selected = planned((NUMPY, "numpy_one_loop"), processes=1, problems=PROBLEMS[:1], budget_s=1000.0)

    class Spends(Watch):
        def now(self, process, setting, doing):
            if doing == f"verifying {NUMPY}":
                conductor._budget._limit_s = 0.0

    with contextlib.closing(Ledger(tmp_path / "run.json", plan, selected)) as ledger:
        conductor = Conductor(selected, ledger, Paces(), Spends())
        conductor.run()
    found = read(tmp_path / "run.json")
    assert found.timings == ()
    assert {(lost.row, lost.status) for lost in found.run.unmeasured} == {
        (row, "skipped") for row in (NUMPY, "numpy_one_loop")
    }


def test_nothing_is_drawn_while_a_lane_runs(tmp_path, monkeypatch):
    from bench.lanes import harness

    asking = []
    ask = harness.Harness.ask

    def asked(self, *arguments, **more):
        asking.append(True)
        try:
            return ask(self, *arguments, **more)
        finally:
            asking.pop()

    monkeypatch.setattr(harness.Harness, "ask", asked)

    class Strict(Watch):
        def now(self, *arguments):
            assert not asking
            super().now(*arguments)

    show = Strict(lambda ledger: asking and pytest.fail("drawn while a lane ran"))
    plan, selected = planned((NUMPY,), processes=1, problems=PROBLEMS[:1])
    measured(tmp_path / "run.json", plan, selected, show)
    assert "timing numpy_zero_loop" in show.doings


COPIES = "import os\nfrom impls.numpy_zero_loop import step\n"
SECOND = "again = os.path.exists(__file__ + '.seen')\nopen(__file__ + '.seen', 'w').close()\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (COPIES + SECOND + "assert not again\n", "AssertionError"),
        (COPIES + "os.rename(__file__, __file__ + '.away')\n", "its file has changed"),
        (COPIES + "open(__file__, 'a').write('# more')\n", "its file has changed"),
    ],
    ids=["raises when loaded again", "is removed", "is edited"],
)
def test_a_file_that_cannot_be_loaded_again_loses_the_processes_to_come(tmp_path, source, words):
    (tmp_path / "mine.py").write_text(source)
    plan, selected = planned((NUMPY, str(tmp_path / "mine.py")), processes=2)
    found = measured(tmp_path / "run.json", plan, selected).results
    lost = [(entry.process, entry.status, words in entry.reason) for entry in found.run.unmeasured]
    assert lost == [(2, "failed", True)] * 2, found.run.unmeasured
    for one in found.timings:
        assert [len(process) for process in one.blocks_s] == ([2, 2] if one.row == NUMPY else [2, 0])


# The processor time of a step that keeps two cores busy, whatever else runs on the machine.
BUSY = """
import sys

from impls.numpy_zero_loop import step

lane = sys.modules["__main__"]
lane.process_time = lambda: 2 * lane.perf_counter()
"""
POOL = """
import threadpoolctl

from impls.numpy_zero_loop import step as right


def prepare(X, Y, threads):
    return X, Y


def step(*data):
    threadpoolctl.threadpool_limits(2)
    return right(*data)
"""
CLOCK = """
import sys

from impls.numpy_zero_loop import step as right

TICKS = iter(range(10**9))
sys.modules["__main__"].perf_counter = lambda: 1e-5 * next(TICKS)


def step(*data):
    for _ in range(10_000):
        pass
    return right(*data)
"""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (BUSY, "kept 2.0 cores busy, where 1 may be"),
        (POOL, "has 2 threads, where 1 may run"),
        (CLOCK, "its clock tells"),
    ],
    ids=["cores", "pool", "clock"],
)
def test_rows_that_take_more_than_they_may_have_no_time(tmp_path, source, words):
    (tmp_path / "mine.py").write_text(source)
    plan, selected = planned((NUMPY, str(tmp_path / "mine.py")), processes=1, problems=PROBLEMS[:1])
    plan = dataclasses.replace(plan, block_s=0.05)
    found = measured(tmp_path / "run.json", plan, selected).results
    (lost,) = found.run.unmeasured
    assert (lost.row, lost.status) == ("mine.py", "failed")
    assert words in lost.reason
    assert [one.row for one in found.timings] == [NUMPY]


def test_a_changed_zeroloop_ends_the_run(tmp_path, monkeypatch):
    plan, selected = planned((NUMPY,), processes=1)
    monkeypatch.setattr(ledgers.code_digest, "__wrapped__", lambda: "another")
    with pytest.raises(ledgers.Stale, match="the code of zeroloop has changed since the run began"):
        measured(tmp_path / "run.json", plan, selected)
    assert read(tmp_path / "run.json").run.interrupted


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    with alone_in(tmp_path, "a test"):
        said = CliRunner().invoke(main, [*COMMAND, str(tmp_path / "run.json")])
    assert said.exit_code == 2
    assert "another run writes there" in said.output


def test_a_twin_that_takes_too_long_leaves_its_row_its_time(tmp_path, monkeypatch):
    skip = Visit._skip

    def slow_twin(self, lane, call_s):
        return skip(self, lane, 1e9 if lane.twin else call_s)

    monkeypatch.setattr(Visit, "_skip", slow_twin)
    plan, selected = planned((NUMPY,), processes=1, problems=PROBLEMS[:1])
    found = measured(tmp_path / "run.json", plan, selected).results
    assert [(one.row, [len(process) for process in one.blocks_s]) for one in found.timings] == [(NUMPY, [2])]
    assert found.run.unmeasured == found.run.twins == ()


def test_sending_a_long_result_is_not_held_against_a_row(tmp_path):
    plan, selected = planned((NUMPY,), processes=1, problems=("1000000x2",))
    found = measured(tmp_path / "run.json", plan, selected).results
    assert [one.row for one in found.timings] == [NUMPY], found.run.unmeasured
