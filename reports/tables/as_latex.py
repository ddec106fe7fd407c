r"""Tables as LaTeX, for a document that loads booktabs and nothing else.

They are as wide as a line of a plain article, so they stand in `table*`: the same as `table` in a document of
one column, and as wide as both columns of a document of two. A layout of one line sets an interval beside its
estimate; in a layout of several lines it stands below it.
"""

import re
from collections.abc import Sequence
from typing import Any

from reports import wording
from reports.tables.description import Printed, Table, halved
from reports.tables.tex import breakable, escape

_USE = "% For a document that says \\usepackage{booktabs}; \\ref{tab:...} takes the label of a table.\n"
_NAME, _REASON = 40, 160  # most characters shown of a name and of a reason
_BESIDE = 19  # most characters of a name in one line; a longer one stands in a box
_NARROW = 14  # the same for a problem beside two rows
_WORD, _WORD_IN_CAPTION = 10, 12  # longest words that are never broken, in a box and in a caption
_SPLIT = r"r@{\,}l"


def render(tables: Sequence[Table]) -> str:
    """Write tables one after the other, each with a label that no other run's tables have."""
    labels: list[str] = []
    for table in tables:
        plain = label = re.sub(r"[^a-zA-Z0-9]+", "-", table.key)
        number = 1
        while label in labels:  # names may differ only in what a label cannot hold
            number += 1
            label = f"{plain}-{number}"
        labels.append(label)
    written = [_table(table, label) for table, label in zip(tables, labels, strict=True)]
    return _USE + "\n".join(written) if written else ""


def _table(table: Table, label: str) -> str:
    columns = table.printed(table.paper)
    height = max(len(one.lines) for one in columns)
    if height > 1:
        kinds = "".join("l" if one.first.is_text else "r" for one in columns)
        heading = _stacked([_heading(one, height) for one in columns], height)
        rows = [[r"\addlinespace", *_stacked(_cells(table, columns, row), height)] for row in table.rows]
        body = [line for lines in rows for line in lines][1:]
    else:
        kinds = "".join(_SPLIT if one.is_interval else "l" if one.first.is_text else "r" for one in columns)
        heading = [_line(*(_across(one) for one in columns))]
        body = [_row(table, columns, row) for row in table.rows]
    caption = breakable(" ".join(filter(None, (table.caption, table.note))), _WORD_IN_CAPTION)
    return "\n".join(
        [
            r"\begin{table*}",
            # Names without a space to break at would run into the margin of a caption that is not sloppy.
            rf"  \centering\scriptsize\sloppy\setlength{{\tabcolsep}}{{{3 if height == 1 else 2.5}pt}}",
            rf"  \caption{{{caption} zeroloop run {table.run_id}.}}",
            rf"  \label{{tab:zeroloop-{table.run_id}-{label}}}",
            r"  \medskip",  # a plain article sets captions as if they stood below
            rf"  \begin{{tabular}}{{@{{}}{kinds}@{{}}}}",
            r"    \toprule",
            *(f"    {line}" for line in heading),
            r"    \midrule",
            *(f"    {line}" for line in body),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table*}",
            "",
        ]
    )


def _row(table: Table, columns: list[Printed], row: Any) -> str:
    """Return a row of one line; one without values says why, across the columns that it leaves empty."""
    texts = [one.texts(row)[0] for one in columns]
    name = rf"\textbf{{{_named(texts[0])}}}" if table.is_best(row) else _named(texts[0])
    reason = table.reason(row)
    if reason is None:
        split = [
            part
            for one, text in zip(columns[1:], texts[1:], strict=True)
            for part in (_parted(text, " ") if one.is_interval else (escape(text),))
        ]
        return _line(name, *split)
    span = sum(2 if one.is_interval else 1 for one in columns[table.naming :])
    said = breakable(wording.shortened(reason, _REASON))
    across = rf"\multicolumn{{{span}}}{{p{{20em}}@{{}}}}{{\raggedright {said}}}"
    return _line(name, *map(escape, texts[1 : table.naming]), across)


def _cells(table: Table, columns: list[Printed], row: Any) -> list[list[str]]:
    """Return the lines of each cell."""
    named = sum(one.first.is_text for one in columns)
    found = []
    for place, one in enumerate(columns):
        most = _NARROW if place == 0 and named > 2 else _BESIDE
        texts = one.texts(row)
        if one.is_interval:
            found.append(list(_parted(texts[0], " [", "[")))
        else:
            found.append([_named(text, most) if one.first.is_text else escape(text) for text in texts])
    return found


def _stacked(cells: list[list[str]], height: int) -> list[str]:
    return [_line(*((cell[n] if n < len(cell) else "") for cell in cells)) for n in range(height)]


def _heading(column: Printed, height: int) -> list[str]:
    given = list(filter(None, column.headings))
    lines = halved(given[0]) if len(given) == 1 and height > 1 else given
    return [escape(line) for line in lines]


def _across(column: Printed) -> str:
    heading = escape(column.headings[0])
    return rf"\multicolumn{{2}}{{c}}{{{heading}}}" if column.is_interval else heading


def _parted(text: str, at: str, opened: str = "") -> tuple[str, str]:
    """Return an estimate, and its interval in smaller type."""
    estimate, _, interval = text.partition(at)
    return escape(estimate), rf"{{\tiny {escape(opened + interval)}}}" if interval else ""


def _named(name: str, most: int = _BESIDE) -> str:
    if len(name) <= most:
        return escape(name)
    return rf"\parbox[t]{{8em}}{{\raggedright {breakable(wording.shortened(name, _NAME), _WORD)}\strut}}"


def _line(*texts: str) -> str:
    return rf"{' & '.join(texts)} \\"
