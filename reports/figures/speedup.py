"""How many times faster each row is than a baseline."""

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator
from matplotlib.transforms import blended_transform_factory

from reports import wording
from reports.facts.comparison import PYTHON, Comparison, Line
from reports.figures.row_looks import Look
from reports.figures.style import INK, WIDTH, Picture, Sheet, clipped, decades, format_axis

_LINE, _REST = 0.165, 0.62  # inches: height of a row, and of everything above and below the rows
_BESIDE, _LETTER, _EDGES = 42, 4.6, 12  # points: a number beside a dot, a letter of a name, the margins
_TICK = 32  # points: width of a tick's label
_FAR = 100  # an interval is drawn up to this many times its estimate


def draw(name: str, comparison: Comparison, base: str, looks: dict[str, Look]) -> Picture:
    """Draw a dot with its interval for each row on one problem, fastest first."""
    lines = comparison.compared_with(base)
    sheet = Sheet(name, _REST + _LINE * len(lines))
    sheet.title(comparison.title)
    _panel(sheet, sheet.figure.add_subplot(), comparison, base, looks)
    best, *beside = comparison.fastest or lines[:1]
    tied = f", not separated from {wording.counted(len(beside), 'other row')}" if beside else ""
    return sheet.picture(
        f"Speedup over {base} on {comparison.title}. Fastest: {best.name}, "
        f"{wording.speedup(best.over(base))}{tied}."
    )


def draw_all(name: str, comparisons: list[Comparison], looks: dict[str, Look]) -> Picture:
    """Draw all problems in one figure, as wide as a page."""
    columns = min(2, len(comparisons))
    bands = -(-len(comparisons) // columns)
    tallest = max(len(comparison.compared_with(PYTHON)) for comparison in comparisons)
    sheet = Sheet(name, (_REST + _LINE * tallest) * bands, columns * WIDTH + (columns - 1) * 0.2)
    for place, comparison in enumerate(comparisons):
        axes = sheet.figure.add_subplot(bands, columns, place + 1)
        axes.set_title(" ")  # room for the heading, which begins left of the names, where its column does
        heading = axes.text(
            place % columns / columns + 0.01,
            1.03,
            clipped(comparison.title, 48),
            transform=blended_transform_factory(sheet.figure.transFigure, axes.transAxes),
            fontweight="bold",
        )
        heading.set_in_layout(False)
        _panel(sheet, axes, comparison, PYTHON, looks)
    where = wording.counted(len(comparisons), "set") + " of data"
    return sheet.picture(f"Speedup over {PYTHON} on {where}.")


def _panel(sheet: Sheet, axes: Axes, comparison: Comparison, base: str, looks: dict[str, Look]) -> None:
    lines = comparison.compared_with(base)
    decades(axes, "x")
    for place, line in enumerate(lines):
        _dot(sheet, axes, -place, line, base, looks[line.name])
    low, high = axes.get_xlim()
    low, high = min(low, 0.5), max(high, 2)
    width = 72 * WIDTH - _names_end(lines)  # points: the width of the axes
    beside = _BESIDE / width
    axes.xaxis.set_major_locator(LogLocator(numticks=int(width / _TICK)))
    axes.set_xlim(low, high * (high / low) ** (beside / (1 - beside)))
    axes.set_ylim(-len(lines) + 0.4, 0.6)
    axes.set_yticks([-place for place in range(len(lines))], [clipped(line.name) for line in lines])
    for label, line in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_fontweight("bold" if line.fastest else "normal")
    axes.set_xlabel(f"times as fast as {base}", x=1, ha="right")  # longer than an axis beside long names
    axes.axvline(1, color=INK["--muted"], linewidth=0.8)
    format_axis(axes, "x", wording.power)
    axes.grid(axis="x")
    names = [line.name for line in lines]
    for group in comparison.groups:
        places = [names.index(line.name) for line in group if line.name in names]
        if len(places) > 1:
            _bracket(axes, min(places), max(places))


def _names_end(lines: list[Line]) -> float:
    """How many points the rows' names take, about, with what is around them."""
    return max(len(clipped(line.name)) for line in lines) * _LETTER + _EDGES


def _dot(sheet: Sheet, axes: Axes, height: float, line: Line, base: str, look: Look) -> None:
    speedup = line.over(base)
    assert speedup is not None
    right = speedup.estimate
    if line.fastest:
        axes.axhspan(height - 0.5, height + 0.5, color=INK["--best"], linewidth=0, zorder=0)
    if speedup.low is not None and speedup.high is not None:
        left, right = max(speedup.low, right / _FAR), min(speedup.high, right * _FAR)
        axes.plot([left, right], [height, height], color=look.colour, linewidth=2, alpha=0.5)
    (dot,) = axes.plot(speedup.estimate, height, marker=look.marker, color=look.colour)
    sheet.mark(dot, line.name, f"{line.name}: {wording.speedup(speedup)} as fast as {base}")
    axes.annotate(
        wording.speedup(speedup).split(" ")[0],
        (right, height),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontweight="bold" if line.fastest else "normal",
        bbox={"facecolor": INK["--best" if line.fastest else "--paper"], "edgecolor": "none", "pad": 0.4},
    )


def _bracket(axes: Axes, first: int, last: int) -> None:
    """Join rows that are not separated, at the right edge."""
    top, bottom = -first + 0.3, -last - 0.3
    axes.plot(
        [0.985, 1, 1, 0.985],
        [top, top, bottom, bottom],
        transform=axes.get_yaxis_transform(),
        color=INK["--muted"],
        linewidth=0.9,
        clip_on=False,
    )
