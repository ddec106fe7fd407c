"""What the course notes claim, beside what was measured; neither is an authority over the measurement."""

from dataclasses import dataclass

from reports import wording
from reports.code import count
from reports.findings import NUMPY, Comparison
from reports.results import Results
from reports.statistics import Interval

SOURCE = "Vectorizing Logistic Regression's Gradient Output (course notes, 31 January 2026)"


@dataclass(frozen=True)
class SpeedClaim:
    """A speedup over the original two loops that the notes state."""

    text: str
    figure: float
    row: str


SPEED_CLAIMS = (
    SpeedClaim("dw as a vector, examples still looped: ~10x", 10, "numpy_one_loop"),
    SpeedClaim("no loop over examples or features: ~300x", 300, NUMPY),
)
# What the notes say of the code itself: the row it stands for, its lines, its explicit loops.
CODE_CLAIMS = (("python_two_loop", "~15", "1-2"), (NUMPY, "7", "0"))


@dataclass(frozen=True)
class Finding:
    """A claim on one problem: "reached", "not reached" or "not separated" from the claimed figure."""

    problem: str
    dtype: str
    measured: Interval
    answer: str


@dataclass(frozen=True)
class SpeedAnswer:
    """A claim with what every comparison says of it."""

    claim: SpeedClaim
    findings: tuple[Finding, ...]

    @property
    def summary(self) -> str:
        """Where it holds, in a few words."""
        reached = sum(finding.answer == "reached" for finding in self.findings)
        return f"reached on {reached} of {len(self.findings)}"


@dataclass(frozen=True)
class CodeAnswer:
    """Lines and loops that the notes claim for a row, and those counted in its source."""

    row: str
    claimed_lines: str
    claimed_loops: str
    lines: int
    loops: int


def answer_speed(comparisons: tuple[Comparison, ...]) -> tuple[SpeedAnswer, ...]:
    """Hold each claimed speedup to every comparison that has its row and pure Python."""
    answers = []
    for claim in SPEED_CLAIMS:
        findings = [
            Finding(
                comparison.problem.name, comparison.dtype, line.over_python, _answer(claim, line.over_python)
            )
            for comparison in comparisons
            if (line := comparison.line(claim.row)) and line.over_python
        ]
        if findings:
            answers.append(SpeedAnswer(claim, tuple(findings)))
    return tuple(answers)


def answer_code(results: Results) -> tuple[CodeAnswer, ...]:
    """Count the source of the rows that the notes describe."""
    sources = {row.name: row.source for row in results.run.rows}
    return tuple(
        CodeAnswer(row, lines, loops, counted.lines, counted.loops)
        for row, lines, loops in CODE_CLAIMS
        if row in sources and (counted := count(sources[row]))
    )


def _answer(claim: SpeedClaim, measured: Interval) -> str:
    if measured.over(claim.figure).contains_one:
        return f"not separated from {wording.times(claim.figure)}"
    return "reached" if measured.estimate > claim.figure else "not reached"
