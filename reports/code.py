"""What a row's source shows: how many lines it has, and how deep its explicit Python loops are nested."""

import ast
import io
import tokenize
from dataclasses import dataclass

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
    """Lines of code in the bodies of a file's functions, and the depth of the loops in them."""

    lines: int
    loops: int


def count(source: str) -> Count | None:
    """Count a file's code: no docstring, comment or blank line, no import, no `def` line.

    A comprehension is a loop like any other. None for text that is not Python.
    """
    try:
        tree = ast.parse(source)
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError):
        return None
    code = {
        line
        for token in tokens
        if token.type not in _SILENT
        for line in range(token.start[0], token.end[0] + 1)
    }
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    bodies = {line for function in functions for line in _body_lines(function)}
    return Count(
        lines=len(code & bodies),
        loops=max((_depth(statement) for function in functions for statement in function.body), default=0),
    )


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[int]:
    first = 1 if ast.get_docstring(function) is not None else 0
    return {
        line
        for statement in function.body[first:]
        for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    }


def _depth(node: ast.AST) -> int:
    below = max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)
    if isinstance(node, _LOOPS):
        return below + 1
    if isinstance(node, _COMPREHENSIONS):
        return below + len(node.generators)
    return below
