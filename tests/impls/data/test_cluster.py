"""Workers of dask.distributed: the bits of one process, whoever dies; one line where they cannot serve."""

import errno
import logging
import multiprocessing.synchronize
import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import psutil
import pytest

import impls
from impls.data import chunked, cluster, dataset, problems
from impls.data.address import BadCluster
from impls.data.cluster import Cluster, dealt
from impls.data.dataset import BadData
from impls.truth.gate import TOLERANCE, Gate
from tests.impls.checks import bits, on_disk, written

pytest.importorskip("zarr")
distributed = pytest.importorskip("distributed")

ROOT = Path(cluster.__file__).parents[2]
LIMIT_S = 300  # of a process that hangs; far above what any takes
SHAPE, CHUNK, CHUNKS = "28x20011", 1501, 14


def here(data, w, b):
    return chunked.as_step(chunked.partial(data, 0, len(data), w, b, 1), data)


@pytest.fixture(scope="module")
def scheduler():
    """A scheduler with three workers, real but for their processes: they are threads of this one."""
    kind = {"processes": False, "protocol": "tcp://", "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with distributed.LocalCluster(n_workers=3, threads_per_worker=1, **kind) as local:
        yield local.scheduler_address


@pytest.fixture
def near(scheduler):
    with Cluster(scheduler) as opened_cluster:
        yield opened_cluster


@pytest.fixture
def data(tmp_path):
    return on_disk(tmp_path / "data.zarr", problems.load("28x1001"), chunk=100)


def only(near, monkeypatch, count):
    """Let a cluster deal chunks to some of its workers."""
    found = near._found
    monkeypatch.setattr(near, "_found", lambda: dict(list(found().items())[:count]))


@pytest.mark.parametrize(("count", "dtype"), [(1, "float64"), (2, "float32"), (3, "float64")])
def test_any_number_of_workers_gives_the_bits_of_this_process(near, tmp_path, dtype, count, monkeypatch):
    problem = problems.load("28x1001", dtype)
    data = on_disk(tmp_path / "data.zarr", problem, chunk=100)
    only(near, monkeypatch, count)
    for w, b in ((problem.w, problem.b), (-problem.w, 1.5)):
        assert bits(near.step(data, w, b)) == bits(here(data, w, b))
    assert len(near._workers) == count


@pytest.mark.parametrize("name", ["1x1", "2x50"])
def test_gate(near, tmp_path, name, dtype):
    problem = problems.load(name, dtype)
    data = on_disk(tmp_path / "data.zarr", problem, chunk=20)
    assert Gate(problem).run(lambda w, b: near.step(data, w, b)) <= TOLERANCE[dtype] / 10


def test_wide_data(near, tmp_path):
    problem = problems.load("14000x5")
    data = on_disk(tmp_path / "data.zarr", problem, chunk=2)
    assert bits(near.step(data, problem.w, 0.5)) == bits(here(data, problem.w, 0.5))


def test_parameters_travel_out_and_sums_back(near, data, monkeypatch):
    monkeypatch.setattr(data, "sums", None)  # this process reads no chunk
    w = np.zeros((28, 1))
    near.step(data, w, 0.0)  # the first also asks for versions and data
    run, weights = near._client.run, []

    def weighed(function, *arguments, **named):
        answers = run(function, *arguments, **named)
        weights.append((len(pickle.dumps(arguments)), len(pickle.dumps(answers))))
        return answers

    monkeypatch.setattr(near._client, "run", weighed)
    near.step(data, w, 0.0)
    ((out, back),) = weights
    nodes = 2 * np.log2(len(data)) + 2
    assert out < w.nbytes + 1000 < data.chunk_bytes
    assert back <= 3 * nodes * ((28 + 2) * 8 + 400) < data.chunk_bytes


def test_a_worker_that_joins_is_dealt_chunks_and_one_that_leaves_is_not(near, data, monkeypatch):
    expected = bits(here(data, np.zeros((28, 1)), 0.0))
    counts = []
    for count in (1, 3, 2):
        with monkeypatch.context() as patch:
            only(near, patch, count)
            near._looked_s = 0.0
            assert bits(near.step(data, np.zeros((28, 1)), 0.0)) == expected
            counts.append(len(near._workers))
    assert counts == [1, 3, 2]


def test_two_data_sets_at_once(near, data, tmp_path):
    other = on_disk(tmp_path / "other.zarr", problems.load("3x50"), chunk=7)
    for _ in range(2):
        for one in (data, other):
            w = np.ones((one.n_x, 1))
            assert bits(near.step(one, w, 0.0)) == bits(here(one, w, 0.0))


@pytest.mark.parametrize(
    ("missing", "threads", "shares"),
    [
        ([range(6)], {"a": 1, "b": 1}, {"a": [range(3)], "b": [range(3, 6)]}),
        ([range(7)], {"a": 2, "b": 1}, {"a": [range(4)], "b": [range(4, 7)]}),
        ([range(2)], {"a": 1, "b": 1, "c": 1, "d": 1}, {"b": [range(1)], "d": [range(1, 2)]}),
        ([range(1)], {"a": 8}, {"a": [range(1)]}),
        (
            [range(3, 5), range(9, 10)],
            {"a": 1, "b": 1},
            {"a": [range(3, 4)], "b": [range(4, 5), range(9, 10)]},
        ),
    ],
)
def test_chunks_are_dealt_by_threads(missing, threads, shares):
    assert dealt(missing, threads) == shares


@pytest.mark.parametrize("chunks", [1, 2, 13, 100])
def test_each_chunk_is_dealt_once(chunks):
    for threads in ({"a": 1}, {"a": 3, "b": 1, "c": 7}, {f"{n:02}": 1 + n % 3 for n in range(40)}):
        half = chunks // 2
        shares = dealt([range(half), range(half, chunks)], threads).values()
        assert sorted(k for share in shares for part in share for k in part) == list(range(chunks))


NO_ADDRESS = [
    *("", "local:", "local:x", "local:-1", "http://localhost:8786", "tcp://localhost", "tcp://:8786"),
    *("localhost:8786", "inproc://1/2/3", "tcp://a:1/b"),
]


@pytest.mark.parametrize("address", NO_ADDRESS)
def test_no_address(address):
    needed = "local, local:N, tcp://HOST:PORT or tls://HOST:PORT is needed"
    with pytest.raises(BadCluster, match=f"^cluster: {re.escape(repr(address))}, but {needed}$"):
        Cluster(address)


def test_a_machine_without_semaphores_is_the_cause_that_is_named(monkeypatch):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(multiprocessing.synchronize.SemLock, "__init__", read_only)
    said = "workers do not start: they need semaphores, which Linux keeps in /dev/shm: Read-only file system"
    with pytest.raises(BadCluster, match=f"^local:1: {said}$"):
        Cluster("local:1")


@pytest.mark.parametrize("workers", ["0", "1025"])
def test_no_number_of_workers(workers):
    with pytest.raises(
        BadCluster, match=rf"^cluster: 'local:{workers}': threads: {workers}, but a whole num"
    ):
        Cluster(f"local:{workers}")


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "tcp://127.0.0.1:99999999", "tcp://no.host.invalid:1"]
)
def test_nobody_answers(address, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_S", 0.1)
    with pytest.raises(
        BadCluster, match=rf"^{address}: no scheduler answers: start one with `dask scheduler`"
    ):
        Cluster(address)


def test_somebody_listens_and_says_nothing(monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(BadCluster, match=rf"^{address}: no scheduler answers: "):
            Cluster(address)


def test_no_certificates():
    with pytest.raises(
        BadCluster, match=r"^tls://localhost:1: no TLS without certificates: set distributed\.comm "
    ):
        Cluster("tls://localhost:1")


@pytest.mark.parametrize(
    ("settings", "address", "message"),
    [
        ({"require-encryption": True}, "tcp://localhost:1", "requires encryption: use a tls:// address$"),
        (
            {"tls.ca-file": "/absent", "tls.client.cert": "/absent"},
            "tls://localhost:1",
            "names certificates that fail: .*No such file or directory",
        ),
    ],
)
def test_settings_of_tls_that_do_not_fit(settings, address, message):
    import dask

    said = rf"^{address}: distributed\.comm in Dask's configuration {message}"
    with dask.config.set({f"distributed.comm.{name}": value for name, value in settings.items()}):  # noqa: SIM117
        with pytest.raises(BadCluster, match=said):
            Cluster(address)


# In a process of its own: Tornado leaves its socket open where TLS meets no TLS.
TLS_WITHOUT_TLS = """
import sys
from impls.data import cluster

cluster._CONNECT_S = 1
for _ in range(3):  # how it fails depends on which of both is heard first
    try:
        cluster.Cluster(sys.argv[1])
    except cluster.BadCluster as error:
        print(error)
"""


def test_a_scheduler_without_tls_does_not_answer_tls(scheduler, certified):
    ours, _ = certified
    command = [sys.executable, "-c", TLS_WITHOUT_TLS, scheduler.replace("tcp:", "tls:")]
    done = subprocess.run(command, env={**os.environ, **ours}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all(re.match(r"tls://\S+: no scheduler answers: ", line) for line in lines), lines


def test_a_step_that_takes_long_is_waited_for(near, data, monkeypatch):
    expected = bits(near.step(data, np.zeros((28, 1)), 0.0))
    true = near._client.run

    def late(function, *arguments, **named):
        time.sleep(0.5 if function is cluster._on_worker else 0)
        return true(function, *arguments, **named)

    monkeypatch.setattr(near._client, "run", late)
    monkeypatch.setattr(cluster, "_SILENCE_S", 0.1)
    assert bits(near.step(data, np.zeros((28, 1)), 0.0)) == expected


def test_who_is_silent_for_long_is_named(near, data, monkeypatch):
    near.step(data, np.zeros((28, 1)), 0.0)
    true, silent, ended = near._client.run, list(near._workers)[1], threading.Event()

    def run(*arguments, workers=None, **named):
        if workers in (None, [silent]):
            ended.wait()
        return true(*arguments, workers=workers, **named)

    monkeypatch.setattr(near._client, "run", run)
    monkeypatch.setattr(cluster, "_SILENCE_S", 0.5)
    with pytest.raises(BadCluster, match=rf"^worker {silent} is stopped or cut off, and gave no answer for "):
        near.step(data, np.zeros((28, 1)), 0.0)
    ended.set()


def test_who_has_died_is_not_called_silent(near, data, monkeypatch):
    """The scheduler has forgotten it, and still tries for a while to reach it."""
    expected = near.step(data, np.zeros((28, 1)), 0.0)
    true, there, dead = near._client.run, near._client.nthreads, list(near._workers)[1]

    def run(*arguments, workers=None, **named):
        assert workers != [dead]
        time.sleep(1)
        return true(*arguments, workers=workers, **named)

    monkeypatch.setattr(near._client, "run", run)
    monkeypatch.setattr(
        near._client, "nthreads", lambda: {worker: n for worker, n in there().items() if worker != dead}
    )
    monkeypatch.setattr(cluster, "_SILENCE_S", 0.4)
    monkeypatch.setattr(cluster, "_check_answered", lambda asked: [one.result() for one in asked.values()])
    found = near.step(data, np.zeros((28, 1)), 0.0)
    assert (found.cost, found.db) == (expected.cost, expected.db)


def test_without_distributed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(impls.Unavailable, match=r"^not installed: pip install distributed$"):
        Cluster("local:1")


def test_data_that_workers_do_not_see(near, data):
    shutil.rmtree(data.path)
    said = rf"it needs the data set at the same path, but {data.path}: no such data set; "
    with pytest.raises(BadCluster, match=rf"^worker tcp://127\.0\.0\.1:\d+: {said}"):
        near.step(data, np.zeros((28, 1)), 0.0)


def test_workers_that_see_other_data(near, data):
    shutil.rmtree(data.path)
    on_disk(data.path, problems.load("28x999"), chunk=100)
    said = (
        rf"it needs the data set at the same path, but {data.path}: another data set lies there now, or on th"
    )
    with pytest.raises(BadCluster, match=rf"^worker tcp://127\.0\.0\.1:\d+: {said}"):
        near.step(data, np.zeros((28, 1)), 0.0)


@pytest.mark.parametrize("when", ["before it was used", "after"])
def test_a_chunk_that_a_worker_finds_damaged(near, data, when):
    w = np.zeros((28, 1))
    if when == "after":
        near.step(data, w, 0.0)
    file = data.path / "X/c/0/7"
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(content)
    with pytest.raises(
        BadData, match=rf"^{file} is damaged, or another chunk: its checksum does not match; write it again$"
    ):
        near.step(data, w, 0.0)
    file.unlink()
    with pytest.raises(BadData, match=rf"^{file} cannot be read: No such file or directory$"):
        near.step(data, w, 0.0)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("python", "3.9"), ("numpy", "1.26"), ("numba", None), ("zarr", "2.18"), ("distributed", "2024.1")],
)
def test_other_versions(near, data, name, theirs, monkeypatch):
    true = near._client.get_versions

    def versions(packages):
        found = true(packages=packages)
        list(found["workers"].values())[1]["packages"][name] = theirs
        return found

    monkeypatch.setattr(near._client, "get_versions", versions)
    said = f"{name} {'is not installed' if theirs is None else re.escape(theirs)}, but here it is "
    with pytest.raises(
        BadCluster, match=rf"^worker tcp://127\.0\.0\.1:\d+: {said}\S+: install the same on both$"
    ):
        near.step(data, np.zeros((28, 1)), 0.0)


@pytest.mark.parametrize(
    ("raised", "kind", "said"),
    [
        (
            MemoryError("all gone"),
            BadCluster,
            r"worker tcp://\S+: MemoryError\('all gone'\); their logs may say",
        ),
        (BadData("a chunk"), BadData, "a chunk"),
        (impls.Unavailable("does not load", "no Zarr"), impls.Unavailable, "does not load: no Zarr"),
    ],
)
def test_what_a_worker_raises(near, data, raised, kind, said, monkeypatch):
    def fail(*_):
        raise raised

    monkeypatch.setattr(dataset.DataSet, "sums", fail)  # the workers are threads of this process
    with pytest.raises(kind, match=f"^{said}"):
        near.step(data, np.zeros((28, 1)), 0.0)


def test_a_worker_that_raises_oserror_is_not_taken_for_dead(near, data, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dataset.DataSet, "sums", full)
    said = r"OSError\(28, 'No space left on device'\); their logs may say"
    with pytest.raises(BadCluster, match=rf"^worker tcp://127\.0\.0\.1:\d+: {said}"):
        near.step(data, np.zeros((28, 1)), 0.0)


def test_code_that_a_worker_cannot_read_is_not_taken_for_the_same(near, data, monkeypatch):
    def unreadable():
        raise PermissionError(13, "Permission denied")

    def digest():
        return unreadable() if threading.current_thread() is not threading.main_thread() else "here"

    monkeypatch.setattr(cluster, "_digest", lambda: digest)
    with pytest.raises(BadCluster, match=r"^worker tcp://127\.0\.0\.1:\d+: PermissionError\(13, "):
        near.step(data, np.zeros((28, 1)), 0.0)


@pytest.mark.parametrize("module", ["batched", "client", "comm.tcp", "core"])
def test_what_breaks_is_said_by_exceptions_alone(near, module):
    assert not logging.getLogger(f"distributed.{module}").isEnabledFor(logging.ERROR)


def test_dead_workers_that_the_scheduler_still_knows_die_once(near, data, monkeypatch):
    w = np.zeros((28, 1))
    expected, run, known = near.step(data, w, 0.0), near._client.run, near._client.nthreads()
    looks = iter([known] * 9 + [{}])  # then others are there

    def broken(*arguments, **named):
        answers = run(*arguments, **named)
        return dict.fromkeys(answers, distributed.comm.CommClosedError()) if next(looks, None) else answers

    monkeypatch.setattr(near._client, "run", broken)
    monkeypatch.setattr(near._client, "nthreads", lambda: next(looks, known))
    assert bits(near.step(data, w, 0.0)) == bits(expected)


@pytest.mark.parametrize(
    "error", [distributed.comm.CommClosedError(), OSError("Timed out trying to connect")]
)
def test_a_worker_that_is_gone_gives_no_answer(near, data, error, monkeypatch):
    near.workers(data)
    run, known = near._client.run, near._client.nthreads()
    victim = min(known)

    def broken(*arguments, **named):
        return {**run(*arguments, **named), victim: error}

    monkeypatch.setattr(near._client, "run", broken)
    monkeypatch.setattr(near._client, "nthreads", lambda: {w: n for w, n in known.items() if w != victim})
    assert set(near._answers(None, int)) == set(known) - {victim}


@pytest.mark.parametrize(("limit_mb", "enough"), [(100, False), (375, False), (376, True), (0, True)])
def test_memory_of_workers(near, data, limit_mb, enough, monkeypatch):
    """300 MB for the program, and three chunks of 22,400 bytes, in four fifths of the limit."""
    true = near._client.scheduler_info

    def info(**arguments):
        found = true(**arguments)
        for worker in found["workers"].values():
            worker["memory_limit"] = limit_mb * 1_000_000
        return found

    monkeypatch.setattr(near._client, "scheduler_info", info)
    if enough:
        near.step(data, np.zeros((28, 1)), 0.0)
        return
    said = rf"its memory limit is {limit_mb} MB, but chunks of 0\.0 MB need 375 MB: give it more, or "
    with pytest.raises(BadCluster, match=rf"^worker tcp://127\.0\.0\.1:\d+: {said}"):
        near.step(data, np.zeros((28, 1)), 0.0)


# From here on with processes of their own.

TRAIN = """
import os, sys
from pathlib import Path
import numpy as np
from impls.data import chunked, cluster
from impls.data.dataset import BadData, opened
from impls.training import gradient_descent

def main(path, address, iterations):
    data = opened(Path(path))
    cluster._PATIENCE_S = float(os.environ.get("PATIENCE_S", 30))
    if address == "here":
        step = lambda w, b: chunked.as_step(chunked.partial(data, 0, len(data), w, b, 1), data)
        return train(data, iterations, step)
    with cluster.Cluster(address) as workers:
        train(data, iterations, lambda w, b: workers.step(data, w, b))

def train(data, iterations, step):
    w = np.zeros((data.n_x, 1), data.dtype)
    tell = lambda fit: print(len(fit.costs), flush=True)
    w, b, costs, _ = gradient_descent(step, w, 0.0, 0.5, int(iterations), progress=tell)
    print(w.tobytes().hex(), b.hex(), *[cost.hex() for cost in costs])

if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (BadData, cluster.BadCluster) as error:
        sys.exit(f"{type(error).__name__}: {error}")
"""
# Imported by every process: each chunk is logged with b, which tells the iteration, and takes a while.
WATCHED = """
import os, time
from impls.data import dataset
sums = dataset.DataSet.sums
log = os.open(os.environ["CHUNKS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def watched(self, k, w, b):
    result = sums(self, k, w, b)
    os.write(log, f"{os.getpid()} {b.hex()} {k}\\n".encode())
    time.sleep(0.005)
    return result

dataset.DataSet.sums = watched
"""
DEADLY = """
import os, signal
from impls.data import dataset
sums = dataset.DataSet.sums
dataset.DataSet.sums = lambda self, k, w, b: os.kill(os.getpid(), 9) if k == 9 else sums(self, k, w, b)
"""
NO_ZEROLOOP = "import sys; sys.modules['impls'] = None"
OTHER_NUMBA = """
from importlib import metadata
true = metadata.version
metadata.version = lambda name: "0.1" if name == "numba" else true(name)
"""


class Process:
    """A program in a session of its own, so that whatever it leaves behind is found and ended."""

    def __init__(self, folder, *arguments, hook=None, errors=subprocess.PIPE, **environment):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        if hook:  # imported by every Python when it starts
            (folder / "hook").mkdir()
            (folder / "hook" / "sitecustomize.py").write_text(hook)
            environment["PYTHONPATH"] += f"{os.pathsep}{folder / 'hook'}"
        self._process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        self.pid = self._process.pid

    def read_until(self, line):
        for said in self._process.stdout:
            if said == f"{line}\n":
                return
        pytest.fail(f"ended before {line}: {self._process.communicate()[1]}")

    def ended(self):
        """Wait until it has ended by itself, and all of its children; return exit code, last line, errors."""
        try:
            out, errors = self._process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            self.end()
            pytest.fail(f"hangs: {self._process.communicate()}")
        deadline = time.monotonic() + 20
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not left
        return self._process.returncode, out.strip().rpartition("\n")[2], errors

    def left(self):
        found = []
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) == self.pid and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue
        return found

    def end(self):
        for process in self.left():
            process.kill()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()


