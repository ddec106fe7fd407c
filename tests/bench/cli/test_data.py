"""`zeroloop data`: what it prints and refuses, and what is left when it is ended, or the disk is full."""

import contextlib
import gzip
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as arrow
import pytest
import zarr
from pyarrow import parquet

from bench.datasets import maker
from bench.locking import alone_in
from impls.data.writing import unfinished
from tests.bench.helpers import message, refused, zeroloop

MAKE = ("data", "make", "new.zarr", "--shape=3x100000", "--chunk=100kB", "--threads=2")  # 14 chunks


def files(path):
    return {file.relative_to(path): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# What is said


def test_make_says_what_it_made(here):
    result = zeroloop("data", "make", "below/new.zarr", *MAKE[3:])
    assert result.output == "below/new.zarr: 3 x 100,000, float32, 14 chunks of 7,680 examples, 1.72 MB\n"
    result = zeroloop("data", "make", "one.zarr", "--shape=2x5", "--dtype=float64")
    assert result.output == "one.zarr: 2 x 5, float64, 1 chunk of 5 examples, 120 B\n"
    group = zarr.open_group(here / "one.zarr", mode="r")
    assert group["X"].shape == (2, 5)
    assert group.attrs["seed"] == 1


def test_seeds(here):
    for name, seed in (("a.zarr", 1), ("b.zarr", 2), ("c.zarr", 2**64)):
        assert zeroloop("data", "make", name, "--shape=2x50", f"--seed={seed}").exit_code == 0
    numbers = [zarr.open_group(here / name, mode="r")["X"][:] for name in ("a.zarr", "b.zarr", "c.zarr")]
    assert len(np.unique(numbers)) == 300


def test_sizes_of_chunks(here):
    said = "Invalid value for '--chunk': '600B' is no size; write 500kB, "
    assert refused("data", "make", "new.zarr", "--shape=3x500", "--chunk=600B").startswith(said)
    sizes = {"1.2kB": 100, "1.2 KB": 100, "1KiB": 85, "0.0012mb": 100, "1GiB": 500}
    for number, (size, examples) in enumerate(sizes.items()):
        result = zeroloop("data", "make", f"{number}.zarr", "--shape=3x500", "--chunk", size)
        assert f" of {examples} examples, " in result.output, size


def test_import_says_what_it_made(here):
    (here / "small.old.csv").write_text("1,2,3\n0,4,5\n")
    result = zeroloop("data", "import", "small.old.csv", "--label=0")
    assert result.output == "small.zarr: 2 x 2, float32, 1 chunk of 2 examples, 24 B\n"
    result = zeroloop("data", "import", "small.old.csv", "--label=0", "-o", "below/b.zarr", "--dtype=float64")
    assert result.output == "below/b.zarr: 2 x 2, float64, 1 chunk of 2 examples, 48 B\n"


REFUSED = [
    (["make", "new.zarr"], "Missing option '--shape'."),
    (["make", "new.zarr", "--shape=3-5"], "Invalid value for '--shape': '3-5' is no shape; write 28x"),
    (["make", "new.zarr", "--shape=higgs"], "Invalid value for '--shape': 'higgs' is no shape; write "),
    (["make", "new.zarr", "--shape=0x5"], "Invalid value for '--shape': '0x5' is no shape; write "),
    (["make", "new", "--shape=3x5"], "Invalid value for 'DATA.zarr': 'new': the name of a data set ends"),
    (["make", "old.zarr", "--shape=3x5"], "old.zarr is there already: remove it, or choose another name"),
    (["make", "new.zarr", "--shape=3x5", "--chunk=32"], "Invalid value for '--chunk': '32' is no size"),
    (["make", "new.zarr", "--shape=3x5", "--chunk=0MB"], "Invalid value for '--chunk': '0MB' is no size"),
    (["make", "new.zarr", "--shape=3x5", "--threads=0"], "threads: 0, but a whole number from 1 to 1024"),
    (["make", "new.zarr", "--shape=3x5", "--seed=-1"], "Invalid value for '--seed': -1 is not in the"),
    (["make", "new.zarr", "--shape=9999999999x1"], "a chunk for "),
    (["make", "new.zarr", "--shape=28x999999999999"], "new.zarr: 116 TB are needed, but only "),
    (
        ["make", "file/new.zarr", "--shape=3x5"],
        "cannot write to file: File exists; choose another folder",
    ),
    (["make", "/proc/new.zarr", "--shape=3x5"], "cannot write to /proc: "),
    (["import", "none.csv", "--label=0"], "Invalid value for 'FILE': File 'none.csv' does not exist."),
    (["import", "file"], "Missing option '--label'."),
    (["import", "file", "--label=0"], "file: is empty"),
    (
        ["import", "file", "--label=0", "-o", "new"],
        "Invalid value for '-o' / '--output': 'new': the",
    ),
    (
        ["import", "good.csv", "--label=2"],
        "good.csv: no column '2'; without a header they are",
    ),
    (["import", "good.csv", "--label=0", "-o", "old.zarr"], "old.zarr is there already: remove it, or "),
    (["import", "good.csv", "--label=0", "--chunk=9999999GB"], "a chunk takes 40,000 TB of memory, but"),
    (["mke"], "No such command 'mke'. Did you mean 'make'?"),
]


def test_what_is_refused(here):
    (here / "file").touch()
    (here / "good.csv").write_text("1,2\n0,3\n")
    (here / "old.zarr").mkdir()
    for arguments, expected in REFUSED:
        assert refused("data", *arguments).startswith(expected)
        assert {path.name for path in here.iterdir()} == {"file", "good.csv", "old.zarr"}


def test_a_disk_that_is_too_small(here, monkeypatch):
    part = unfinished(here / "new.zarr")
    free = SimpleNamespace(free=1_720_319)  # a byte less than X and Y in whole chunks
    monkeypatch.setattr(maker.shutil, "disk_usage", lambda _: free)
    result = zeroloop(*MAKE)
    assert result.exit_code == 2
    sizes = "1.72 MB are needed, but only 1.72 MB are free on its disk"
    assert message(result) == f"new.zarr: {sizes}; choose another folder, or a smaller shape"
    assert not part.exists()
    free.free += 1
    assert zeroloop(*MAKE).exit_code == 0


@pytest.mark.parametrize("library", ["zarr", "pyarrow"])
def test_what_is_missing(here, monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    (here / "good.csv").write_text("1,2\n0,3\n")
    commands = [["import", "good.csv", "--label=0"]] + [["make", "new.zarr", "--shape=2x5"]] * (
        library == "zarr"
    )
    for command in commands:
        result = zeroloop("data", *command)
        assert result.exit_code == 2
        assert message(result) == f"not installed: pip install {library}"
    assert [path.name for path in here.iterdir()] == ["good.csv"]


def test_two_do_not_write_one_data_set(here):
    part = unfinished(here / "new.zarr")
    part.mkdir()
    with alone_in(part, "a test"):
        result = zeroloop("data", "make", "new.zarr", "--shape=3x5")
    assert result.exit_code == 2
    assert message(result) == "new.zarr.part: another command writes there; two at once disturb each other"


# Ended midway: in processes of their own, which a signal can end


LARGE = ("make", "new.zarr", "--shape=28x1000000", "--chunk=1MB", "--threads=2")  # 115 chunks


def started(folder, *arguments, prepare=lambda: None, stderr=subprocess.PIPE):
    script = shutil.which("zeroloop", path=Path(sys.executable).parent)
    return subprocess.Popen(
        [script, "data", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        preexec_fn=prepare,
    )


def ended_after(folder, chunks, number, *arguments):
    """Send a signal to a command once it has written some chunks; return its exit code and what it said."""
    part, end = folder / "new.zarr.part", time.monotonic() + 60
    with started(folder, *arguments) as process:
        try:
            while not part.exists() or count(part) < chunks:
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.002)
            process.send_signal(number)
            out, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert "Traceback" not in said
    assert not out
    return process.returncode, said


def count(part):
    return len([file for file in part.glob("Y/c/0/*") if file.name.isdecimal()])


def carried_out(folder, *arguments):
    process = started(folder, *arguments)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return files(folder / "new.zarr")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data set whose making nobody ended."""
    return carried_out(tmp_path_factory.mktemp("made"), *LARGE)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "chunks"), [("SIGKILL", 5), ("SIGINT", 0), ("SIGTERM", 5)])
def test_what_was_ended_goes_on_to_the_same_bytes(tmp_path, made, number, chunks):
    code, said = ended_after(tmp_path, chunks, getattr(signal, number), *LARGE)
    written = count(tmp_path / "new.zarr.part")
    assert chunks <= written < 100, "a signal ends it at once"
    if number == "SIGKILL":
        assert code == -signal.SIGKILL
    else:
        assert code == 130
        so_far = f"{written} of 115 chunks are" if written else "(nothing was|0 of 115 chunks are)"
        assert re.fullmatch(f"interrupted; {so_far} written: the same command continues\n", said)
    assert [path.name for path in tmp_path.iterdir()] == ["new.zarr.part"]
    assert carried_out(tmp_path, *LARGE[:-1], "--threads=1") == made
    assert [path.name for path in tmp_path.iterdir()] == ["new.zarr"]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Rows of three columns, and the data set that they are."""
    folder = tmp_path_factory.mktemp("table")
    rows = "".join(f"{k % 2},{k / 7!r},{k * 1e-9!r}\n" for k in range(100_000))
    (folder / "table.csv").write_text(rows * 3)
    arguments = ("import", folder / "table.csv", "--label=0", "-o", "new.zarr", "--chunk=20kB")
    return arguments, carried_out(folder, *arguments)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "chunks"), [("SIGKILL", 5), ("SIGINT", 0), ("SIGTERM", 5)])
