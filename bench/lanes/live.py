"""What the user sees during a run. The conductor calls it between blocks; nothing is drawn in one."""

import math
import statistics
from time import perf_counter
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bench.lanes.ledger import Ledger
from bench.planning.plan import baseline_row, settings
from bench.request import Request, Setting
from impls.records import Record
from reports import wording
from reports.facts.aim import Widest
from reports.results import Plan

_REDRAW_S = 0.5  # shortest time between two pictures, since drawing one takes milliseconds
_NAME_WIDTH, _CELL_WIDTH = 19, 7  # characters of a row's name, and of 0.0123x


class Clock:
    """How long a run has taken, and how long it will still take."""

    def __init__(self, forecast_s: float, ledger: Ledger, pairs: int):
        self._start, self._first, self._forecast_s, self._pairs = (
            perf_counter(),
            ledger.done,
            forecast_s,
            pairs,
        )

    @property
    def gone_s(self) -> float:
        """The seconds since the start."""
        return perf_counter() - self._start

    def left_s(self, done: int, plan: Plan) -> float:
        """Predict the seconds that are left: by the forecast at first, later by the pace so far."""
        measured, to_go = done - self._first, plan.processes * self._pairs - done
        left_s = self.gone_s / measured * to_go if measured >= self._pairs else self._forecast_s - self.gone_s
        in_budget_s = math.inf if plan.budget_s is None else plan.budget_s - self.gone_s
        return max(0.0, min(left_s, in_budget_s))


class Lines:
    """Plain lines, for a file or a pipe: one whenever a process is done with a problem."""

    def __init__(self, console: Console, clock: Clock, selected: Request):
        self._console, self._clock, self._selected = console, clock, selected
        self._done: int | None = None
        self._timed_s = 0.0  # of all rows, as far as a line says

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        pass

    def now(self, process: int, setting: Setting, doing: str) -> None:
        """Say nothing."""

    def known(self, widest: Widest) -> None:
        """Print which speedup is known least well."""
        self._console.print(Text(_so_far(widest)), soft_wrap=True)

    def progress(self, ledger: Ledger) -> None:
        """Print a line when another problem is done."""
        if self._done is None:
            self._done = ledger.done
        if ledger.done == self._done:
            return
        became = "done" if ledger.timed_s > self._timed_s else "skipped"
        self._done, self._timed_s, plan = ledger.done, ledger.timed_s, ledger.plan
        process, place = divmod(ledger.done - 1, len(settings(plan, self._selected)))
        setting = settings(plan, self._selected)[place]
        left_s = self._clock.left_s(ledger.done, plan)
        self._console.print(
            f"process {process + 1} of {plan.processes}: {named(setting)} {became} after "
            f"{wording.duration(self._clock.gone_s)}, {wording.duration(left_s)} left",
            soft_wrap=True,
        )


class Screen:
    """A picture of what runs, what is done and the speedups so far; drawn at most twice a second."""

    def __init__(self, console: Console, clock: Clock, selected: Request, ledger: Ledger):
        self._clock, self._selected, self._ledger = clock, selected, ledger
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._doing = self._known = ""
        self._drawn = 0.0

    def __enter__(self) -> "Screen":
        self._live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._live.stop()

    def now(self, process: int, setting: Setting, doing: str) -> None:
        """Remember what is being done, and draw it if it is time."""
        self._doing = f"process {process + 1}, {named(setting)}: {doing}"
        self._draw()

    def progress(self, ledger: Ledger) -> None:
        """Draw what is known if it is time."""
        self._draw()

    def known(self, widest: Widest) -> None:
        """Remember which speedup is known least well."""
        self._known = _so_far(widest)

    def _draw(self) -> None:
        if perf_counter() - self._drawn >= _REDRAW_S:
            self._live.update(self._picture(), refresh=True)
            self._drawn = perf_counter()

    def _picture(self) -> Group:
        plan, done = self._ledger.plan, self._ledger.done
        pairs = plan.processes * len(settings(plan, self._selected))
        left_s = self._clock.left_s(done, plan)
        times = f"{wording.duration(self._clock.gone_s)} gone, {wording.duration(left_s)} left"
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=pairs, completed=done, width=36, complete_style="cyan"),
            f"{done} of {pairs}",
            f" {times}",
        )
        doing, known = (Text(said, overflow="ellipsis", no_wrap=True) for said in (self._doing, self._known))
        title = Text(f"times as fast as {plan.baseline}, so far")
        return Group(doing, bar, known, title, self._speedups())

    def _speedups(self) -> Table:
        """Show each row's speedup over the baseline so far, on the problems that were reached last."""
        base = baseline_row(self._ledger.plan, self._selected)
        found = list(dict.fromkeys(setting for _, setting in self._ledger.entries))
        shown = self._fitting(found)
        table = Table(box=None, padding=(0, 1, 0, 0))
        table.add_column(
            "row", no_wrap=True, overflow="ellipsis", min_width=_NAME_WIDTH, max_width=_NAME_WIDTH
        )
        for setting in shown:
            table.add_column(setting.shape.name, justify="right", overflow="ellipsis", no_wrap=True)
        for row in (row for row in self._selected.rows if not row.missing):
            table.add_row(row.name, *(self._speedup(row, base, one) for one in shown))
        return table

    def _fitting(self, found: list[Setting]) -> list[Setting]:
        """Return the last settings, as many as the screen is wide enough for, and one at least."""
        room, shown = self._live.console.width - _NAME_WIDTH - 1, 0
        for setting in reversed(found):
            room -= max(len(setting.shape.name), _CELL_WIDTH) + 1
            if room < 0:
                break
            shown += 1
        return found[-max(1, shown) :]

    def _speedup(self, row: Record, base: Record, setting: Setting) -> str:
        own_s, base_s = self._median_s(row, setting), self._median_s(base, setting)
        return "" if own_s is None or base_s is None else wording.times(base_s / own_s)

    def _median_s(self, row: Record, setting: Setting) -> float | None:
        entry = self._ledger.entries.get((row, setting))
        blocks_s = [block_s for process in entry.blocks_s for block_s in process] if entry else []
        return statistics.median(blocks_s) if blocks_s else None


def _so_far(widest: Widest) -> str:
    return wording.one_line(f"so far {widest.said}")


def named(setting: Setting) -> str:
    """Name a setting: square, float64, 2 threads."""
    return f"{setting.shape.name}, {setting.dtype}, {wording.threads(setting.threads)}"
