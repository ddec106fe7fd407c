"""What a table is: columns, rows and layouts. Each format is a file `as_*` that writes any table from these.

A layout lists the columns that a format prints, each as the keys of `Column`s: "row / step_s, threads" is one
printed column of two lines; the second line joins two values by a comma.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from reports.facts.intervals import Interval

Value = Interval | float | int | str | None
Layout = tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A value of each row, and the same in words."""

    key: str  # its name in CSV, and in the address of a page that is sorted by it
    heading: str
    meaning: str
    value: Callable[[Any], Value]
    text: Callable[[Any], str]
    is_interval: bool = False  # CSV has its ends in columns of their own
    is_text: bool = False  # aligned to the left
    in_csv: bool = True

    def sort_key(self, row: Any) -> str:
        """Return what a page sorts by; empty if nothing was measured."""
        found = self.value(row)
        found = found.estimate if isinstance(found, Interval) else found
        return "" if found is None else "Infinity" if found == math.inf else str(found)


def column(
    key: str,
    heading: str = "",
    meaning: str = "",
    said: Callable[[Any], str] = str,
    value: Callable[[Any], Value] | None = None,
    text: Callable[[Any], str] | None = None,
    is_interval: bool = False,
    is_text: bool = False,
    in_csv: bool = True,
) -> Column:
    """Return a column; its value is the attribute `key`, in the words of `said`, unless given."""
    find = value or attrgetter(key)
    return Column(
        key, heading, meaning, find, text or (lambda row: said(find(row))), is_interval, is_text, in_csv
    )


@dataclass(frozen=True)
class Printed:
    """One column as it is printed: its lines, each of one or several columns."""

    lines: tuple[tuple[Column, ...], ...]

    @property
    def headings(self) -> list[str]:
        """The heading of each line."""
        return [", ".join(filter(None, (one.heading for one in line))) for line in self.lines]

    @property
    def first(self) -> Column:
        """The column whose kind decides the alignment."""
        return self.lines[0][0]

    @property
    def is_interval(self) -> bool:
        """Whether it is one value with its interval."""
        return len(self.lines) == 1 and self.first.is_interval

    def texts(self, row: Any) -> list[str]:
        """Return the words of each line."""
        return [", ".join(filter(None, (one.text(row) for one in line))) for line in self.lines]


def _never(row: Any) -> bool:
    return False


def _none(row: Any) -> None:
    return None


@dataclass(frozen=True)
class Table:
    """One table, in no format yet."""

    name: str  # name of its files; tables of one name share their columns
    key: str  # sets it apart from the other tables of a run
    title: str
    caption: str  # for print, with shortened names
    run_id: str
    columns: tuple[Column, ...]
    rows: tuple[Any, ...]
    wide: Layout  # for Markdown and the page
    paper: Layout  # for a line of a paper
    terminal: Layout  # for 80 characters
    setting: tuple[tuple[str, Value], ...] = ()  # what all rows share; columns in CSV
    said: tuple[str, ...] = ()  # sentences above it
    note: str = ""  # a sentence below it
    is_best: Callable[[Any], bool] = _never
    reason: Callable[[Any], str | None] = _none  # why a row has no values
    naming: int = 0  # columns on the left that a row without values still fills

    def printed(self, layout: Layout) -> list[Printed]:
        """Return the columns of a layout."""
        known = {one.key: one for one in self.columns}
        return [
            Printed(tuple(tuple(known[key] for key in line.split(", ")) for line in place.split(" / ")))
            for place in layout
        ]


def halved(text: str) -> list[str]:
    """Break a heading into two lines at the space nearest to its middle; one line without a space."""
    places = [place for place, letter in enumerate(text) if letter == " "]
    if not places:
        return [text]
    middle = min(places, key=lambda place: abs(place - len(text) / 2))
    return [text[:middle], text[middle + 1 :]]
