"""The guard: a process that ends all others, and removes what they left, once the conductor is gone.

Even a conductor that is killed leaves no processes behind: its end of the pipe closes, and the guard takes
that as its last order. Orders are lines: `+GROUP` to watch a process group, `-GROUP` to forget it.

    python guard.py FOLDER

Processes that a row started in another session are found by their environment, if the system shows it.
"""

import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path

MARK = "ZEROLOOP_FOLDER"  # variable in the environment of lanes and of all processes that they start


def main(folder: str) -> None:
    """Follow orders until the pipe closes, then kill what is still watched and remove a folder."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            if f"{MARK}={folder}".encode() in environment.read_bytes().split(b"\0"):
                os.kill(int(environment.parent.name), signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    for signal_to_the_conductor in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_to_the_conductor, signal.SIG_IGN)
    main(sys.argv[1])
