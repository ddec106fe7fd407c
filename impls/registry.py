"""The rows: every way of running the step, in teaching order, and how a row or an own file is loaded."""

import difflib
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
from impls.contract import Array, Step, Unsuited, as_step, check_data, check_parameters
from impls.kernels import cuda_device

# Of libraries that pip knows by another name; of CuPy's, there is one for each CUDA.
_PIP_NAMES = {"sklearn": "scikit-learn", "cupy": "'cupy-cuda13x[ctk]'"}
_LONGEST = 300  # characters of somebody else's message: enough for a line in a table
BoundStep = Callable[[Array, float], Step]


@dataclass(frozen=True)
class Record:
    """One row of the registry; its name is the name of its module in `impls`."""

    name: str
    title: str  # what sets it apart
    loops: int | None  # depth of the explicit loops a reader sees: what the row is about
    origin: str  # where this way of computing comes from
    needs: tuple[str, ...] = ("numpy",)  # libraries its module imports
    lists: bool = False  # computes on lists of floats instead of arrays
    n_x: int | None = None  # the only number of features it serves
    compiles: tuple[str, ...] = ()  # modules of `impls` whose code it compiles
    side: str | None = None  # in the contest: "ours", or "peer" for what a user would otherwise pick
    device: str = "cpu"  # that it computes on, or "cuda"

    @property
    def keeps_code(self) -> bool:
        """Tell whether its compiled code is kept on disk."""
        return "numba" in self.needs and self.device == "cpu"

    @property
    def on_disk(self) -> bool:
        """Tell whether it reads its data from disk, chunk by chunk, rather than from memory."""
        return "zarr" in self.needs


