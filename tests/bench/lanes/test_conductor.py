"""Real runs with real processes: what they measure, and when they end."""

import contextlib
import shutil
import subprocess
import sys

import pytest

from bench.lanes import ledger as ledgers
from bench.lanes.conductor import Conductor
from bench.lanes.ledger import Ledger
from bench.lanes.visit import Visit
from bench.planning import turns
from bench.planning.forecast import Paces
from reports.facts.facts import Facts
from reports.facts.left_out import left_out
from reports.reading import read
from tests.bench.lanes.real_runs import (
    NUMPY,
    PROBLEMS,
    Watch,
    lanes,
    measured,
    planned,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("marked")]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """Two rows and one that cannot serve these data, two processes each, the first of them cold."""
    rows = (NUMPY, "numba_two_loop", "python_two_features")
    plan, selected = planned(rows, processes=2)
    path = tmp_path_factory.mktemp("healthy") / "run.json"
    watch = Watch()
    ledger = measured(path, plan, selected, watch)
    return ledger, read(path), watch.doings


def test_every_row_has_its_blocks_of_every_process(healthy):
    _, found, _ = healthy
    assert [(one.problem, one.row) for one in found.timings] == [
        (problem, row) for problem in PROBLEMS for row in (NUMPY, "numba_two_loop")
    ]
    for timing in (*found.timings, *found.run.twins):
        assert [len(process) for process in timing.blocks_s] == [2, 2]
        assert len(timing.prepare_s) == 2
        assert 0 <= timing.error <= timing.tolerance
    assert not found.run.interrupted
    assert found.run.done == 4


def test_rows_take_turns_and_a_row_without_blocks_holds_no_place(healthy):
    ledger, _, doings = healthy
    names = [*(row.name for row in ledger._asked.rows), NUMPY]
    assert [doing for doing in doings if doing.startswith("timing")] == [
        f"timing {names[lane]}"
        for process in range(2)
        for place in range(2)
        for round_ in range(2)
        for lane in turns.order(ledger.plan, process, place, [2, 2, 0, 2], round_)
    ]


def test_first_calls_are_told_apart(healthy):
    """Cold in the first process, warm in the second; on the problem that a row met first."""
    _, found, _ = healthy
    first, second = (one for one in found.timings if one.row == "numba_two_loop")
    (cold_s,), (warm_s,) = first.first_call_s, first.warm_call_s
    assert cold_s > warm_s > 0
    assert (second.first_call_s, second.warm_call_s) == ((), ())
    numpy = found.timings[0]
    assert (len(numpy.first_call_s), numpy.warm_call_s) == (2, ()), "it keeps nothing on disk"


def test_a_twin_runs_beside_the_baseline(healthy):
    _, found, _ = healthy
    assert [(one.row, one.problem) for one in found.run.twins] == [(NUMPY, problem) for problem in PROBLEMS]
    assert all(comparison.twin_of == NUMPY for comparison in Facts(found).comparisons)


def test_rows_that_do_not_suit_the_data_say_so_once(healthy):
    _, found, _ = healthy
    (loss,) = left_out(Facts(found).comparisons)
    assert (loss.name, loss.status, len(loss.comparisons)) == ("python_two_features", "unsuited", 2)


def test_time_is_accounted_for(healthy):
    _, found, _ = healthy
    blocks = sum(len(process) for one in (*found.timings, *found.run.twins) for process in one.blocks_s)
    assert blocks * 0.8 * found.run.plan.block_s < found.run.spent.timed_s < found.run.spent.total_s
    assert found.run.noise.others >= 0


def test_speed_of_light_and_memory_are_measured(healthy):
    _, found, _ = healthy
    assert [light.problem for light in found.run.lights] == list(PROBLEMS)
    assert all(timing.extra_bytes is not None for timing in found.timings)


def test_pools_of_the_lanes_are_in_the_environment(healthy):
    _, found, _ = healthy
    assert {pool.threads for pool in found.environment.pools if pool.name == "numba"} == {1}


def test_pytest_benchmark_reads_the_file(healthy, tmp_path):
    ledger, _, _ = healthy
    shutil.copy(ledger.path, tmp_path / "0001_run.json")
    done = subprocess.run(
        [sys.executable, "-m", "pytest_benchmark", "compare", str(tmp_path / "0001_run.json")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "8x100-float64-1t-numba_two_loop" in done.stdout


def test_nothing_is_left_behind(healthy):
    assert not lanes()


def test_until_adds_processes_and_ends_with_the_budget(tmp_path):
    rows = (NUMPY, "numpy_one_loop")
    plan, selected = planned(rows, processes=1, problems=PROBLEMS[:1], until=1e-9, budget_s=1000.0)

    def spend(ledger):
        if ledger.done == 6:
            conductor._budget._limit_s = 0.0

    show = Watch(spend)
    with contextlib.closing(Ledger(tmp_path / "run.json", plan, selected)) as ledger:
        conductor = Conductor(selected, ledger, Paces(), show)
        conductor.run()
        found = ledger.results
    assert found.run.plan.processes == 6
    assert len(show.widths) == 5, "each process but the first shows how well the speedups are known"
    assert show.widths[-1] == Facts(found).widest.half_width
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


def test_a_changed_zeroloop_ends_the_run(tmp_path, monkeypatch):
    plan, selected = planned((NUMPY,), processes=1)
    monkeypatch.setattr(ledgers.code_digest, "__wrapped__", lambda: "another")
    with pytest.raises(ledgers.Stale, match="the code of zeroloop has changed since the run began"):
        measured(tmp_path / "run.json", plan, selected)
    assert read(tmp_path / "run.json").run.interrupted


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
    plan, selected = planned((NUMPY,), processes=1, problems=("300000x2",))
    found = measured(tmp_path / "run.json", plan, selected).results
    assert [one.row for one in found.timings] == [NUMPY], found.run.unmeasured
