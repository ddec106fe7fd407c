"""The only module that writes files: they appear whole or not at all."""

import os
import secrets
import tempfile
from pathlib import Path


def check_writable(folder: Path) -> None:
    """Make the folder, and a file in it; raises OSError, with a message for a user, if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"cannot write to {folder}: {error.strerror}; choose another folder") from None


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole, or leave what was there; raises OSError, with a message for a user."""
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    try:
        _replace(path, data)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror}") from None


def _replace(path: Path, data: bytes) -> None:
    # Its name is known before it is made: Ctrl-C in between leaves nothing that nobody removes.
    unfinished = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
