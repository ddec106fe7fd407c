"""What the tests of `bench` share: real runs of `pytest --benchmark-only`, each made once and read often.

A run spends seconds on imports, so all that the collected tests need are started at once, two at a time.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from reports.reading import read

ROOT = Path(__file__).parents[2]
WRONG = sorted((ROOT / "tests" / "impls" / "wrong").glob("*.py"))
QUICK = ("--benchmark-only", "--benchmark-max-time=0.02", "--benchmark-min-rounds=2")
NO_CACHE = ("-p", "no:cacheprovider")


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
        """By row."""
        return {entry.row: entry for entry in self.results.run.unmeasured}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Run last what waits for other processes: they measure while the other tests run."""
    items.sort(key=lambda item: not JOBS.keys().isdisjoint(getattr(item, "fixturenames", ())))


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


@pytest.fixture(scope="session", autouse=True)
def started(request, tmp_path_factory):
    wanted = {name for item in request.session.items for name in item.fixturenames}
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield {
            name: pool.submit(job, tmp_path_factory.mktemp(name))
            for name, job in JOBS.items()
            if name in wanted
        }
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def good(started):
    """Three rows and an own file that is slow, on one problem, with one thread and with two."""
    return started["good"].result()


@pytest.fixture(scope="session")
def wrong(started):
    """Everything that can be wrong with an own file, and after it a row that is right."""
    return started["wrong"].result()


@pytest.fixture(scope="session")
def bare(started):
    """A Python without Numba, a GPU and the libraries of the tests, on two problems and in both dtypes."""
    return started["bare"].result()


@pytest.fixture(scope="session")
def interrupted(started):
    """Ctrl-C in the second row's second call."""
    return started["interrupted"].result()


@pytest.fixture(scope="session")
def unmeasured(started):
    """Exit code, output and report folder of runs that end before they measure, by name."""
    return started["unmeasured"].result()


@pytest.fixture(scope="session")
def diverging(started):
    """Output, messages and exit code of the console script, asked for a training that diverges."""
    return started["diverging"].result()


@pytest.fixture(scope="session")
def own_file(tmp_path_factory):
    """Write an own file and return its path."""

    def write(name, source):
        path = tmp_path_factory.mktemp("own") / name
        path.write_text(source)
        return path

    return write


