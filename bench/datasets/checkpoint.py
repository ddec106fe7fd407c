"""A training in a file: parameters, costs so far, and what it was trained on and how; replaced whole.

The file is NumPy's `.npz`, with w (n_x, 1), b, costs, alpha, data and version.
"""

import hashlib
import io
import warnings
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from impls.contract import Array
from impls.data.regular import regular_size
from impls.errors import UserError
from impls.training import Fit
from reports import files, wording

_NO_TRAINING = "no training saved by zeroloop, or damaged; name another file"
_MOST_COSTS_BYTES = 2**30  # a hundred million iterations
_ROUNDED_BELOW_0 = -1e-3  # a cost of almost 0, of a row that computes in float32
_LONGEST = 100  # most characters of what a file says about itself, in a message


class BadCheckpoint(UserError, ValueError):
    """A file holds no training that can continue; the message says why, and what to do."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a training is kept, and what distinguishes it from others."""

    path: Path
    data: str  # what computes, on which data: differs where the numbers may differ
    alpha: float

    def save(self, fit: Fit) -> None:
        """Write the file whole, or leave what was there; raises OSError."""
        content = io.BytesIO()
        about = {"alpha": self.alpha, "data": self.data, "version": metadata.version("zeroloop")}
        np.savez(content, w=fit.w, b=fit.b, costs=fit.costs, **about)  # type: ignore[arg-type]
        files.write_file(self.path, content.getvalue())

    def load(self, n_x: int, dtype: str, iterations: int) -> Fit:
        """Return what was saved; raises BadCheckpoint if this training cannot continue from there."""
        w, b, costs, alpha, data = self._read(n_x)
        if data != self.data:
            other = wording.shortened(data, _LONGEST)
            raise BadCheckpoint(
                f"{self.path}: trained on {other}, but this is {self.data}; name another file"
            )
        if alpha != self.alpha:
            raise BadCheckpoint(f"{self.path}: trained with --alpha {alpha}; continue with the same")
        if w.shape != (n_x, 1) or str(w.dtype) != dtype:
            raise BadCheckpoint(f"{self.path}: w is {w.dtype} {w.shape}, but {dtype} ({n_x}, 1) is needed")
        if costs.ndim != 1 or costs.dtype != float or not costs.size:
            raise self._no_training
        if not all(np.isfinite(numbers).all() for numbers in (w, b, costs)):
            raise BadCheckpoint(f"{self.path}: w, b or a cost is not finite; name another file")
        if costs.min() < _ROUNDED_BELOW_0:
            raise BadCheckpoint(f"{self.path}: a cost is {costs.min():g}, below 0; name another file")
        if len(costs) >= iterations:
            said = f"has {len(costs)} iterations already; ask for more with --iterations"
            raise BadCheckpoint(f"{self.path}: {said}")
        return Fit(w, b, costs.tolist(), converged=False)

    def _read(self, n_x: int) -> tuple[Array, float, Array, float, str]:
        """Return w, b, costs, alpha and data, in no more memory than the file takes; raises BadCheckpoint."""
        try:
            if regular_size(self.path) > _MOST_COSTS_BYTES + 8 * n_x:
                raise self._no_training
            content = self.path.open("rb")
        except FileNotFoundError:
            raise BadCheckpoint(f"{self.path}: no such file to continue from; leave out --resume") from None
        except OSError as error:
            raise BadCheckpoint(f"{self.path}: cannot be read: {error.strerror}; name another file") from None
        try:
            with content, warnings.catch_warnings(action="error"):
                with np.load(content) as file:
                    if any(member.compress_type for member in file.zip.infolist()):
                        raise self._no_training  # it may hold far more than it takes
                    w, b, costs, alpha, data = (file[name] for name in ("w", "b", "costs", "alpha", "data"))
                return w, float(b.reshape(())), costs, float(alpha.reshape(())), str(data.reshape(()))
        except Exception as error:  # NumPy and zipfile check little: damage may be an error of any kind
            raise self._no_training from error

    @property
    def _no_training(self) -> BadCheckpoint:
        return BadCheckpoint(f"{self.path}: {_NO_TRAINING}")


def digest(source: str) -> str:
    """Return twelve characters that differ where two texts differ."""
    return hashlib.sha256(source.encode()).hexdigest()[:12]
