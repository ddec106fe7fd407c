"""Tables as CSV: all tables of one name in one file, seconds and ratios to six digits.

A spreadsheet runs a text that begins like a formula, also in quotes: there an apostrophe stands before it.
"""

import csv
import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from reports.facts.intervals import Interval
from reports.tables.description import Column, Table, Value

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_END = "\r\n"  # of a record to `csv`, which then puts either sign in quotes where a name holds it


def render(tables: Sequence[Table]) -> str:
    """Write tables that share their columns as one CSV; what was not measured is empty."""
    if not tables:
        return ""
    lines = list[str]()
    write = SimpleNamespace(write=lambda record: lines.append(record.removesuffix(_END) + "\n"))
    writer = csv.writer(write, lineterminator=_END)
    first = tables[0]
    writer.writerow([name for name, _ in first.setting] + [one for c in first.columns for one in _names(c)])
    for table in tables:
        shared = [_raw(value) for _, value in table.setting]
        writer.writerows(
            [*shared, *(cell for c in table.columns for cell in _cells(c, row))] for row in table.rows
        )
    return "".join(lines)


def _names(column: Column) -> list[str]:
    if not column.in_csv:
        return []
    return [column.key, *(f"{column.key}_{end}" for end in ("low", "high") if column.is_interval)]


def _cells(column: Column, row: Any) -> list[str]:
    if not column.in_csv:
        return []
    found = column.value(row)
    if not column.is_interval:
        return [_raw(found)]
    ends = (found.estimate, found.low, found.high) if isinstance(found, Interval) else (None, None, None)
    return [_raw(end) for end in ends]


def _raw(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return "never" if math.isinf(value) else f"{value:.6g}"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
