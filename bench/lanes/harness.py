"""The conductor's end of the lanes: starts them, asks them, and turns every way they can fail into `Lost`."""

import contextlib
import json
import math
import os
import random
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import psutil

from bench.lanes import guard
from bench.outcome import LeftOut
from reports.results import STATUSES

_LOOK_S = 0.2  # between two checks of a lane's memory; longer than a block, so that none is disturbed
_LONGEST_REPLY = 1 << 28  # bytes
_LONGEST_PADDING = 4096  # bytes
_POOLS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "NUMBA_NUM_THREADS"),
    *("NUMEXPR_NUM_THREADS", "NUMEXPR_MAX_THREADS", "VECLIB_MAXIMUM_THREADS", "NPROC"),
)


_FORGED = LeftOut("crashed", "wrote into the talk with the conductor")


class Lost(Exception):
    """A lane could not do what it was asked."""

    def __init__(self, why: LeftOut, ended: bool = False):
        super().__init__(why.reason)
        self.why = why
        self.ended = ended  # whether the process is gone, and not only the request


@contextmanager
def guarded(folder: Path) -> Iterator["Guard"]:
    """Guard processes, and a folder of temporary files, until this process ends in whatever way."""
    keeper = Guard(folder)
    try:
        yield keeper
    finally:
        keeper.end()


class Guard:
    """The conductor's end of `bench.lanes.guard`."""

    def __init__(self, folder: Path):
        self.folder = folder
        command = [sys.executable, "-S", "-E", guard.__file__, str(folder)]
        nowhere = subprocess.DEVNULL
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True
        )

    def watch(self, group: int) -> None:
        """Have a process group killed if this process ends."""
        self._order(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Leave a process group alone: it has ended."""
        self._order(f"-{group}\n")

    def end(self) -> None:
        """Have the guard do its last duty, and wait for it."""
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()

    def _order(self, line: str) -> None:
        assert self._process.stdin
        with contextlib.suppress(OSError, ValueError):  # the run continues without a guard that ended
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


class Harness:
    """One lane; it runs only while it answers, and is stopped in between, its spinning threads too."""

    def __init__(self, row: str, threads: int, cache: Path, memory_bytes: int, keeper: Guard):
        self._memory_bytes = memory_bytes
        self._keeper = keeper
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "bench.lanes.lane", row],  # -P: no modules from the user's folder
            env={
                **_environment(threads, cache),
                guard.MARK: str(keeper.folder),
                "TMPDIR": str(keeper.folder),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        keeper.watch(self._process.pid)
        self._unread, self._searched, self._asked = bytearray(), 0, 0

    def ready(self, limit_s: float) -> None:
        """Wait until the row is loaded; raises Lost."""
        self._listen(limit_s)

    def ask(self, limit_s: float, what: str, *needed: str, **arguments: Any) -> dict[str, Any]:
        """Ask for something; return a reply that has all that is needed, within `limit_s`; raises Lost."""
        self._asked += 1
        request = {"number": self._asked, "ask": what, **arguments}
        self._signal(signal.SIGCONT)
        assert self._process.stdin
        with contextlib.suppress(OSError):  # it has ended, which is heard below
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
        reply = self._listen(limit_s)
        if not all(name in reply for name in needed):
            self.end()
            raise Lost(_FORGED, ended=True)
        return reply

    def end(self) -> int:
        """End the lane and what it started in its own session; return its exit code."""
        self._signal(signal.SIGKILL)
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._keeper.forget(self._process.pid)
        return code

    def processor_s(self) -> float:
        """Return the processor time of the lane and of the processes that it started, in seconds."""
        total_s = 0.0
        with contextlib.suppress(psutil.Error):
            lane = psutil.Process(self._process.pid)
            for process in (lane, *lane.children(recursive=True)):
                total_s += sum(process.cpu_times()[:4])
        return total_s

    def _listen(self, limit_s: float) -> dict[str, Any]:
        try:
            line = self._line(limit_s)
        finally:
            self._signal(signal.SIGSTOP)
        if line is None:
            raise Lost(LeftOut("crashed", self._how_it_ended()), ended=True)
        reply = _parsed(line)
        if reply is None or reply["number"] != self._asked:
            self.end()
            raise Lost(_FORGED, ended=True)
        if "left_out" in reply:
            raise Lost(LeftOut(*reply["left_out"]))
        return reply

    def _line(self, limit_s: float) -> bytes | None:
        """Return the next line of the lane, or None at its end; raises Lost."""
        assert self._process.stdout
        deadline = monotonic() + limit_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while (end := self._unread.find(b"\n", self._searched)) < 0:
                self._searched = len(self._unread)
                if monotonic() >= deadline:
                    self.end()
                    raise Lost(LeftOut("killed", f"gave no answer for {limit_s:.0f} s"), ended=True)
                if selector.select(min(_LOOK_S, max(0.0, deadline - monotonic()))):
                    some = os.read(self._process.stdout.fileno(), 1 << 20)
                    self._unread += some
                    if not some or len(self._unread) > _LONGEST_REPLY:
                        return None
                elif self._process.poll() is not None:
                    return None  # though a child of it holds the pipe open
                else:
                    self._check_memory()
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        self._searched = 0
        return line

    def _check_memory(self) -> None:
        try:
            memory = psutil.Process(self._process.pid).memory_info()
        except psutil.Error:
            return
        held = memory.rss - getattr(memory, "shared", 0)
        if held > self._memory_bytes:
            self.end()
            reason = f"held {held / 1e9:.1f} GB of memory, the limit is {self._memory_bytes / 1e9:.1f} GB"
            raise Lost(LeftOut("killed", reason), ended=True)

    def _how_it_ended(self) -> str:
        """Say how a lane that went silent has ended, and end what it started."""
        try:
            code = self._process.wait(timeout=_LOOK_S)
        except subprocess.TimeoutExpired:
            self.end()
            return "went silent, or said too much at once"
        self.end()
        return _named(code)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, number)


def _environment(threads: int, cache: Path) -> dict[str, str]:
    """Return the environment of a lane; libraries read the size of their thread pools at import only."""
    environment = {**os.environ, **dict.fromkeys(_POOLS, str(threads)), "NUMBA_CACHE_DIR": str(cache)}
    environment.pop("NUMBA_DISABLE_JIT", None)
    # Lanes run the modules of this process, not others of the same names that lie elsewhere.
    paths = [str(Path(guard.__file__).parents[2]), os.environ.get("PYTHONPATH")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    # The size of the environment moves the stack, which can favour a program by its luck (T. Mytkowicz et
    # al., Producing wrong data without doing anything obviously wrong, ASPLOS 2009): here each process has
    # its own.
    environment["ZEROLOOP_PADDING"] = "x" * random.randrange(_LONGEST_PADDING)
    return environment


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return a reply that is whole; None for one that only a row can have written."""
    try:
        reply = json.loads(line)
        numbers = [value for name, value in reply.items() if name == "cores" or name.endswith("_s")]
        whole = isinstance(reply["number"], int) and all(0 <= number < math.inf for number in numbers)
        if "left_out" in reply:
            status, reason, error = reply["left_out"]
            whole = whole and status in STATUSES and isinstance(reason, str)
            whole = whole and (error is None or 0 <= error < math.inf)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    return dict(reply) if whole else None


def _named(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    said = {
        signal.SIGKILL: "killed from outside, as the system does where memory runs out",
        signal.SIGSEGV: "used memory that is not its own, or wrote to the data, which are read-only",
        signal.SIGABRT: "ended itself",
    }
    return f"{name}: {said[-code]}" if -code in said else name  # type: ignore[index]
