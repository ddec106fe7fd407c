"""The figures, as SVG and PDF, in one style: the same colour and marker for a row wherever it appears."""

from reports.facts.comparison import NUMPY, PYTHON, Comparison
from reports.facts.compiling import compiling_beside_numpy
from reports.facts.facts import Facts
from reports.figures import growth, roofline, speedup, spread, start, ways
from reports.figures.change_dots import draw as of_changes
from reports.figures.descent import against_seconds, cost_curve
from reports.figures.inlining import inlined
from reports.figures.machine_dots import draw as of_gallery
from reports.figures.row_looks import looks_of
from reports.figures.style import Picture, as_pdf, drawing
from reports.results import DEVICES

__all__ = ["BASES", "Picture", "as_pdf", "cost_curve", "draw", "inlined", "of_changes", "of_gallery"]

BASES = {
    PYTHON: "python",
    NUMPY: "numpy",
}  # what rows are compared with, and its short name in names of figures

_MOST_PANELS = 8  # most panels that fit a page of a paper


def draw(facts: Facts) -> dict[str, Picture]:
    """Draw every figure that the results have data for, by name.

    The name of a figure of one comparison ends in its place among all: speedup-python-0, speedup-numpy-0,
    break-even-0, spread-0. Figures of the whole run are speedup, pays, fastest, scaling, beyond,
    roofline-float64-2 (for a GPU, roofline-cuda-float64-2), first-calls and training-0.
    """
    comparisons = facts.comparisons
    looks = looks_of(facts.results)
    pictures: list[Picture | None] = []
    with drawing():
        for place, comparison in enumerate(comparisons):
            for base, short in BASES.items():
                if comparison.compared_with(base):
                    pictures.append(speedup.draw(f"speedup-{short}-{place}", comparison, base, looks))
            if compiling_beside_numpy(comparison):
                pictures.append(start.break_even(f"break-even-{place}", comparison, looks))
            if facts.run.plan and comparison.measured:
                pictures.append(spread.draw(f"spread-{place}", comparison, looks))
        over_python = [comparison for comparison in comparisons if comparison.compared_with(PYTHON)]
        if 0 < len(over_python) <= _MOST_PANELS:
            pictures.append(speedup.draw_all("speedup", over_python, looks))
        if facts.grid:
            pictures += [growth.pays("pays", facts.grid), growth.fastest("fastest", facts.grid, looks)]
        if facts.series:
            pictures.append(growth.scaling("scaling", facts.series, looks))
        if facts.families:
            pictures.append(ways.draw("beyond", facts.families, looks))
        for device in DEVICES:
            lit: dict[tuple[str, int], list[Comparison]] = {}
            for comparison in comparisons:
                if roofline.can_draw(comparison, device):
                    lit.setdefault((comparison.dtype, comparison.threads), []).append(comparison)
            for (dtype, threads), members in lit.items():
                name = f"roofline-{'' if device == 'cpu' else f'{device}-'}{dtype}-{threads}"
                pictures.append(roofline.roofline(name, members, looks, device))
        if facts.compiling:
            pictures.append(start.first_calls("first-calls", facts.compiling, looks))
        for place, course in enumerate(facts.courses):
            pictures.append(against_seconds(f"training-{place}", course, looks))
    return {picture.name: picture for picture in pictures if picture}
