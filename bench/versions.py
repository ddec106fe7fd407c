"""Two versions of a file, or of a row: mine.py and mine.py@HEAD~1, which is the file at a revision of git.

Of a revision, all Python files in the file's folder and below are written to a folder of their own, so that
a file finds the neighbours that it had then.
"""

import io
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from bench.request import BadRequest
from impls import records
from impls.records import Record

_COMMIT_DIGITS = 12


def versions(texts: Sequence[str], folder: Path) -> tuple[Record, ...]:
    """Return the rows that texts name, under names that differ; raises BadRequest and UnknownName.

    A text is the name of a row, the path of a file, or such a path with @ and a revision. The files of a
    revision are written to `folder`, which is needed as long as the rows are.
    """
    named = {(path.absolute(), revision) for path, revision in map(_parts, texts)}
    rows = [_row(text, folder) for text in texts]
    if min(len(named), len({row.spelling for row in rows})) < len(rows):
        raise BadRequest(f"{' and '.join(texts)} are the same: nothing can be compared")
    for parts in count(2):
        if len({row.name for row in rows}) == len(rows):
            return tuple(rows)
        rows = [_renamed(row, text, parts) for row, text in zip(rows, texts, strict=True)]
    raise AssertionError  # for mypy, to which a count may end


def _row(text: str, folder: Path) -> Record:
    path, revision = _parts(text)
    if revision is not None:
        return _at(text, path, revision, Path(tempfile.mkdtemp(dir=folder.resolve())))
    return records.find(text)


def _parts(text: str) -> tuple[Path, str | None]:
    """Take a path and a revision apart."""
    stem, at, revision = text.partition(".py@")
    return (Path(f"{stem}.py"), revision) if at else (Path(text), None)


def _renamed(row: Record, text: str, parts: int) -> Record:
    """Name an own file by so many of the last parts of its path."""
    path, revision = _parts(text)
    name = "/".join(path.absolute().parts[-parts:])
    return replace(row, name=f"{name}@{revision}" if revision else name) if row.is_own else row


def _at(text: str, path: Path, revision: str, folder: Path) -> Record:
    """Write the Python files beside a file, as they were at a revision, and return that file's record."""

    def git(*arguments: str, if_not: str = "") -> bytes:
        return _git(text, path.parent, arguments, if_not)

    git("rev-parse", "--git-dir")
    absent = f"its repository has no revision {revision!r}"
    commit = git("rev-parse", "--verify", f"{revision}^{{commit}}", if_not=absent).decode().strip()
    git("cat-file", "-e", f"{commit}:./{path.name}", if_not=f"there is no {path.name} at {revision!r}")
    with zipfile.ZipFile(io.BytesIO(git("archive", "--format=zip", commit, "*.py"))) as files:
        files.extractall(folder)
    return replace(
        records.find(str(folder / path.name)),
        name=f"{path.name}@{revision}",
        origin=f"its author, at commit {commit[:_COMMIT_DIGITS]}",
    )


def _git(text: str, folder: Path, arguments: Sequence[str], if_not: str) -> bytes:
    """Return what git prints in a folder; raises BadRequest with a reason, or else with git's own."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise BadRequest(f"{text}: git is not installed, and revisions are its own") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise BadRequest(f"{text}: {if_not or said}")
    return done.stdout
