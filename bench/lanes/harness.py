"""The conductor's end of the lanes: starts them, asks them, and turns every way they can fail into `Lost`."""

import contextlib
import json
import os
import random
import secrets
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

from bench.lanes import guard, tree
from bench.outcome import LeftOut
from reports.results import STATUSES

_LOOK_S = 0.2  # between two checks of a lane's memory; longer than a block, so that none is disturbed
_LONGEST_REPLY = 1 << 28  # bytes
_MOST = 2**63  # of any number; JSON has longer ones, which are no float
_LONGEST_PADDING = 4096  # bytes
_POOLS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "NUMBA_NUM_THREADS"),
    *("NUMEXPR_NUM_THREADS", "NUMEXPR_MAX_THREADS", "VECLIB_MAXIMUM_THREADS", "NPROC"),
)


_START = str(Path(guard.__file__).with_name("start.py"))
_LANE = "ZEROLOOP_LANE"  # variable in the environment of a lane and of all processes that it starts
_MOST_STILL_S = 0.02  # processor time that a lane may take until it stands still
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
        tree.adopt_orphans()
        self.folder = folder
        self.lanes: dict[int, str] = {}  # process and name of each lane that lives
        self.others: set[int] = set()  # children of this process that are of no lane
        command = [sys.executable, "-S", "-E", guard.__file__, str(folder)]
        nowhere = subprocess.DEVNULL
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True
        )
        self.spare_own_children()

    def spare_own_children(self) -> None:
        """Note what this process has started itself: while all lanes stand still, any child of no lane."""
        for pid in tree.children(os.getpid()) - self.lanes.keys() - self.others:
            if _variable(pid, _LANE) is None:
                self.others.add(pid)

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
        self._name, self._runs = secrets.token_hex(8), False
        self._orphans: set[int] = set()  # processes of the lane whose parent has ended
        self._process = subprocess.Popen(
            [sys.executable, "-P", _START, row],  # -P: no modules from the folder of that file
            env={
                **_environment(threads, cache),
                guard.MARK: str(keeper.folder),
                _LANE: self._name,
                "TMPDIR": str(keeper.folder),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        keeper.watch(self._process.pid)
        keeper.lanes[self._process.pid] = self._name
        self._unread, self._searched, self._asked = bytearray(), 0, 0
        self._stood_s: float | None = None  # the processor time of all its processes when they were stopped

    def ready(self, limit_s: float) -> None:
        """Wait until the row is loaded; raises Lost."""
        try:
            self._listen(limit_s)
        finally:
            self._stop()

    @contextmanager
    def continued(self) -> Iterator[None]:
        """Let the lane run, also between what it is asked; raises Lost if it ran while it stood still."""
        if self._runs:
            yield
            return
        self._check_stillness()
        self._keeper.spare_own_children()
        self._runs = True
        for pid in self._processes():
            _signal(pid, signal.SIGCONT)
        try:
            yield
        finally:
            self._runs = False
            self._stop()

    def ask(self, limit_s: float, what: str, *needed: str, **arguments: Any) -> dict[str, Any]:
        """Ask for something; return a reply that has all that is needed, within `limit_s`; raises Lost."""
        with self.continued():
            (reply,) = self.replies(limit_s, 1, what, **arguments)
        if not all(name in reply for name in needed):
            self.end()
            raise Lost(_FORGED, ended=True)
        return reply

    def replies(self, limit_s: float, number: int, what: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """Ask a lane that was continued, and return its replies as they come; raises Lost."""
        self._asked += 1
        request = {"number": self._asked, "ask": what, **arguments}
        assert self._process.stdin
        with contextlib.suppress(OSError):  # it has ended, which is heard below
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
        for _ in range(number):
            yield self._listen(limit_s)

    def end(self) -> int:
        """End the lane and all that it started; return its exit code."""
        self._signal_all(signal.SIGKILL)
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._keeper.lanes.pop(self._process.pid, None)
        for pid in self._orphans:
            _end_child(pid)
        self._adopt()
        self._keeper.forget(self._process.pid)
        return code

    def processor_s(self) -> float:
        """Return the processor time of the lane and of the processes that it started, in seconds."""
        return tree.processor_s(self._processes())

    def _listen(self, limit_s: float) -> dict[str, Any]:
        line = self._line(limit_s)
        if line is None:
            raise Lost(LeftOut("crashed", self._how_it_ended()), ended=True)
        reply = _parsed(line)
        if reply is None or reply["number"] != self._asked:
            self.end()
            raise Lost(_FORGED, ended=True)
        if "left_out" in reply:
            raise Lost(LeftOut(*reply["left_out"]))
        return reply

    def _processes(self) -> set[int]:
        """Return the lane and all that it started, as far as these live; nothing once it was waited for."""
        if self._process.returncode is not None:
            return set()
        return tree.descendants({self._process.pid, *self._orphans})

    def _stop(self) -> None:
        """Stop the lane, and note what processor time it has taken."""
        self._signal_all(signal.SIGSTOP)
        self._stood_s = self.processor_s()

    def _signal_all(self, number: int) -> None:
        """Send a signal to all processes of the lane, those too that they start meanwhile."""
        reached: set[int] = set()
        while new := self._processes() - reached:
            for pid in new:
                _signal(pid, number)
            reached |= new
            self._adopt()

    def _adopt(self) -> None:
        """Find what became a child of this process since its parent ended; end what is of no living lane."""
        keeper = self._keeper
        for pid in tree.children(os.getpid()) - keeper.lanes.keys() - keeper.others - self._orphans:
            lane = _variable(pid, _LANE)
            if lane not in keeper.lanes.values():
                _end_child(pid)
            elif lane == self._name:
                self._orphans.add(pid)

    def _check_stillness(self) -> None:
        if self._stood_s is not None and self.processor_s() - self._stood_s > _MOST_STILL_S:
            self.end()
            raise Lost(LeftOut("failed", "worked while another row had its turn"), ended=True)

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


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def _end_child(pid: int) -> None:
    _signal(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _variable(pid: int, name: str) -> str | None:
    """Return a variable of the environment with which a process was started; None where it has none."""
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if entry.startswith(f"{name}=".encode()):
                return entry.partition(b"=")[2].decode(errors="replace")
    return None


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
        numbers = [value for name, value in reply.items() if name.endswith("_s")]
        whole = isinstance(reply["number"], int) and all(0 <= number < _MOST for number in numbers)
        extra_bytes = reply.get("extra_bytes")
        whole = whole and (extra_bytes is None or (isinstance(extra_bytes, int) and 0 <= extra_bytes < _MOST))
        whole = whole and isinstance(reply.get("layer"), str | None)
        for name, version, threads in reply.get("pools", ()):
            whole = whole and isinstance(name, str) and isinstance(version, str | None)
            whole = whole and isinstance(threads, int)
        if "left_out" in reply:
            status, reason, error = reply["left_out"]
            whole = whole and status in STATUSES and isinstance(reason, str)
            whole = whole and (error is None or 0 <= error < _MOST)
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
