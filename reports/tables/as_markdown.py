"""Tables as Markdown, each below its title and followed by its note."""

import re
from collections.abc import Sequence
from typing import Any

from reports.tables.description import Printed, Table


def render(tables: Sequence[Table]) -> str:
    """Write tables one after the other; bold: the best row, or rows not separated from it."""
    return "\n".join(map(_section, tables))


def escape(text: str) -> str:
    """Make any text one line without markup, which opens no column of its own in a table."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", " ".join(text.split()))


def _section(table: Table) -> str:
    columns = table.printed(table.wide)
    rows = [[escape(" / ".join(filter(None, one.headings))) for one in columns]]
    rows += [["---" if place == 0 or one.first.is_text else "--:" for place, one in enumerate(columns)]]
    rows += [_row(table, columns, row) for row in table.rows]
    parts = [f"### {escape(table.title)}\n"]
    parts += ["".join(f"- {escape(sentence)}\n" for sentence in table.said)] if table.said else []
    parts += ["".join(f"| {' | '.join(row)} |\n" for row in rows)]
    parts += [f"{escape(table.note)}\n"] if table.note else []
    return "\n".join(parts)


def _row(table: Table, columns: list[Printed], row: Any) -> list[str]:
    texts = [escape(" / ".join(filter(None, one.texts(row)))) for one in columns]
    if reason := table.reason(row):
        texts[table.naming] = escape(reason)
    return [f"**{texts[0]}**", *texts[1:]] if table.is_best(row) else texts
