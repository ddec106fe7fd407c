"""What the course notes claim, beside what was measured."""

from dataclasses import dataclass

from reports.facts.comparison import NUMPY, PYTHON, Comparison
from reports.facts.intervals import Interval
from reports.facts.sources import counted
from reports.results import Results

SOURCE = "Vectorizing Logistic Regression's Gradient Output (course notes, 31 January 2026)"


@dataclass(frozen=True)
class SpeedClaim:
    """A speedup over the original two loops that the notes state."""

    text: str
    figure: float
    row: str


# The notes' two loops, on lists and on arrays: the notes do not say which they mean.
ORIGINALS = (PYTHON, "numpy_two_loop")
SPEED_CLAIMS = (
    SpeedClaim("dw as a vector, examples still looped: ~10x", 10, "numpy_one_loop"),
    SpeedClaim("no loop over examples or features: ~300x", 300, NUMPY),
)
# The notes' claims about the code itself: the row that each is about, its lines, its explicit loops.
CODE_CLAIMS = ((PYTHON, "~15", "1–2"), (NUMPY, "7", "0"))

MILLION = 1_000_000  # the number of examples to which the notes say that the vectorized step scales


@dataclass(frozen=True)
class Finding:
    """A measured speedup beside the claimed one: "reached", "not reached", "not separated", "no interval"."""

    measured: Interval
    answer: str


@dataclass(frozen=True)
class SpeedAnswer:
    """A claim beside every comparison, over each of `ORIGINALS`; None if a row has no time."""

    claim: SpeedClaim
    findings: tuple[tuple[Comparison, tuple[Finding | None, ...]], ...]

    @property
    def summaries(self) -> list[str]:
        """For each original, on how many problems the claim was reached."""
        columns = zip(*(row for _, row in self.findings), strict=True)
        return [_reached([finding for finding in column if finding]) for column in columns]


@dataclass(frozen=True)
class CodeAnswer:
    """Lines and loops that the notes claim for a row, and those counted."""

    row: str
    claimed_lines: str
    claimed_loops: str
    lines: int
    loops: int


@dataclass(frozen=True)
class SizeAnswer:
    """The largest number of examples that a run had, at least a million, and what a step over them took."""

    comparison: Comparison
    vectorized_s: Interval
    looped_s: Interval | None


def answer_size(comparisons: tuple[Comparison, ...]) -> SizeAnswer | None:
    """Compare "scales to millions of examples" with the largest data measured; None below a million."""
    large = [one for one in comparisons if one.problem.m >= MILLION and one.line(NUMPY)]
    if not large:
        return None
    most = max(large, key=lambda one: one.problem.m)
    vectorized, looped = most.line(NUMPY), most.line(PYTHON)
    assert vectorized
    assert vectorized.step_s
    return SizeAnswer(most, vectorized.step_s, looped.step_s if looped else None)


def answer_speed(comparisons: tuple[Comparison, ...]) -> tuple[SpeedAnswer, ...]:
    """Compare each claimed speedup with every comparison that has its row and an original."""
    answers = []
    for claim in SPEED_CLAIMS:
        rows = (
            (comparison, tuple(_finding(claim, comparison.speedup(claim.row, base)) for base in ORIGINALS))
            for comparison in comparisons
        )
        if found := tuple(row for row in rows if any(row[1])):
            answers.append(SpeedAnswer(claim, found))
    return tuple(answers)


def answer_code(results: Results) -> tuple[CodeAnswer, ...]:
    """Count what a step runs of the rows that the notes describe."""
    rows = {row.name: row for row in results.run.rows}
    return tuple(
        CodeAnswer(name, lines, loops, found[0].lines, found[0].loops)
        for name, lines, loops in CODE_CLAIMS
        if name in rows and (found := counted(rows[name]))
    )


def _finding(claim: SpeedClaim, measured: Interval | None) -> Finding | None:
    if measured is None:
        return None
    if measured.low is None:
        return Finding(measured, "no interval")
    if measured.over(claim.figure).contains_one:
        return Finding(measured, "not separated")
    return Finding(measured, "reached" if measured.estimate > claim.figure else "not reached")


def _reached(findings: list[Finding]) -> str:
    answers = [finding.answer for finding in findings]
    said = f"reached on {answers.count('reached')} of {len(answers)}"
    return f"{said}, not separated on {unclear}" if (unclear := answers.count("not separated")) else said
