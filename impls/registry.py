"""Loading a row, or a user's own file, and binding it to data."""

import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from impls import pools
from impls.contract import Array, Step, as_step, check_data, check_parameters
from impls.errors import BrokenFile, Unavailable, Unsuited
from impls.records import Record, find

_LONGEST_MESSAGE = 300  # characters of another library's message; longer ones are cut
BoundStep = Callable[[Array, float], Step]


@dataclass(frozen=True)
class Implementation:
    """A loaded row: its record, and its module's `step` and `prepare`."""

    record: Record
    step: Callable[..., Any]
    prepare_data: Callable[[Array, Array, int], tuple[Any, ...]]

    @property
    def name(self) -> str:
        """The name of its record."""
        return self.record.name

    def bind(self, X: Array, Y: Array, threads: int | None = None) -> BoundStep:
        """Check the data, prepare them once, and return the function `step(w, b)`.

        X is (n_x, m), Y is (1, m), as in `impls.contract`. `threads` limits the thread pools of the whole
        process; by default they use all cores that this process may use. Raises BadValue for arrays or a
        number of threads that no row takes, and its subclass Unsuited for data that this row does not take.
        """
        check_data(X, Y)
        return self.prepare(X, Y, threads)

    def prepare(self, X: Array, Y: Array, threads: int | None = None) -> BoundStep:
        """Do what `bind` does without the checks of X and Y; the time of this counts as prepare."""
        n_x, dtype = X.shape[0], X.dtype
        if self.record.n_x not in (None, n_x):
            raise Unsuited(f"X: shape {X.shape}, but {self.name} serves n_x = {self.record.n_x} only")
        count = pools.available() if threads is None else pools.check(threads)
        pools.limit(count)
        data = self.prepare_data(X, Y, count)
        step = _on_lists(self.step) if self.record.lists else self.step

        def bound(w: Array, b: float) -> Step:
            check_parameters(w, b, n_x, dtype)
            pools.limit(count)
            return as_step(step(w, float(b), *data), n_x)

        return bound


def load(name: str | os.PathLike[str]) -> Implementation:
    """Load a row by its name, or a user's own file by its path.

    Raises UnknownName (a KeyError), Unavailable if a library is missing or does not load, BrokenFile if an
    own file does not exist, fails on import or has no `step`.
    """
    return loaded(find(os.fspath(name)))


def loaded(record: Record) -> Implementation:
    """Load the row of a record; raises Unavailable and BrokenFile as `load` does."""
    module = _import_own_file(record) if record.own_path else _import_row(record)
    pools.forget()  # the module may have loaded a library with a thread pool of its own
    plain = _as_lists if record.lists else _as_they_are
    return Implementation(record, module.step, getattr(module, "prepare", plain))


def where_it_failed(error: BaseException, path: Path) -> str:
    """Describe an exception in one line, with the number of the line of `path` that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename) == path]
    if isinstance(error, SyntaxError) and error.filename == str(path):
        lines = [error.lineno]
    place = f"{path.name}, line {lines[-1]}" if lines and lines[-1] else path.name
    said = _said(error)
    return f"{place}: {type(error).__name__}{': ' + said if said else ''}"


def _said(error: BaseException) -> str:
    try:
        said = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    except Exception:  # the text of an exception in an own file may itself raise
        return ""
    return said if len(said) <= _LONGEST_MESSAGE else f"{said[:_LONGEST_MESSAGE]}…"


def _import_row(record: Record) -> ModuleType:
    if missing := record.missing:
        raise missing
    try:
        return importlib.import_module(f"impls.{record.name}")
    except Exception as error:  # PyTorch fails with OSError, JAX with RuntimeError
        raise Unavailable("does not load", _said(error) or type(error).__name__) from error


def _import_own_file(record: Record) -> ModuleType:
    path = record.path
    if not path.is_file():
        raise BrokenFile(f"{record.own_path}: no such file")
    spec = importlib.util.spec_from_file_location(f"own_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BrokenFile(f"{path.name}: not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickle look for it there
    try:
        # The file's own text: a compiled file beside it might be of another.
        exec(compile(path.read_bytes(), path, "exec"), module.__dict__)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit, and pytest's outcomes, may not end the run
        raise BrokenFile(where_it_failed(error, path)) from error
    if not callable(getattr(module, "step", None)):
        raise BrokenFile(f"{path.name}: has no function step(w, b, X, Y)")
    return module


def _as_they_are(X: Array, Y: Array, threads: int) -> tuple[Array, Array]:
    return X, Y


def _as_lists(X: Array, Y: Array, threads: int) -> tuple[list[list[float]], list[float]]:
    return X.tolist(), Y[0].tolist()


def _on_lists(step: Callable[..., Any]) -> Callable[..., Any]:
    def step_on_lists(w: Array, b: float, X: Any, Y: Any) -> Any:
        J, dw, db = step(w[:, 0].tolist(), b, X, Y)
        return J, np.array(dw).reshape(-1, 1), db

    return step_on_lists