def test_an_import_that_was_ended_leaves_nothing_that_is_in_the_way(tmp_path, table, number, chunks):
    arguments, whole = table
    code, said = ended_after(tmp_path, chunks, getattr(signal, number), *arguments)
    if number == "SIGKILL":
        assert code == -signal.SIGKILL
    else:
        assert (code, said) == (130, "interrupted; nothing was kept\n")
        assert not list(tmp_path.iterdir())
    assert carried_out(tmp_path, *arguments) == whole
    assert [path.name for path in tmp_path.iterdir()] == ["new.zarr"]


# Disks that are full


@pytest.fixture
def disk(small_disk):
    return small_disk(megabytes=4)


@pytest.mark.slow
def test_what_a_full_disk_ended_goes_on(tmp_path, disk, monkeypatch):
    monkeypatch.chdir(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(3_500_000))
    with monkeypatch.context() as context:  # the space is there at first, and then another takes it
        context.setattr(maker.shutil, "disk_usage", lambda _: SimpleNamespace(free=4_000_000))
        result = zeroloop(*MAKE)
    written = count(disk / "new.zarr.part")
    assert result.exit_code == 2
    assert 2 <= written <= 5
    left = f"{(14 - written) * 7680 * 16 / 1e6:.3g} MB"
    assert message(result) == (
        f"cannot write new.zarr.part: No space left on device; {written} of 14 chunks are written: "
        f"free {left}, and the same command continues"
    )
    assert "are needed, but only" in message(zeroloop(*MAKE))
    assert count(disk / "new.zarr.part") == written
    filler.unlink()
    assert zeroloop(*MAKE).exit_code == 0
    monkeypatch.chdir(tmp_path)
    assert zeroloop(*MAKE).exit_code == 0
    assert files(tmp_path / "new.zarr") == files(disk / "new.zarr")