@pytest.fixture
def start(tmp_path):
    """Start programs, and end them with the test."""
    started = []

    def run(*arguments, **options):
        started.append(Process(tmp_path, *arguments, **options))
        return started[-1]

    yield run
    for process in started:
        process.end()


@pytest.fixture
def train(start, tmp_path):
    """Start a training in a process of its own."""
    (tmp_path / "train.py").write_text(TRAIN)
    return lambda path, address, iterations=30, **options: start(
        tmp_path / "train.py", path, address, iterations, **options
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    problem = problems.load(SHAPE, "float32")
    return written(tmp_path_factory.mktemp("data") / "data.zarr", problem.X, problem.Y, CHUNK)


@pytest.fixture
def serve(start, tmp_path):
    """Start a scheduler as its users do; return it and its address."""

    def run(*options, **environment):
        file = tmp_path / "scheduler.json"
        command = (
            "-m",
            "distributed.cli.dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
        )
        log = (tmp_path / "scheduler.log").open("w")
        with log:
            process = start(*command, "--scheduler-file", file, *options, errors=log, **environment)
        while not (file.exists() and file.stat().st_size):
            assert process._process.poll() is None, (tmp_path / "scheduler.log").read_text()
            time.sleep(0.05)
        return process, re.search(r'"address": "(\S+)"', file.read_text())[1]

    return run


@pytest.fixture
def work(start, tmp_path):
    """Start a worker as its users do."""

    def run(address, *options, **environment):
        command = ("-m", "distributed.cli.dask_worker", address, "--host", "127.0.0.1", "--no-dashboard")
        with (tmp_path / "worker.log").open("a") as log:
            return start(*command, "--nthreads", "1", *options, errors=log, **environment)

    return run


@pytest.fixture
def expected(train, path):
    code, trained, errors = train(path, "here").ended()
    assert (code, errors) == (0, "")
    return trained


def computed(log):
    """Return how often each chunk of each iteration was computed, as {b: {k: times}}, and who did."""
    iterations, pids = defaultdict(Counter), []
    for line in log.read_text().splitlines():
        pid, b, k = line.split()
        iterations[b][int(k)] += 1
        pids.append(int(pid))
    return iterations, pids


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_processes_of_this_machine(train, path, expected, workers):
    assert train(path, f"local:{workers}").ended() == (0, expected, "")


@pytest.mark.slow
@pytest.mark.parametrize("stopped", ["scheduler", "worker"])
def test_who_is_stopped_for_good_ends_the_training(serve, work, train, path, stopped):
    scheduler, address = serve()
    worker = work(address, "--no-nanny")
    hurry = "from impls.data import cluster; cluster._SILENCE_S = 5"
    training = train(path, address, 100_000, hook=hurry)
    training.read_until(10)
    os.kill({"scheduler": scheduler, "worker": worker}[stopped].pid, signal.SIGSTOP)
    code, _, errors = training.ended()
    assert code == 1
    said = rf"BadCluster: .*{stopped}.* is stopped or cut off, and gave no answer for 5 s: end it\n"
    assert re.fullmatch(said, errors)


@pytest.mark.slow
@pytest.mark.parametrize("deaths", ["one", "all"])
def test_workers_that_are_killed(train, path, expected, tmp_path, deaths):
    log = tmp_path / "chunks"
    training = train(path, "local:2", hook=WATCHED, CHUNKS=str(log))
    training.read_until(10)
    pids = computed(log)[1]
    victims = {pids[-1]} if deaths == "one" else set(pids)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    assert training.ended() == (0, expected, "")
    iterations, later = computed(log)
    assert len(iterations) == 30
    assert all(set(chunks) == set(range(CHUNKS)) for chunks in iterations.values())
    repeated = [{k for k, times in chunks.items() if times > 1} for chunks in iterations.values()]
    if deaths == "one":  # what the other worker did is not done again
        assert all(chunks <= {*range(7)} or chunks <= {*range(7, 14)} for chunks in repeated)
    assert not victims & set(later[-CHUNKS:])


@pytest.mark.slow
def test_chunks_that_kill_whoever_reads_them(train, path):
    code, _, errors = train(path, "local:2", hook=DEADLY).ended()
    assert code == 1
    said = "its workers died 3 times over the same chunks: their logs may say why, such as a lack of memory"
    assert errors == f"BadCluster: local:2: {said}\n"


@pytest.mark.slow
def test_a_damaged_chunk_read_by_a_process(train, path, tmp_path):
    copy = Path(shutil.copytree(path, tmp_path / "copy.zarr"))
    file = copy / "Y/c/0/9"
    file.write_bytes(bytes(file.stat().st_size))
    code, _, errors = train(copy, "local:2").ended()
    assert (code, errors) == (
        1,
        f"BadData: {file} is damaged, or another chunk: its checksum does not match; write it again\n",
    )


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--no-nanny",)])
def test_a_scheduler_and_workers(serve, work, train, path, expected, options):
    _, address = serve()
    for _ in range(2):
        work(address, *options)
    assert train(path, address).ended() == (0, expected, "")


@pytest.mark.slow
def test_a_scheduler_that_dies(serve, work, train, path):
    scheduler, address = serve()
    work(address)
    training = train(path, address, 10_000)
    training.read_until(10)
    os.kill(scheduler.pid, signal.SIGKILL)
    code, _, errors = training.ended()
    assert (code, errors) == (1, f"BadCluster: {address}: the scheduler is gone\n")


@pytest.mark.slow
def test_a_scheduler_that_ends_when_idle_does_not_during_a_training(serve, work, train, path, tmp_path):
    _, address = serve("--idle-timeout", "6s")
    with distributed.Client(address) as client:
        begun = distributed.Event("begun", client)
        busy = client.submit(lambda: distributed.Event("begun").wait())  # it is not idle until then
        work(address, "--nthreads", "2", hook=WATCHED, CHUNKS=str(tmp_path / "chunks"))
        training = train(path, address, 300)  # which take 10 s
        training.read_until(1)
        begun.set()
        busy.result()
        began = time.monotonic()
        code, _, errors = training.ended()
        assert (code, errors) == (0, "")
        assert time.monotonic() - began > 6


@pytest.mark.slow
def test_the_log_of_a_worker_does_not_grow_with_the_steps(serve, work, train, path, tmp_path):
    _, address = serve()
    work(address)
    assert train(path, address, 200).ended()[0] == 0
    log = (tmp_path / "worker.log").read_text().splitlines()
    assert sum("out-of-band" in line for line in log) <= 3
    assert len(log) < 60


@pytest.mark.slow
def test_a_scheduler_that_never_has_workers(serve, train, path):
    _, address = serve()
    code, _, errors = train(path, address, PATIENCE_S="1").ended()
    said = "it has no workers; start some with `dask worker`"
    assert (code, errors) == (1, f"BadCluster: {address}: {said}\n")


@pytest.mark.slow
def test_workers_that_die_and_are_not_replaced(serve, work, train, path):
    _, address = serve()
    workers = [work(address, "--no-nanny") for _ in range(2)]
    training = train(path, address, 10_000, PATIENCE_S="2")
    training.read_until(10)
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
    code, _, errors = training.ended()
    assert code == 1
    assert errors == f"BadCluster: {address}: it has no workers; start some with `dask worker`\n"


@pytest.mark.slow
def test_a_worker_that_comes_late_is_waited_for(serve, work, train, path, expected):
    _, address = serve()
    training = train(path, address)
    time.sleep(2)
    work(address)
    assert training.ended() == (0, expected, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hook", "said"),
    [
        (NO_ZEROLOOP, "zeroloop's code is not installed, but here it is [0-9a-f]{12}"),
        (OTHER_NUMBA, r"numba 0\.1, but here it is \S+"),
    ],
)
def test_a_worker_that_runs_something_else(serve, work, train, path, hook, said):
    _, address = serve()
    work(address, hook=hook)
    code, _, errors = train(path, address).ended()
    assert code == 1
    assert re.fullmatch(
        rf"BadCluster: worker tcp://127\.0\.0\.1:\d+: {said}: install the same on both\n", errors
    )


@pytest.mark.slow
def test_a_worker_with_an_edited_copy(serve, work, train, path, tmp_path):
    _, address = serve()
    copy = Path(shutil.copytree(ROOT / "impls", tmp_path / "edited" / "impls"))
    (copy / "truth" / "oracle.py").write_text("edited = True\n")
    work(address, PYTHONPATH=str(copy.parent))
    code, _, errors = train(path, address).ended()
    assert code == 1
    said = "zeroloop's code [0-9a-f]{12}, but here it is [0-9a-f]{12}: install the same on both"
    assert re.fullmatch(rf"BadCluster: worker tcp://127\.0\.0\.1:\d+: {said}\n", errors)


@pytest.mark.slow
def test_a_worker_with_too_little_memory(serve, work, train, path):
    _, address = serve()
    work(address, "--memory-limit", "350MB")
    code, _, errors = train(path, address).ended()
    assert code == 1
    assert re.match(
        r"BadCluster: worker tcp://127\.0\.0\.1:\d+: its memory limit is 350 MB, but chunks of", errors
    )


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """Settings of Dask with a certificate for everybody, and the same with another."""
    program = shutil.which("openssl")
    if not program:
        pytest.skip("certificates are made by openssl")
    found = []
    for name in ("ours", "others"):
        folder = tmp_path_factory.mktemp(name)
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        make = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        subprocess.run(
            [program, *make.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True
        )
        prefix = "DASK_DISTRIBUTED__COMM__TLS__"
        settings = {f"{prefix}CA_FILE": certificate}
        for role in ("CLIENT", "SCHEDULER", "WORKER"):
            settings |= {f"{prefix}{role}__CERT": certificate, f"{prefix}{role}__KEY": key}
        found.append({name: str(value) for name, value in settings.items()})
    return found


@pytest.mark.slow
def test_tls(serve, work, train, path, expected, certified):
    ours, others = certified
    _, address = serve("--protocol", "tls", **ours)
    work(address, **ours)
    assert train(path, address, **ours).ended() == (0, expected, "")
    plain = address.replace("tls", "tcp")
    for asked, settings, said in (
        (plain, ours, "no scheduler answers: "),
        (address, others, "no scheduler answers: "),
        (address, {}, "no TLS without certificates: "),
    ):
        code, _, errors = train(path, asked, **settings).ended()
        assert code == 1
        assert re.fullmatch(rf"BadCluster: {asked}: {said}.*\n", errors)


POOLS = """
from impls.data.cluster import Cluster

def threads():
    import impls.data.chunked, numba, threadpoolctl
    return numba.get_num_threads(), *(pool["num_threads"] for pool in threadpoolctl.threadpool_info())

if __name__ == "__main__":
    with Cluster("local:2") as cluster:
        print({count for counts in cluster._client.run(threads).values() for count in counts})
"""


@pytest.mark.slow
def test_each_process_of_this_machine_has_one_thread(start, tmp_path):
    (tmp_path / "pools.py").write_text(POOLS)
    assert start(tmp_path / "pools.py").ended() == (0, "{1}", "")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_owner(train, path, number):
    training = train(path, "local:2", 10_000)
    training.read_until(10)
    os.kill(training.pid, number)
    assert training.ended()[0] != 0
