"""The figures, as SVG and PDF, in one style: the same colour and marker for a row wherever it appears."""

from reports.facts import beyond, learning, sizes
from reports.facts.comparison import NUMPY, PYTHON, Comparison
from reports.figures import growth, roofline, speedup, spread, start, ways
from reports.figures.change_dots import draw as of_changes
from reports.figures.descent import against_seconds, cost_curve
from reports.figures.machine_dots import draw as of_gallery
from reports.figures.style import Picture, as_pdf, drawing, inlined, looks_of
from reports.results import DEVICES, Results

__all__ = ["BASES", "Picture", "as_pdf", "cost_curve", "draw", "inlined", "of_changes", "of_gallery"]

BASES = {PYTHON: "python", NUMPY: "numpy"}  # what rows are compared with, and its name in that of a figure

_MOST_PANELS = 8  # that fit a page of a paper


def draw(results: Results, comparisons: tuple[Comparison, ...]) -> dict[str, Picture]:
    """Draw every figure that the results have data for, by name.

    Those of one comparison end in its place among all: speedup-python-0, speedup-numpy-0, break-even-0,
    spread-0. Of the whole run there are speedup, pays, fastest, scaling, beyond, roofline-float64-2 (of a
    GPU, roofline-cuda-float64-2), first-calls and training-0.
    """
    looks = looks_of(results)
    pictures: list[Picture | None] = []
    with drawing():
        for place, comparison in enumerate(comparisons):
            for base, short in BASES.items():
                if comparison.compared_with(base):
                    pictures.append(speedup.draw(f"speedup-{short}-{place}", comparison, base, looks))
            if start.starting_beside_numpy(comparison):
                pictures.append(start.break_even(f"break-even-{place}", comparison, looks))
            if results.run.plan and comparison.measured:
                pictures.append(spread.draw(f"spread-{place}", comparison, looks))
        over_python = [comparison for comparison in comparisons if comparison.compared_with(PYTHON)]
        if 0 < len(over_python) <= _MOST_PANELS:
            pictures.append(speedup.draw_all("speedup", over_python, looks))
        if grid := sizes.grid(comparisons):
            pictures += [growth.pays("pays", grid), growth.fastest("fastest", grid, looks)]
        if series := sizes.series(comparisons):
            pictures.append(growth.scaling("scaling", series, looks))
        if families := beyond.families(comparisons):
            pictures.append(ways.draw("beyond", families, looks))
        for device in DEVICES:
            lit: dict[tuple[str, int], list[Comparison]] = {}
            for comparison in comparisons:
                if roofline.can_draw(comparison, device):
                    lit.setdefault((comparison.dtype, comparison.threads), []).append(comparison)
            for (dtype, threads), members in lit.items():
                name = f"roofline-{'' if device == 'cpu' else f'{device}-'}{dtype}-{threads}"
                pictures.append(roofline.roofline(name, members, looks, device))
        if lines := start.starting(comparisons):
            pictures.append(start.first_calls("first-calls", lines, looks))
        for place, course in enumerate(learning.courses(results)):
            pictures.append(against_seconds(f"training-{place}", course, looks))
    return {picture.name: picture for picture in pictures if picture}
