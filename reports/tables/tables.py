"""The speedup table and the contest as CSV, Markdown and text; their cells serve LaTeX and the page too."""

import csv
import io
import math
import re
import textwrap
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from reports import wording
from reports.facts import beyond
from reports.facts.beyond import Against, Family, Way
from reports.facts.changes import Changes
from reports.facts.comparison import (
    NUMPY,
    PLAIN,
    Comparison,
    Entrant,
    Line,
    Loss,
    Match,
    compare,
    contest,
    left_out,
)
from reports.facts.gathered import Gallery
from reports.facts.intervals import Interval, geometric_mean
from reports.facts.noise import not_citable
from reports.results import Results


@dataclass(frozen=True)
class Column:
    """A column of the readable tables: the field of a `Line` or `Way` that it shows, and how."""

    field: str
    heading: str
    meaning: str
    wording: Callable[[Any], str]

    def text(self, line: Line | Way) -> str:
        """Return what stands in the cell."""
        return self.wording(getattr(line, self.field))

    def value(self, line: Line) -> str:
        """Return what the cell is sorted by; nothing where nothing was measured."""
        found = getattr(line, self.field)
        found = found.estimate if isinstance(found, Interval) else found
        return "" if found is None else "Infinity" if found == math.inf else str(found)


_ROW = Column("name", "row", "implementation; its source is on the page", str)
_OVER = (
    Column("over_python", "vs pure Python", "speedup over python_two_loop [95 % interval]", wording.speedup),
    Column("over_numpy", "vs NumPy", "speedup over numpy_zero_loop [95 % interval]", wording.speedup),
)
COLUMNS = (
    _ROW,
    Column("loops", "loops", "depth of explicit Python loops, counted in the source", wording.number),
    Column("lines", "lines", "lines of code in the functions of the file", wording.number),
    Column("step_s", "step", "time of one gradient step [95 % interval]", wording.time),
    *_OVER,
    Column(
        "share",
        "share of light",
        "share of the speed that reading X, or one sigmoid and softplus per example, would allow",
        wording.share,
    ),
    Column("prepare_s", "prepare", "once per data set, not in the step", wording.seconds),
    Column(
        "warmup_s",
        "first call",
        "what the first call of a process costs on top of a later one: compiling",
        wording.seconds,
    ),
    Column(
        "warm_s",
        "warm call",
        "the same in a process that finds the compiled code on disk",
        wording.seconds,
    ),
    Column(
        "calls_to_pay",
        "pays after",
        "calls until prepare and first call are won back against NumPy",
        wording.calls,
    ),
    Column(
        "extra_bytes",
        "extra memory",
        "most memory of a step, beyond what its process holds between steps",
        wording.bytes_of,
    ),
    Column("error", "error", "largest, relative to the oracle's scale", wording.error),
)
NAMING = 3  # the first columns, row, loops and lines, which a row without a time fills too
STEP = Column(
    "step_s", "step", "time of one gradient step", lambda step_s: wording.seconds(_estimate(step_s))
)
_IN_TERMINAL = (_ROW, STEP, *_OVER)  # as many as 80 characters take

_CSV = (
    *("problem", "n_x", "m", "dtype", "threads", "row", "status", "reason", "loops", "lines"),
    *("step_s", "step_s_low", "step_s_high"),
    *("over_python", "over_python_low", "over_python_high"),
    *("over_numpy", "over_numpy_low", "over_numpy_high"),
    *("light_s", "share", "prepare_s", "warmup_s", "warm_s"),
    *("calls_to_pay", "calls_to_pay_low", "calls_to_pay_high", "extra_bytes", "between", "within", "error"),
)


