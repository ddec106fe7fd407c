"""The figures, as SVG and PDF, in one style: the same colour and marker for a row wherever it appears.

Text and lines that carry no data are drawn in the colours of `INK`; `inline` turns those into CSS variables,
so that a figure inside the page follows its light or dark theme. The bytes depend on the results only.
"""

import io
import re
import warnings
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from reports import wording
from reports.findings import PYTHON, Comparison, Line
from reports.results import Results
from reports.statistics import Interval

# The colours of Okabe and Ito (2008), told apart with any colour vision, less the yellow that paper swallows.
_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
# More colours would not be told apart; rows beyond the seventh share one, and no marker up to the sixteenth.
_MARKERS: tuple[Any, ...] = (
    *"oDs^vPXp*h<>d",
    (4, 1, 0),
    (3, 1, 0),
    (8, 1, 0),
)  # the last are stars of n points
_ITEM_BYTES = {"float32": 4, "float64": 8}
INK = {"--paper": "#ffffff", "--ink": "#1b1d21", "--muted": "#5b6069", "--line": "#d4d7dc"}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "zeroloop",
    "pdf.fonttype": 42,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK["--ink"],
    "axes.edgecolor": INK["--line"],
    "axes.labelcolor": INK["--muted"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "grid.color": INK["--line"],
    "grid.linewidth": 0.6,
    "xtick.color": INK["--muted"],
    "ytick.color": INK["--ink"],
    "ytick.major.size": 0,
    "figure.facecolor": INK["--paper"],
    "axes.facecolor": INK["--paper"],
}


