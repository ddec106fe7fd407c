"""Cost against iterations and against seconds, while w and b are fitted."""

from matplotlib.artist import Artist
from matplotlib.figure import Figure

from reports import wording
from reports.facts.learning import Course
from reports.figures.row_looks import NEUTRAL, Look
from reports.figures.style import Picture, Sheet, clipped, decades, drawing, format_axis, legend, saved

_POINTS = 24  # points of a curve, evenly spread on a logarithmic axis


def cost_curve(costs: list[float], title: str, kind: str) -> bytes:
    """Draw cost against iteration, as "svg", "pdf" or "png"."""
    with drawing():
        figure = Figure(figsize=(3.45, 2.3), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(range(len(costs)), costs, color=NEUTRAL)
        axes.set_title(clipped(title, 60))
        axes.set_xlabel("iteration")
        axes.set_ylabel("cost J")
        axes.grid()
        return saved(figure, kind)


def against_seconds(name: str, course: Course, looks: dict[str, Look]) -> Picture:
    """Draw the cost of all rows on one problem against the seconds since they began."""
    sheet = Sheet(name, 3.3)
    axes = sheet.figure.add_subplot()
    decades(axes, "x")
    handles: dict[str, Artist] = {}
    for fit in course.fits:
        each_s = fit.wall_s.estimate / len(fit.costs)
        look = looks[fit.row]
        shown = sorted({round(len(fit.costs) ** (k / _POINTS)) for k in range(_POINTS + 1)})
        (curve,) = axes.plot(
            [each_s * n for n in shown],
            [fit.costs[n - 1] for n in shown],
            color=look.colour,
            linewidth=1,
        )
        sheet.mark(
            curve,
            fit.row,
            f"{fit.row}: {wording.seconds(fit.wall_s.estimate)} for {len(fit.costs)} iterations",
        )
        (handles[fit.row],) = axes.plot(
            fit.wall_s.estimate, fit.costs[-1], color=look.colour, marker=look.marker, clip_on=False
        )
    sheet.title(course.title)
    axes.set_xlabel("time since the start, of gradient descent")
    axes.set_ylabel("cost J")
    format_axis(axes, "x", wording.round_seconds)
    axes.grid()
    legend(sheet, {row: handles[row] for row in looks if row in handles}, 3)
    ends = [f"{fit.row} in {wording.seconds(fit.wall_s.estimate)}" for fit in course.fits]
    same = f"all rows go down the same curve, {ends[0]}, {ends[-1]}" if len(ends) > 1 else ends[0]
    return sheet.picture(f"Cost against time on {course.title}: {same}.")
