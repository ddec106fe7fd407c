"""The lines that a reader must read of a row, and how deep its explicit Python loops are nested."""

import ast
import functools
import io
import tokenize
import warnings
from dataclasses import dataclass

from impls import reach
from reports.results import Row

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class Count:
    """Lines of code in the bodies of functions, and the depth of the loops in them."""

    lines: int
    loops: int


@functools.lru_cache(maxsize=256)  # a report asks for each row many times
def counted(row: Row) -> tuple[Count, Count] | None:
    """Count what a step runs, and what `prepare` runs beyond it, with helpers; None if it is not Python."""
    own = reach.texts(row.source, elsewhere=False) if row.source else None
    helpers = row.helpers, row.prepare_helpers
    if own is None:
        return None
    step, prepare = (
        count(f"{one.get(reach.OWN, '')}\n{more or ''}") for one, more in zip(own, helpers, strict=True)
    )
    return (step, prepare) if step and prepare else None


def count(source: str) -> Count | None:
    """Count code: no docstring, comment or blank line, no import, no `def` line.

    A comprehension is a loop like any other. None for text that is not Python, or too deep for its parser.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # such as odd escapes: the code is not ours
            tree = ast.parse(source)
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
        functions = [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)]
        loops = max((_depth(statement) for function in functions for statement in function.body), default=0)
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError, MemoryError):
        return None
    code = {
        line
        for token in tokens
        if token.type not in _SILENT
        for line in range(token.start[0], token.end[0] + 1)
    }
    bodies = {line for function in functions for line in _lines(function.body[0], function.body[-1])}
    silent = {line for function in functions for line in _silent_lines(function)}
    return Count(lines=len(code & bodies - silent), loops=loops)


def _silent_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[int]:
    """The lines of a function's head and of its docstring."""
    head = set(range(function.lineno, function.body[0].lineno))
    has_docstring = ast.get_docstring(function) is not None
    return head | _lines(function.body[0], function.body[0]) if has_docstring else head


def _lines(first: ast.stmt, last: ast.stmt) -> set[int]:
    return set(range(first.lineno, (last.end_lineno or last.lineno) + 1))


def _depth(node: ast.AST) -> int:
    below = max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)
    if isinstance(node, _LOOPS):
        return below + 1
    if isinstance(node, _COMPREHENSIONS):
        return below + len(node.generators)
    return below
