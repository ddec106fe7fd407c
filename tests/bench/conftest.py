"""What the tests of `bench` share: two real runs of `pytest --benchmark-only`, each made once and read often.

Each run is a fixture of the session. With pytest-xdist the first worker that needs a run makes it, and others
wait for it. They need not where all tests that read a run belong to one worker (`--dist loadgroup`); but
pytest-xdist 3.8 has no groups with pytest 9.2.
"""

import fcntl
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from reports.reading import read
from tests.bench.helpers import written

ROOT = Path(__file__).parents[2]
WRONG = sorted((ROOT / "tests" / "impls" / "wrong").glob("*.py"))
QUICK = (
    *("-p", "pytest_benchmark.plugin", "-p", "no:cacheprovider"),
    *("--benchmark-only", "--benchmark-max-time=0.02", "--benchmark-min-rounds=2"),
)


@dataclass(frozen=True)
class Run:
    """A process that ended; `saved` is the file of --benchmark-json."""

    code: int
    out: str
    err: str
    reports: Path
    saved: Path

    @property
    def folder(self):
        """The folder of the one report that was written."""
        assert self.reports.is_dir(), self.out + self.err
        (folder,) = self.reports.iterdir()
        return folder

    @property
    def page(self):
        return (self.folder / "index.html").read_text("utf-8")

    @property
    def results(self):
        return read(self.folder / "results.json")

    @property
    def timings(self):
        """By row, problem and dtype, with the first number of threads that was asked for."""
        return {(one.row, one.problem, one.dtype): one for one in reversed(self.results.timings)}

    @property
    def unmeasured(self):
        """By row, on the first problem that it has no time on."""
        return {entry.row: entry for entry in reversed(self.results.run.unmeasured)}


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of some megabytes, for the time of a test."""
    disk = tmp_path / "disk"

    def mounted(megabytes):
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)]
        if subprocess.run(mount, capture_output=True).returncode:
            disk.rmdir()
            pytest.skip("a small disk can only be made by root")
        return disk

    yield mounted
    if disk.exists():
        subprocess.run(["umount", str(disk)], check=True)


SLOW = """\
import time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    time.sleep(0.03)
    return numpy_zero_loop.step(w, b, X, Y)
"""

# To compile the speed of light and to draw figures takes seconds; both have tests of their own.
HASTE = """\
from bench.light import processor
from reports import figures

processor.shortest_s = lambda X, threads, budget_s: (1e-7, 2e-7)
figures.draw = lambda facts: {}
figures.as_pdf = lambda pictures: b""
"""

FAULTY = {
    "no_step.py": "import numpy\n",
    "undefined_name.py": "import numpy\n\nX = numpy.ones(unknown)\n",
    "not_python.py": "import numpy\n\n\ndef step(w, b, X, Y)\n    return 1\n",
    "exits_on_import.py": "import sys\n\nsys.exit('bye')\n",
    "returns_infinity.py": "def step(w, b, X, Y):\n    return float('inf'), w, b\n",
    "skips.py": "import pytest\n\n\ndef step(w, b, X, Y):\n    pytest.skip('today')\n",
    "exits.py": "import sys\n\n\ndef step(w, b, X, Y):\n    sys.exit(3)\n",
    "wrong_later.py": """\
from impls import numpy_zero_loop

calls = 0


def step(w, b, X, Y):
    global calls
    calls += 1
    J, dw, db = numpy_zero_loop.step(w, b, X, Y)
    return J, dw if calls < 4 else -dw, db
""",
}

# A Python without Numba, a GPU and the libraries of the tests.
BARE = """\
import sys

for name in ("numba", "hypothesis", "jsonschema", "mpmath"):
    sys.modules[name] = None

from impls.kernels import cuda_device

cuda_device.why_none = lambda: "none here"
"""

# It is right in float64, and waits for Ctrl-C in its second call in float32.
SLEEPER = """\
import signal
import time
from pathlib import Path

from impls import numpy_zero_loop

signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the shell that started the tests ignores
calls = 0


def step(w, b, X, Y):
    global calls
    calls += 1
    if X.dtype == "float32" and calls == 2:
        Path({marker!r}).touch()
        time.sleep(60)
    return numpy_zero_loop.step(w, b, X, Y)
"""


@pytest.fixture(scope="session")
def good(tmp_path_factory):
    """Three rows and an own file that is slow, on one problem, with one thread and with two."""
    return _once(tmp_path_factory, "good", _good)


@pytest.fixture(scope="session")
def troubled(tmp_path_factory):
    """All that can go wrong on a problem in both dtypes, and among it a row that is right; then Ctrl-C."""
    return _once(tmp_path_factory, "troubled", _troubled)


def _once(tmp_path_factory, name, make):
    """Return a run, made by whichever process of this session needs it first."""
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent  # the workers' folders lie in it
    folder = common / name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "run.pickle"
        if not made.exists():
            made.write_bytes(pickle.dumps(make(folder)))
        return pickle.loads(made.read_bytes())


def _good(folder):
    written(folder, "haste.py", HASTE)
    rows = ("numpy_zero_loop", "python_two_loop", "numba_two_loop", written(folder, "slow.py", SLOW))
    options = ("-p", "haste", "--problem=5x7", "--threads=1", "--threads=2")
    return _ended(_measuring(folder, rows, options), folder)


def _troubled(folder):
    marker = folder / "measuring"
    written(folder, "bare_python.py", BARE)
    own = [written(folder, name, source) for name, source in FAULTY.items()]
    # The one that damages the data comes last before the row that is right.
    own += sorted(WRONG, key=lambda path: path.stem == "overwrites_input")
    rows = (
        *("python_two_features", "numba_two_loop", "torch_gpu", *own, "numpy_zero_loop"),
        written(folder, "sleeper.py", SLEEPER.format(marker=str(marker))),
    )
    options = (
        *("-p", "bare_python"),
        *("--problem=5x7", "--dtype=float64", "--dtype=float32", "--threads=1"),
    )
    process = _measuring(folder, rows, options)
    deadline = time.monotonic() + 60
    while not marker.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    return _ended(process, folder)


def _measuring(folder, rows, options):
    """Start `pytest --benchmark-only`, which finds plugins in the folder and writes there."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    places = (f"--report-dir={folder / 'reports'}", f"--benchmark-json={folder / 'saved.json'}")
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *QUICK, *places, *options, *(f"--impl={row}" for row in rows)],
        cwd=ROOT,
        env={
            **inherited,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # the plugins of the tests take seconds to load
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": str(folder),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def _ended(process, folder):
    try:
        out, err = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Run(process.returncode, out, err, folder / "reports", folder / "saved.json")
