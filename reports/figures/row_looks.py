"""How a row is drawn: a colour for its family and a marker, the same in every figure."""

from dataclasses import dataclass
from typing import Any

from impls.records import RECORDS
from reports.figures.style import INK
from reports.results import Results

# A colour for each family of rows, after Okabe and Ito (2008), told apart with any colour vision; orange, sky
# blue and purple are darkened until all stand out from white paper and from a dark page alike.
FAMILIES = {
    "python": "#D55E00",
    "numpy": "#0072B2",
    "numba": "#009E73",
    "numexpr": "#C46FA0",
    "sklearn": "#C46FA0",
    "torch": "#B87800",
    "jax": "#7A7A7A",
    "cupy": "#3F97C8",
    "dask": "#3F97C8",
}
# Pairs that look alike with some colour vision: rows of such families differ in their marker.
_ALIKE = {FAMILIES["torch"]: FAMILIES["python"], FAMILIES["jax"]: FAMILIES["numba"]}
COLOURS = tuple(dict.fromkeys(FAMILIES.values()))
NEUTRAL = INK["--ink"]  # for somebody's own files, and for a line that stands for no row
MARKERS: tuple[Any, ...] = (*"oDs^vPXp*h<>d", (4, 1, 0), (3, 1, 0), (8, 1, 0))


@dataclass(frozen=True)
class Look:
    """How a row is drawn, wherever it appears."""

    colour: str
    marker: Any


def looks_of(results: Results) -> dict[str, Look]:
    """Return each row's colour and marker, the same in every run; rows of one colour differ in marker."""
    known = [record.name for record in RECORDS]
    own = [row.name for row in results.run.rows if row.name not in known]
    colours = _colours(known) | dict.fromkeys(own, NEUTRAL)
    found: dict[str, Look] = {}
    drawn: dict[str, int] = {}
    for name, colour in colours.items():
        alike = _ALIKE.get(colour, colour)
        place = drawn[alike] = drawn.get(alike, -1) + 1
        found[name] = Look(colour, MARKERS[place % len(MARKERS)])
    return found


def _colours(names: list[str]) -> dict[str, str]:
    """Return the colour of each row; a family that has none yet takes the next of the others' colours."""
    families = {name: name.split("_")[0] for name in names}
    new = [family for family in dict.fromkeys(families.values()) if family not in FAMILIES]
    known = FAMILIES | {family: COLOURS[place % len(COLOURS)] for place, family in enumerate(new)}
    return {name: known[family] for name, family in families.items()}