@pytest.fixture(scope="session")
def zeroloop():
    """Run a command in this process; whatever it is asked, it shows no traceback."""

    def run(*arguments, columns=120):
        result = CliRunner(env={"COLUMNS": str(columns)}).invoke(main, [str(one) for one in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture(scope="session")
def message():
    """The one message of a command that failed."""
    return _message


SLOW = """\
import time

from impls import numpy_zero_loop


def step(w, b, X, Y):
    time.sleep(0.03)
    return numpy_zero_loop.step(w, b, X, Y)
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

BARE = """\
import sys

for name in ("numba", "hypothesis", "jsonschema", "mpmath"):
    sys.modules[name] = None

from impls.kernels import cuda_device

cuda_device.why_none = lambda: "none here"
"""

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
    if calls == 2:
        Path({marker!r}).touch()
        time.sleep(60)
    return numpy_zero_loop.step(w, b, X, Y)
"""

# Sessions in one process, each after the other: what they print, and how they end.
SESSIONS = """\
import contextlib, io, json, sys
import pytest

ends = {}
for name, arguments in json.loads(sys.argv[1]).items():
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main(arguments)
    ends[name] = int(code), said.getvalue()
print(json.dumps(ends))
"""

ONE_ROW = ("--impl=numpy_zero_loop", "--problem=5x7", "--threads=1")
THREADS = ("--threads=1", "--threads=2")


def _good(folder):
    rows = ("numpy_zero_loop", "python_two_loop", "numba_two_loop", _written(folder, "slow.py", SLOW))
    return _measured(folder, *(f"--impl={row}" for row in rows), "--problem=5x7", *THREADS)


def _wrong(folder):
    files = [_written(folder, name, source) for name, source in FAULTY.items()]
    # The one that damages the data comes last before the row that is right.
    files += sorted(WRONG, key=lambda path: path.stem == "overwrites_input")
    return _measured(folder, *(f"--impl={path}" for path in files), *ONE_ROW)


def _bare(folder):
    _written(folder, "bare_python.py", BARE)
    rows = ("python_two_features", "numba_two_loop", "torch_gpu", "numpy_zero_loop")
    return _measured(
        folder,
        *("-p", "no:hypothesispytest", "-p", "bare_python"),
        *(f"--impl={row}" for row in rows),
        *("--problem=5x7", "--problem=3x50", "--dtype=float64", "--dtype=float32", "--threads=1"),
        PYTHONPATH=str(folder),
    )


def _interrupted(folder):
    marker = folder / "measuring"
    sleeper = _written(folder, "sleeper.py", SLEEPER.format(marker=str(marker)))
    return _measured(folder, *ONE_ROW, f"--impl={sleeper}", interrupt_at=marker)


def _unmeasured(folder):
    for name in ("first", "second"):
        (folder / name).mkdir()
    twins = [_written(folder / name, "mine.py", SLOW) for name in ("first", "second")]
    asked = {
        "unknown row": ["--impl=numpy_zero_lop"],
        "unknown problem": ["--problem=brest_cancer"],
        "unknown dtype": ["--dtype=float16"],
        "no such file": ["--impl=nowhere.py"],
        "no threads": ["--threads=2", "--threads=0"],
        "threads without number": ["--threads=many"],
        "too large": ["--problem=1000000x1000000000"],
        "twins": [f"--impl={path}" for path in twins],
        "folder is a file": [f"--report-dir={twins[0] / 'below'}"],
    }
    sessions = {
        name: [*NO_CACHE, *QUICK, *ONE_ROW, f"--report-dir={folder / name}", *arguments]
        for name, arguments in asked.items()
    }
    sessions["options alone"] = [*NO_CACHE, "--contest"]
    sessions["plain"] = [*NO_CACHE, "--collect-only", "-q"]
    contest = ["--benchmark-only", "--contest", *sessions["plain"], "--problem=5x7", "--threads=2"]
    sessions["contest"] = [*contest, f"--report-dir={folder / 'contest'}"]
    sessions["benchmarks"] = ["--benchmark-only", *sessions["plain"], f"--report-dir={folder / 'benchmarks'}"]
    process = _start(sys.executable, "-c", SESSIONS, json.dumps(sessions))
    out, err = _end(process)
    assert process.returncode == 0, err
    return {name: (code, said, folder / name) for name, (code, said) in json.loads(out).items()}


def _diverging(folder):
    script = shutil.which("zeroloop", path=Path(sys.executable).parent)
    process = _start(script, "train", "--problem=2x400", "--alpha=1e308")
    return (*_end(process), process.returncode)


JOBS = {
    "diverging": _diverging,
    "good": _good,
    "wrong": _wrong,
    "bare": _bare,
    "interrupted": _interrupted,
    "unmeasured": _unmeasured,
}


def _measured(folder, *arguments, interrupt_at=None, **environment):
    reports, saved = folder / "reports", folder / "saved.json"
    places = (f"--report-dir={reports}", f"--benchmark-json={saved}")
    process = _start(sys.executable, "-m", "pytest", *NO_CACHE, *QUICK, *places, *arguments, **environment)
    if interrupt_at:
        _wait_for(interrupt_at, process)
        process.send_signal(signal.SIGINT)
    out, err = _end(process)
    return Run(process.returncode, out, err, reports, saved)


def _start(*command, **environment):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**inherited, "PYTHONIOENCODING": "utf-8", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def _end(process):
    try:
        return process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _wait_for(marker, process):
    deadline = time.monotonic() + 60
    while not marker.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


def _written(folder, name, source):
    path = folder / name
    path.write_text(source)
    return path


def _message(result):
    before, found, said = result.output.partition("Error: ")
    assert found
    assert not before or before.startswith("Usage: "), result.output
    assert said.endswith("\n")
    assert "\n" not in said[:-1], said
    return said[:-1]
