"""The results file while `zeroloop run` writes it: whole after every problem, and enough to resume from.

A run that is resumed drops what a process had begun on a problem, so nothing is written before that is done.
Only where a run ends is the file written with what was begun.
"""
# mypy: disable-error-code="no-untyped-call"

import dataclasses
import functools
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, BinaryIO

from pytest_benchmark.plugin import pytest_benchmark_generate_machine_info
from pytest_benchmark.stats import Stats
from pytest_benchmark.utils import get_commit_info

from bench import environment
from bench.lanes.entry import Entry
from bench.outcome import LeftOut
from bench.request import Request, Setting, describe_problem, describe_row
from impls.errors import UserError
from impls.records import Record
from reports import files, reading
from reports.results import (
    SCHEMA,
    Light,
    Noise,
    Plan,
    Pool,
    Results,
    Run,
    Spent,
    Timing,
    Training,
    Unmeasured,
)

_Place = tuple[Record, Setting]
_SPARE = 2  # space to keep free for the last write on a full disk, in multiples of the file's size


class Stale(UserError, ValueError):
    """A run cannot be resumed here; the message says what differs."""


class Replaced(UserError):
    """Another file has taken the place of a run's own; the message says where the run is kept."""


class Ledger:
    """Everything that a run has found out so far."""

    def __init__(self, path: Path, plan: Plan, asked: Request):
        self.path = path
        self.plan = plan
        self.done = 0  # how many pairs of process and setting are done, in their order
        self.interrupted = True  # until the run ends by itself
        self.timed_s = self.total_s = 0.0
        self.noise = Noise(None, None, None)
        self.lights: dict[tuple[Setting, str], Light] = {}  # by device too
        self.entries: dict[_Place, Entry] = {}
        self.twins: dict[_Place, Entry] = {}
        self._asked = asked
        self._rows = {row: describe_row(row) for row in asked.rows}
        self._unmeasured: dict[tuple[Record, Setting, int | None], Unmeasured] = {}
        self._when = datetime.now(UTC).isoformat()
        self._machine_info = pytest_benchmark_generate_machine_info()
        self._machine_info["node"] = self._machine_info["release"] = ""
        cpu = self._machine_info.get("cpu", {}).get("brand_raw")
        self._environment = environment.describe(cpu, environment.load())
        self._commit_info = get_commit_info()
        self._spare: BinaryIO | None = None
        self._digest = _digest(path)  # of the file as this run knows it; None without one

    def change(self, row: Record, setting: Setting, twin: bool = False) -> Entry:
        """Return a row's entry, to be changed."""
        return (self.twins if twin else self.entries).setdefault((row, setting), Entry())

    def lose(self, row: Record, setting: Setting, why: LeftOut, process: int | None) -> None:
        """Keep why a row has no time, in one process (the first is 0) or at all."""
        number = None if process is None else process + 1
        lost = Unmeasured(row.name, *setting.key, *why, process=number)
        self._unmeasured[row, setting, number] = lost

    def check_code(self) -> None:
        """Raise Stale if the code of zeroloop has changed since this process loaded it."""
        if code_digest() != code_digest.__wrapped__():
            raise Stale("the code of zeroloop has changed since the run began")

    def has_changed(self, row: Record) -> bool:
        """Return whether a row's file was changed or removed since the run began."""
        return self._rows[row].source != row.source

    def is_left_out(self, row: Record, setting: Setting) -> bool:
        """Return whether a row has no time on a setting, and gets none in any process."""
        return (row, setting, None) in self._unmeasured

    def is_timed(self, row: Record, setting: Setting) -> bool:
        """Return whether a row has a time on a setting."""
        entry = self.entries.get((row, setting))
        return entry is not None and any(entry.blocks_s)

    def has_failed(self, row: Record, setting: Setting) -> bool:
        """Return whether a row was wrong on a setting in any process; it is then shown without a time."""
        return any(
            key[:2] == (row, setting) and lost.status == "failed" for key, lost in self._unmeasured.items()
        )

    def add_light(self, light: Light) -> None:
        """Keep the speed of light of one process; the shortest of all processes counts."""
        key = self._setting(light), light.device
        before = self.lights.get(key, light)
        read_s, link_s = min(before.read_s, light.read_s), min(before.link_s, light.link_s)
        self.lights[key] = dataclasses.replace(light, read_s=read_s, link_s=link_s)

    def add_pools(self, pools: Iterable[Pool], layer: str | None) -> None:
        """Keep which thread pools ran in the lanes."""
        found = dict.fromkeys((*self._environment.pools, *pools))
        self._environment = dataclasses.replace(
            self._environment,
            pools=tuple(sorted(found, key=lambda pool: (pool.name, pool.threads, pool.version or ""))),
            threading_layer=layer or self._environment.threading_layer,
        )

    @property
    def document(self) -> dict[str, Any]:
        """The results file's document."""
        return dict(json.loads(self._text()))

    @property
    def results(self) -> Results:
        """What is known so far, as reports read it."""
        return reading.parse(self.document)

    def save(self) -> None:
        """Write the whole file; raises OSError if that fails, and leaves the last one as it was.

        Where another file has taken its place since, that is left too: this run goes to a file beside it, and
        Replaced says so.
        """
        text, place = self._text(), self.path
        if _digest(place) not in (self._digest, None):
            self.path = place.with_name(f"{place.stem}-{secrets.token_hex(4)}.json")
        try:
            if self._spare is None:
                self._spare = _spare(self.path, _SPARE * len(text) + (1 << 20))
            self._write(text)
        except OSError:
            if self._spare is None:
                raise
            self._spare.close()
            self._write(text)  # the last that this disk takes
            raise
        if self.path != place:
            raise Replaced(f"{place}: another file has taken its place; this run is kept in {self.path}")

    def _write(self, text: str) -> None:
        files.write_file(self.path, text)
        self._digest = hashlib.sha256(text.encode()).digest()

    def conclude(self) -> None:
        """Note the load at the end, and save; raises OSError."""
        self._environment = dataclasses.replace(self._environment, load_after=environment.load())
        self.save()

    def close(self) -> None:
        """Give back the space that was kept free."""
        if self._spare:
            self._spare.close()

    def resume(self, found: Results, settings: Sequence[Setting]) -> None:
        """Take over what an interrupted run has finished; raises Stale if machine or code have changed."""
        self._check(found)
        run = found.run
        self._when, self._commit_info = found.when, found.document["commit_info"]
        self._environment = found.environment
        self.done = run.done or 0
        self.noise = run.noise or self.noise
        if run.spent:
            self.timed_s, self.total_s = run.spent.timed_s, run.spent.total_s
        self.lights = {(self._setting(one), one.device): one for one in run.lights}
        rows = {row.name: row for row in self._asked.rows}
        for timings, entries in ((found.timings, self.entries), (run.twins, self.twins)):
            for timing in timings:
                setting = self._setting(timing)
                entry = Entry.of(timing, self._finished(setting, settings))
                if any(entry.blocks_s):
                    entries[rows[timing.row], setting] = entry
        for training in run.trainings:
            if timed := self.entries.get((rows[training.row], self._setting(training))):
                # A row trains in all processes that have timed it, or in none.
                finished = [process for process, blocks_s in enumerate(timed.blocks_s) if blocks_s]
                for process, wall_s in zip(finished, training.wall_s, strict=False):
                    timed.add_training(process, wall_s, list(training.costs))
        for lost in run.unmeasured:
            setting = self._setting(lost)
            if lost.process is None or lost.process <= self._finished(setting, settings):
                self._unmeasured[rows[lost.row], setting, lost.process] = lost

    def _setting(self, one: Timing | Training | Unmeasured | Light) -> Setting:
        shape = next(shape for shape in self._asked.shapes if shape.name == one.problem)
        return Setting(shape, one.dtype, one.threads)

    def _finished(self, setting: Setting, settings: Sequence[Setting]) -> int:
        """Return the number of processes that are done with a setting."""
        whole, part = divmod(self.done, len(settings))
        return whole + (settings.index(setting) < part)

    def _check(self, found: Results) -> None:
        here, there = self._environment, found.environment
        for what in ("cpu", "gpu", "cores", "memory_bytes", "system", "python"):
            if getattr(here, what) != getattr(there, what):
                raise Stale(f"{what} is {getattr(here, what)} here, but was {getattr(there, what)}")
        for library in sorted({*here.versions, *there.versions}):
            version, before = here.versions.get(library), there.versions.get(library)
            if version != before:
                raise Stale(
                    f"{library} is {version or 'not installed'} here, but was {before or 'not there'}"
                )
        if found.run.code != code_digest():
            raise Stale("the code of zeroloop has changed since then")
        for row, before_row in zip(self._rows.values(), found.run.rows, strict=True):
            if row.source != before_row.source:
                raise Stale(f"the file of {row.name} has changed since then")

    def _text(self) -> str:
        head = {
            "machine_info": {**self._machine_info, "zeroloop": asdict(self._environment)},
            "commit_info": self._commit_info,
            "datetime": self._when,
            "version": metadata.version("pytest-benchmark"),
            "zeroloop": asdict(self._run()),
        }
        benchmarks = ",\n".join(
            json.dumps(self._benchmark(*key, self.entries[key]), allow_nan=False)
            for key in self._in_order(self.entries)
            if any(self.entries[key].blocks_s)
        )
        return f'{json.dumps(head, allow_nan=False)[:-1]},\n"benchmarks": [\n{benchmarks}\n]}}\n'

    def _run(self) -> Run:
        return Run(
            schema=SCHEMA,
            version=metadata.version("zeroloop"),
            kind="run",
            interrupted=self.interrupted,
            rows=tuple(self._rows.values()),
            problems=tuple(map(describe_problem, self._asked.shapes)),
            unmeasured=tuple(self._unmeasured[key] for key in sorted(self._unmeasured, key=self._place)),
            lights=tuple(self.lights.values()),
            twins=tuple(
                self.twins[key].timing(*key)
                for key in self._in_order(self.twins)
                if any(self.twins[key].blocks_s)
            ),
            trainings=tuple(
                self.entries[key].training(*key)
                for key in self._in_order(self.entries)
                if self.entries[key].trained_s
            ),
            plan=self.plan,
            done=self.done,
            noise=self.noise,
            spent=Spent(self.timed_s, self.total_s),
            code=code_digest(),
        )

    def _in_order(self, entries: dict[_Place, Entry]) -> list[_Place]:
        """Return keys in an order that does not depend on when the rows had their turns."""
        return sorted(entries, key=lambda key: self._place((*key, None)))

    def _place(self, key: tuple[Record, Setting, int | None]) -> tuple[int, ...]:
        row, setting, process = key
        return (
            self._asked.shapes.index(setting.shape),
            self.plan.dtypes.index(setting.dtype),
            self.plan.thread_counts.index(setting.threads),
            self._asked.rows.index(row),
            process or 0,
        )

    def _benchmark(self, row: Record, setting: Setting, entry: Entry) -> dict[str, Any]:
        """Return an entry of pytest-benchmark's list, named as its own would be."""
        stats = Stats()
        for process in entry.blocks_s:
            for block_s in process:
                stats.update(block_s)
        problem, dtype, threads = setting.key
        name = f"{problem}-{dtype}-{threads}t-{row.name}"
        return {
            "group": f"{problem} {dtype} {threads}t",
            "name": f"test_step[{name}]",
            "fullname": f"bench/quick/test_step.py::test_step[{name}]",
            "params": {"problem": problem, "dtype": dtype, "threads": threads, "row": row.name},
            "param": name,
            "extra_info": asdict(entry.timing(row, setting)),
            "options": {"timer": "perf_counter", "disable_gc": False, "warmup": True},
            "stats": {**stats.as_dict(), "iterations": 1},
        }


@functools.cache
def code_digest() -> str:
    """Return a hash of all code that is measured, and that measures."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[2]
    for file in sorted((*root.glob("impls/**/*.py"), *root.glob("bench/**/*.py"))):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _digest(path: Path) -> bytes | None:
    return hashlib.sha256(path.read_bytes()).digest() if path.is_file() else None


def _spare(path: Path, size: int) -> BinaryIO | None:
    """Reserve space beside a file, until this process ends; None if the system cannot; raises OSError."""
    if not hasattr(os, "posix_fallocate"):
        return None
    file: BinaryIO = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 - stays open
    try:
        os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        file.close()
        raise OSError(f"cannot write {path}: {error.strerror}") from None
    return file
