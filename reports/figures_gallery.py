"""The figure of many runs: what removing both Python loops brought on each machine."""

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from reports import wording
from reports.figures import _MARKERS, _PALETTE, _STYLE, INK, Picture, _clipped, _picture
from reports.findings import NUMPY, PYTHON
from reports.gallery import Board, Gallery

_MOST_NAMED = len(_MARKERS)  # runs; more could not be told apart
_SPREAD = 0.6  # of the distance between two problems, over which the runs are spread


def draw(gallery: Gallery) -> Picture | None:
    """Draw a dot for each run on each problem that several have; None where no run has both rows."""
    boards = _drawn(gallery)
    if not boards:
        return None
    places = {entry.results.run_id: place for place, entry in enumerate(gallery.entries)}
    named = len(places) <= _MOST_NAMED
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7.4 if named else 6.0, 0.8 + 0.42 * len(boards)), layout="constrained")
        axes = figure.add_subplot()
        handles = {}
        for height, board in enumerate(boards):
            for one in board.places:
                speedup, place = one.over_python, places[one.entry.results.run_id]
                if speedup is None:
                    continue
                y = -height + _SPREAD * (0.5 - (place + 0.5) / len(places))
                colour = _PALETTE[place % len(_PALETTE)] if named else _PALETTE[0]
                if speedup.low and speedup.high is not None:
                    high = min(speedup.high, 1e24)  # more than any two times are apart, but no infinity
                    axes.plot([max(speedup.low, 1e-24), high], [y, y], color=colour, linewidth=1.4, alpha=0.6)
                (handles[place],) = axes.plot(
                    speedup.estimate,
                    y,
                    linestyle="",
                    marker=_MARKERS[place] if named else "o",
                    color=colour,
                    markersize=5 if named else 4,
                    alpha=1 if named else 0.6,
                )
        axes.set_xscale("log")
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, 0.8), max(high, 2))
        labels = [_clipped(f"{board.problem.name}, {board.dtype}", 36) for board in boards]
        axes.set_yticks([-height for height in range(len(boards))], labels)
        axes.set_ylim(-len(boards) + 0.4, 0.6)
        axes.set_xlabel(f"{NUMPY}, times as fast as {PYTHON}")
        axes.axvline(1, color=INK["--muted"], linewidth=0.8)
        axes.xaxis.set_major_locator(LogLocator(numticks=7))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.power(value)))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(axis="x")
        if named:
            shown = sorted(handles)
            figure.legend(
                [handles[place] for place in shown],
                # Matplotlib leaves out what begins with an underscore.
                [f" {_clipped(gallery.entries[place].who, 24)}" for place in shown],
                loc="outside right upper",
                frameon=False,
                fontsize=8.5,
            )
        runs = wording.counted(len(handles), "run")
        sets = wording.counted(len(boards), "set") + " of data"
        return _picture("gallery", figure, f"{NUMPY} over {PYTHON} in {runs}, on {sets}.")


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
