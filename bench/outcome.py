"""Why a row has no time, said the same way wherever it is asked to run."""

from typing import NamedTuple

import impls
from impls.errors import BadValue
from impls.records import Record
from impls.registry import where_it_failed
from impls.truth.gate import Refused

# Reasons that hold in every process.
EVERYWHERE = ("unsuited", "not installed", "does not load", "no CUDA device")


class LeftOut(NamedTuple):
    """The fields of the results file's `Unmeasured` that say why."""

    status: str
    reason: str
    error: float | None = None

    @property
    def failed(self) -> bool:
        """Whether the row is wrong, rather than one that cannot or need not run here."""
        return self.status == "failed"


def explain(error: BaseException, row: Record) -> LeftOut:
    """Say what kept a row from being measured, given what it raised while it was loaded, bound or run."""
    if isinstance(error, impls.Unavailable):
        return LeftOut(error.status, error.reason)
    if isinstance(error, impls.Unsuited) and not row.is_own:
        return LeftOut("unsuited", f"serves n_x = {row.n_x} only" if row.n_x else str(error))
    if isinstance(error, impls.BrokenFile):
        return LeftOut("failed", str(error).replace(str(row.own_path), row.name))  # results name no folders
    if isinstance(error, Refused):
        return LeftOut("failed", str(error), error.error)
    if type(error) is BadValue:  # what the row returned is no step
        return LeftOut("failed", f"{row.name}: {error}")
    return LeftOut("failed", where_it_failed(error, row.path))
