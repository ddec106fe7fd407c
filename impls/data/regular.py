"""Files that were named by a user, or found in a folder: only regular ones are opened."""

import errno
import stat
from pathlib import Path


def regular_size(file: Path) -> int:
    """Return the bytes of a regular file; raises OSError for any other: a pipe or a device may never end."""
    about = file.stat()
    if not stat.S_ISREG(about.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(file))
    return about.st_size
