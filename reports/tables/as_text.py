"""Tables for a terminal, without colour."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table as RichTable

from reports import wording
from reports.tables.console import filled, printed
from reports.tables.description import Printed, Table, halved


def render(tables: Sequence[Table], width: int = 80) -> str:
    """Write tables one after the other; rows without values are left out."""
    return "\n".join(_section(table, width) for table in tables)


def _section(table: Table, width: int) -> str:
    columns = table.printed(table.terminal)
    stacked = any(len(one.lines) > 1 for one in columns)
    drawn = RichTable(
        title=wording.one_line(table.title) or None,
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0) if stacked else (0, 1),
    )
    for place, one in enumerate(columns):
        left = _is_left(one, place)
        drawn.add_column(_heading(one, stacked, left), justify="left" if left else "right", overflow="fold")
    for row in table.rows:
        if table.reason(row) is None:
            drawn.add_row(
                *(_cell(one, row, stacked, _is_left(one, place)) for place, one in enumerate(columns))
            )
    note = [filled(table.note, width)] if table.note else []
    return "\n".join([printed(drawn, width), *note, ""])


def _is_left(column: Printed, place: int) -> bool:
    return place == 0 or column.first.is_text


def _heading(column: Printed, stacked: bool, left: bool) -> str:
    if len(column.lines) > 1:
        return _below(column.headings, left)
    heading = column.headings[0]
    if not stacked:
        return heading
    return f"{heading}\n[interval]" if column.is_interval else "\n".join(halved(heading))


def _cell(column: Printed, row: Any, stacked: bool, left: bool) -> str:
    texts = [wording.one_line(text) for text in column.texts(row)]
    if len(texts) > 1:
        return _below(texts, left)
    return (
        "\n".join(texts[0].split(" [", 1)).replace("\n", "\n[")
        if stacked and column.is_interval
        else texts[0]
    )


def _below(lines: Sequence[str], left: bool) -> str:
    """Write lines below each other, and those after the first indented if they begin on the left."""
    first, *others = filter(None, lines)
    return "\n".join([first, *(f"  {line}" if left else line for line in others)])
