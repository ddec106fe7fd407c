"""What a user sees of a run, in a terminal and in a pipe."""

import dataclasses
import io

import pytest
from rich.console import Console

from bench.lanes import live
from bench.lanes.ledger import Ledger
from bench.lanes.live import Clock, Lines, Screen
from bench.planning import plan as plans
from bench.planning.plan import Asked
from bench.request import Setting
from impls import records
from impls.data import problems
from impls.errors import Unavailable
from impls.records import Record
from reports.facts.aim import Widest

pytestmark = pytest.mark.usefixtures("known_machine")


@pytest.fixture
def clock(monkeypatch):
    times = [100.0]
    monkeypatch.setattr(live, "perf_counter", lambda: times[0])
    return times


@pytest.fixture
def begun(tmp_path):
    rows = ("numpy_zero_loop", "numba_fused")
    plan, selected = plans.make(Asked("course", rows, ("5x7", "3x50"), thread_counts=(1,), processes=2))
    ledger = Ledger(tmp_path / "run.json", plan, selected)
    for row, step_s in (("numpy_zero_loop", 2e-3), ("numba_fused", 5e-4)):
        ledger.change(records.find(row), setting("5x7")).add_block(0, step_s)
    return ledger, selected


def setting(name):
    return Setting(problems.find(name), "float64", 1)


def shown(width=80):
    return Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)


def test_time_left_is_the_forecast_at_first_and_what_was_seen_later(clock, begun):
    ledger, _ = begun
    left, two = Clock(60.0, ledger, pairs=2), ledger.plan
    one, limited = dataclasses.replace(two, processes=1), dataclasses.replace(two, budget_s=90.0)
    clock[0] += 10
    assert left.gone_s == 10
    assert left.left_s(1, two) == 50
    clock[0] += 70
    assert left.left_s(1, two) == 0
    assert left.left_s(2, one) == 0
    assert left.left_s(2, two) == 80
    assert left.left_s(2, limited) == 10, "and no more than the budget leaves"


def test_lines_say_what_is_done(clock, begun):
    ledger, selected = begun
    console = Console(file=io.StringIO(), width=80)
    with Lines(console, Clock(60.0, ledger, 2), selected) as lines:
        lines.progress(ledger)
        lines.now(0, setting("5x7"), "timing numba_fused")
        for done, timed_s in ((1, 0.5), (1, 0.5), (2, 0.5)):
            clock[0] += 10
            ledger.done, ledger.timed_s = done, timed_s
            lines.progress(ledger)
    assert console.file.getvalue().splitlines() == [
        "process 1 of 2: 5x7, float64, 1 thread done after 10 s, 50 s left",
        "process 1 of 2: 3x50, float64, 1 thread skipped after 30 s, 30 s left",
    ]


def test_screen_shows_what_runs_and_the_speedups(clock, begun):
    ledger, selected = begun
    console = shown()
    with Screen(console, Clock(60.0, ledger, 2), selected, ledger) as screen:
        screen.now(0, setting("5x7"), "timing numba_fused")
    text = console.file.getvalue()
    assert "process 1, 5x7, float64, 1 thread: timing numba_fused" in text
    assert "0 of 4" in text
    assert "1:00 min left" in text
    assert "4.00x" in text
    assert "times as fast as numpy_zero_loop, so far" in text


def test_both_show_the_widest_interval_of_the_processes_that_are_done(clock, begun):
    ledger, selected = begun
    widest = Widest("[red]mine\n.py[/red]", "5x7-float64-1t", 0.22)
    said = "so far [red]mine .py[/red] on 5x7-float64-1t is known to ± 22 %"
    console = Console(file=io.StringIO(), width=40)
    with Lines(console, Clock(60.0, ledger, 2), selected) as lines:
        lines.known(widest)
    assert console.file.getvalue() == f"{said}\n"
    console = shown()
    with Screen(console, Clock(60.0, ledger, 2), selected, ledger) as screen:
        screen.known(widest)
        screen.progress(ledger)
    assert said in console.file.getvalue()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_screen_fits_its_terminal(clock, begun, width):
    ledger, selected = begun
    console = shown(width)
    screen = Screen(console, Clock(60.0, ledger, 2), selected, ledger)
    screen.known(Widest("numba_fused", "breast_cancer-float64-1t", 0.22))
    with console.capture() as text:
        console.print(screen._picture())
    assert max(map(len, text.get().splitlines())) <= width


def test_screen_is_drawn_twice_a_second_at_most(clock, begun, monkeypatch):
    ledger, selected = begun
    screen = Screen(shown(), Clock(60.0, ledger, 2), selected, ledger)
    drawn = []
    monkeypatch.setattr(screen._live, "update", lambda picture, refresh: drawn.append(clock[0]))
    for _ in range(100):
        clock[0] += 0.01
        screen.progress(ledger)
    assert len(drawn) == 2


def test_screen_compares_with_a_baseline_that_is_a_file(clock, tmp_path):
    (tmp_path / "mine.py").touch()
    rows = (str(tmp_path / "mine.py"), "numba_fused")
    plan, selected = plans.make(Asked("course", rows, ("5x7",), thread_counts=(1,), baseline=rows[0]))
    ledger = Ledger(tmp_path / "run.json", plan, selected)
    for row, step_s in zip(rows, (2e-3, 5e-4), strict=True):
        ledger.change(records.find(row), setting("5x7")).add_block(0, step_s)
    console = shown()
    with console.capture() as text:
        console.print(Screen(console, Clock(60.0, ledger, 1), selected, ledger)._picture())
    assert "times as fast as mine.py, so far" in text.get()
    assert "4.00x" in text.get()


def test_screen_shows_rows_that_run_and_as_many_problems_as_fit_whole(clock, tmp_path, monkeypatch):
    absent = property(lambda row: Unavailable("not installed", "") if row.name == "torch_step" else None)
    monkeypatch.setattr(Record, "missing", absent)
    rows = ("python_two_features", "numpy_zero_loop", "torch_step")
    names = ("breast_cancer", "5x7", "two_features")
    plan, selected = plans.make(Asked("course", rows, names, thread_counts=(1,)))
    ledger = Ledger(tmp_path / "run.json", plan, selected)
    for name in names:
        ledger.change(records.find("numpy_zero_loop"), setting(name)).add_block(0, 1e-3)
    text = []
    for width in (45, 80):
        console = shown(width)
        with console.capture() as captured:
            console.print(Screen(console, Clock(60.0, ledger, 3), selected, ledger)._speedups())
        text.append(captured.get())
    narrow, wide = text
    assert "two_features" in narrow.splitlines()[0]
    assert "breast_cancer" not in narrow
    assert all(name in wide for name in (*names, "python_two_features"))
    assert "torch_step" not in wide
    assert "…" not in narrow + wide
