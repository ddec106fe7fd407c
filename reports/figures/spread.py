"""How the times of a row spread, from process to process and inside each."""

import statistics

from reports import wording
from reports.facts.comparison import Comparison, Line
from reports.figures.row_looks import Look
from reports.figures.style import INK, Picture, Sheet, clipped, format_axis

_LINE, _REST = 0.2, 0.62  # inches: height of a row, and of everything above and below the rows
_FAR = 1.3  # blocks that take more than this many medians of the row are drawn at the edge
_ROOM = 0.8  # share of a row's height that its processes fill


def draw(name: str, comparison: Comparison, looks: dict[str, Look]) -> Picture:
    """Draw each block as a tick, a line of ticks for each process, relative to the row's median."""
    lines = comparison.measured
    sheet = Sheet(name, _REST + _LINE * len(lines))
    axes = sheet.figure.add_subplot()
    for place, line in enumerate(lines):
        processes = _relative(line)
        height = _ROOM / max(1, len(processes))
        xs: list[float] = []
        ys: list[float] = []
        for number, blocks in enumerate(processes):
            top = -place + _ROOM / 2 - number * height
            for block in blocks:
                x = min(max(block, 2 - _FAR), _FAR)
                xs += [x, x, float("nan")]
                ys += [top, top - height * 0.85, float("nan")]
        (ticks,) = axes.plot(xs, ys, color=looks[line.name].colour, linewidth=0.9)
        said = f"{wording.percent(line.between)} between processes, {wording.percent(line.within)} within"
        sheet.mark(ticks, line.name, f"{line.name}: {said}")
    axes.axvline(1, color=INK["--muted"], linewidth=0.6, zorder=0)
    axes.set_xlim(2 - _FAR - 0.01, _FAR + 0.01)
    axes.set_ylim(-len(lines) + 0.4, 0.6)
    axes.set_yticks([-place for place in range(len(lines))], [clipped(line.name) for line in lines])
    sheet.title(comparison.title)
    axes.set_xlabel("time of a block, relative to the row's median")
    format_axis(axes, "x", lambda value: f"{value:.2f}")
    axes.grid(axis="x")
    worst = max(lines, key=lambda line: line.between or 0)
    return sheet.picture(
        f"Times of all blocks on {comparison.title}, relative to each row's median, a line of ticks for each "
        "process; those beyond the edges are drawn there. "
        f"Widest between processes: {worst.name}, {wording.percent(worst.between)}."
    )


def _relative(line: Line) -> list[list[float]]:
    assert line.timing
    blocks_s = [process for process in line.timing.blocks_s if process]
    middle_s = statistics.median(statistics.median(process) for process in blocks_s)
    return [[block_s / middle_s for block_s in process] for process in blocks_s]
