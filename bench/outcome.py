"""Why a row has no time, said the same way wherever it is asked to run."""

from typing import NamedTuple

import impls
from bench.selection import display_name, path_of
from impls.registry import is_own_file, record, where_it_failed
from impls.truth.gate import Refused

# Of a row, or its data, and of no single process.
EVERYWHERE = ("unsuited", "not installed", "does not load", "no CUDA device")


class LeftOut(NamedTuple):
    """The fields of the results file's `Unmeasured` that say why."""

    status: str
    reason: str
    error: float | None = None

    @property
    def failed(self) -> bool:
        """Tell a wrong row from one that cannot or need not run here."""
        return self.status == "failed"


def explain(error: BaseException, row: str) -> LeftOut:
    """Say what kept a row from being measured, given what it raised while it was loaded, bound or run."""
    if isinstance(error, impls.Unavailable):
        status, _, reason = str(error).partition(": ")
        return LeftOut(status, reason)
    if isinstance(error, impls.Unsuited) and not is_own_file(row):
        n_x = record(row).n_x
        return LeftOut("unsuited", f"serves n_x = {n_x} only" if n_x else str(error))
    if isinstance(error, impls.BrokenFile):
        return LeftOut("failed", str(error).replace(row, display_name(row)))  # results name no folders
    if isinstance(error, Refused):
        return LeftOut("failed", str(error), error.error)
    return LeftOut("failed", where_it_failed(error, path_of(row)))
