"""What a citation of a run names: its id, when it was measured, and on which machine."""

from dataclasses import dataclass

from reports import wording
from reports.results import Results

_MODEL = 80  # most characters of the name of a processor or GPU


@dataclass(frozen=True)
class Citation:
    """One run, as it is cited."""

    run_id: str
    version: str  # of zeroloop
    year: str  # empty if the file has no readable date
    date: str
    gpu: str | None  # the GPU that rows were timed on
    machine: str


def cited(results: Results) -> Citation:
    """Return what a citation of these results names."""
    year, gpu = results.when[:4], gpu_of(results)
    return Citation(
        run_id=results.run_id,
        version=results.run.version,
        year=year if year.isdecimal() and year.isascii() else "",
        date=results.when[:10],
        gpu=gpu,
        machine=_machine(results, gpu),
    )


def gpu_of(results: Results) -> str | None:
    """Return the GPU that rows were timed on; None without such rows."""
    on_gpu = {row.name for row in results.run.rows if row.device == "cuda"}
    return results.environment.gpu if any(one.row in on_gpu for one in results.timings) else None


def _machine(results: Results, gpu: str | None) -> str:
    cpu, gpu = (
        wording.shortened(" ".join((name or "").split()), _MODEL) for name in (results.environment.cpu, gpu)
    )
    cores = wording.counted(results.environment.cores, "core")
    return f"{cpu}, {cores}{f', and {gpu}' if gpu else ''}"
