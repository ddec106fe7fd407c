"""The museum: files that cheat. Each is refused, or has no better time than the honest file beside it."""

import contextlib
import statistics
from pathlib import Path

import psutil
import pytest

from tests.bench.lanes.real_runs import lanes, measured, planned

MUSEUM = Path(__file__).parents[2] / "museum"
CHEATS = sorted(path.stem for path in MUSEUM.glob("*.py") if path.stem != "honest")
# A cheat that works is four to several hundred times as fast. What is left to one that lies about its times
# is a tenth; the rest is room for the noise of a machine on which other tests run.
MOST = 1.6
# What has no time, whatever the machine does.
REFUSED = {
    *("remembers_last", "one_in_fifty", "looks_around", "writes_no_times", "forges_calls"),
    *("holds_the_course", "blinds_the_judge", "shouts", "rounds", "drops_examples", "linearises"),
    *("lies_about_its_type", "is_right_at_a_quarter", "exits", "returns_nothing", "talks_nonsense"),
}

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("marked")]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One run of all, by which each is held to the honest file beside it."""
    rows = [str(MUSEUM / f"{name}.py") for name in ("honest", *CHEATS)]
    plan, selected = planned(rows, processes=2, problems=("128x10000",), rounds=4, block_s=0.03)
    return measured(tmp_path_factory.mktemp("museum") / "run.json", plan, selected).results


def time_of(run, name):
    """Return the median time of a file's blocks."""
    (blocks_s,) = (timing.blocks_s for timing in run.timings if timing.row == f"{name}.py")
    return statistics.median(block for process in blocks_s for block in process)


@pytest.mark.parametrize("name", CHEATS)
def test_no_cheat_has_a_better_time(run, name):
    if any(lost.row == f"{name}.py" and lost.status in ("failed", "crashed") for lost in run.run.unmeasured):
        return
    assert name not in REFUSED
    assert time_of(run, "honest") / time_of(run, name) < MOST


def test_honest_files_have_a_time(run):
    assert time_of(run, "honest") > 0
    assert not [lost for lost in run.run.unmeasured if lost.row == "honest.py"]


def test_no_process_is_left_of_the_museum(run):
    assert not lanes()
    assert not [process for process in psutil.process_iter() if named(process) == "x"]


def named(process):
    """Return the name of the lane that a process says it is of."""
    with contextlib.suppress(psutil.Error):
        return process.environ().get("ZEROLOOP_LANE")
