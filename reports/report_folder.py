"""The folder of a report: whether it is free for a run."""

import json
from pathlib import Path

from impls.errors import UserError
from reports.reading import run_id

PAGE, RESULTS = "index.html", "results.json"
_TITLE = "<title>zeroloop, run {}</title>"  # as in templates/report.html


class Occupied(UserError, FileExistsError):
    """The folder contains another run; the message names the file and says what to do."""

    __str__ = Exception.__str__  # OSError's own expects an error number


def check_free(folder: Path, run: str) -> None:
    """Raise Occupied if the folder contains results or a page of another run, or OSError."""
    results, page = folder / RESULTS, folder / PAGE
    if results.exists() and not _holds(results, run):
        raise Occupied(_refusal(results, run))
    if page.exists() and not is_page_of(page, run):
        raise Occupied(_refusal(page, run))


def is_page_of(page: Path, run: str) -> bool:
    """Return whether a file is the report of a run; raises OSError."""
    return page.is_file() and _TITLE.format(run).encode() in page.read_bytes()


def _holds(results: Path, run: str) -> bool:
    try:
        return run_id(json.loads(results.read_bytes())) == run
    except (ValueError, RecursionError):
        return False


def _refusal(path: Path, run: str) -> str:
    return f"{path} is not of run {run}, and would be lost; choose another folder, or move that file away"