def as_csv(comparisons: tuple[Comparison, ...]) -> str:
    """All comparisons as one CSV: a line for each row on each problem, seconds and ratios to six digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_CSV)
    for comparison in comparisons:
        where = comparison.problem
        for line in comparison.lines:
            setting = (where.name, where.n_x, where.m, comparison.dtype, comparison.threads)
            plain = (line.name, line.status, line.reason, line.loops, line.lines)
            intervals = (_ends(line.step_s), _ends(line.over_python), _ends(line.over_numpy))
            spans = [_raw(end) for ends in intervals for end in ends]
            light = (line.light_s, line.share)
            once = (line.prepare_s, line.warmup_s, line.warm_s, *_ends(line.calls_to_pay))
            rest = (line.extra_bytes, line.between, line.within, line.error)
            writer.writerow([*setting, *plain, *spans, *map(_raw, (*light, *once, *rest))])
    return out.getvalue()


def as_markdown(comparison: Comparison) -> str:
    """One comparison as a Markdown table."""
    rule = ["---", *["--:"] * (len(COLUMNS) - 1)]
    rows = [[column.heading for column in COLUMNS], rule]
    rows += [_marked(line, [escape_markdown(cell) for cell in cells(line)]) for line in comparison.lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def as_text(comparisons: tuple[Comparison, ...], width: int = 80) -> str:
    """All comparisons for a terminal, without colour, then the rows without a time, each reason once."""
    tables = [_text_table(comparison, width) for comparison in comparisons]
    reasons = [
        _filled(wording.one_line(_reason(loss, len(comparisons))), width) for loss in left_out(comparisons)
    ]
    return "\n".join([*tables, *reasons, *([""] if reasons else [])])


_CHOSEN = (
    "The intervals are corrected for choosing the best of either side; where two of ours are not separated, "
    "the one that stands first in the tables does here."
)
_CONTEST_CSV = (
    *("problem", "n_x", "m", "dtype", "row", "threads", "prepare_s"),
    *("step_s", "step_s_low", "step_s_high", "peer", "peer_threads"),
    *("peer_step_s", "peer_step_s_low", "peer_step_s_high"),
    *("over_peer", "over_peer_low", "over_peer_high", "share"),
)
_CONTEST = (
    *("problem", "dtype", "ours", "prepare", "step"),
    *("best peer", "step", "times as fast", "share of light"),
)


def contest_as_text(comparisons: tuple[Comparison, ...], width: int = 80) -> str:
    """The contest for a terminal, three lines a match, and its means; empty without a match."""
    matches = contest(comparisons)
    if not matches:
        return ""
    table = Table(
        title="Our fastest row against the fastest peer",
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for heading in ("problem\n  dtype", "ours\n  step, threads\n  prepare", "best peer\n  step, threads"):
        table.add_column(heading, overflow="fold")
    for heading in ("times as fast\n[interval]", "share\nof light"):
        table.add_column(heading, justify="right", overflow="fold")
    for match in matches:
        table.add_row(
            f"{wording.one_line(match.problem.name)}\n  {wording.one_line(match.dtype)}",
            f"{_entrant_as_text(match.ours)}\n  {wording.seconds(match.ours.line.prepare_s)}",
            _entrant_as_text(match.rival),
            "\n".join(wording.speedup(match.ratio).split(" ", 1)),
            wording.share(match.ours.line.share),
        )
    said = textwrap.fill(contest_summary(comparisons), width, initial_indent=" ", subsequent_indent=" ")
    return f"{printed(table, width)}\n{said}\n"


def contest_as_csv(comparisons: tuple[Comparison, ...]) -> str:
    """The contest as CSV, seconds and ratios to six digits; empty without a match."""
    matches = contest(comparisons)
    if not matches:
        return ""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_CONTEST_CSV)
    for match in matches:
        ours, peer, where = match.ours, match.rival, match.problem
        writer.writerow(
            [
                *(where.name, where.n_x, where.m, match.dtype, ours.line.name, ours.threads),
                *map(_raw, (ours.line.prepare_s, *_ends(ours.line.step_s))),
                *(peer.line.name, peer.threads),
                *map(_raw, (*_ends(peer.line.step_s), *_ends(match.ratio), ours.line.share)),
            ]
        )
    return out.getvalue()


def contest_as_markdown(comparisons: tuple[Comparison, ...]) -> str:
    """The contest as a Markdown table, and its means; empty without a match."""
    matches = contest(comparisons)
    if not matches:
        return ""
    rows = [list(_CONTEST), ["---", "---", "---", "--:", "--:", "---", *["--:"] * 3]]
    rows += [[escape_markdown(cell) for cell in contest_cells(match)] for match in matches]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows) + f"\n{contest_summary(comparisons)}\n"


def contest_summary(comparisons: tuple[Comparison, ...]) -> str:
    """Say how many times faster ours are than the best peers, and than plain Numba; empty without a match."""
    means = [
        f"{wording.times(geometric_mean([match.ratio.estimate for match in matches]))} as fast as {rival}"
        for rival, matches in (
            ("the best peer", contest(comparisons)),
            (f"{PLAIN}, plain Numba on all cores", contest(comparisons, PLAIN)),
        )
        if matches
    ]
    return f"In the geometric mean ours is {' and '.join(means)}. {_CHOSEN}" if means else ""


def _overhead(overhead_s: Interval | None) -> str:
    return wording.time(overhead_s) if overhead_s is None or beyond.is_seen(overhead_s) else "none seen"


def _rate(bytes_per_s: float | None) -> str:
    return "–" if bytes_per_s is None else f"{wording.size(bytes_per_s)}/s"


def _against(against: Against | None) -> str:
    return wording.speedup(against.ratio if against else None)


BEYOND = (
    Column("name", "way", "row, and its threads or worker processes", str),
    Column(
        "overhead_s",
        "overhead",
        "of a step, beyond its share that grows with m [95 % interval]",
        _overhead,
    ),
    Column("million_s", "per 10⁶ examples", "time for each million, at the largest m", wording.time),
    Column("bytes_per_s", "X read", "bytes of X in a second, at the largest m", _rate),
    Column("over_fused", "vs numba_fused", "speedup over it with as many threads", _against),
    Column("over_chunks", "vs numba_chunks", "speedup over it with as many threads", _against),
    Column("over_one", "vs numba_fused, 1 thread", "speedup over it", _against),
    Column(
        "lead",
        "faster than that",
        "between which m it is faster than numba_fused with one thread",
        lambda lead: lead.said if lead else "–",
    ),
    Column("off", "off the line", "how far the line lies from what was timed, at most", wording.percent),
)
_BEYOND_CSV = (
    *("n_x", "dtype", "row", "threads", "m", "step_s", "step_s_low", "step_s_high"),
    *("overhead_s", "overhead_s_low", "overhead_s_high", "example_s", "example_s_low", "example_s_high"),
    *("bytes_per_s", "over_fused_m", "over_fused", "over_fused_low", "over_fused_high"),
    *("over_chunks_m", "over_chunks", "over_chunks_low", "over_chunks_high"),
    *("over_one_m", "over_one", "over_one_low", "over_one_high", "faster_since", "faster_until", "off"),
)


def beyond_as_csv(families: list[Family]) -> str:
    """The ways past one core and one memory as CSV, seconds and ratios to six digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_BEYOND_CSV)
    for family in families:
        for way in family.ways:
            times = (way.step_s, way.overhead_s, way.example_s)
            held = (way.over_fused, way.over_chunks, way.over_one)
            ratios = [(one.m, *map(_raw, _ends(one.ratio))) if one else ("",) * 4 for one in held]
            since, until = (way.lead.since, way.lead.until) if way.lead else (None, None)
            writer.writerow(
                [
                    *(family.n_x, family.dtype, way.row, way.threads, way.m),
                    *(_raw(end) for interval in times for end in _ends(interval)),
                    _raw(way.bytes_per_s),
                    *(cell for ratio in ratios for cell in ratio),
                    *map(_raw, (since, until, way.off)),
                ]
            )
    return out.getvalue()


