"""How time and speedup change with the size of the data."""

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from reports import wording
from reports.facts.comparison import NUMPY, PYTHON
from reports.facts.sizes import Grid, Series
from reports.figures.row_looks import Look
from reports.figures.style import SMALL, Picture, Sheet, legend, panels_over_examples

CONTOURS = (10, 300)  # the speedups that the notes claim
_CELL = 0.27  # inches: height of a row of the grid
# From pale to dark blue, each with the least speedup that it stands for; no theme changes them.
_WASHES = (
    (0, "#f0e4d8"),
    (1, "#eef3f7"),
    (10, "#c9dcea"),
    (30, "#93bddb"),
    (100, "#5795c2"),
    (300, "#1f6094"),
)
_ON_PALE, _ON_DARK = "#16202a", "#fefefe"


def scaling(name: str, found: list[Series], looks: dict[str, Look]) -> Picture:
    """Draw time against m, a panel for each n_x."""
    columns = min(2, len(found))
    bands = -(-len(found) // columns)
    sheet = Sheet(name, 1.5 * bands + 1.1)
    panels = panels_over_examples(sheet, [f"n_x = {series.n_x:,}" for series in found], columns)
    handles: dict[str, Artist] = {}
    for axes, series in zip(panels, found, strict=True):
        for row, look in looks.items():
            points = [(one.problem.m, line.step_s.estimate) for one, line in series.of(row) if line.step_s]
            if points:
                (handles[row],) = axes.plot(
                    *zip(*points, strict=True),
                    color=look.colour,
                    marker=look.marker,
                    markersize=2.8,
                    linewidth=0.9,
                )
                grown = series.exponent(row)
                slope = f", grows as m^{grown.estimate:.2f}" if grown else ""
                sheet.mark(handles[row], row, f"{row}, n_x = {series.n_x:,}{slope}")
    legend(sheet, {row: handles[row] for row in looks if row in handles}, 3)
    n_xs = wording.joined([f"{series.n_x:,}" for series in found])
    return sheet.picture(
        f"Time of one step against the number of examples m, for n_x = {n_xs}; {found[0].setting}."
    )


def pays(name: str, found: Grid) -> Picture | None:
    """Draw where removing the loops pays: NumPy over pure Python; None where none has both."""
    speedups = {
        place: interval.estimate
        for place, comparison in found.cells.items()
        if (interval := comparison.speedup(NUMPY, PYTHON))
    }
    if not speedups:
        return None
    sheet = Sheet(name, _CELL * len(found.n_xs) + 0.95)
    axes = sheet.figure.add_subplot()
    _frame(axes, found, f"{NUMPY} over {PYTHON}")
    for place, speedup in speedups.items():
        wash = next(colour for least, colour in reversed(_WASHES) if speedup >= least)
        ink = _ON_DARK if speedup >= 300 else _ON_PALE
        cell = _cell(axes, found, place, wash)
        sheet.mark(cell, NUMPY, f"n_x = {place[0]:,}, m = {place[1]:,}: {wording.times(speedup)} as fast")
        axes.text(
            *_middle(found, place),
            wording.times(speedup),
            ha="center",
            va="center",
            color=ink,
            fontsize=SMALL,
        )
    drawn = [
        _contour(axes, found, speedups, level, style)
        for level, style in zip(CONTOURS, ("--", "-"), strict=True)
    ]
    handles = {f"{level}x, as claimed": line for level, line in zip(CONTOURS, drawn, strict=True) if line}
    if handles:
        legend(sheet, handles)
    low, high = (choose(speedups, key=lambda place: speedups[place]) for choose in (min, max))
    return sheet.picture(
        f"Speedup of {NUMPY} over {PYTHON} for {len(speedups)} sizes of data, {found.setting}: "
        f"from {wording.times(speedups[low])} (n_x = {low[0]:,}, m = {low[1]:,}) "
        f"to {wording.times(speedups[high])} (n_x = {high[0]:,}, m = {high[1]:,}). {_reached(speedups)}"
    )


def fastest(name: str, found: Grid, looks: dict[str, Look]) -> Picture | None:
    """Draw which row is the fastest for each size; None where no row has an interval."""
    sheet = Sheet(name, _CELL * len(found.n_xs) + 1.05)
    axes = sheet.figure.add_subplot()
    _frame(axes, found, "the fastest row of all")
    first: dict[str, int] = {}
    for place, comparison in found.cells.items():
        if not comparison.fastest:
            continue
        best, *beside = comparison.fastest
        first[best.name] = first.get(best.name, 0) + 1
        look = looks[best.name]
        tied = f", not separated from {wording.joined([line.name for line in beside])}" if beside else ""
        cell = _cell(axes, found, place, look.colour)
        sheet.mark(cell, best.name, f"n_x = {place[0]:,}, m = {place[1]:,}: {best.name}{tied}")
        x, y = _middle(found, place)
        axes.plot(x, y, marker=look.marker, color=_ON_DARK, markersize=4)
        if beside:
            axes.text(x + 0.2, y, f"+{len(beside)}", ha="left", va="center", color=_ON_DARK, fontsize=SMALL)
    if not first:
        return None
    shown = sorted(first, key=lambda row: -first[row])
    legend(
        sheet,
        {
            row: Line2D([], [], linestyle="", color=looks[row].colour, marker=looks[row].marker)
            for row in shown
        },
    )
    said = wording.joined([f"{row} for {first[row]}" for row in shown])
    return sheet.picture(
        f"The fastest row for each of {len(found.cells)} sizes of data, {found.setting}: {said}. "
        "+n: n more rows are not separated from it."
    )


def _frame(axes: Axes, found: Grid, title: str) -> None:
    axes.set_title(title)
    axes.set_xlim(0, len(found.ms))
    axes.set_ylim(len(found.n_xs), 0)
    axes.set_xticks(
        [place + 0.5 for place in range(len(found.ms))], [wording.power_of_ten(m) for m in found.ms]
    )
    axes.set_yticks([place + 0.5 for place in range(len(found.n_xs))], [f"{n_x:,}" for n_x in found.n_xs])
    axes.tick_params(length=0)
    axes.spines["bottom"].set_visible(False)
    axes.set_xlabel(f"examples m ({found.setting})")
    axes.set_ylabel("features n_x")


def _middle(found: Grid, place: tuple[int, int]) -> tuple[float, float]:
    n_x, m = place
    return found.ms.index(m) + 0.5, found.n_xs.index(n_x) + 0.5


def _cell(axes: Axes, found: Grid, place: tuple[int, int], colour: str) -> Artist:
    x, y = _middle(found, place)
    return axes.add_patch(Rectangle((x - 0.48, y - 0.47), 0.96, 0.94, facecolor=colour, linewidth=0))


def _contour(
    axes: Axes, found: Grid, speedups: dict[tuple[int, int], float], level: float, style: str
) -> Artist | None:
    """Draw the border between the cells that reach a speedup and those that do not."""
    xs: list[float] = []
    ys: list[float] = []
    reached = {(found.ms.index(m), found.n_xs.index(n_x)): one >= level for (n_x, m), one in speedups.items()}
    for (column, row), is_above in reached.items():
        if reached.get((column + 1, row), is_above) != is_above:
            xs += [column + 1, column + 1, float("nan")]
            ys += [row, row + 1, float("nan")]
        if reached.get((column, row + 1), is_above) != is_above:
            xs += [column, column + 1, float("nan")]
            ys += [row + 1, row + 1, float("nan")]
    if not xs:
        return None
    (line,) = axes.plot(xs, ys, color=_CONTRAST, linestyle=style, linewidth=1.6, solid_capstyle="round")
    return line


_CONTRAST = "#D55E00"  # stands out from the blues of the cells


def _reached(speedups: dict[tuple[int, int], float]) -> str:
    counts = [f"{level}x on {sum(one >= level for one in speedups.values())}" for level in CONTOURS]
    return f"Reached: {wording.joined(counts)} of {len(speedups)}."