@dataclass(frozen=True)
class Picture:
    """A figure as files, with a sentence that says what it shows."""

    name: str
    alternative: str
    svg: str
    pdf: bytes

    @property
    def inline(self) -> str:
        """The SVG as part of a page: ids of its own, colours from the page, and its text alternative."""
        svg = self.svg[self.svg.index("<svg") :]
        svg = re.sub(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*", "", svg, flags=re.DOTALL)
        svg = re.sub(r"<[^>]*>", lambda tag: self._of_page(tag[0]), svg)  # names in texts stay as they are
        size = re.search(r'viewBox="0 0 ([\d.]+)', svg)
        width = f"max-width:{float(size[1]) * 4 / 3:.0f}px" if size else ""
        opening, rest = svg.split(">", 1)
        opening = re.sub(r' (?:height|width)="[^"]*"', "", opening)
        label = escape(self.alternative)
        return (
            opening.replace("<svg", f'<svg role="img" aria-label="{label}" style="{width}"', 1) + ">" + rest
        )

    def _of_page(self, tag: str) -> str:
        tag = re.sub(r'(\bid="|href="#|url\(#)', rf"\1{self.name}-", tag)
        for variable, colour in INK.items():
            tag = tag.replace(colour, f"var({variable})")
        return tag


def draw(results: Results, comparisons: tuple[Comparison, ...]) -> dict[str, Picture]:
    """Draw every figure that the results have data for, by name: speedup-0, speedup, roofline, scaling."""
    looks = _looks(results)
    shown = [comparison for comparison in comparisons if comparison.has_speedups]
    pictures = []
    with mpl.rc_context(_STYLE):
        for place, comparison in enumerate(shown):
            pictures.append(_speedup(f"speedup-{place}", comparison, looks))
        if shown:
            pictures.append(_all_speedups(shown, looks))
        lit = [one for one in comparisons if one.light and one.measured and one.dtype in _ITEM_BYTES]
        if lit:
            pictures.append(_roofline(lit, looks))
        if len({_elements(comparison) for comparison in comparisons if comparison.measured}) > 1:
            pictures.append(_scaling(comparisons, looks))
    return {picture.name: picture for picture in pictures}


def cost_curve(costs: list[float], title: str, kind: str) -> bytes:
    """Draw cost against iteration, as "svg", "pdf" or "png"."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(5.2, 3.2), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(range(len(costs)), costs, color=_PALETTE[0], linewidth=1.6)
        axes.set_title(_clipped(title, 60), loc="left", fontsize=9, fontweight="bold")
        axes.set_xlabel("iteration")
        axes.set_ylabel("cost J")
        axes.grid()
        return _saved(figure, kind)


@dataclass(frozen=True)
class _Look:
    colour: str
    marker: Any


def _looks(results: Results) -> dict[str, _Look]:
    """Colour and marker of each row; two rows that share a colour differ in their marker."""
    return {
        row.name: _Look(_PALETTE[place % len(_PALETTE)], _MARKERS[place % len(_MARKERS)])
        for place, row in enumerate(results.run.rows)
    }


def _speedup(name: str, comparison: Comparison, looks: dict[str, _Look]) -> Picture:
    lines = comparison.measured
    figure = Figure(figsize=(5.2, 0.75 + 0.3 * len(lines)), layout="constrained")
    _speedup_panel(figure.add_subplot(), comparison, looks)
    best = " and ".join(line.name for line in comparison.fastest)
    alternative = f"Speedup over pure Python on {comparison.title}: fastest {best}"
    top = comparison.fastest[0].over_python if comparison.fastest else None
    return _picture(name, figure, f"{alternative}, {wording.speedup(top)}." if top else f"{alternative}.")


def _all_speedups(comparisons: list[Comparison], looks: dict[str, _Look]) -> Picture:
    columns = min(2, len(comparisons))
    bands = -(-len(comparisons) // columns)
    tallest = max(len(comparison.measured) for comparison in comparisons)
    figure = Figure(figsize=(5.2 * columns, (0.75 + 0.3 * tallest) * bands), layout="constrained")
    for place, comparison in enumerate(comparisons):
        _speedup_panel(figure.add_subplot(bands, columns, place + 1), comparison, looks)
    return _picture("speedup", figure, f"Speedup over pure Python on {len(comparisons)} sets of data.")


def _speedup_panel(axes: Axes, comparison: Comparison, looks: dict[str, _Look]) -> None:
    lines = [line for line in comparison.measured if line.over_python]
    for place, line in enumerate(lines):
        _speedup_dot(axes, -place, line, looks[line.name])
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, 0.5), max(high, 2) * 4)  # room for the figures right of the dots
    axes.set_ylim(-len(lines) + 0.4, 0.6)
    axes.set_yticks([-place for place in range(len(lines))], [_clipped(line.name) for line in lines])
    axes.set_title(_clipped(comparison.title, 60), loc="left", fontsize=9, fontweight="bold")
    axes.set_xlabel(f"times as fast as {PYTHON}")
    axes.axvline(1, color=INK["--muted"], linewidth=0.8)
    axes.xaxis.set_major_locator(LogLocator(numticks=7))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.power(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x")


def _speedup_dot(axes: Axes, height: float, line: Line, look: _Look) -> None:
    speedup = line.over_python
    assert speedup is not None
    right = speedup.estimate
    if speedup.low is not None and speedup.high is not None:
        axes.plot([speedup.low, speedup.high], [height, height], color=look.colour, linewidth=2, alpha=0.6)
        right = speedup.high
    axes.plot(speedup.estimate, height, marker=look.marker, color=look.colour, markersize=6)
    axes.annotate(
        _without_bounds(speedup),
        (right, height),
        xytext=(7, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        fontweight="bold" if line.fastest else "normal",
        bbox={"facecolor": INK["--paper"], "edgecolor": "none", "pad": 0.5},
    )


def _without_bounds(speedup: Interval) -> str:
    return wording.speedup(speedup).split(" ")[0]


def _roofline(comparisons: list[Comparison], looks: dict[str, _Look]) -> Picture:
    panels: dict[tuple[str, int], list[Comparison]] = {}
    for comparison in comparisons:
        panels.setdefault((comparison.dtype, comparison.threads), []).append(comparison)
    columns = min(2, len(panels))
    bands = -(-len(panels) // columns)
    figure = Figure(figsize=(6.6 if columns == 1 else 10.4, 4.2 * bands), layout="constrained")
    axes = figure.subplots(bands, columns, sharex=True, sharey=True, squeeze=False).flatten()
    handles: dict[str, Artist] = {}
    sizes = [_bytes(comparison) for comparison in comparisons]
    axes[0].set_xscale("log")
    axes[0].set_xlim(min(sizes) / 4, max(sizes) * 4)  # holds a power of ten, and so a tick, also for one size
    for panel, ((dtype, threads), members) in zip(axes, panels.items(), strict=False):
        roof, found = _roofline_panel(panel, members, looks)
        handles |= found
        title = _clipped(f"{dtype}, {wording.threads(threads)}", 60)
        panel.set_title(title, loc="left", fontsize=9, fontweight="bold")
        panel.tick_params(labelbottom=True)
    for unused in axes[len(panels) :]:
        unused.set_axis_off()
    shown = [name for name in looks if name in handles and not name.startswith("_")]  # what Matplotlib hides
    figure.legend(
        [roof, *(handles[name] for name in shown)],
        ["speed of light", *map(_clipped, shown)],
        loc="outside right center",
        frameon=False,
        fontsize=8.5,
    )
    best, line = max(
        ((comparison, line) for comparison in comparisons for line in comparison.measured),
        key=lambda pair: pair[1].share or 0,
    )
    return _picture(
        "roofline",
        figure,
        "Bytes of X that a step gets through in a second, against the size of X, below the speed of light. "
        f"Closest to it: {line.name} on {best.title}, at {wording.share(line.share)}.",
    )


def _roofline_panel(
    axes: Axes, comparisons: list[Comparison], looks: dict[str, _Look]
) -> tuple[Artist, dict[str, Artist]]:
    """Draw all rows and above them the light; return what stands for it, and for each row."""
    handles: dict[str, Artist] = {}
    axes.set_yscale("log")
    for name, look in looks.items():
        points = [
            (_bytes(one), _bytes(one) / line.step_s.estimate / 1e9)
            for one in comparisons
            if (line := one.line(name)) and line.step_s
        ]
        if points:
            (handles[name],) = axes.plot(
                *zip(*points, strict=True), linestyle="", color=look.colour, marker=look.marker, markersize=6
            )
    lit = [(_bytes(one), _bytes(one) / one.light_s / 1e9, one) for one in comparisons if one.light_s]
    (roof,) = axes.plot(
        [place for place, _, _ in lit],
        [height for _, height, _ in lit],
        linestyle="",
        color=INK["--ink"],
        marker="_",
        markersize=14,
        markeredgewidth=2,
        zorder=5,
    )
    for place, _, _ in lit:
        axes.axvline(place, color=INK["--line"], linewidth=0.6, zorder=0)
    names = axes.secondary_xaxis("top")
    names.set_xticks(
        [place for place, _, _ in lit],
        [_clipped(one.problem.name, 16) for _, _, one in lit],
        rotation=75,
        rotation_mode="anchor",
        ha="left",
        fontsize=7,
    )
    names.xaxis.set_minor_formatter(NullFormatter())
    names.tick_params(which="both", length=0, pad=1)
    names.spines["top"].set_visible(False)
    axes.set_xlabel("size of X")
    axes.set_ylabel("GB of X per second")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.size(value)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="y", which="minor", length=0)
    axes.grid(axis="y")
    return roof, handles


def _scaling(comparisons: tuple[Comparison, ...], looks: dict[str, _Look]) -> Picture:
    figure = Figure(figsize=(6.6, 3.9), layout="constrained")
    axes = figure.add_subplot()
    # A line joins data that differ in m alone; a line over other shapes too would run zigzag.
    settings = dict.fromkeys((one.dtype, one.threads, one.problem.n_x) for one in comparisons)
    dtypes = list(dict.fromkeys(comparison.dtype for comparison in comparisons))
    for name, look in looks.items():
        label: str | None = _clipped(name)
        for dtype, threads, n_x in settings:
            points = sorted(
                (_elements(one), line.step_s.estimate)
                for one in comparisons
                if (one.dtype, one.threads, one.problem.n_x) == (dtype, threads, n_x)
                and (line := one.line(name))
                and line.step_s
            )
            if points:
                axes.plot(
                    *zip(*points, strict=True),
                    color=look.colour,
                    marker=look.marker,
                    markersize=5,
                    linewidth=1.4,
                    linestyle=("-", "--")[dtypes.index(dtype) % 2],
                    label=label,
                )
                label = None
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("numbers in X: n_x × m")
    axes.set_ylabel("seconds per step")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.seconds(value)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.significant(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid()
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8.5)
    return _picture("scaling", figure, "Time of one step against the size of X, for each implementation.")


def _picture(name: str, figure: Figure, alternative: str) -> Picture:
    return Picture(name, alternative, _saved(figure, "svg").decode(), _saved(figure, "pdf"))


def _saved(figure: Figure, kind: str) -> bytes:
    # No date, so that the same results give the same bytes.
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[kind]
    out = io.BytesIO()
    with warnings.catch_warnings():
        # In SVG the reader's fonts draw what Matplotlib's lack; elsewhere a box stands for it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(out, format=kind, dpi=150, metadata=metadata)
    return out.getvalue()


def _elements(comparison: Comparison) -> int:
    return comparison.problem.n_x * comparison.problem.m


def _bytes(comparison: Comparison) -> float:
    return 1.0 * _elements(comparison) * _ITEM_BYTES[comparison.dtype]


def _clipped(text: str, most: int = 28) -> str:
    """A text for Matplotlib: one line, short enough for its plot, and no mathematics."""
    text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return (text if len(text) <= most else f"{text[: most - 1]}…").replace("$", r"\$")
