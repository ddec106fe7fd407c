"""The conductor's end of real lanes."""

import os
import signal
import time

import psutil
import pytest

from bench import harness
from bench.harness import Guard, Harness, Lost, guarded
from bench.shared import Shared
from impls import problems


@pytest.fixture
def keeper(tmp_path):
    with guarded(tmp_path / "folder") as keeper:
        yield keeper


@pytest.fixture
def start(keeper, tmp_path):
    """Start a lane of a row, which is ended after the test."""
    started = []

    def begin(row, memory_bytes=1 << 33):
        started.append(Harness(str(row), 1, tmp_path, memory_bytes, keeper))
        return started[-1]

    yield begin
    for one in started:
        one.end()


def is_stopped(process):
    """Tell whether a process stands still, a moment after it was told to."""
    for _ in range(100):
        if process.status() == psutil.STATUS_STOPPED:
            return True
        time.sleep(0.01)
    return False


def test_a_lane_stands_still_unless_it_is_asked(start):
    lane = start("numpy_zero_loop")
    lane.ready(60)
    process = psutil.Process(lane._process.pid)
    assert is_stopped(process)
    with Shared(problems.load("5x7")) as shared:
        lane.ask(60, "prepare", paths=shared.paths, b=0.25, threads=1)
        assert is_stopped(process)
        assert lane.ask(60, "call", point=0)["wall_s"] > 0
    assert is_stopped(process)
    assert lane.end() == -signal.SIGKILL
    assert not process.is_running()


def test_a_lane_loads_the_libraries_of_its_row_only(start, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import sys\nassert not {'numba', 'sklearn', 'matplotlib', 'rich', 'scipy'} & set(sys.modules)\n"
        "def step(w, b, X, Y): pass\n"
    )
    start(tmp_path / "mine.py").ready(60)


def test_thread_counts_are_set_before_anything_is_imported(start, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    (tmp_path / "mine.py").write_text(
        "import os\nassert os.environ['OMP_NUM_THREADS'] == os.environ['NUMBA_NUM_THREADS'] == '1'\n"
        "assert 'NUMBA_DISABLE_JIT' not in os.environ\ndef step(w, b, X, Y): pass\n"
    )
    start(tmp_path / "mine.py").ready(60)


def test_each_lane_has_an_environment_of_its_own_size(tmp_path):
    sizes = {len(harness._environment(1, tmp_path)["ZEROLOOP_PADDING"]) for _ in range(20)}
    assert len(sizes) > 15


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        ("1 / 0", "failed", "mine.py, line 1: ZeroDivisionError"),
        ("x = 1", "failed", "has no function step"),
        ("import os; os._exit(3)", "crashed", "exit code 3"),
        ("import os; os.abort()", "crashed", "SIGABRT"),
        ("raise SystemExit", "failed", "SystemExit"),
        ("import os; os.kill(os.getpid(), 10)", "crashed", "SIGUSR1"),
    ],
)
def test_files_that_do_not_load(start, tmp_path, source, status, words):
    (tmp_path / "mine.py").write_text(source)
    with pytest.raises(Lost) as lost:
        start(tmp_path / "mine.py").ready(60)
    assert lost.value.why.status == status
    assert words in lost.value.why.reason
    assert lost.value.ended == (status == "crashed")


def test_a_lane_that_does_not_answer_is_killed(start, tmp_path):
    (tmp_path / "mine.py").write_text("import time; time.sleep(600)")
    lane = start(tmp_path / "mine.py")
    with pytest.raises(Lost, match="gave no answer for 1 s"):
        lane.ready(1)
    assert not psutil.pid_exists(lane._process.pid)


def test_the_guard_kills_what_is_watched_and_removes_the_folder(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").touch()
    keeper = Guard(folder)
    watched, forgotten = (Harness("numpy_zero_loop", 1, tmp_path, 1 << 33, keeper) for _ in range(2))
    keeper.forget(forgotten._process.pid)
    watched.ready(60)
    os.kill(watched._process.pid, signal.SIGSTOP)
    keeper.end()
    assert watched._process.wait(10) == -signal.SIGKILL
    assert not folder.exists()
    time.sleep(0.1)
    assert forgotten._process.poll() is None
    forgotten.end()
    watched.end()


def test_a_run_goes_on_without_its_guard(keeper, start):
    keeper._process.kill()
    keeper._process.wait()
    start("numpy_zero_loop").ready(60)
