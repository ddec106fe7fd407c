"""Everything that one results file says, each fact computed once: what tables, figures and pages show."""

from dataclasses import dataclass
from functools import cached_property

from reports.facts import (
    aim,
    beyond,
    citable,
    claims,
    comparison,
    compiling,
    contest,
    doubts,
    learning,
    sizes,
)
from reports.facts.aim import Widest
from reports.facts.beyond import Family
from reports.facts.citation import Citation, cited
from reports.facts.claims import CodeAnswer, SizeAnswer, SpeedAnswer
from reports.facts.comparison import Comparison, Line
from reports.facts.contest import Match
from reports.facts.intervals import Interval
from reports.facts.learning import Course
from reports.facts.left_out import Loss, left_out
from reports.facts.sizes import Grid, Series
from reports.facts.verdict import verdict
from reports.results import Environment, Results, Run


@dataclass(frozen=True)
class Facts:
    """The facts of one results file."""

    results: Results

    @property
    def run_id(self) -> str:
        """The run's id, a hash of its results."""
        return self.results.run_id

    @property
    def run(self) -> Run:
        """What was asked for, and what became of it."""
        return self.results.run

    @property
    def environment(self) -> Environment:
        """The machine and the libraries."""
        return self.results.environment

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """All rows on each problem, in the order of the file."""
        return comparison.compare(self.results)

    @cached_property
    def verdict(self) -> list[str]:
        """What the run shows, in a few sentences."""
        return verdict(self.comparisons)

    @cached_property
    def contest(self) -> tuple[Match, ...]:
        """Our fastest row against the fastest peer, on each problem in each dtype."""
        return contest.contest(self.comparisons)

    @cached_property
    def contest_summary(self) -> str:
        """How many times as fast ours are, in the mean; empty without a match."""
        return contest.summary(self.contest, contest.contest(self.comparisons, contest.PLAIN))

    @cached_property
    def families(self) -> list[Family]:
        """The ways past one core and one memory, for each n_x and dtype."""
        return beyond.families(self.comparisons)

    @cached_property
    def grid(self) -> Grid | None:
        """The largest grid of sizes; None without one."""
        return sizes.grid(self.comparisons)

    @cached_property
    def series(self) -> list[Series]:
        """Comparisons that differ in m alone, by n_x."""
        return sizes.series(self.comparisons)

    @cached_property
    def compiling(self) -> list[Line]:
        """The rows whose first call costs something, most first."""
        return compiling.compiling(self.comparisons)

    @cached_property
    def courses(self) -> list[Course]:
        """The trainings of each problem, dtype and number of threads."""
        return learning.courses(self.results)

    @cached_property
    def speed_claims(self) -> tuple[SpeedAnswer, ...]:
        """The notes' claims about speed, beside what was measured."""
        return claims.answer_speed(self.comparisons)

    @cached_property
    def code_claims(self) -> tuple[CodeAnswer, ...]:
        """The notes' claims about the code, beside what was counted."""
        return claims.answer_code(self.results)

    @cached_property
    def size_claim(self) -> SizeAnswer | None:
        """The largest data measured, if they have a million examples."""
        return claims.answer_size(self.comparisons)

    @cached_property
    def left_out(self) -> list[Loss]:
        """What has no time, each reason once."""
        return left_out(self.comparisons)

    @cached_property
    def too_fast(self) -> list[tuple[Comparison, Line]]:
        """The lines that beat the speed of light."""
        return citable.too_fast(self.comparisons)

    @cached_property
    def not_citable(self) -> list[str]:
        """What speaks against citing the run; empty if nothing was seen."""
        return citable.not_citable(self.results, self.comparisons)

    @cached_property
    def citable_ratios(self) -> list[str]:
        """How many speedups may be cited where the run as a whole may not, and why others may not."""
        plan = self.run.plan
        if plan is None or self.run.interrupted or not self.not_citable:
            return []
        return doubts.summary(doubts.judged(self.comparisons, plan.baseline), plan.baseline)

    @cached_property
    def widest(self) -> Widest | None:
        """The speedup over the plan's baseline that is known least well; None without a plan."""
        return aim.widest(self.comparisons, self.run.plan.baseline) if self.run.plan else None

    @cached_property
    def aim(self) -> str | None:
        """Whether the intervals are as narrow as `--until` asked for; None if it asked for nothing."""
        plan = self.run.plan
        return aim.outcome(self.results, plan, self.widest) if plan and plan.until is not None else None

    @cached_property
    def busy(self) -> str | None:
        """Other work that was running; None if none shows."""
        return citable.busy(self.results)

    @cached_property
    def twins(self) -> Interval | None:
        """How many times as fast a row is as itself in another process, over all problems."""
        return citable.twins(self.results)

    @cached_property
    def widest_twin(self) -> float | None:
        """Half width of the widest interval among several A/A pairs."""
        return citable.widest_twin(self.comparisons)

    @cached_property
    def disturbed(self) -> float | None:
        """Share of blocks that took a quarter longer than their process' median."""
        return citable.disturbed_share(self.results.timings)

    @cached_property
    def drift(self) -> float | None:
        """How much the machine's speed changed between processes, relative."""
        return citable.drift(self.results.timings)

    @cached_property
    def citation(self) -> Citation:
        """Which run, measured when and on what."""
        return cited(self.results)
