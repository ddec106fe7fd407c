"""Past one core and one memory: the time of each row with each number of threads or workers."""

from typing import Any

from matplotlib.artist import Artist
from matplotlib.lines import Line2D

from reports import wording
from reports.facts.beyond import Family, Way, is_seen
from reports.figures.row_looks import Look
from reports.figures.style import INK, Picture, Sheet, legend, panels_over_examples

# Of the numbers of threads, as they rise.
_STYLES: tuple[Any, ...] = ("-", (0, (4, 1.4)), (0, (1.2, 1.2)), (0, (5, 1.2, 1.2, 1.2)))


def draw(name: str, families: list[Family], looks: dict[str, Look]) -> Picture:
    """Draw time against m, a panel for each n_x and dtype, a line for each way."""
    columns = min(2, len(families))
    bands = -(-len(families) // columns)
    sheet = Sheet(name, (1.9 if columns == 1 else 1.5) * bands + 0.7)
    panels = panels_over_examples(sheet, [family.title for family in families], columns)
    counts = sorted({way.threads for family in families for way in family.ways})
    styles = {count: _STYLES[place % len(_STYLES)] for place, count in enumerate(counts)}
    rows: dict[str, Artist] = {}
    for axes, family in zip(panels, families, strict=True):
        for way in family.ways:
            look = looks[way.row]
            points = [(m, line.step_s.estimate) for m, line in way.lines.items() if line.step_s]
            (mark,) = axes.plot(
                *zip(*points, strict=True),
                color=look.colour,
                linestyle=styles[way.threads],
                marker=look.marker,
                markersize=3.2,
                linewidth=1,
            )
            sheet.mark(mark, way.row, f"{way.name}, {family.title}{_line(way)}")
            rows[way.row] = Line2D([], [], color=look.colour, marker=look.marker, markersize=3.2, linewidth=1)
    numbers: dict[str, Artist] = {
        _counted(count, families): Line2D([], [], color=INK["--ink"], linestyle=style, linewidth=1)
        for count, style in styles.items()
    }
    legend(sheet, rows | numbers, 3)
    shown = "; ".join(f"{family.title}: {_ends(family)}" for family in families)
    return sheet.picture(f"Time of one step against the number of examples m. On the largest data, {shown}.")


def _line(way: Way) -> str:
    if way.overhead_s is None or way.example_s is None:
        return ""
    overhead = f"{wording.seconds(way.overhead_s.estimate)} and " if is_seen(way.overhead_s) else ""
    return f": {overhead}{wording.seconds(1e6 * way.example_s.estimate)} for each million examples"


def _counted(count: int, families: list[Family]) -> str:
    many = sorted({way.many for family in families for way in family.ways if way.threads == count})
    return " or ".join([many[0], *(one.split()[1] for one in many[1:])])


def _ends(family: Family) -> str:
    largest = [way for way in family.ways if way.m == family.ms[-1]]
    low, high = (choose(largest, key=lambda way: way.step_s.estimate) for choose in (min, max))
    return (
        f"from {wording.seconds(low.step_s.estimate)} ({low.name}) "
        f"to {wording.seconds(high.step_s.estimate)} ({high.name})"
    )
