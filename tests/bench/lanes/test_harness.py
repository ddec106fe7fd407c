"""The conductor's end of real lanes."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from bench.lanes import harness
from bench.lanes.harness import Guard, Harness, Lost, guarded
from bench.lanes.shared import Shared
from impls.data import problems

DEADLINE_S = 120.0  # ends a test that hangs; nothing here is meant to take long


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
    """Return whether a process stands still; it is told to a moment before."""
    deadline = time.monotonic() + DEADLINE_S
    while process.status() != psutil.STATUS_STOPPED and time.monotonic() < deadline:
        time.sleep(0.005)
    return process.status() == psutil.STATUS_STOPPED


def test_a_lane_stands_still_unless_it_is_asked(start):
    lane = start("numpy_zero_loop")
    lane.ready(DEADLINE_S)
    process = psutil.Process(lane._process.pid)
    assert is_stopped(process)
    with Shared(problems.load("5x7")) as shared:
        lane.ask(DEADLINE_S, "open", paths=shared.paths, threads=1)
        assert is_stopped(process)
        assert lane.ask(DEADLINE_S, "prepare", "wall_s")["wall_s"] > 0
    assert is_stopped(process)
    assert lane.end() == -signal.SIGKILL
    assert not process.is_running()


# What a row finds when it is imported.
FINDS = """
import os
import sys

assert not {"numba", "sklearn", "matplotlib", "rich", "scipy"} & set(sys.modules), "libraries of other rows"
assert os.environ["OMP_NUM_THREADS"] == os.environ["NUMBA_NUM_THREADS"] == "1"
assert "NUMBA_DISABLE_JIT" not in os.environ


def step(w, b, X, Y):
    pass
"""


def test_a_lane_has_its_own_libraries_threads_and_modules(start, tmp_path, monkeypatch):
    """Whatever the user's environment says, and whatever modules lie in the user's folder."""
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    for name in ("bench.py", "impls.py", "random.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(FINDS)
    start(tmp_path / "mine.py").ready(DEADLINE_S)


def test_each_lane_has_an_environment_of_its_own_size(tmp_path):
    sizes = {len(harness._environment(1, tmp_path)["ZEROLOOP_PADDING"]) for _ in range(20)}
    assert len(sizes) > 15


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        ("1 / 0", "failed", "mine.py, line 1: ZeroDivisionError"),
        ("import os; os._exit(3)", "crashed", "exit code 3"),
        ("import os; os.abort()", "crashed", "SIGABRT"),
    ],
)
def test_files_that_do_not_load(start, tmp_path, source, status, words):
    (tmp_path / "mine.py").write_text(source)
    with pytest.raises(Lost) as lost:
        start(tmp_path / "mine.py").ready(DEADLINE_S)
    assert lost.value.why.status == status
    assert words in lost.value.why.reason
    assert lost.value.ended == (status == "crashed")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (-signal.SIGUSR1, "SIGUSR1"),
        (-signal.SIGSEGV, "SIGSEGV: used memory that is not its own"),
        (-99, "signal 99"),
    ],
)
def test_ends_of_processes_have_names(code, words):
    assert harness._named(code).startswith(words)


def test_a_lane_that_does_not_answer_is_killed(start, tmp_path):
    (tmp_path / "mine.py").write_text("import time; time.sleep(600)")
    lane = start(tmp_path / "mine.py")
    with pytest.raises(Lost, match="gave no answer for 0 s"):
        lane.ready(0.3)
    assert not psutil.pid_exists(lane._process.pid)


def test_the_guard_kills_what_is_watched_and_removes_the_folder(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").touch()
    keeper = Guard(folder)
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    watched, forgotten = (subprocess.Popen(sleep, start_new_session=True) for _ in range(2))
    for process in (watched, forgotten):
        keeper.watch(process.pid)
        os.kill(process.pid, signal.SIGSTOP)
    keeper.forget(forgotten.pid)
    keeper.end()
    assert watched.wait(DEADLINE_S) == -signal.SIGKILL
    assert not folder.exists()
    assert forgotten.poll() is None
    forgotten.kill()
    forgotten.wait()


def test_a_run_goes_on_without_its_guard(keeper, start):
    keeper._process.kill()
    keeper._process.wait()
    start("numpy_zero_loop").ready(DEADLINE_S)


@pytest.mark.slow
def test_a_child_that_holds_the_pipe_does_not_hide_an_end(start, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\nos._exit(3)\n"
    )
    with pytest.raises(Lost, match="exit code 3"):
        start(tmp_path / "mine.py").ready(DEADLINE_S)


@pytest.mark.slow
def test_the_guard_ends_what_left_its_session(tmp_path):
    keeper = Guard(tmp_path / "folder")
    (tmp_path / "mine.py").write_text(
        "import subprocess, sys\n"
        "sleep = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "child = subprocess.Popen(sleep, start_new_session=True)\n"
        "open(__file__ + '.pid', 'w').write(str(child.pid))\n"
        "def step(w, b, X, Y): pass\n"
    )
    lane = Harness(str(tmp_path / "mine.py"), 1, tmp_path, 1 << 33, keeper)
    lane.ready(DEADLINE_S)
    child = psutil.Process(int((tmp_path / "mine.py.pid").read_text()))
    keeper.end()
    child.wait(DEADLINE_S)
    assert lane.end() == -signal.SIGKILL


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"[1]",
        b"{}",
        b'"text"',
        b'{"number": "1"}',
        b'{"number": 1, "block_s": NaN}',
        b'{"number": 1, "block_s": -1.0}',
        b'{"number": 1, "wall_s": "1"}',
        b'{"number": 1, "read_s": Infinity}',
        b'{"number": 1, "extra_bytes": "1"}',
        b'{"number": 1, "extra_bytes": -1}',
        b'{"number": 1, "wall_s": 1' + 400 * b"0" + b"}",
        b'{"number": 1, "pools": 5}',
        b'{"number": 1, "pools": [["numba", 5, 1]]}',
        b'{"number": 1, "pools": [["numba", null]]}',
        b'{"number": 1, "layer": 7}',
        b'{"number": 1, "left_out": ["odd", "reason", null]}',
        b'{"number": 1, "left_out": ["failed", 3, null]}',
        b'{"number": 1, "left_out": ["failed"]}',
        b'{"number": 1, "left_out": ["failed", "", NaN]}',
        b"[" * 100_000,
    ],
)
def test_replies_that_only_a_row_can_have_written(line):
    assert harness._parsed(line) is None


@pytest.mark.parametrize(
    "line",
    [b'{"number": 1}', b'{"number": 1, "wall_s": 0.5}', b'{"number": 1, "left_out": ["failed", "", null]}'],
)
def test_replies_of_lanes(line):
    assert harness._parsed(line)["number"] == 1
