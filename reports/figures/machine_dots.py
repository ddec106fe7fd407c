"""The figure of many runs: what removing both Python loops brought on each machine."""

from matplotlib.artist import Artist

from reports import wording
from reports.facts.comparison import NUMPY, PYTHON
from reports.figures.row_looks import COLOURS, MARKERS
from reports.figures.style import INK, Picture, Sheet, clipped, decades, drawing, format_axis, legend
from reports.runs.gathered import Board, Gallery

_MOST_NAMED = len(MARKERS)  # most runs that can be told apart
_SPREAD = 0.6  # share of the distance between two problems over which the runs are spread


def draw(gallery: Gallery) -> Picture | None:
    """Draw a dot for each run on each problem that several have; None where no run has both rows."""
    boards = _drawn(gallery)
    if not boards:
        return None
    places = {entry.results.run_id: place for place, entry in enumerate(gallery.entries)}
    named = len(places) <= _MOST_NAMED
    with drawing():
        sheet = Sheet("gallery", 0.9 + 0.42 * len(boards) + (0.07 * len(places) if named else 0))
        axes = sheet.figure.add_subplot()
        decades(axes, "x")
        handles: dict[str, Artist] = {}
        for height, board in enumerate(boards):
            for one in board.places:
                speedup, place = one.over_python, places[one.entry.results.run_id]
                if speedup is None:
                    continue
                y = -height + _SPREAD * (0.5 - (place + 0.5) / len(places))
                colour = COLOURS[place % len(COLOURS)] if named else COLOURS[0]
                if speedup.low and speedup.high is not None:
                    high = min(speedup.high, 1e24)  # more than any two times are apart, but no infinity
                    axes.plot([max(speedup.low, 1e-24), high], [y, y], color=colour, linewidth=1.4, alpha=0.6)
                (dot,) = axes.plot(
                    speedup.estimate,
                    y,
                    linestyle="",
                    marker=MARKERS[place] if named else "o",
                    color=colour,
                    alpha=1 if named else 0.6,
                )
                sheet.mark(dot, one.entry.who, f"{one.entry.who}: {wording.speedup(speedup)}")
                handles.setdefault(one.entry.who, dot)
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, 0.8), max(high, 2))
        labels = [clipped(f"{board.problem.name}, {board.dtype}", 30) for board in boards]
        axes.set_yticks([-height for height in range(len(boards))], labels)
        axes.set_ylim(-len(boards) + 0.4, 0.6)
        axes.set_xlabel(f"{NUMPY} over {PYTHON}")
        axes.axvline(1, color=INK["--muted"], linewidth=0.8)
        format_axis(axes, "x", wording.power)
        axes.grid(axis="x")
        if named:
            legend(sheet, handles)
        runs = wording.counted(len(handles), "run")
        sets = wording.counted(len(boards), "set") + " of data"
        return sheet.picture(f"{NUMPY} over {PYTHON} in {runs}, on {sets}.")


def _drawn(gallery: Gallery) -> list[Board]:
    """Return the problems that two runs can be compared on, or all where there is none."""
    runs = [
        {place.entry.results.run_id for place in board.places if place.over_python}
        for board in gallery.boards
    ]
    most = max(map(len, runs), default=0)
    return [
        board for board, found in zip(gallery.boards, runs, strict=True) if len(found) >= min(2, most) > 0
    ]
