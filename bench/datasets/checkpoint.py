"""A training in a file: parameters, costs so far, and what it was trained on and how; replaced whole.

The file is NumPy's `.npz`, with w (n_x, 1), b, costs, alpha, data and version.
"""

import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from impls.errors import UserError
from impls.training import Fit
from reports import files

# What NumPy raises for a file that is none of its own, or not whole.
_DAMAGED = (OSError, ValueError, KeyError, EOFError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error)
_NO_TRAINING = "no training saved by zeroloop, or damaged; name another file"


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
        try:
            with np.load(io.BytesIO(self.path.read_bytes())) as file:
                w, b, costs = file["w"], float(file["b"]), file["costs"]
                alpha, data = float(file["alpha"]), str(file["data"])
        except FileNotFoundError:
            raise BadCheckpoint(f"{self.path}: no such file to continue from; leave out --resume") from None
        except _DAMAGED:
            raise BadCheckpoint(f"{self.path}: {_NO_TRAINING}") from None
        if data != self.data:
            raise BadCheckpoint(f"{self.path}: trained on {data}, but this is {self.data}; name another file")
        if alpha != self.alpha:
            raise BadCheckpoint(f"{self.path}: trained with --alpha {alpha}; continue with the same")
        if w.shape != (n_x, 1) or str(w.dtype) != dtype:
            raise BadCheckpoint(f"{self.path}: w is {w.dtype} {w.shape}, but {dtype} ({n_x}, 1) is needed")
        if costs.ndim != 1 or costs.dtype != float or not costs.size:
            raise BadCheckpoint(f"{self.path}: {_NO_TRAINING}")
        if not all(np.isfinite(numbers).all() for numbers in (w, b, costs)):
            raise BadCheckpoint(f"{self.path}: w, b or a cost is not finite; name another file")
        if len(costs) >= iterations:
            said = f"has {len(costs)} iterations already; ask for more with --iterations"
            raise BadCheckpoint(f"{self.path}: {said}")
        return Fit(w, b, costs.tolist(), converged=False)


def digest(source: str) -> str:
    """Return twelve characters that differ where two texts differ."""
    return hashlib.sha256(source.encode()).hexdigest()[:12]