RECORDS = (
    Record(
        "python_two_features",
        "two features written out, one Python loop",
        loops=1,
        origin="the notes on gradient descent",
        needs=(),
        lists=True,
        n_x=2,
    ),
    Record(
        "python_two_loop",
        "two Python loops over lists",
        loops=2,
        origin="the notes on gradient descent",
        needs=(),
        lists=True,
    ),
    Record("numpy_two_loop", "two Python loops over NumPy scalars", loops=2, origin="what students write"),
    Record(
        "numpy_one_loop", "one Python loop, np.dot per example", loops=1, origin="the notes on vectorizing"
    ),
    Record(
        "numpy_zero_loop",
        "no Python loop, two matrix products",
        loops=0,
        origin="the notes on vectorizing",
        side="peer",
    ),
    Record(
        "numba_two_loop",
        "the two loops, compiled unchanged",
        loops=2,
        origin="the two-loop lesson, compiled",
        needs=("numpy", "numba"),
        compiles=("python_two_loop",),
    ),
    Record(
        "numba_parallel",
        "compiled loops on all cores",
        loops=3,
        origin="the two-loop lesson, compiled and shared out",
        needs=("numpy", "numba"),
    ),
    Record(
        "numba_fused",
        "one compiled pass over X, tile by tile",
        loops=3,
        origin="this project, to be the fastest on a processor",
        needs=("numpy", "numba"),
        compiles=("kernels/sweep", "kernels/link"),
        side="ours",
    ),
    Record(
        "numba_fused_packed",
        "the same pass, wide data laid out for it",
        loops=3,
        origin="this project, to be the fastest on a processor",
        needs=("numpy", "numba"),
        compiles=("kernels/sweep", "kernels/link"),
        side="ours",
    ),
    Record(
        "numba_chunks",
        "the same pass over chunks on disk",
        loops=3,
        origin="this project, for data that fit in no memory",
        needs=("numpy", "numba", "zarr"),
        compiles=("kernels/sweep", "kernels/link"),
    ),
    Record(
        "dask_chunks",
        "the same chunks, dealt to worker processes",
        loops=3,
        origin="this project, for data that fit in no machine",
        needs=("numpy", "numba", "zarr", "distributed"),
        compiles=("kernels/sweep", "kernels/link"),
    ),
    Record(
        "numexpr_zero_loop",
        "the zero-loop lesson, formulas fused by numexpr",
        loops=0,
        origin="what users of numexpr write",
        needs=("numpy", "numexpr"),
        side="peer",
    ),
    Record(
        "sklearn_loss",
        "the loss inside LogisticRegression",
        loops=0,
        origin="scikit-learn's own solvers",
        needs=("numpy", "sklearn"),
        side="peer",
    ),
    Record(
        "torch_step",
        "the gradient by hand, on tensors",
        loops=0,
        origin="what users of PyTorch pick for speed",
        needs=("numpy", "torch"),
        side="peer",
    ),
    Record(
        "torch_autograd",
        "the cost alone, PyTorch's autograd",
        loops=0,
        origin="what users of PyTorch pick",
        needs=("numpy", "torch"),
        side="peer",
    ),
    Record(
        "jax_step",
        "the gradient by hand, compiled by XLA",
        loops=0,
        origin="what users of JAX pick for speed",
        needs=("numpy", "jax"),
        side="peer",
    ),
    Record(
        "jax_autograd",
        "the cost alone, JAX's autograd, compiled by XLA",
        loops=0,
        origin="what users of JAX pick",
        needs=("numpy", "jax"),
        side="peer",
    ),
    Record(
        "cupy_zero_loop",
        "the zero-loop lesson on a GPU, np turned into cp",
        loops=0,
        origin="the notes on vectorizing, which name GPUs",
        needs=("numpy", "cupy"),
        device="cuda",
    ),
    Record(
        "numba_cuda_fused",
        "one pass over X on a GPU, tile by tile",
        loops=2,
        origin="this project, to be the fastest on a GPU",
        needs=("numpy", "numba"),
        device="cuda",
    ),
    Record(
        "torch_gpu",
        "the formula of torch_step on a GPU",
        loops=0,
        origin="what users of PyTorch pick for speed",
        needs=("numpy", "torch"),
        device="cuda",
    ),
    Record(
        "jax_gpu",
        "the formula of jax_step on a GPU",
        loops=0,
        origin="what users of JAX pick for speed",
        needs=("numpy", "jax"),
        device="cuda",
    ),
)


class UnknownName(KeyError):
    """No row or problem has this name; the message lists near matches."""

    def __init__(self, kind: str, name: str, known: tuple[str, ...]):
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        offer = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        super().__init__(f"no {kind} {name!r}; {offer}")

    def __str__(self) -> str:
        return str(self.args[0])


class Unavailable(ImportError):
    """The row needs what is not here; the message is its status and why.

    As in "not installed: how to install it", "does not load: why" and "no CUDA device: why".
    """


class BrokenFile(ImportError):
    """Somebody's own file cannot be used; the message names the file, the line and the reason."""


@dataclass(frozen=True)
class Implementation:
    """A loaded row: its record, its module's `step` and `prepare`, and where its source is."""

    record: Record
    path: Path
    step: Callable[..., Any]
    prepare_data: Callable[[Array, Array, int], tuple[Any, ...]]

    @property
    def name(self) -> str:
        """The row's name in every table."""
        return self.record.name

    def bind(self, X: Array, Y: Array, threads: int | None = None) -> BoundStep:
        """Check the data, do what is done once per data set, and return `step(w, b)`.

        X is (n_x, m), Y is (1, m); `threads` limits the thread pools of the whole process and defaults to
        all cores this process may use. Raises ValueError for arrays or a thread count that no row takes,
        and its subclass `Unsuited` for data that this row does not serve.
        """
        check_data(X, Y)
        return self.prepare(X, Y, threads)

    def prepare(self, X: Array, Y: Array, threads: int | None = None) -> BoundStep:
        """Do what `bind` does, for data that were checked before: the part whose time counts as prepare."""
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


