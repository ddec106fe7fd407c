"""Change the code in small ways, and count how many of the changes the plain tests find.

    python tests/mutants.py [--count 200] [--jobs 2] [--part truth]

A mutant swaps one operator, number or branch, or leaves out one statement. Which of all possible mutants are
tried follows from a hash of the change and its function, so that two versions of the code that share a
function share its mutants. Each is made in a copy of the checkout. The tests of its part run until the first
fails. A mutant that no test finds is printed: a test is missing there, or the code makes no difference.
"""

import argparse
import ast
import copy
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
# Files, and the tests that run on their mutants: the nearest first.
PARTS = {
    "truth": (("impls/truth",), ("tests/impls/truth", "tests/impls/test_rows.py")),
    "registry": (
        ("impls/registry.py", "impls/records.py", "impls/errors.py"),
        (
            *(f"tests/impls/test_{name}.py" for name in ("registry", "records", "errors", "contract")),
            *(f"tests/bench/test_{name}.py" for name in ("request", "outcome")),
        ),
    ),
    "facts": (
        ("reports/facts", "reports/runs"),
        ("tests/reports/facts", "tests/reports/runs", "tests/reports"),
    ),
    "lanes": (
        ("bench/lanes/ledger.py", "bench/lanes/entry.py", "bench/lanes/lane.py", "bench/lanes/calls.py"),
        ("tests/bench/lanes", "tests/bench/cli"),
    ),
    "kernels": (
        ("impls/kernels/sweep.py", "impls/kernels/link.py"),
        ("tests/impls/kernels", "tests/impls/test_rows.py", "tests/impls/data"),
    ),
}
SWAPS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
SILENT = (ast.Raise, ast.Assert, ast.JoinedStr)  # what is said, or asserted, is no logic
TIMEOUT_S = 600  # a mutant that hangs is found


class Mutant(NamedTuple):
    """One change of one file, in bytes from start to stop."""

    file: Path
    function: str
    before: str
    after: str
    start: int
    stop: int

    @property
    def rank(self) -> str:
        """Its place in the order in which mutants are chosen."""
        return hashlib.sha256(repr(self[1:4]).encode()).hexdigest()


def changed(node: ast.AST) -> ast.AST | None:
    """Return what stands in place of a node in its mutant; None for a node that has none."""
    other = copy.copy(node)
    match node, other:
        case ((ast.BinOp() | ast.BoolOp()), _) if type(node.op) in SWAPS:
            other.op = SWAPS[type(node.op)]()
        case ast.Compare(), _ if type(node.ops[0]) in SWAPS:
            other.ops = [SWAPS[type(node.ops[0])](), *node.ops[1:]]
        case ast.UnaryOp(op=ast.Not() | ast.USub()), _:
            other = node.operand
        case ast.Constant(value=bool()), _:
            other = ast.Constant(not node.value)
        case ast.Constant(value=int()), _:
            other = ast.Constant(node.value + 1)
        case ast.Constant(value=float()), _:
            other = ast.Constant(1.5 * node.value + 0.25)
        case ast.Call(func=ast.Name(id=name)), _ if name in CALLS:
            other.func = ast.Name(CALLS[name])
        case ast.IfExp(), _:
            other.body, other.orelse = node.orelse, node.body
        case ((ast.AugAssign() | ast.Expr()), _) if not isinstance(node.value, (ast.Constant, ast.Yield)):
            other = ast.Pass()
        case ast.Return(value=ast.expr()), _ if not isinstance(node.value, ast.Constant):
            other = ast.Return(ast.Constant(None))
        case _:
            return None
    return ast.fix_missing_locations(other)


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Return all mutants of a file."""
    source = file.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def below(node: ast.AST, function: str) -> Iterator[Mutant]:
        if isinstance(node, SILENT):
            return
        named = isinstance(node, ast.FunctionDef | ast.ClassDef)
        function = f"{function}.{node.name}" if named else function
        unseen = {id(part) for part in getattr(node, "decorator_list", [])}
        unseen |= {id(getattr(node, name, None)) for name in ("annotation", "returns")}
        for child in ast.iter_child_nodes(node):
            if id(child) not in unseen:
                yield from below(child, function)
        other = changed(node)
        if other is not None:
            start = starts[node.lineno - 1] + node.col_offset
            stop = starts[node.end_lineno - 1] + node.end_col_offset
            text = f"({ast.unparse(other)})" if isinstance(node, ast.expr) else ast.unparse(other)
            yield Mutant(file.relative_to(ROOT), function, ast.unparse(node), text, start, stop)

    yield from below(ast.parse(source), "")


def fail(tests: tuple[str, ...], copied: Path) -> bool:
    """Return whether the tests fail in a copy of the checkout; one that hangs fails."""
    environment = {**os.environ, "PYTHONPATH": str(copied), "NUMBA_CACHE_DIR": str(copied / "compiled")}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        ended = subprocess.run(command, cwd=copied, env=environment, capture_output=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return True
    return ended.returncode != 0


def is_found(mutant: Mutant, tests: tuple[str, ...], copied: Path) -> bool:
    """Return whether a test fails on a mutant, which is made in a copy of the checkout, and unmade."""
    file = copied / mutant.file
    source = file.read_bytes()
    file.write_bytes(source[: mutant.start] + mutant.after.encode() + source[mutant.stop :])
    try:
        return fail(tests, copied)
    finally:
        file.write_bytes(source)


def main() -> None:
    """Try the mutants that the command line asks for."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--count", type=int, default=200, help="mutants in all (default: 200)")
    asked.add_argument("--jobs", type=int, default=2, help="tried at once (default: 2)")
    asked.add_argument("--part", choices=PARTS, help="only these files (default: all parts)")
    options = asked.parse_args()
    parts = [options.part] if options.part else list(PARTS)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        free = SimpleQueue[Path]()
        for job in range(options.jobs):
            ignored = shutil.ignore_patterns(".*", "__pycache__", "out")
            free.put(shutil.copytree(ROOT, Path(folder) / str(job), ignore=ignored))

        def tried(mutant: Mutant, tests: tuple[str, ...]) -> bool:
            copied = free.get()
            try:
                return is_found(mutant, tests, copied)
            finally:
                free.put(copied)

        for part in parts:
            places, tests = PARTS[part]
            files = [
                file for place in places for file in sorted(ROOT.glob(f"{place}/*.py")) or [ROOT / place]
            ]
            mutants = sorted((one for file in files for one in mutants_of(file)), key=lambda one: one.rank)
            mutants = mutants[: options.count // len(parts)]
            copied = free.get()
            if fail(tests, copied):
                sys.exit(f"{part}: its tests fail without a mutant")
            free.put(copied)
            with ThreadPoolExecutor(options.jobs) as pool:
                found = list(pool.map(lambda one, tests=tests: tried(one, tests), mutants))
            for mutant, is_dead in zip(mutants, found, strict=True):
                if not is_dead:
                    print(f"not found: {mutant.file} {mutant.function}: {mutant.before} -> {mutant.after}")
            print(f"{part}: {sum(found)} of {len(found)} found", flush=True)


if __name__ == "__main__":
    main()
