"""Real runs that are ended, or cannot write: nothing is lost, and they can be resumed."""

import contextlib
import os
import shutil
import signal
import subprocess

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.locking import alone_in
from reports.reading import read
from tests.bench.lanes.real_runs import (
    DEADLINE_S,
    NUMPY,
    Watch,
    lanes,
    measured,
    planned,
    wait_for,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("marked")]


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
    started(path).communicate(timeout=DEADLINE_S)
    return read(path)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda one: one.name)
def test_a_run_that_was_ended_loses_nothing_and_goes_on(tmp_path, number, whole):
    path = tmp_path / "run.json"
    process = started(path)
    # In the second process, on the second problem: what is done is kept, what is begun is begun anew.
    wait_for(lambda: path.exists() and (read(path).run.done or 0) >= 3)
    seen = blocks(path)
    process.send_signal(number)
    _, said = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    assert "Traceback" not in said
    assert number == signal.SIGKILL or f"--resume {path}" in said
    assert blocks(path) >= seen
    assert read(path).run.interrupted
    wait_for(lambda: not lanes())
    wait_for(lambda: not list((tmp_path / "temporary").iterdir()))  # it held compiled code
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


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    with alone_in(tmp_path, "a test"):
        said = CliRunner().invoke(main, [*COMMAND, str(tmp_path / "run.json")])
    assert said.exit_code == 2
    assert "another run writes there" in said.output
