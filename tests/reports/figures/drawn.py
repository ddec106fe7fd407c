"""What the tests of figures share: what a figure says, and where its texts lie."""

import warnings
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from dataclasses import dataclass

from matplotlib.text import Text

from reports import figures
from reports.facts.facts import Facts
from reports.figures.style import drawing
from reports.reading import parse

FINE = 720  # dots per inch, at which the widths of texts are those on paper


@dataclass(frozen=True)
class Box:
    """A text and where it lies, in points from the lower left."""

    text: str
    size: float
    turned: bool
    x0: float
    y0: float
    x1: float
    y1: float

    def covers(self, other):
        """Return whether two texts touch, beyond the white that surrounds their letters."""
        across = min(self.x1, other.x1) - max(self.x0, other.x0)
        up = min(self.y1, other.y1) - max(self.y0, other.y0)
        return across > 0.5 and up > 1.5 and not (self.turned and other.turned)


def draw(document):
    """Draw all figures of a document."""
    return figures.draw(Facts(parse(document)))


def texts(svg):
    """Return all texts of a figure, less the zero-width space before a name in its legend."""
    return [
        element.text.replace("\u200b", "")
        for element in ET.fromstring(svg).iter()
        if element.tag.endswith("}text")
    ]


def marks(picture):
    """Return the row that each mark of a figure stands for, and what its title says."""
    found = {}
    for element in ET.fromstring(picture.svg).iter():
        own = element.get("id", "")
        if own.startswith("mark-"):
            (title,) = [child for child in element if child.tag.endswith("}title")]
            found[int(own.removeprefix("mark-"))] = title.text
    assert sorted(found) == list(range(len(picture.rows)))
    return [(row, found[place]) for place, row in enumerate(picture.rows)]


@contextmanager
def printed(figure):
    """Lay a figure out as on paper, to ask where its parts lie."""
    was = figure.dpi
    figure.set_dpi(FINE)
    try:
        with drawing(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.draw_without_rendering()
            yield
    finally:
        figure.set_dpi(was)


def _boxes(figure):
    scale = 72 / FINE
    with printed(figure):
        hidden = {id(label) for axes in figure.axes for label in _unseen(axes)}
        found = [
            (text, text.get_window_extent())
            for text in figure.findobj(Text)
            if text.get_visible() and text.get_text().strip() and id(text) not in hidden
        ]
    return [
        Box(
            text.get_text(),
            text.get_fontsize(),
            bool(text.get_rotation()),
            *(scale * end for end in (box.x0, box.y0, box.x1, box.y1)),
        )
        for text, box in found
        if box.width and box.height
    ]


def _unseen(axes):
    """The labels of ticks that lie beyond the ends of their axis, or of axes that are off."""
    for axis in (axes.xaxis, axes.yaxis):
        labels = [label for tick in axis.get_major_ticks() for label in (tick.label1, tick.label2)]
        seen = {id(label) for tick in axis._update_ticks() for label in (tick.label1, tick.label2)}
        yield from (label for label in labels if not axes.axison or id(label) not in seen)


def faults_of_texts(picture):
    """Return what is wrong with the texts of a figure: cut, too small, or over each other."""
    found, (width, height) = _boxes(picture.figure), 72 * picture.figure.get_size_inches()
    cut = [
        f"{one.text} runs out"
        for one in found
        if min(one.x0, one.y0) < -0.3 or one.x1 > width + 0.3 or one.y1 > height + 0.3
    ]
    small = [f"{one.text} has {one.size} points" for one in found if one.size < 6]
    over = [
        f"{one.text} covers {other.text}"
        for place, one in enumerate(found)
        for other in found[:place]
        if one.covers(other)
    ]
    return [f"{picture.name}: {fault}" for fault in cut + small + over]
