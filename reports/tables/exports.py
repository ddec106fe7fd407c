"""The files of a report with its numbers: each table that has rows, in each format.

A new table is one file and one line in `_TABLES`; a new format is one file and one line in `_FORMATS`.
"""

from collections.abc import Callable, Sequence

from reports.facts.facts import Facts
from reports.tables import as_csv, as_latex, as_markdown, cite
from reports.tables.contest_table import contest
from reports.tables.description import Table
from reports.tables.speedup_table import speedups
from reports.tables.ways_table import ways

_TABLES: tuple[Callable[[Facts], list[Table]], ...] = (speedups, contest, ways)
_FORMATS: dict[str, Callable[[Sequence[Table]], str]] = {
    "csv": as_csv.render,
    "md": as_markdown.render,
    "tex": as_latex.render,
}


def exports(facts: Facts) -> dict[str, str]:
    """Return the tables and the citation, by file name."""
    groups = [tables for find in _TABLES if (tables := find(facts))]
    written = {
        f"{tables[0].name}.{ending}": render(tables)
        for tables in groups
        for ending, render in _FORMATS.items()
    }
    return {**written, "cite.bib": cite.bibtex(facts.citation)}
