"""Many runs side by side: a row for each, and a table for each problem."""

import os
from pathlib import Path
from urllib.parse import quote

from reports import pages, wording
from reports.facts.comparison import NUMPY, PYTHON
from reports.figures import Picture
from reports.runs.gathered import Entry, Gallery
from reports.tables.gallery_tables import machines, places


def render(gallery: Gallery, folder: Path, picture: Picture | None) -> str:
    """Render the page as it is to lie in a folder, from which its links lead to the runs' own reports."""
    return pages.render(
        "gallery.html",
        [picture] if picture else [],
        gallery=gallery,
        verdict=verdict(gallery),
        contents=_contents(gallery),
        machines=machines(gallery),
        links=[_link(entry, folder) for entry in gallery.entries],
        boards=[(places(board), board) for board in gallery.boards],
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
        said += f", {gallery.copies} of which {'repeats' if gallery.copies == 1 else 'repeat'} a run"
    if gallery.unread:
        said += f"; {wording.counted(len(gallery.unread), 'file')} could not be read"
    return said


def _link(entry: Entry, folder: Path) -> str | None:
    """Return the way to a run's own report; quoted, so that no name of a folder is anything but a name."""
    if entry.page is None:
        return None
    way = Path(os.path.relpath(entry.page, folder)).as_posix()
    return quote(os.fsencode(way))
