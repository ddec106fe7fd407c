"""What all figures share: one style, axes and legends, and how a figure becomes files.

Figures are as wide as a column of a two-column paper, so that they can be printed as they are; a page
scales them up. Text and lines that carry no data are drawn in the colours of `INK`, which
`reports.figures.inlining` turns into CSS variables. The bytes depend on the results only.
"""

import io
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from reports import wording

WIDTH = 3.45  # inches: the width of a column of a two-column paper
SMALL = 6.0  # points: the smallest text
INK = {
    "--paper": "#ffffff",
    "--ink": "#1b1d21",
    "--muted": "#5b6069",
    "--line": "#d4d7dc",
    "--best": "#e9f4ee",
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "zeroloop",
    "pdf.fonttype": 42,
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "text.color": INK["--ink"],
    "axes.edgecolor": INK["--line"],
    "axes.labelcolor": INK["--muted"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "grid.color": INK["--line"],
    "grid.linewidth": 0.5,
    "lines.markersize": 4.5,
    "lines.linewidth": 1.2,
    "xtick.color": INK["--muted"],
    "ytick.color": INK["--ink"],
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "legend.frameon": False,
    "figure.facecolor": INK["--paper"],
    "axes.facecolor": INK["--paper"],
}


@dataclass(frozen=True)
class Picture:
    """A figure as files, with a sentence that says what it shows."""

    name: str
    alternative: str
    svg: str
    rows: tuple[str, ...] = ()  # the row that each of the elements mark-0, mark-1, … stands for
    figure: Figure | None = field(default=None, compare=False, repr=False)  # what `as_pdf` draws


class Sheet:
    """A figure in the making; each mark knows the row it stands for, and says its value."""

    def __init__(self, name: str, height: float, width: float = WIDTH):
        self.figure = Figure(figsize=(width, height), layout="constrained")
        self._name = name
        self._marks: list[tuple[str, str]] = []

    def title(self, text: str) -> None:
        """Write a heading along the whole width."""
        self.figure.suptitle(
            clipped(text, 50), x=0.01, ha="left", fontsize=mpl.rcParams["axes.titlesize"], fontweight="bold"
        )

    def mark(self, artist: Artist, row: str, said: str) -> None:
        """Name the row that a mark stands for, and the text that it shows when pointed at."""
        artist.set_gid(f"mark-{len(self._marks)}")
        self._marks.append((row, said))

    def picture(self, alternative: str) -> Picture:
        """Make the files."""
        with _unknown_glyphs_ignored():
            self.figure.draw_without_rendering()  # lays it out, once for SVG and PDF
        self.figure.set_layout_engine("none")
        svg = re.sub(r'<g id="mark-(\d+)">', self._told, saved(self.figure, "svg").decode())
        return Picture(self._name, alternative, svg, tuple(row for row, _ in self._marks), self.figure)

    def _told(self, found: re.Match[str]) -> str:
        return f"{found[0]}<title>{escape(_one_line(self._marks[int(found[1])][1]))}</title>"


def as_pdf(pictures: Iterable[Picture]) -> bytes:
    """Put all pictures into one PDF, a page each of its own size: the fonts are in it once.

    Fonts make up most of a figure's bytes, and of the time that it takes to write them.
    """
    out = io.BytesIO()
    with drawing(), _unknown_glyphs_ignored(), PdfPages(out, metadata={"CreationDate": None}) as pages:
        for picture in pictures:
            pages.savefig(picture.figure)
    return out.getvalue()


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in the style of this suite."""
    with mpl.rc_context(_STYLE):
        yield


def saved(figure: Figure, kind: str) -> bytes:
    """Return a figure as a file: "svg", "pdf" or "png"."""
    # No date, so that the same results give the same bytes.
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[kind]
    out = io.BytesIO()
    with _unknown_glyphs_ignored():
        figure.savefig(out, format=kind, dpi=150, metadata=metadata)
    if kind == "svg":
        return re.sub(rb"<[^>]*>", _shortened, out.getvalue())
    return out.getvalue()


@contextmanager
def _unknown_glyphs_ignored() -> Iterator[None]:
    """In SVG the reader's fonts draw what Matplotlib's lack; elsewhere a box stands for it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def decades(axes: Axes, which: str) -> None:
    """Give an axis a logarithmic scale with few ticks."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    getattr(axes, f"set_{which}scale")("log")
    axis.set_major_locator(LogLocator(numticks=7))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def format_axis(axes: Axes, which: str, text: Any) -> None:
    """Label an axis' ticks with a function of their values."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))


def panels_over_examples(sheet: Sheet, titles: Sequence[str], columns: int) -> list[Axes]:
    """Return a panel for each title: the time of a step against the number of examples."""
    bands = -(-len(titles) // columns)
    panels = sheet.figure.subplots(bands, columns, sharex=True, sharey=True, squeeze=False).flatten()
    for axes, title in zip(panels, titles, strict=False):
        decades(axes, "x")
        decades(axes, "y")
        axes.set_title(title)
        axes.grid()
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("examples m")
        format_axis(axes, "x", wording.power_of_ten)
        format_axis(axes, "y", wording.round_seconds)
    for axes in panels[::columns]:
        axes.set_ylabel("time of a step")
    for unused in panels[len(titles) :]:
        unused.set_axis_off()
    return list(panels[: len(titles)])


def legend(sheet: Sheet, handles: dict[str, Artist], columns: int = 2) -> None:
    """Name the rows below a figure."""
    sheet.figure.legend(
        list(handles.values()),
        [f"\u200b{clipped(name, 22)}" for name in handles],  # it leaves out what begins with an underscore
        loc="outside lower center",
        ncols=columns,
        fontsize=SMALL,
        handletextpad=0.4,
        columnspacing=1.2,
    )


def clipped(text: str, most: int = 28) -> str:
    """A text for Matplotlib: one line, short enough for its plot, and no mathematics."""
    return wording.shortened(_one_line(text), most).replace("$", r"\$")


def _one_line(text: str) -> str:
    return " ".join(wording.one_line(text).split())


def _shortened(tag: re.Match[bytes]) -> bytes:
    """Write the numbers of a tag to a hundredth of a point."""
    return re.sub(rb"(\.\d{2})\d+", rb"\1", tag[0])