def beyond_as_markdown(families: list[Family]) -> str:
    """The same as a Markdown table for each n_x and dtype, with what it says in words."""
    rule = ["---", *["--:"] * (len(BEYOND) - 1)]
    written = []
    for family in families:
        rows = [[escape_markdown(column.heading) for column in BEYOND], rule]
        rows += [[escape_markdown(column.text(way)) for column in BEYOND] for way in family.ways]
        table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
        said = "".join(f"- {escape_markdown(sentence)}\n" for sentence in beyond.verdict(family))
        written.append(f"### {escape_markdown(family.title)}\n\n{said}\n{table}")
    return "\n".join(written)


def changes_as_text(changes: Changes, width: int = 80) -> str:
    """Two runs beside each other, for a terminal."""
    said = []
    for name, run in (("before", changes.before), ("after", changes.after)):
        said.append(_filled(f"{name}: {_run_as_text(run)}", width))
        said += [_filled(f"  not citable: {reason}", width) for reason in not_citable(run, compare(run))]
    if changes.before.run_id == changes.after.run_id:
        said.append("both are the same run")
    if changes.differences:
        said.append(_filled(wording.one_line(f"also changed: {', '.join(changes.differences)}"), width))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("row\n  problem", overflow="fold")
    for heading in ("before", "after", "times as fast\n[interval]"):
        table.add_column(heading, justify="right", overflow="fold")
    table.add_column("verdict", overflow="fold")
    for change in changes.rows:
        table.add_row(
            f"{wording.one_line(change.name)}\n  {wording.one_line(change.where)}",
            wording.seconds(change.before_s.estimate),
            wording.seconds(change.after_s.estimate),
            "\n".join(wording.speedup(change.ratio).split(" ", 1)),
            change.verdict,
        )
    notes = [_filled(wording.one_line(note), width) for note in _notes(changes)]
    return "\n".join([*said, "", printed(table, width), "", *notes])


