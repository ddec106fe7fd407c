"""How near each row comes to the speed of light."""

import math

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from reports import wording
from reports.facts.comparison import Comparison, Line
from reports.figures.row_looks import Look
from reports.figures.style import INK, SMALL, Picture, Sheet, clipped, decades, format_axis, legend

_MOST_NAMES = 8  # most names of problems that fit above a figure
_APART = 0.05  # distance between two names, as a share of the figure's width


def can_draw(comparison: Comparison, device: str) -> bool:
    """Return whether a row of a device and its speed of light were timed, in a dtype of known size."""
    return bool(comparison.light_s(device) and _timed(comparison, device) and comparison.x_bytes)


def roofline(name: str, comparisons: list[Comparison], looks: dict[str, Look], device: str) -> Picture:
    """Draw bytes of X in a second against the size of X, for one dtype, number of threads and device."""
    members = sorted(comparisons, key=_bytes)
    sheet = Sheet(name, 3.4)
    axes = sheet.figure.add_subplot()
    decades(axes, "x")
    decades(axes, "y")
    places = [_bytes(one) for one in members]
    axes.set_xlim(places[0] / 4, places[-1] * 4)  # wide enough for a tick, also with one size
    handles: dict[str, Artist] = {}
    roofs = [_bytes(one) / light_s / 1e9 for one in members if (light_s := one.light_s(device))]
    (handles["speed of light"],) = axes.plot(
        places,
        roofs,
        color=INK["--ink"],
        marker="_",
        markersize=9,
        markeredgewidth=1.6,
        linewidth=0.7 if len(members) <= _MOST_NAMES else 0,
        zorder=5,
    )
    for one in members:
        for line in _timed(one, device):
            assert line.step_s
            (mark,) = axes.plot(
                _bytes(one),
                _bytes(one) / line.step_s.estimate / 1e9,
                color=looks[line.name].colour,
                marker=looks[line.name].marker,
                markersize=3.6,
                linestyle="",
            )
            rate = f"{wording.size(_bytes(one) / line.step_s.estimate)} of X a second"
            said = f"{line.name} on {one.problem.name}: {rate}, {wording.share(line.share)} of light"
            sheet.mark(mark, line.name, said)
            handles.setdefault(line.name, mark)
    axes.set_xlabel("size of X")
    axes.set_ylabel("GB of X per second")
    format_axis(axes, "x", wording.size)
    format_axis(axes, "y", lambda value: f"{value:,g}")
    axes.grid(axis="y")
    if len(members) <= _MOST_NAMES:
        _name(axes, members)
    shown = ["speed of light", *(row for row in looks if row in handles)]
    legend(sheet, {row: handles[row] for row in shown}, 3)
    best, line = max(
        ((one, line) for one in members for line in _timed(one, device)),
        key=lambda pair: pair[1].share or 0,
    )
    setting = f"{members[0].dtype}, {wording.threads(members[0].threads)}"
    of_gpu = " of the GPU" if device == "cuda" else ""
    return sheet.picture(
        "Bytes of X that a step gets through in a second, against the size of X, below the speed of light"
        f"{of_gpu}; {setting}. Closest to it: {line.name} on {best.title}, at {wording.share(line.share)}."
    )


def _timed(comparison: Comparison, device: str) -> list[Line]:
    return [line for line in comparison.measured if line.device == device]


def _name(axes: Axes, members: list[Comparison]) -> None:
    """Write the problems' names above the figure, apart from each other."""
    low, high = map(math.log, axes.get_xlim())
    least = 0.0
    for one in members:
        axes.axvline(_bytes(one), color=INK["--line"], linewidth=0.5, zorder=0)
        place = max(least, (math.log(_bytes(one)) - low) / (high - low))
        least = place + _APART
        axes.text(
            place,
            1.02,
            clipped(one.problem.name, 16),
            transform=axes.transAxes,
            rotation=40,
            fontsize=SMALL,
            color=INK["--muted"],
        )


def _bytes(comparison: Comparison) -> float:
    assert comparison.x_bytes  # as `can_draw` makes sure of
    return float(comparison.x_bytes)
