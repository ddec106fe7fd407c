"""The table of rows, all ways to run the step, in teaching order. A new row is a file and a line here."""

import ast
import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from impls import reach
from impls.errors import Unavailable, UnknownName, not_installed
from impls.kernels import cuda_device

_FOLDER = Path(__file__).parent
# Libraries whose name for pip differs from their module's. CuPy has one package for each version of CUDA.
_PIP_NAMES = {"sklearn": "scikit-learn", "cupy": "'cupy-cuda13x[ctk]'"}


@dataclass(frozen=True)
class Record:
    """What is known of a row, or of a user's own file, before it is loaded.

    A row has the name of its file in `impls`; its title is the first line of that file.
    """

    name: str
    loops: int | None  # depth of the nested loops that a reader sees; None if unknown
    origin: str  # where this way of computing comes from
    needs: tuple[str, ...] = ("numpy",)  # libraries that its module imports
    lists: bool = False  # whether it computes on lists of floats instead of arrays
    n_x: int | None = None  # the only number of features that it accepts; None for any
    side: str | None = None  # in the contest: "ours", or "peer" for what a user would otherwise choose
    device: str = "cpu"  # "cpu" or "cuda"
    own_path: Path | None = None  # path of a user's own file, as the user wrote it

    @property
    def is_own(self) -> bool:
        """Whether it is a user's own file."""
        return self.own_path is not None

    @property
    def spelling(self) -> str:
        """The text for which `find` returns this record, in another process too."""
        return str(self.path) if self.is_own else self.name

    @property
    def path(self) -> Path:
        """The path of its file, which may not exist; links are followed."""
        return self.own_path.resolve() if self.own_path else _FOLDER / f"{self.name}.py"

    @property
    def source(self) -> str:
        """The text of its file; empty if there is none."""
        return _text(self.path)

    @property
    def title(self) -> str:
        """What it is, in one line: the first of its docstring."""
        return "own file" if self.is_own else _first_line(self.path)

    @property
    def keeps_code(self) -> bool:
        """Whether its compiled code is kept on disk, for the next process."""
        return "numba" in self.needs and self.device == "cpu"

    @property
    def helpers(self) -> tuple[str | None, str | None]:
        """The code of other files that its step runs, and that only its `prepare` does; None without any."""
        step, prepare = reach.texts(self.source) or ({}, {})
        return reach.joined(step), reach.joined(prepare)

    @property
    def kernels(self) -> tuple[str, ...]:
        """The files of compiled functions that it shares with other rows."""
        step, _ = reach.texts(self.source) or ({}, {})
        return tuple(file for file in step if file.startswith("kernels/"))

    @property
    def on_disk(self) -> bool:
        """Whether it reads its data from disk, chunk by chunk, and not from memory."""
        return "zarr" in self.needs

    @property
    def is_interpreted(self) -> bool:
        """Whether its loops run in Python's interpreter, so that its time grows in proportion to the data."""
        return bool(self.loops) and set(self.needs) <= {"numpy"}

    @property
    def absent(self) -> list[str]:
        """The libraries that it needs and that are not installed, by their names for pip."""
        return [_PIP_NAMES.get(library, library) for library in self.needs if not _is_installed(library)]

    @property
    def missing(self) -> Unavailable | None:
        """The error for what it needs and is missing here; None if it can run."""
        if self.device == "cuda" and (why := cuda_device.why_none()):
            return Unavailable("no CUDA device", why)
        return not_installed(*absent) if (absent := self.absent) else None


_FIRST_NOTES, _SECOND_NOTES = "the notes on gradient descent", "the notes on vectorizing"
_OURS = "this project, to be the fastest on a processor"
_OURS_ON_GPU = "this project, to be the fastest on a GPU"
_NUMBA, _TORCH, _JAX = (("numpy", library) for library in ("numba", "torch", "jax"))

RECORDS = (
    Record("python_two_features", 1, _FIRST_NOTES, needs=(), lists=True, n_x=2),
    Record("python_two_loop", 2, _FIRST_NOTES, needs=(), lists=True),
    Record("numpy_two_loop", 2, "what students write"),
    Record("numpy_one_loop", 1, _SECOND_NOTES),
    Record("numpy_zero_loop", 0, _SECOND_NOTES, side="peer"),
    Record("numba_two_loop", 2, "the two-loop lesson, compiled", _NUMBA),
    Record("numba_parallel", 3, "the two-loop lesson, compiled, on all cores", _NUMBA),
    Record("numba_fused", 3, _OURS, _NUMBA, side="ours"),
    Record("numba_fused_packed", 3, _OURS, _NUMBA, side="ours"),
    Record("numba_chunks", 3, "this project, past one memory", (*_NUMBA, "zarr")),
    Record("dask_chunks", 3, "this project, past one machine", (*_NUMBA, "zarr", "distributed")),
    Record("numexpr_zero_loop", 0, "what users of numexpr write", ("numpy", "numexpr"), side="peer"),
    Record("sklearn_loss", 0, "scikit-learn's own solvers", ("numpy", "sklearn"), side="peer"),
    Record("torch_step", 0, "what users of PyTorch pick for speed", _TORCH, side="peer"),
    Record("torch_autograd", 0, "what users of PyTorch pick", _TORCH, side="peer"),
    Record("jax_step", 0, "what users of JAX pick for speed", _JAX, side="peer"),
    Record("jax_autograd", 0, "what users of JAX pick", _JAX, side="peer"),
    Record("cupy_zero_loop", 0, "the notes, which name GPUs", ("numpy", "cupy"), device="cuda"),
    Record("numba_cuda_fused", 2, _OURS_ON_GPU, _NUMBA, device="cuda"),
    Record("torch_gpu", 0, "what users of PyTorch pick for speed", _TORCH, device="cuda"),
    Record("jax_gpu", 0, "what users of JAX pick for speed", _JAX, device="cuda"),
)


def names() -> tuple[str, ...]:
    """Return the names of all rows, in teaching order."""
    return tuple(record.name for record in RECORDS)


def find(text: str) -> Record:
    """Return the record of a row, by its name, or of a user's own file, by its path; raises UnknownName.

    An own file is named as the user wrote it, even if that is a link to another file.
    """
    if text.endswith(".py") or "/" in text or "\\" in text:
        path = Path(text)
        return Record(path.name, None, "its author", needs=(), own_path=path)
    for record in RECORDS:
        if record.name == text:
            return record
    raise UnknownName("implementation", text, names())


def _text(path: Path) -> str:
    if not path.is_file():  # reading a pipe would never end
        return ""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@functools.cache
def _first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
    return docstring.splitlines()[0].removesuffix(".")


def _is_installed(library: str) -> bool:
    try:
        return importlib.util.find_spec(library) is not None
    except ValueError:  # a module without a spec, such as one set to None in sys.modules
        return False
