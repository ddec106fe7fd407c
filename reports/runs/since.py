"""Which rows have other code today than when a results file was made."""

import ast
import warnings
from collections.abc import Sequence

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
            before, today = row.source, record.source
            pairs = zip((row.helpers, row.prepare_helpers), record.helpers, strict=True)
            if _code(before) != _code(today) or any(_differ(*pair) for pair in pairs):
                changed.append(row.name)
    return changed


def is_same_code(one: Row, other: Row) -> bool:
    """Return whether a step runs the same code in both, comments and docstrings apart."""
    return _code(one.source) == _code(other.source) and not _differ(one.helpers, other.helpers)


def _differ(before: str | None, today: str | None) -> bool:
    """Return whether two texts define a name differently.

    A helper that only one of them has says nothing: what calls it differs too, or the file is an older one.
    """
    ones, others = _definitions(before or ""), _definitions(today or "")
    return any(ones[name] != others[name] for name in ones.keys() & others.keys())


def _definitions(text: str) -> dict[str, str]:
    """Return the code of each definition, by its name; none of text that is not Python."""
    statements = getattr(_tree(text), "body", [])
    names = (getattr(one, "name", None) or ast.unparse(one).partition("=")[0] for one in statements)
    return dict(zip(names, map(ast.dump, statements), strict=True))


def _code(source: str) -> str:
    """Return the code alone; the text itself if it is not Python."""
    tree = _tree(source)
    return ast.dump(tree) if tree else source


def _tree(source: str) -> ast.AST | None:
    """Return code without docstrings; None if it is not Python."""
    try:
        with warnings.catch_warnings(action="ignore"):  # such as odd escapes
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    without: ast.AST = _WithoutTexts().visit(tree)
    return without


class _WithoutTexts(ast.NodeTransformer):
    """Drops statements that are nothing but a text: docstrings, of several files in one source too."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """Keep any other statement."""
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node
