"""Rows that misbehave in real runs: what that costs them, and that it costs others nothing."""

import dataclasses
import os
import shutil
import time

import pytest

from bench.lanes.harness import Harness
from reports.facts.facts import Facts
from reports.facts.left_out import left_out
from reports.reading import read
from tests.bench.lanes.real_runs import FAULTY, NUMPY, PROBLEMS, lanes, measured, planned

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("marked")]

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


POOL = """
import threadpoolctl

from impls.numpy_zero_loop import step as right


def prepare(X, Y, threads):
    return X, Y


def step(*data):
    threadpoolctl.threadpool_limits(2)
    return right(*data)
"""


def test_a_row_with_more_threads_than_it_may_have_has_no_time(tmp_path):
    (tmp_path / "mine.py").write_text(POOL)
    plan, selected = planned((NUMPY, str(tmp_path / "mine.py")), processes=1, problems=PROBLEMS[:1])
    plan = dataclasses.replace(plan, block_s=0.05)
    found = measured(tmp_path / "run.json", plan, selected).results
    (lost,) = found.run.unmeasured
    assert (lost.row, lost.status) == ("mine.py", "failed")
    assert "has 2 threads; 1 are allowed" in lost.reason
    assert [one.row for one in found.timings] == [NUMPY]


def test_a_row_that_keeps_two_cores_busy_where_it_may_have_one_has_no_time(tmp_path, monkeypatch):
    """By what the system counts, whatever else runs on the machine."""
    monkeypatch.setattr(Harness, "processor_s", lambda self: 2 * time.perf_counter())
    monkeypatch.setattr(Harness, "_check_stillness", lambda self: None)
    plan, selected = planned((NUMPY,), processes=1, problems=PROBLEMS[:1])
    plan = dataclasses.replace(plan, block_s=0.05)
    found = measured(tmp_path / "run.json", plan, selected).results
    (lost,) = found.run.unmeasured
    assert lost.status == "failed"
    assert " cores busy; 1 are allowed" in lost.reason
    assert not found.timings
