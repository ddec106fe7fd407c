"""The only module that writes files: they appear whole or not at all."""

import os
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
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(unfinished, 0o666 & ~_umask())  # mkstemp's files are for their owner only
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)  # it is gone if Ctrl-C came just after the last line
        raise


def _umask() -> int:
    """Return the permissions that this process takes from new files; reading them means setting them."""
    found = os.umask(0o077)
    os.umask(found)
    return found