def names() -> tuple[str, ...]:
    """Return the names of all rows, in teaching order."""
    return tuple(record.name for record in RECORDS)


def record(name: str) -> Record:
    """Return the record of a row; raises UnknownName."""
    for candidate in RECORDS:
        if candidate.name == name:
            return candidate
    raise UnknownName("implementation", name, names())


def is_own_file(name: str) -> bool:
    """Tell somebody's own file from the name of a row."""
    return name.endswith(".py") or "/" in name or "\\" in name


def load(name: str | os.PathLike[str]) -> Implementation:
    """Load a row by its name, or somebody's own file by its path.

    Raises UnknownName (a KeyError), Unavailable where a library is missing, BrokenFile for an own file that
    does not exist, fails on import or has no `step`.
    """
    name = os.fspath(name)
    if is_own_file(name):
        return _load_own_file(Path(name))
    found = record(name)
    module = _import_row(found)
    return _implementation(found, module, Path(str(module.__file__)))


def own_record(path: Path) -> Record:
    """Describe somebody's own file; how many loops it is meant to have is not known."""
    return Record(path.name, "own file", loops=None, origin="its author", needs=())


def absent(found: Record) -> list[str]:
    """Return what a row needs and this Python lacks, by the names that pip knows."""
    return [_PIP_NAMES.get(library, library) for library in found.needs if not _is_installed(library)]


def missing(found: Record) -> str | None:
    """Say what a row needs and is not here, as `Unavailable` does; None where nothing is missing."""
    if found.device == "cuda" and (why := cuda_device.why_none()):
        return f"no CUDA device: {why}"
    names = absent(found)
    return f"not installed: pip install {' '.join(names)}" if names else None


def where_it_failed(error: BaseException, path: Path) -> str:
    """Describe an exception in one line, with the line of `path` that it came from."""
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
    except Exception:  # an exception of somebody's own file may fail even at this
        return ""
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def _import_row(found: Record) -> ModuleType:
    if reason := missing(found):
        raise Unavailable(reason)
    try:
        return importlib.import_module(f"impls.{found.name}")
    except ImportError as error:
        said = " ".join(str(error).split())
        raise Unavailable(f"does not load: {said}") from error


def _load_own_file(path: Path) -> Implementation:
    if not path.is_file():
        raise BrokenFile(f"{path}: no such file")
    own = own_record(path)  # before links are followed: a row is called what it was asked for
    path = path.resolve()
    spec = importlib.util.spec_from_file_location(f"own_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BrokenFile(f"{path.name}: not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses and pickle look for it
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit, or pytest's outcomes, end the file and not the run
        raise BrokenFile(where_it_failed(error, path)) from error
    if not callable(getattr(module, "step", None)):
        raise BrokenFile(f"{path.name}: has no function step(w, b, X, Y)")
    return _implementation(own, module, path)


def _implementation(found: Record, module: ModuleType, path: Path) -> Implementation:
    pools.forget()  # the module may have loaded a library with a thread pool
    plain = _as_lists if found.lists else _as_they_are
    return Implementation(found, path, module.step, getattr(module, "prepare", plain))


def _as_they_are(X: Array, Y: Array, threads: int) -> tuple[Array, Array]:
    return X, Y


def _as_lists(X: Array, Y: Array, threads: int) -> tuple[list[list[float]], list[float]]:
    return X.tolist(), Y[0].tolist()


def _on_lists(step: Callable[..., Any]) -> Callable[..., Any]:
    def step_on_lists(w: Array, b: float, X: Any, Y: Any) -> Any:
        J, dw, db = step(w[:, 0].tolist(), b, X, Y)
        return J, np.array(dw).reshape(-1, 1), db

    return step_on_lists


def _is_installed(library: str) -> bool:
    try:
        return importlib.util.find_spec(library) is not None
    except ValueError:  # a module without a spec, such as one set to None in sys.modules
        return False
