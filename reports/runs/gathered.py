"""Many runs side by side: every results file below a folder, such as one of each machine of a class."""

import os
import stat
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from reports.facts.comparison import NUMPY, PYTHON, Comparison, Line
from reports.facts.facts import Facts
from reports.facts.intervals import Interval
from reports.reading import read
from reports.report_folder import PAGE, is_page_of
from reports.results import BadResults, Environment, Foreign, Problem, Results


@dataclass(frozen=True)
class Entry:
    """One run."""

    who: str  # its file, or the folder of a report
    facts: Facts
    page: Path | None  # its own report, if that lies beside it

    @property
    def results(self) -> Results:
        """What its file holds."""
        return self.facts.results

    @property
    def machine(self) -> Environment:
        """The machine that it ran on."""
        return self.facts.environment

    @property
    def not_citable(self) -> list[str]:
        """What speaks against citing it."""
        return self.facts.not_citable


@dataclass(frozen=True)
class Place:
    """What one run says of one problem with one number of threads."""

    entry: Entry
    comparison: Comparison

    @property
    def python(self) -> Line | None:
        """The two loops in pure Python."""
        return self.comparison.line(PYTHON)

    @property
    def numpy(self) -> Line | None:
        """The notes' row without a loop."""
        return self.comparison.line(NUMPY)

    @property
    def fastest(self) -> list[Line]:
        """The fastest row and those not separated from it, fastest first; none where nobody can say."""
        return self.comparison.fastest

    @property
    def best(self) -> Line | None:
        """The fastest row; None where nobody can say."""
        return self.fastest[0] if self.fastest else None

    @property
    def over_python(self) -> Interval | None:
        """How many times as fast as pure Python NumPy is."""
        return self.numpy.over_python if self.numpy else None


@dataclass(frozen=True)
class Board:
    """All runs on one problem in one dtype; their numbers of threads differ, since their machines do."""

    problem: Problem
    dtype: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Gallery:
    """All runs below a folder, in the order of their names."""

    entries: tuple[Entry, ...]
    boards: tuple[Board, ...]  # those that most runs have come first
    unread: tuple[tuple[str, str], ...]  # files that this version cannot read, and why
    copies: int  # number of files with a run that another file has too


def gather(folder: Path) -> Gallery:
    """Read every results file below a folder; raises BadResults where there is none."""
    runs: dict[str, list[tuple[Path, Results]]] = {}
    unread = []
    for path, reason in _files(folder):
        try:
            if reason is not None:
                raise BadResults(reason)
            results = read(path)
            runs.setdefault(results.run_id, []).append((path, results))
        except Foreign:
            continue
        except (BadResults, OSError) as error:
            unread.append((_below(path, folder), _reason(error, path)))
    if not runs:
        raise BadResults(_nothing(folder, unread))
    names = _names([[path for path, _ in copies] for copies in runs.values()], folder)
    entries = [_entry(who, copies) for who, copies in zip(names, runs.values(), strict=True)]
    entries.sort(key=lambda entry: (entry.who.casefold(), entry.who))
    copies = sum(map(len, runs.values())) - len(runs)
    return Gallery(tuple(entries), _boards(entries), tuple(unread), copies)


def _files(folder: Path) -> list[tuple[Path, str | None]]:
    """Return what may be a results file, in order; with a reason where it cannot be looked at."""
    found: list[tuple[Path, str | None]] = []

    def lost(error: OSError) -> None:
        found.append((Path(error.filename), error.strerror))

    for parent, _, names in os.walk(folder, onerror=lost):
        for path in (Path(parent, name) for name in names if name.endswith(".json")):
            try:
                if stat.S_ISREG(path.stat().st_mode):  # a pipe would never end
                    found.append((path, None))
            except OSError as error:
                found.append((path, error.strerror))
    return sorted(found, key=lambda one: one[0].parts)


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _reason(error: Exception, path: Path) -> str:
    said = error.strerror if isinstance(error, OSError) else None
    return said or str(error).removeprefix(f"{path}: ")


def _nothing(folder: Path, unread: list[tuple[str, str]]) -> str:
    if not unread:
        return f"{folder}: no results file lies below it; `zeroloop run -o FILE` writes one"
    (path, reason), count = unread[0], len(unread)
    more = f"; nor can {count - 1} more" if count > 1 else ""
    return f"{folder}: no results file below it can be read: {path}: {reason}{more}"


def _names(runs: list[list[Path]], folder: Path) -> list[str]:
    """Name each run for its file, or for its folder if the file is called results.json."""
    short = [min((_name(path, folder) for path in paths), key=lambda name: name[0]) for paths in runs]
    count = Counter(name for _, name in short)
    return [
        name if count[name] == 1 else _below(paths[0], folder)
        for paths, (_, name) in zip(runs, short, strict=True)
    ]


def _name(path: Path, folder: Path) -> tuple[bool, str]:
    """Return a name, and whether it is that of a folder."""
    in_report = path.name == "results.json" and path.parent != folder
    return in_report, _below(path.parent if in_report else path.with_suffix(""), folder)


def _entry(who: str, copies: list[tuple[Path, Results]]) -> Entry:
    results = copies[0][1]
    pages = (_page(path, results.run_id) for path, _ in copies)
    return Entry(who, Facts(results), next((page for page in pages if page), None))


def _page(path: Path, run_id: str) -> Path | None:
    """Return the page beside a results file if it is of this run, and not of another in the folder."""
    page = path.with_name(PAGE)
    try:
        return page if is_page_of(page, run_id) else None
    except OSError:
        return None


def _boards(entries: list[Entry]) -> tuple[Board, ...]:
    found: dict[tuple[str, int, int, str], list[Place]] = {}
    for entry in entries:
        for comparison in entry.facts.comparisons:
            place = Place(entry, comparison)
            if place.python or place.numpy or place.fastest:
                problem = comparison.problem
                key = (problem.name, problem.n_x, problem.m, comparison.dtype)
                found.setdefault(key, []).append(place)
    boards = [Board(places[0].comparison.problem, key[-1], tuple(places)) for key, places in found.items()]
    return tuple(sorted(boards, key=_order))


def _order(board: Board) -> tuple[int, int, str, str]:
    runs = len({place.entry.results.run_id for place in board.places})
    return -runs, board.problem.n_x * board.problem.m, board.problem.name, board.dtype