@pytest.mark.slow
def test_an_import_leaves_nothing_on_a_full_disk(tmp_path, disk):
    (tmp_path / "table.csv").write_text("1,2,3\n" * 600_000)
    target = disk / "new.zarr"
    result = zeroloop(*("data", "import", tmp_path / "table.csv", "--label=0", "--chunk=500kB", "-o", target))
    assert result.exit_code == 2
    kept = "nothing was kept; make room, or choose another folder"
    assert message(result) == f"cannot write {target}.part: No space left on device; {kept}"
    assert not list(disk.iterdir())


@pytest.mark.slow
def test_a_limit_on_files(tmp_path):
    def prepare():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    process = started(tmp_path, *MAKE[1:], prepare=prepare)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said == (
        "Error: cannot write new.zarr.part: File too large; 0 of 14 chunks are written: mend that, and the "
        "same command continues\n"
    )


# Memory


PEAK = """
import re, sys
import pyarrow.csv, pyarrow.parquet, zarr
from bench.cli import main

zarr.create_array({}, shape=(1,), dtype="float32")[:] = 1  # starts what Zarr runs on
if sys.argv[1:]:
    main(sys.argv[1:], standalone_mode=False)
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


def peak(folder, *arguments):
    """Return the most bytes that a command took, beyond what its libraries take."""
    command = [sys.executable, "-c", PEAK]
    said = [subprocess.check_output([*command, *one], cwd=folder).split() for one in ((), arguments)]
    without, taken = (int(words[-1]) for words in said)
    return 1024 * (taken - without)


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["28x2000000", "3000x20000"])
def test_making_takes_a_few_chunks_of_memory(tmp_path, shape):
    taken = peak(tmp_path, "data", "make", "new.zarr", f"--shape={shape}", "--chunk=4MB", "--threads=2")
    assert sum(file.stat().st_size for file in tmp_path.glob("new.zarr/X/c/0/*")) > 220e6
    assert taken < 50e6, "two chunks of 4 MB in each thread, and two pieces of as much"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv.gz", "parquet"])
def test_importing_takes_little_memory(tmp_path, kind):
    file, m = tmp_path / f"table.{kind}", 3_000_000
    if kind == "parquet":
        column = np.random.default_rng(0).standard_normal(m)
        names = dict.fromkeys("abcdefghi", column) | {"label": column > 0}
        settings = {"row_group_size": m, "compression": "none", "use_dictionary": False}
        parquet.write_table(arrow.table(names), file, **settings)
    else:
        rows = b"1,2,3,4,5,6,7,8,9,1\n" * m
        file.write_bytes(gzip.compress(rows, 1))
    arguments = (file, "--label=9", "-o", "new.zarr", "--chunk=4MB", "--dtype=float64")
    taken = peak(tmp_path, "data", "import", *arguments)
    assert sum(file.stat().st_size for file in tmp_path.glob("new.zarr/X/c/0/*")) > 210e6
    assert taken < 100e6, "two chunks of 4 MB, and what PyArrow reads ahead"


# The terminal


@pytest.mark.slow
def test_progress_fits_a_terminal(tmp_path):
    primary, secondary = os.openpty()
    termios.tcsetwinsize(secondary, (24, 80))
    process = started(tmp_path, *LARGE, stderr=secondary)
    os.close(secondary)
    shown = b""
    with contextlib.suppress(OSError):  # at its end
        while more := os.read(primary, 2**16):
            shown += more
    os.close(primary)
    out, _ = process.communicate(timeout=60)
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).replace("\r", "\n").split("\n")
    assert max(map(len, lines)) <= 80
    # Not the first ones, where nothing is known.
    later = r"making [━╸╺]+ [1-9][0-9.]+/116\.1 MB [0-9.]+ MB/s [0-9]:[0-9][0-9]:[0-9][0-9]"
    assert any(re.fullmatch(later, line.rstrip()) for line in lines)
    assert out == "new.zarr: 28 x 1,000,000, float32, 115 chunks of 8,704 examples, 116 MB\n"