def gallery_as_text(gallery: Gallery, width: int = 80) -> str:
    """Many runs for a terminal, a line for each, and the files that could not be read."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("run", "processor", "cores", "citable"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "cores" else "left")
    for entry in gallery.entries:
        machine = entry.results.environment
        citable = "no" if entry.not_citable else "yes"
        table.add_row(wording.one_line(entry.who), wording.one_line(machine.cpu), str(machine.cores), citable)
    unread = [
        _filled(wording.one_line(f"left out: {path}: {reason}"), width) for path, reason in gallery.unread
    ]
    return "\n".join([printed(table, width), *([""] if unread else []), *unread])


def contents_as_text(run: Results) -> str:
    """Say which rows and problems a run has times of."""
    rows = dict.fromkeys(timing.row for timing in run.timings)
    problems = dict.fromkeys(f"{one.problem}-{one.dtype}-{one.threads}t" for one in run.timings)
    return wording.one_line(f"{', '.join(rows) or 'no row'} on {', '.join(problems) or 'nothing'}")


def _notes(changes: Changes) -> list[str]:
    judged = [change for change in changes.rows if change.agrees is not None]
    apart = [f"{change.name} on {change.where}" for change in judged if not change.agrees]
    notes = []
    if judged:
        but = f", but not {', '.join(apart)}" if apart else ""
        notes.append(
            f"speedups over {NUMPY}: {len(judged) - len(apart)} of {len(judged)} agree within their "
            f"intervals{but}"
        )
    for name, keys in (("before", changes.only_before), ("after", changes.only_after)):
        if keys:
            counts = Counter(where for _, where in keys)
            found = ", ".join(f"{where} ({wording.counted(count, 'row')})" for where, count in counts.items())
            notes.append(f"timed {name} only: {found}")
    return notes


def _run_as_text(run: Results) -> str:
    machine = run.environment
    where = f"{machine.cpu}, {wording.counted(machine.cores, 'core')}, {machine.python}"
    return wording.one_line(f"run {run.run_id}, {run.when[:10]}, {where}")


def _filled(text: str, width: int) -> str:
    return textwrap.fill(text, width, subsequent_indent="  ", break_on_hyphens=False)


def printed(table: Table, width: int) -> str:
    """A table of rich as plain text, without the blanks that it pads lines with."""
    console = Console(
        file=io.StringIO(), width=width, color_system=None, highlight=False, markup=False, emoji=False
    )
    with console.capture() as text:
        console.print(table)
    return "\n".join(line.rstrip() for line in text.get().splitlines() if line.strip())


def cells(line: Line) -> list[str]:
    """The texts of a line; one that was not measured says why in place of its time."""
    if line.step_s:
        return [column.text(line) for column in COLUMNS]
    naming = [column.text(line) for column in COLUMNS[:NAMING]]
    dashes = ["–"] * (len(COLUMNS) - NAMING - 2)
    return [*naming, f"{line.status}: {line.reason}", *dashes, wording.error(line.error)]


def contest_cells(match: Match) -> list[str]:
    """The texts of a match, in the order of its columns."""
    return [
        match.problem.name,
        match.dtype,
        _entrant(match.ours),
        wording.seconds(match.ours.line.prepare_s),
        _step(match.ours),
        _entrant(match.rival),
        _step(match.rival),
        wording.speedup(match.ratio),
        wording.share(match.ours.line.share),
    ]


def _text_table(comparison: Comparison, width: int) -> str:
    table = Table(
        title=wording.one_line(comparison.title), title_justify="left", title_style="", box=box.SIMPLE_HEAD
    )
    for place, column in enumerate(_IN_TERMINAL):
        table.add_column(column.heading, justify="right" if place else "left", overflow="fold")
    for line in comparison.measured:
        table.add_row(*(wording.one_line(column.text(line)) for column in _IN_TERMINAL))
    return f"{printed(table, width)}\n"


def _reason(loss: Loss, of: int) -> str:
    here = loss.comparisons
    where = "" if len(here) == of else f" on {', '.join(comparison.slug for comparison in here)}"
    return f"{loss.name} {loss.status}{where}: {loss.reason}"


def _entrant(entrant: Entrant) -> str:
    return f"{entrant.line.name} ({wording.threads(entrant.threads)})"


def _entrant_as_text(entrant: Entrant) -> str:
    return f"{wording.one_line(entrant.line.name)}\n  {_step(entrant)}, {entrant.threads}"


def _step(entrant: Entrant) -> str:
    return wording.seconds(_estimate(entrant.line.step_s))


def _marked(line: Line, texts: list[str]) -> list[str]:
    return [f"**{texts[0]}**", *texts[1:]] if line.fastest else texts


def escape_markdown(text: str) -> str:
    """Make any text one line without markup, which opens no column of its own in a table."""
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", " ".join(text.split()))


def _estimate(interval: Interval | None) -> float | None:
    return interval.estimate if interval else None


def _ends(interval: Interval | None) -> tuple[float | None, float | None, float | None]:
    return (interval.estimate, interval.low, interval.high) if interval else (None, None, None)


def _raw(value: float | None) -> str:
    if value is None:
        return ""
    return "never" if math.isinf(value) else f"{value:.6g}"
