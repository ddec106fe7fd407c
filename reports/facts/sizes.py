"""What changes with the size of the data: a grid of n_x and m, and how the time of a step grows with m."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports import wording
from reports.facts import intervals
from reports.facts.comparison import Comparison, Line
from reports.facts.intervals import Interval

_FEWEST = 3  # fewest sizes along each side of a grid, and along a fitted line


@dataclass(frozen=True)
class Grid:
    """Comparisons of one dtype and number of threads, by n_x and m; some cells may be missing."""

    n_xs: tuple[int, ...]
    ms: tuple[int, ...]
    cells: dict[tuple[int, int], Comparison]

    @property
    def setting(self) -> str:
        """What all cells share: float64, 2 threads."""
        return _setting(next(iter(self.cells.values())))


@dataclass(frozen=True)
class Series:
    """Comparisons of one dtype, number of threads and n_x, by rising m."""

    n_x: int
    members: tuple[Comparison, ...]

    @property
    def setting(self) -> str:
        """What all members share: float64, 2 threads."""
        return _setting(self.members[0])

    def of(self, row: str) -> list[tuple[Comparison, Line]]:
        """Return a row's lines, where it was measured."""
        return [(one, line) for one in self.members if (line := one.line(row))]

    def exponent(self, row: str) -> Interval | None:
        """The k of m^k along which a row's time grew over the three largest m; None with fewer."""
        timed = [(one.problem.m, line.timing.blocks_s) for one, line in self.of(row) if line.timing]
        ms, blocks = zip(*timed[-_FEWEST:], strict=True) if len(timed) >= _FEWEST else ((), ())
        return intervals.exponent(ms, blocks) if ms else None


def grid(comparisons: tuple[Comparison, ...]) -> Grid | None:
    """Return the largest grid of at least three by three sizes; None without one."""
    grids = [_grid(members) for members in _settings(comparisons)]
    return max((one for one in grids if one), key=lambda one: len(one.cells), default=None)


def series(comparisons: tuple[Comparison, ...]) -> list[Series]:
    """Return what differs in m alone, by n_x, of the dtype and number of threads with the most such sizes."""
    of_settings = map(_series, _settings(comparisons))
    return max(of_settings, key=lambda found: sum(len(one.members) for one in found), default=[])


def _series(members: Sequence[Comparison]) -> list[Series]:
    by_n_x: dict[int, dict[int, Comparison]] = {}
    for one in members:
        by_n_x.setdefault(one.problem.n_x, {})[one.problem.m] = one
    return [
        Series(n_x, tuple(found[m] for m in sorted(found)))
        for n_x, found in sorted(by_n_x.items())
        if len(found) >= _FEWEST
    ]


def _setting(comparison: Comparison) -> str:
    return f"{comparison.dtype}, {wording.threads(comparison.threads)}"


def _settings(comparisons: tuple[Comparison, ...]) -> list[list[Comparison]]:
    groups: dict[tuple[str, int], list[Comparison]] = {}
    for comparison in comparisons:
        if comparison.measured:
            groups.setdefault((comparison.dtype, comparison.threads), []).append(comparison)
    return list(groups.values())


def _grid(members: Sequence[Comparison]) -> Grid | None:
    """Leave out the sizes that share too few of the other side, until all that remain share enough."""
    cells = {(one.problem.n_x, one.problem.m): one for one in members}
    while cells:
        n_xs, ms = sorted({n_x for n_x, _ in cells}), sorted({m for _, m in cells})
        few = {n_x for n_x in n_xs if sum(key[0] == n_x for key in cells) < _FEWEST}
        short = {m for m in ms if sum(key[1] == m for key in cells) < _FEWEST}
        if not few and not short:
            return Grid(tuple(n_xs), tuple(ms), cells)
        cells = {key: one for key, one in cells.items() if key[0] not in few and key[1] not in short}
    return None
