"""The table of speedups: every row on one problem."""

from dataclasses import replace

from reports import wording
from reports.facts.comparison import Comparison, Line
from reports.facts.facts import Facts
from reports.tables.description import Table, column

NAME_ON_PAPER = 40  # most characters of a name in a caption
COLUMNS = (
    column(
        "row", "row", "implementation; its source is on the page", value=lambda line: line.name, is_text=True
    ),
    column("status"),
    column("reason"),
    column("loops", "loops", "depth of explicit Python loops, counted in the source", wording.number),
    column("lines", "lines", "lines of code that a step runs, helpers included", wording.number),
    column("prepare_lines"),
    column("step_s", "step", "time of one gradient step [95 % interval]", wording.time, is_interval=True),
    column(
        "estimate_s",
        "step",
        "time of one gradient step",
        value=lambda line: line.step_s.estimate if line.step_s else None,
        text=lambda line: wording.seconds(line.step_s.estimate if line.step_s else None),
        in_csv=False,
    ),
    column(
        "over_python",
        "vs pure Python",
        "speedup over python_two_loop [95 % interval]",
        wording.speedup,
        is_interval=True,
    ),
    column(
        "over_numpy",
        "vs NumPy",
        "speedup over numpy_zero_loop [95 % interval]",
        wording.speedup,
        is_interval=True,
    ),
    column("light_s"),
    column(
        "share",
        "share of light",
        "share of the speed that reading X, or one sigmoid and softplus per example, would allow",
        wording.share,
    ),
    column("prepare_s", "prepare", "once per data set, not in the step", wording.seconds),
    column(
        "warmup_s",
        "first call",
        "what the first call of a process costs on top of a later one: compiling",
        wording.seconds,
    ),
    column(
        "warm_s", "warm call", "the same in a process that finds the compiled code on disk", wording.seconds
    ),
    column(
        "calls_to_pay",
        "pays after",
        "calls until prepare and first call are won back against NumPy",
        wording.calls,
        is_interval=True,
    ),
    column(
        "extra_bytes",
        "extra memory",
        "most memory of a step, beyond what its process holds between steps",
        # A float, since six digits are enough.
        value=lambda line: None if line.extra_bytes is None else float(line.extra_bytes),
        text=lambda line: wording.bytes_of(line.extra_bytes),
    ),
    column("between"),
    column("within"),
    column("error", "error", "largest, relative to the oracle's scale", wording.error),
)
WIDE = (
    *("row", "loops", "lines", "step_s", "over_python", "over_numpy", "share", "prepare_s"),
    *("warmup_s", "warm_s", "calls_to_pay", "extra_bytes", "error"),
)


def speedups(facts: Facts) -> list[Table]:
    """Return a table for each comparison."""
    return [_table(comparison, facts.run_id) for comparison in facts.comparisons]


def _table(comparison: Comparison, run_id: str) -> Table:
    problem, on_paper = comparison.problem, _shortened(comparison)
    return Table(
        name="speedup",
        key=on_paper.slug,
        title=comparison.title,
        caption=f"One gradient step of logistic regression on {on_paper.title}. "
        "Brackets: 95 % intervals; bold: fastest, or not separated from it.",
        run_id=run_id,
        columns=COLUMNS,
        rows=comparison.lines,
        wide=WIDE,
        paper=("row", "loops", "lines", "estimate_s", "over_python", "over_numpy"),
        terminal=("row", "estimate_s", "over_python", "over_numpy"),
        setting=(
            ("problem", problem.name),
            ("n_x", problem.n_x),
            ("m", problem.m),
            ("dtype", comparison.dtype),
            ("threads", comparison.threads),
        ),
        is_best=lambda line: line.fastest,
        reason=_reason,
        naming=3,
    )


def _reason(line: Line) -> str | None:
    return None if line.step_s else f"{line.status}: {line.reason}"


def _shortened(comparison: Comparison) -> Comparison:
    """Return the comparison with names that fit a caption."""
    problem = replace(comparison.problem, name=wording.shortened(comparison.problem.name, NAME_ON_PAPER))
    return replace(comparison, problem=problem, dtype=wording.shortened(comparison.dtype, NAME_ON_PAPER))
