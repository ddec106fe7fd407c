"""The figure of two runs beside each other: how many times as fast each row is after, around 1x."""

import math

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.transforms import blended_transform_factory

from reports import wording
from reports.figures.style import INK, Picture, Sheet, clipped, drawing
from reports.runs.changes import Change, Changes

# Marker, colour, and whether it is filled: told apart without colour too.
_LOOKS = {
    "faster": (">", "#009E73", True),
    "slower": ("<", "#D55E00", True),
    "not separated": ("o", "#7F7F7F", False),
}
_TICKS = (1.02, 1.05, 1.1, 1.2, 1.5, 2, 3, 5, 10, 30, *(10.0**power for power in range(2, 25)))
_BELOW = (0.98, 0.95, 0.9, 0.8, 0.7, 0.5, 0.3, 0.2, 0.1, 0.03, *(10.0**-power for power in range(2, 25)))
_LINE = 0.165  # inches
_GAP = 0.4  # lines between two groups
_TALL = 25  # with more lines the scale is shown at the top too


def draw(changes: Changes) -> Picture | None:
    """Draw a dot with its interval for each row, grouped by problem; None where no row is in both runs."""
    if not changes.judged:
        return None
    groups: dict[str, list[Change]] = {}
    for change in changes.judged:
        groups.setdefault(change.title, []).append(change)
    lines = len(changes.judged) + (1 + _GAP) * len(groups)
    with drawing():
        sheet = Sheet("changes", 0.55 + _LINE * lines)
        axes = sheet.figure.add_subplot()
        _scale(axes, changes.judged)
        places: dict[float, str] = {}
        height = _GAP
        for title, members in groups.items():
            height -= _GAP
            _heading(axes, height, title)
            for change in members:
                height -= 1
                _dot(sheet, axes, height, change)
                places[height] = clipped(change.name)
            height -= 1
        axes.set_yticks(list(places), list(places.values()))
        axes.set_ylim(height + 0.4, 0.6)
        if lines > _TALL:
            axes.tick_params(axis="x", top=True, labeltop=True)
        axes.set_xlabel("← slower\u2003times as fast after as before\u2003faster →")
        counts = ", ".join(f"{changes.count(verdict)} {verdict}" for verdict in _LOOKS)
        return sheet.picture(f"How many times as fast each row is after as before: {counts}.")


def _scale(axes: Axes, rows: tuple[Change, ...]) -> None:
    """Make the axis as wide around 1x as the rows need, but no wider than three times their estimates."""
    estimates = max(abs(math.log(change.ratio.estimate)) for change in rows)
    ends = [
        abs(math.log(end))
        for change in rows
        for end in (change.ratio.low, change.ratio.high)
        if end and math.isfinite(end)
    ]
    reach = min(max([math.log(1.06), 1.1 * estimates, *ends]), 3 * estimates + math.log(1.5))
    axes.set_xscale("log")
    axes.set_xlim(math.exp(-1.05 * reach), math.exp(1.05 * reach))
    ticks = [1.0]
    for side in (_TICKS, _BELOW):
        shown = [tick for tick in side if abs(math.log(tick)) <= reach]
        half = [tick for tick in shown if abs(math.log(tick)) <= 0.6 * reach]
        ticks += [*shown[-1:], *half[-1:]]
    axes.xaxis.set_major_locator(FixedLocator(sorted(set(ticks))))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}x"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="x")
    axes.axvline(1, color=INK["--muted"], linewidth=0.8)


def _heading(axes: Axes, height: float, title: str) -> None:
    figure = axes.get_figure()
    assert figure
    axes.text(
        0.01,
        height,
        clipped(title, 58),
        transform=blended_transform_factory(figure.transFigure, axes.transData),
        va="center",
        fontweight="bold",
        bbox={"facecolor": INK["--paper"], "edgecolor": "none", "pad": 1},
    )


def _dot(sheet: Sheet, axes: Axes, height: float, change: Change) -> None:
    marker, colour, filled = _LOOKS[change.verdict]
    low, high = change.ratio.low, change.ratio.high
    if low is not None and high is not None:
        left, right = axes.get_xlim()  # no end can be drawn beyond them: 0, or infinity
        ends = [max(low, left / 2), min(high, right * 2)]
        axes.plot(ends, [height, height], color=colour, linewidth=2, alpha=0.6)
    face = colour if filled else INK["--paper"]
    (dot,) = axes.plot(change.ratio.estimate, height, marker=marker, color=colour, markerfacecolor=face)
    sheet.mark(dot, change.name, f"{change.name}, {change.title}: {wording.speedup(change.ratio)} as fast")
    axes.annotate(
        wording.times(change.ratio.estimate),
        (1, height),
        xycoords=axes.get_yaxis_transform(),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontweight="bold" if filled else "normal",
    )
