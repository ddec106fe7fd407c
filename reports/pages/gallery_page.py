"""Many runs side by side: a row for each, and a table for each problem."""

import os
from pathlib import Path
from urllib.parse import quote

from reports import pages, wording
from reports.facts.comparison import NUMPY, PYTHON, named
from reports.facts.gathered import Board, Entry, Gallery
from reports.figures import Picture

# Of each column its key, its heading, and whether it holds words.
_MACHINES = (
    ("who", "run", "name"),
    ("processor", "processor", "name"),
    ("cores", "cores", ""),
    ("system", "system", "name"),
    ("python", "Python", "name"),
    ("numpy", "NumPy", "name"),
    ("date", "date", ""),
    ("citable", "citable", "name"),
)
_PLACES = (
    ("who", "run", "name"),
    ("threads", "threads", ""),
    ("python_s", PYTHON, ""),
    ("numpy_s", NUMPY, ""),
    ("numpy_over", "times as fast", ""),
    ("fastest", "fastest row", "name"),
    ("fastest_s", "its step", ""),
    ("fastest_over", "times as fast", ""),
)


def render(gallery: Gallery, folder: Path, picture: Picture | None) -> str:
    """Render the page as it is to lie in a folder, from which its links lead to the runs' own reports."""
    return pages.render(
        "gallery.html",
        [picture] if picture else [],
        gallery=gallery,
        verdict=verdict(gallery),
        contents=_contents(gallery),
        machines=_MACHINES,
        columns=_PLACES,
        entries=[(entry, _link(entry, folder)) for entry in gallery.entries],
        boards=[(_title(board), board) for board in gallery.boards],
        python=PYTHON,
        numpy=NUMPY,
    )


def verdict(gallery: Gallery) -> list[str]:
    """Say in two sentences what the runs show together."""
    found = [
        (place.over_python, board, place)
        for board in gallery.boards
        for place in board.places
        if place.over_python
    ]
    if not found:
        first = f"No run timed {NUMPY} and {PYTHON} on the same data, so there are times and no speedups."
    else:
        first = f"Removing both Python loops ({NUMPY}) made one gradient step "
        low, high = (choose(found, key=lambda one: one[0].estimate) for choose in (min, max))
        ends = [
            f"{wording.speedup(speedup)} ({board.problem.name}, {board.dtype}, {place.entry.who})"
            for speedup, board, place in (low, high)
        ]
        first += f"{ends[0] if len(found) == 1 else f'from {ends[0]} to {ends[1]}'} as fast as pure Python."
    runs = len(gallery.entries)
    citable = sum(not entry.not_citable for entry in gallery.entries)
    if runs == 1:
        return [first, "The one run is citable." if citable else "The one run is not citable."]
    return [first, f"Of {runs} runs {citable} {'is' if citable == 1 else 'are'} citable."]


def _contents(gallery: Gallery) -> str:
    runs, files = len(gallery.entries), len(gallery.entries) + gallery.copies + len(gallery.unread)
    said = f"{wording.counted(runs, 'run')} in {wording.counted(files, 'results file')}"
    if gallery.copies:
        said += f", {gallery.copies} of which {'holds' if gallery.copies == 1 else 'hold'} a run again"
    if gallery.unread:
        said += f"; {wording.counted(len(gallery.unread), 'file')} could not be read"
    return said


def _title(board: Board) -> str:
    return f"{named(board.problem)}, {board.dtype}"


def _link(entry: Entry, folder: Path) -> str | None:
    """Return the way to a run's own report; quoted, so that no name of a folder is anything but a name."""
    if entry.page is None:
        return None
    way = Path(os.path.relpath(entry.page, folder)).as_posix()
    return quote(os.fsencode(way))
