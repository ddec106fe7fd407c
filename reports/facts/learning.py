"""What gradient descent shows: rows go down the same curve of cost, at a pace of their own."""

from dataclasses import dataclass

from reports import wording
from reports.facts import intervals
from reports.facts.comparison import named
from reports.facts.intervals import Interval
from reports.results import Problem, Results, Training

_SHARES = (0.5, 0.25, 0.125)  # goals, as shares of the first cost; the page shows the time to each


@dataclass(frozen=True)
class Fit:
    """One row's training: its costs and the time of all iterations."""

    row: str
    costs: tuple[float, ...]
    wall_s: Interval

    def reached_s(self, cost: float) -> float | None:
        """Return the seconds until the cost was at most this; None if it never was."""
        found = next((n for n, one in enumerate(self.costs, start=1) if one <= cost), None)
        return None if found is None else found * self.wall_s.estimate / len(self.costs)


@dataclass(frozen=True)
class Course:
    """All rows' training on one problem, slowest first."""

    problem: Problem
    dtype: str
    threads: int
    alpha: float
    fits: tuple[Fit, ...]

    @property
    def title(self) -> str:
        """A heading: breast_cancer, 30 × 569, float64, 2 threads."""
        return f"{named(self.problem)}, {self.dtype}, {wording.threads(self.threads)}"

    @property
    def goals(self) -> tuple[float, ...]:
        """Costs, falling, that all rows reach."""
        start = self.fits[0].costs[0]
        last = max(fit.costs[-1] for fit in self.fits)
        return tuple(share * start for share in _SHARES if share * start >= last)

    @property
    def apart(self) -> float:
        """The largest relative difference between two rows' costs after equally many iterations."""
        columns = list(zip(*(fit.costs for fit in self.fits), strict=False))
        return max((max(column) - min(column)) / max(column) if max(column) else 0.0 for column in columns)


def courses(results: Results) -> list[Course]:
    """Return the trainings of each problem, dtype and number of threads."""
    settings: dict[tuple[str, str, int, float], list[Training]] = {}
    for one in results.run.trainings:
        settings.setdefault((one.problem, one.dtype, one.threads, one.alpha), []).append(one)
    problems = {problem.name: problem for problem in results.run.problems}
    return [
        Course(problems[problem], dtype, threads, alpha, _fits(members))
        for (problem, dtype, threads, alpha), members in settings.items()
    ]


def _fits(trainings: list[Training]) -> tuple[Fit, ...]:
    fits = [
        Fit(one.row, one.costs, intervals.time([(wall_s,) for wall_s in one.wall_s])) for one in trainings
    ]
    return tuple(sorted(fits, key=lambda fit: -fit.wall_s.estimate))
