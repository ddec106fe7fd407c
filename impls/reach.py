"""What a reader of a row must read: its functions, and those of this package that they call."""

import ast
import functools
import io
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

OWN = ""  # the row's own file, among those of `impls`
_FOLDER = Path(__file__).parent
_COMPILER = "kernels/compiled"  # stands for `numba.njit`, whose code is no part of a step either
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.AugAssign)
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def texts(source: str, elsewhere: bool = True) -> tuple[dict[str, str], dict[str, str]] | None:
    """Return the code that `step` runs, and what only `prepare` runs, by file; None if it is not Python.

    Of each file these are the functions, classes and constants at its top level that are used, also where
    they are named when a function is compiled. A function that `prepare` compiles runs in the step. With
    `elsewhere` False, the row's own file alone is read.
    """
    try:
        prepare = _reached(source, ["prepare"], elsewhere)
        kernels = [name for file, one in prepare if file == OWN and _compiles(one) for name in _defined(one)]
        step = _reached(source, ["step", *kernels], elsewhere)
        return _texts(source, step), _texts(source, prepare - step)
    except _UNREADABLE:
        return None


def joined(files: dict[str, str]) -> str | None:
    """Return the texts of all files but the row's own as one; None without any."""
    found = [f"# impls/{file}.py\n\n\n{text}" for file, text in files.items() if file != OWN]
    return "\n\n".join(found) or None


def _reached(source: str, roots: list[str], elsewhere: bool) -> set[tuple[str, ast.stmt]]:
    """Return all statements that functions need, each with its file."""
    found, seen, waiting = set(), set(), [(OWN, root) for root in roots]
    while waiting:
        place = file, name = waiting.pop()
        if place in seen or file == _COMPILER:
            continue
        seen.add(place)
        module = _module(_text(file, source))
        first, _, rest = name.partition(".")
        if first in module.imports and elsewhere:
            waiting += _places(f"{module.imports[first]}.{rest}")
        for statement in module.statements.get(first, ()):
            found.add((file, statement))
            waiting += [(file, used) for used in _used(statement)]
    return found


def _compiles(statement: ast.stmt) -> bool:
    """Return whether a statement is or holds a function that is compiled."""
    functions = [node for node in ast.walk(statement) if isinstance(node, _FUNCTIONS)]
    return any("jit" in ast.unparse(one) for function in functions for one in function.decorator_list)


def _text(file: str, source: str) -> str:
    return source if file == OWN else (_FOLDER / f"{file}.py").read_text(encoding="utf-8")


def _places(dotted: str) -> list[tuple[str, str]]:
    """Return the file and the name in it that a name such as impls.stable.sigmoid stands for, if ours."""
    package, *parts = dotted.rstrip(".").split(".")
    files = ["/".join(parts[:end]) for end in range(1, len(parts)) if package == "impls"]
    return [
        (file, ".".join(parts[end:]))
        for end, file in enumerate(files, 1)
        if (_FOLDER / f"{file}.py").is_file()
    ]


@dataclass(frozen=True)
class _Module:
    statements: dict[str, list[ast.stmt]] = field(default_factory=dict)  # by each name that they define
    imports: dict[str, str] = field(default_factory=dict)  # by name, what it stands for: impls.stable.sigmoid


@functools.lru_cache(maxsize=256)
def _module(source: str) -> _Module:
    with warnings.catch_warnings(action="ignore"):  # such as odd escapes: the code may not be ours
        tree = ast.parse(source)
    found = _Module()
    for statement in _definitions(tree):
        for name in _defined(statement):
            found.statements.setdefault(name, []).append(statement)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                name = alias.name if module or alias.asname else alias.name.partition(".")[0]
                found.imports[alias.asname or name] = module + name
    return found


def _definitions(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the definitions at the top level, also those below an `if`, `try` or `with`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _DEFINITIONS):
            yield child
        elif isinstance(child, (ast.stmt, ast.ExceptHandler)):
            yield from _definitions(child)


def _defined(statement: ast.stmt) -> list[str]:
    """Return the names that a statement defines, and those that it overloads for compiled code."""
    if isinstance(statement, ast.ClassDef):  # without functions there is nothing to run
        return [statement.name] if any(isinstance(part, _FUNCTIONS) for part in ast.walk(statement)) else []
    if isinstance(statement, _FUNCTIONS):
        calls = [call for call in statement.decorator_list if isinstance(call, ast.Call)]
        overloads = [call.args[0] for call in calls if _dotted(call.func).endswith("overload") and call.args]
        return [statement.name, *map(_dotted, overloads)]
    stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return [node.id for node in stored if isinstance(node.ctx, ast.Store)]


@functools.lru_cache(maxsize=4096)
def _used(node: ast.AST) -> frozenset[str]:
    """Return the names that code uses and does not define itself: softplus, np.dot."""
    if isinstance(node, ast.ClassDef):
        return frozenset().union(*map(_used, (*node.bases, *node.decorator_list, *node.body)))
    parts = list(_parts(node))
    own = {part.arg for part in parts if isinstance(part, ast.arg)}
    own |= {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    names = {_dotted(part) for part in parts if isinstance(part, (ast.Name, ast.Attribute))}
    return frozenset(name for name in names if name.partition(".")[0] not in own)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a piece of code and all its parts but annotations, which do not run."""
    yield node
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _parts(child)


def _dotted(node: ast.AST) -> str:
    """Return a name with its dots, and nothing for any other expression."""
    if isinstance(node, ast.Attribute):
        start = _dotted(node.value)
        return f"{start}.{node.attr}" if start else ""
    return node.id if isinstance(node, ast.Name) else ""


def _texts(source: str, statements: set[tuple[str, ast.stmt]]) -> dict[str, str]:
    """Return the text of statements, in the order of their files."""
    found = {}
    for file in sorted({file for file, _ in statements}):
        # Lines as the parser counts them, for which a form feed or another line separator ends none.
        lines = io.StringIO(_text(file, source), newline=None).readlines()
        spans = sorted({_span(statement) for where, statement in statements if where == file})
        found[file] = "\n".join(textwrap.dedent("".join(lines[start:end])) for start, end in spans)
    return found


def _span(statement: ast.stmt) -> tuple[int, int]:
    first = min((node.lineno for node in getattr(statement, "decorator_list", ())), default=statement.lineno)
    return first - 1, statement.end_lineno or statement.lineno
