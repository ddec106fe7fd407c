"""What it costs to start: compiling on the first call, and how many calls win that back."""

import math

from matplotlib.artist import Artist

from reports import wording
from reports.facts.comparison import NUMPY, Comparison, Line
from reports.facts.compiling import compiling_beside_numpy
from reports.figures.row_looks import Look
from reports.figures.style import INK, Picture, Sheet, clipped, decades, format_axis, legend

_LINE, _REST = 0.165, 0.75  # inches: height of a row, and of everything above and below the rows
_CALLS = [10 ** (k / 4) for k in range(25)]  # one to a million, where curves are drawn


def first_calls(name: str, lines: list[Line], looks: dict[str, Look]) -> Picture:
    """Draw what the first call of a process costs, with nothing compiled and with code on disk."""
    sheet = Sheet(name, _REST + _LINE * len(lines))
    axes = sheet.figure.add_subplot()
    decades(axes, "x")
    for place, line in enumerate(lines):
        look = looks[line.name]
        assert line.warmup_s is not None
        if line.warm_s:
            axes.plot(
                [line.warm_s, line.warmup_s], [-place, -place], color=look.colour, linewidth=1, alpha=0.5
            )
            (warm,) = axes.plot(
                line.warm_s, -place, marker=look.marker, color=look.colour, markerfacecolor=INK["--paper"]
            )
            sheet.mark(warm, line.name, f"{line.name}: {wording.seconds(line.warm_s)} with the code on disk")
        (cold,) = axes.plot(line.warmup_s, -place, marker=look.marker, color=look.colour)
        sheet.mark(cold, line.name, f"{line.name}: {wording.seconds(line.warmup_s)} with nothing compiled")
    low, high = axes.get_xlim()
    axes.set_xlim(low / 3, high * 3)  # room for more than one power of ten
    axes.set_ylim(-len(lines) + 0.4, 0.6)
    axes.set_yticks([-place for place in range(len(lines))], [clipped(line.name) for line in lines])
    axes.set_xlabel("cost of the first call; hollow: with the code on disk", x=0.3)
    format_axis(axes, "x", wording.round_seconds)
    axes.grid(axis="x")
    worst = lines[0]
    return sheet.picture(
        f"What the first call of a process costs, for {wording.counted(len(lines), 'row')}. "
        f"Most: {worst.name}, {wording.seconds(worst.warmup_s)} with nothing compiled"
        + (f", {wording.seconds(worst.warm_s)} with the code on disk." if worst.warm_s else ".")
    )


def break_even(name: str, comparison: Comparison, looks: dict[str, Look]) -> Picture:
    """Draw the speedup over NumPy against the number of calls, with the cost of starting."""
    lines = compiling_beside_numpy(comparison)
    numpy = comparison.line(NUMPY)
    assert numpy
    assert numpy.step_s
    sheet = Sheet(name, 2.9)
    axes = sheet.figure.add_subplot()
    decades(axes, "x")
    decades(axes, "y")
    handles: dict[str, Artist] = {}
    for line in lines:
        look = looks[line.name]
        assert line.step_s
        for start_s, style in ((line.warmup_s, "-"), (line.warm_s, ":")):
            if start_s is None:
                continue
            once_s = start_s + (line.prepare_s or 0)
            gains = [k * numpy.step_s.estimate / (once_s + k * line.step_s.estimate) for k in _CALLS]
            (curve,) = axes.plot(
                *(_CALLS, gains),
                color=look.colour,
                linestyle=style,
                linewidth=1,
                marker=look.marker,
                markevery=6,
            )
            said = f"nothing compiled: {_pays(line)}" if style == "-" else "code on disk"
            sheet.mark(curve, line.name, f"{line.name}, {said}")
            handles.setdefault(line.name, curve)
    axes.axhline(1, color=INK["--muted"], linewidth=0.8)
    axes.set_xlim(_CALLS[0], _CALLS[-1])
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, 1e-3), high)
    sheet.title(comparison.title)
    axes.set_xlabel("calls of the step, the first included")
    axes.set_ylabel(f"times as fast as {NUMPY}")
    format_axis(axes, "x", wording.power_of_ten)
    format_axis(axes, "y", wording.power)
    axes.grid()
    legend(sheet, handles, 3)
    paid = [line for line in lines if line.calls_to_pay and not math.isinf(line.calls_to_pay.estimate)]
    calls = [wording.calls(line.calls_to_pay).split(" [")[0] for line in paid]
    ahead = [f"{line.name} after {count} calls" for line, count in zip(paid, calls, strict=True)]
    return sheet.picture(
        f"Speedup over {NUMPY} on {comparison.title} against the number of calls, what it costs to start "
        f"included. Ahead with nothing compiled: {wording.joined(ahead) if ahead else 'none'}."
    )


def _pays(line: Line) -> str:
    if line.calls_to_pay is None:
        return "not separated from NumPy"
    calls = wording.calls(line.calls_to_pay)
    return "never ahead" if math.isinf(line.calls_to_pay.estimate) else f"ahead after {calls} calls"
