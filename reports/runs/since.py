"""Which rows have other code today than when a results file was made."""

import ast
import warnings
from collections.abc import Sequence

from impls import records
from impls.records import RECORDS
from reports.results import Row


def changed_since(rows: Sequence[Row]) -> list[str]:
    """Return the rows whose code differs from that of this checkout, comments and docstrings apart.

    Somebody's own files, and rows that are no longer here, are left out.
    """
    known = {record.name: record for record in RECORDS}
    changed = []
    for row in rows:
        if record := known.get(row.name):
            today = "\n\n".join(map(records.source_of, record.compiles))
            if _code(row.source) != _code(record.source) or _code(row.compiles or "") != _code(today):
                changed.append(row.name)
    return changed


def _code(source: str) -> str:
    """Return the code alone; the text itself if it is not Python."""
    try:
        with warnings.catch_warnings(action="ignore"):  # such as odd escapes
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    return ast.dump(_WithoutTexts().visit(tree))


class _WithoutTexts(ast.NodeTransformer):
    """Drops statements that are nothing but a text: docstrings, of several files in one source too."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """Keep any other statement."""
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node
