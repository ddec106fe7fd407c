"""`zeroloop train`: what it prints and keeps, how it ends early, and that it resumes to the same bits."""

import csv
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import impls
from bench.datasets.checkpoint import Checkpoint
from impls.contract import Step
from impls.data import problems
from impls.data.dataset import DataSet, opened
from impls.data.writing import Writer
from impls.training import gradient_descent
from reports import files
from tests.bench.helpers import message, refused, written, zeroloop

QUICK = ("--problem", "5x7", "--threads", "1")


@pytest.mark.parametrize("dtype", problems.DTYPES)
def test_train_prints_cost_accuracy_and_seconds(dtype):
    result = zeroloop("train", *QUICK, f"--dtype={dtype}", "--iterations=20", "--impl=python_two_loop")
    assert result.exit_code == 0, result.output
    first, cost, accuracy, seconds = result.output.splitlines()
    assert first == f"python_two_loop on 5x7, 5 x 7, {dtype}"
    before, after = re.fullmatch(r"cost +(\d\.\d+) -> (\d\.\d+)", cost).groups()
    assert float(before) == pytest.approx(math.log(2), abs=1e-6), "w = 0 gives each class probability 1/2"
    assert float(after) < float(before)
    assert re.fullmatch(r"accuracy +\d+\.\d+% of 7 examples", accuracy)
    assert re.fullmatch(r"seconds +\d+\.\d+ for 20 iterations, the first call included", seconds)


def test_train_stops_when_converged():
    result = zeroloop("train", *QUICK, "--tolerance=0.01")
    assert result.exit_code == 0
    assert "(converged)" in result.output
    assert " for 500 iterations" not in result.output


def test_train_writes_the_curve_as_numbers(tmp_path):
    path = tmp_path / "new" / "curve.csv"
    result = zeroloop("train", *QUICK, "--iterations=5", f"--curve={path}")
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == f"curve     {path}"
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [int(line["iteration"]) for line in lines] == [0, 1, 2, 3, 4]
    costs = [float(line["cost"]) for line in lines]
    assert costs[0] == pytest.approx(math.log(2))
    assert costs == sorted(costs, reverse=True)


def test_train_writes_the_curve_as_a_picture(tmp_path):
    path = tmp_path / "curve.svg"
    assert zeroloop("train", *QUICK, "--iterations=5", f"--curve={path}").exit_code == 0
    assert "<svg" in path.read_text("utf-8")


REFUSED = [
    (["--curve=curve.txt"], "curve.txt: a cost curve is written as .csv, .svg, .pdf, .png"),
    (["--curve=file/below/curve.csv"], "cannot write to file/below: Not a directory; "),
    (["--curve=."], "Invalid value for '--curve': File '.' is a directory"),
    (["--alpha=0"], "alpha: 0.0, but a finite number above 0 is needed"),
    (["--alpha=-1"], "alpha: -1.0, but a finite number above 0 is needed"),
    (["--alpha=nan"], "alpha: nan, but a finite number above 0 is needed"),
    (["--iterations=0"], "Invalid value for '--iterations': 0 is not in the range"),
    (["--impl=nowhere.py"], "nowhere.py: no such file"),
    (["--impl=python_two_features"], "X: shape (5, 7), but python_two_features serves n_x = 2 only"),
]


def test_train_refuses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    for arguments, expected in REFUSED:
        assert refused("train", *QUICK, *arguments).startswith(expected)
        assert [path.name for path in tmp_path.iterdir()] == ["file"], "nothing is left behind"


def test_train_says_how_to_install_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    result = zeroloop("train", *QUICK, "--impl=numba_two_loop")
    assert result.exit_code == 2
    assert message(result) == "not installed: pip install numba"


@pytest.mark.slow
def test_own_file_that_fails_while_it_trains(tmp_path):
    for source, expected in (
        ("def step(w, b, X, Y):\n    return 1 / 0", "mine.py, line 2: ZeroDivisionError: division by zero"),
        ("def step(w, b, X, Y):\n    raise SystemExit(3)", "mine.py, line 2: SystemExit: 3"),
        ("def step(w, b, X, Y):\n    return 1, 2", "mine.py: step returned a tuple of 2, but (J, dw, db) is"),
        (
            "def prepare(X, Y, threads):\n    raise KeyError('pack')\ndef step(w, b, X):\n    pass",
            "mine.py, line 2: KeyError: 'pack'",
        ),
    ):
        result = zeroloop("train", *QUICK, f"--impl={written(tmp_path, 'mine.py', source)}")
        assert result.exit_code == 1
        assert message(result).startswith(expected)


LATE = """\
calls = 0


def step(w, b, X, Y):
    global calls
    calls += 1
    return 1 / (6 - calls), w + 1, 0.0
"""


def test_own_file_that_fails_late_keeps_what_was_done(tmp_path):
    file = tmp_path / "fit.npz"
    result = zeroloop("train", *QUICK, f"--impl={written(tmp_path, 'mine.py', LATE)}", f"--save={file}")
    assert message(result) == (
        "mine.py, line 7: ZeroDivisionError: division by zero; "
        f"5 iterations in {file}: with --resume the same command continues"
    )
    assert len(saved(file)[2]) == 5


def test_a_fault_of_this_project_in_a_row_shows_its_traceback_and_keeps_what_was_done(tmp_path, monkeypatch):
    calls = []

    def faulty(w, b, X, Y):
        calls.append(None)
        if len(calls) == 4:
            raise ValueError("a fault of ours")
        return Step(1.0, w + 1, 0.0)

    monkeypatch.setattr("impls.numpy_zero_loop.step", faulty)
    with pytest.raises(ValueError, match="a fault of ours"):
        zeroloop("train", *QUICK, "--iterations=9", f"--save={tmp_path / 'fit.npz'}")
    assert len(saved(tmp_path / "fit.npz")[2]) == 3


def test_a_lack_of_memory_keeps_what_was_done(tmp_path, monkeypatch):
    calls = []

    def large(w, b, X, Y):
        calls.append(None)
        if len(calls) == 4:
            raise MemoryError("Unable to allocate 8.00 TiB")
        return Step(1.0, w + 1, 0.0)

    monkeypatch.setattr("impls.numpy_zero_loop.step", large)
    file = tmp_path / "fit.npz"
    said = refused("train", *QUICK, "--iterations=9", f"--save={file}")
    assert said.startswith("out of memory: Unable to allocate 8.00 TiB; ")
    assert said.endswith(f"; 3 iterations in {file}: with --resume the same command continues")


def test_a_fault_of_this_project_is_not_blamed_on_an_own_file(tmp_path, monkeypatch):
    def faulty(*_):
        raise ValueError("a fault of ours")

    mine = written(tmp_path, "mine.py", "from impls.numpy_zero_loop import step\n")
    monkeypatch.setattr(Checkpoint, "save", faulty)
    with pytest.raises(ValueError, match="a fault of ours"):
        zeroloop("train", *QUICK, f"--impl={mine}", f"--save={tmp_path / 'fit.npz'}")


def test_training_that_diverges_says_so_and_no_more():
    result = zeroloop("train", "--problem=2x400", "--alpha=1e308")
    assert (result.exit_code, result.stdout) == (1, "")
    said = r"numpy_zero_loop diverged at iteration \d+: .* a smaller alpha than 1e\+308 may help"
    assert re.fullmatch(said, message(result))
    result = zeroloop("train", "--problem=2x400", "--alpha=1e308", "--iterations=1")
    assert result.exit_code == 1
    assert message(result).startswith("numpy_zero_loop diverged at "), "in its last update"


@pytest.mark.slow
def test_the_console_script_says_the_same():
    script = shutil.which("zeroloop", path=Path(sys.executable).parent)
    command = [script, "train", "--problem=2x400", "--alpha=1e308"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"Error: numpy_zero_loop diverged at iteration \d+: .* may help\n", done.stderr)


# Data sets


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data set of 17 x 5,000 in chunks of 700, and the problem that it holds."""
    pytest.importorskip("zarr")
    path = tmp_path_factory.mktemp("data") / "small.zarr"
    problem = problems.load("17x5000", "float32")
    _write(path, problem)
    return path


@pytest.fixture(autouse=True)
def _numpy_sums(request, monkeypatch):
    """Add up chunks by NumPy: the compiled pass, which takes seconds to compile, runs in the slow tests."""

    def sums(data, k, w, b):
        X, Y, count = data._held(k)
        X, Y = X[:, :count].astype(float), Y.reshape(-1)[:count].astype(float)
        Z = w @ X + b
        dZ = 1 / (1 + np.exp(-Z)) - Y
        return np.append(X @ dZ, [np.sum(np.logaddexp(0, Z) - Y * Z), np.sum(dZ)])

    if "slow" not in request.keywords:
        monkeypatch.setattr("impls.kernels.rehearsal.rehearse", lambda dtype, order: None)
        monkeypatch.setattr(DataSet, "sums", sums)


def _write(path, problem, chunk=700):
    n_x, m = problem.X.shape
    writer = Writer(path, n_x, m, problem.dtype, chunk, {})
    for k, start in enumerate(range(0, m, chunk)):
        writer.write(k, problem.X[:, start : start + chunk], problem.Y[:, start : start + chunk])
    writer.finish()


def saved(path):
    with np.load(path) as file:
        return file["w"].tobytes(), float(file["b"]), file["costs"].tolist()


def test_a_data_set_is_trained_on_as_its_problem_is(data, tmp_path):
    result = zeroloop("train", data, "--iterations=20", "--alpha=0.5", f"--save={tmp_path / 'fit.npz'}")
    assert result.exit_code == 0, result.output
    first, cost, seconds, kept = result.output.splitlines()
    assert first == f"{data} in 8 chunks, 17 x 5,000, float32"
    assert kept == f"saved     {tmp_path / 'fit.npz'}, 20 iterations"
    assert re.fullmatch(
        r"seconds +\d+\.\d+ for 20 iterations, the first call included; then .* [kMG]B/s", seconds
    )
    problem = problems.load("17x5000", "float32")
    step = impls.load("numpy_zero_loop").bind(problem.X, problem.Y)
    fit = gradient_descent(step, np.zeros((17, 1), np.float32), 0.0, 0.5, 20)
    with np.load(tmp_path / "fit.npz") as file:
        np.testing.assert_allclose(file["w"], fit.w, rtol=0, atol=1e-6)
        np.testing.assert_allclose(file["costs"], fit.costs, rtol=1e-6)
        assert file["w"].dtype == np.float32
    assert cost.startswith("cost      0.693147 -> ")


@pytest.mark.slow
def test_the_compiled_pass_trains_the_same_on_a_folder_and_on_a_table(data, tmp_path):
    problem = problems.load("17x5000", "float32")
    step = impls.load("numpy_zero_loop").bind(problem.X, problem.Y)
    fit = gradient_descent(step, np.zeros((17, 1), np.float32), 0.0, 0.1, 20)
    np.save(tmp_path / "table.npy", np.vstack([problem.Y, problem.X]).T.copy())
    for given in (data, tmp_path / "table.npy"):
        result = zeroloop("train", given, "--iterations=20", f"--save={tmp_path / given.stem}.npz")
        assert result.exit_code == 0, result.output
        np.testing.assert_allclose(saved(tmp_path / f"{given.stem}.npz")[2], fit.costs, rtol=1e-6)


two_cores = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="this machine has one core")


@pytest.mark.slow
@two_cores
def test_threads_change_no_bit(data, tmp_path):
    for count in (1, 2):
        file = tmp_path / f"{count}.npz"
        assert not zeroloop("train", data, "--iterations=9", f"--threads={count}", f"--save={file}").exit_code
    assert saved(tmp_path / "1.npz") == saved(tmp_path / "2.npz")


@two_cores
def test_threads_share_the_chunks_and_add_them_in_the_same_order(data, tmp_path, monkeypatch):
    sums, threads = DataSet.sums, set()

    def seen(*arguments):
        threads.add(threading.get_ident())
        time.sleep(0.001)
        return sums(*arguments)

    monkeypatch.setattr(DataSet, "sums", seen)
    for count in (1, 2):
        file = tmp_path / f"{count}.npz"
        assert not zeroloop("train", data, "--iterations=3", f"--threads={count}", f"--save={file}").exit_code
        assert len(threads - {threading.get_ident()}) == (0 if count == 1 else 2)
    assert saved(tmp_path / "1.npz") == saved(tmp_path / "2.npz")


@pytest.mark.parametrize("subject", ["problem", "data set"])
def test_going_on_ends_as_if_it_had_never_stopped(data, tmp_path, subject):
    on = [data] if subject == "data set" else list(QUICK)
    whole, parts = tmp_path / "whole.npz", tmp_path / "parts.npz"
    assert zeroloop("train", *on, "--iterations=13", f"--save={whole}").exit_code == 0
    assert zeroloop("train", *on, "--iterations=4", f"--save={parts}").exit_code == 0
    assert len(saved(parts)[2]) == 4
    again = zeroloop("train", *on, "--iterations=13", f"--save={parts}", "--resume")
    assert again.exit_code == 0, again.output
    assert " for 9 iterations" in again.output
    assert saved(parts) == saved(whole)


def test_own_file_that_has_changed_does_not_continue(tmp_path):
    source = "from impls.numpy_zero_loop import step\n"
    mine, file = written(tmp_path, "mine.py", source), tmp_path / "fit.npz"
    arguments = ("train", *QUICK, f"--impl={mine}", f"--save={file}")
    assert zeroloop(*arguments, "--iterations=4").exit_code == 0
    assert zeroloop(*arguments, "--iterations=6", "--resume").exit_code == 0
    written(tmp_path, "mine.py", f"{source}# changed\n")
    assert re.fullmatch(
        rf"{file}: trained on mine\.py on 5x7 in float64, source [0-9a-f]{{12}}, but this is "
        r"mine\.py on 5x7 in float64, source [0-9a-f]{12}; name another file",
        refused(*arguments, "--iterations=9", "--resume"),
    )
    assert len(saved(file)[2]) == 6


def test_a_row_continues_what_an_older_version_saved(tmp_path):
    about = {"alpha": 0.1, "data": "numpy_zero_loop on 5x7 in float64", "version": "0.0.9"}
    np.savez(tmp_path / "old.npz", w=np.zeros((5, 1)), b=0.0, costs=[math.log(2)], **about)
    result = zeroloop("train", *QUICK, f"--save={tmp_path / 'old.npz'}", "--resume", "--iterations=3")
    assert " for 2 iterations" in result.output


def test_a_training_that_has_converged_does_not_continue(data, tmp_path):
    arguments = ("train", data, "--tolerance=0.01", f"--save={tmp_path / 'fit.npz'}")
    assert "(converged)" in zeroloop(*arguments).output
    kept = saved(tmp_path / "fit.npz")
    again = zeroloop(*arguments, "--resume")
    assert again.exit_code == 0, again.output
    assert " for 0 iterations" in again.output
    assert saved(tmp_path / "fit.npz") == kept


MEANINGLESS = [
    (["--impl=numba_fused"], "--impl: DATA is trained on by the fused pass"),
    (["--problem=square"], "--problem: DATA is what is trained on"),
    (["--dtype=float64"], "--dtype: DATA has its own"),
    (["--cluster=local", "--threads=1"], "--threads: a cluster's workers have their own"),
    (["--cluster=http://here:1"], "cluster: 'http://here:1', but local, local:N, tcp://HOST:PORT or"),
    (
        ["--cluster=local:0"],
        "cluster: 'local:0': threads: 0, but a whole number from 1 to 1024 is needed",
    ),
    (["--resume"], "--resume: it needs --save FILE.npz"),
    (["--every=3"], "--every: it needs --save FILE.npz"),
    (["--save=fit.txt"], "--save: fit.txt, but the name of a file .npz is needed"),
    (["--save=fit.npz", "--resume"], "fit.npz: no such file to continue from; leave out --resume"),
    (["--save=file/below/fit.npz"], "cannot write to file/below: Not a directory; "),
    (["--threads=0"], "threads: 0, but a whole number from 1 to 1024 is needed"),
]


def test_train_refuses_options_that_mean_nothing(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    for arguments, expected in MEANINGLESS:
        assert refused("train", data, *arguments).startswith(expected)
        assert [path.name for path in tmp_path.iterdir()] == ["file"], "nothing is left behind"
    assert refused("train", "--cluster=local") == "--cluster: it needs DATA"


def test_a_file_that_somebody_removed_is_not_offered(tmp_path, monkeypatch):
    saved, save = tmp_path / "gone" / "fit.npz", Checkpoint.save

    def removed_after(self, fit):
        save(self, fit)
        shutil.rmtree(saved.parent)

    monkeypatch.setattr(Checkpoint, "save", removed_after)
    result = zeroloop("train", *QUICK, "--save", saved, "--every=3", "--iterations=9")
    assert result.exit_code == 2
    assert "fit.npz: No such file or directory; nothing is kept" in message(result)


def test_data_that_are_not_there():
    for name in ("nowhere.zarr", "nowhere.npy", "nowhere"):
        said = f"{name}: no such data set; `zeroloop data make nowhere.zarr --shape"
        assert refused("train", name).startswith(said)


def test_a_chunk_that_is_damaged_ends_training(tmp_path):
    _write(tmp_path / "hurt.zarr", problems.load("17x5000", "float32"))
    hurt = tmp_path / "hurt.zarr" / "X" / "c" / "0" / "3"
    content = bytearray(hurt.read_bytes())
    content[1000] ^= 1
    hurt.write_bytes(content)
    result = zeroloop("train", tmp_path / "hurt.zarr", f"--save={tmp_path / 'fit.npz'}")
    assert result.exit_code == 2
    assert str(hurt) in message(result)
    assert "its checksum does not match" in message(result)
    assert not (tmp_path / "fit.npz").exists()


def test_what_cannot_be_saved_ends_training(data, tmp_path, monkeypatch):
    file, write_file, writes = tmp_path / "fit.npz", files.write_file, []

    def full(path, content):
        writes.append(path)
        if len(writes) > 2:
            raise OSError(f"cannot write {path}: No space left on device")
        write_file(path, content)

    monkeypatch.setattr("reports.files.write_file", full)
    result = zeroloop("train", data, "--iterations=50", "--every=4", f"--save={file}")
    assert result.exit_code == 2
    expected = f"cannot write {file}: No space left on device; 8 iterations in {file}: with --resume"
    assert message(result).startswith(expected)
    assert len(saved(file)[2]) == 8


def test_a_second_interrupt_costs_nothing_that_was_done(data, tmp_path, monkeypatch):
    file, sums, save, calls = tmp_path / "fit.npz", DataSet.sums, Checkpoint.save, []

    def interrupted(*arguments):
        calls.append(None)
        if len(calls) == 4 * chunks:
            raise KeyboardInterrupt
        return sums(*arguments)

    def interrupted_again(*arguments):
        signal.raise_signal(signal.SIGINT)
        save(*arguments)

    chunks = len(opened(data))
    monkeypatch.setattr(DataSet, "sums", interrupted)
    monkeypatch.setattr(Checkpoint, "save", interrupted_again)
    result = zeroloop("train", data, "--threads=1", "--iterations=9", "--save", file)
    assert result.exit_code == 130
    said = f"interrupted; 3 iterations in {file}: with --resume the same command continues\n"
    assert result.stderr == said
    assert len(saved(file)[2]) == 3


def test_training_on_data_that_diverges_says_so(data):
    result = zeroloop("train", data, "--alpha=1e308", "--iterations=3")
    assert result.exit_code == 1
    assert message(result).startswith("training diverged at iteration ")


# Real processes that end early

TRUST = "local:2: any user of this machine can run code as you, here and on its workers"


def started(*arguments):
    command = [sys.executable, "-c", "from bench.cli import main; main()", "train", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for(file, process):
    """Wait until a file is there, and a little longer: until the middle of what follows."""
    deadline = time.monotonic() + 60
    while not file.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.2)


@pytest.mark.slow
def test_a_file_is_saved_by_one_training_at_a_time(tmp_path):
    file, lock = tmp_path / "fit.npz", tmp_path / ".fit.npz.lock"
    endless = ("--problem=5x7", f"--save={file}", "--iterations=1000000000")
    process = started(*endless, "--every=1000000000")
    try:
        wait_for(lock, process)
        for more in ([], ["--resume"]):
            said = f"{file}: another training saves there; name another file"
            assert refused("train", *QUICK, f"--save={file}", *more) == said
        assert zeroloop("train", *QUICK, f"--save={tmp_path / 'other.npz'}").exit_code == 0
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=60)
        assert messages.startswith("interrupted; ")
        assert {path.name for path in tmp_path.iterdir()} == {"fit.npz", "other.npz"}
    finally:
        process.kill()
        process.wait()
    lock.touch()  # as a training leaves it that is killed
    done = len(saved(file)[2])
    again = zeroloop("train", *QUICK, f"--save={file}", "--resume", f"--iterations={done + 1}")
    assert again.exit_code == 0, again.output
    assert {path.name for path in tmp_path.iterdir()} == {"fit.npz", "other.npz"}


@pytest.mark.slow
@pytest.mark.parametrize("wait_s", [0, 0.5, 1.5])
def test_ctrl_c_while_workers_start_is_one_line(data, wait_s):
    pytest.importorskip("distributed")
    process = started(data, "--cluster=local:2")
    while not psutil.Process(process.pid).children():
        time.sleep(0.01)
    time.sleep(wait_s)
    below = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    _, messages = process.communicate(timeout=60)
    trust, end = messages.splitlines()
    assert trust == TRUST
    assert (process.returncode, end.partition(";")[0]) == (130, "interrupted")
    assert not psutil.wait_procs(below, timeout=30)[1]


@pytest.mark.slow
@pytest.mark.parametrize("cluster", [None, "local:2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_training_that_is_ended_goes_on_to_the_same_bits(data, tmp_path, number, cluster):
    if cluster:
        pytest.importorskip("distributed")
    where = [f"--cluster={cluster}"] if cluster else []
    file, whole = tmp_path / "fit.npz", tmp_path / "whole.npz"
    process = started(data, *where, "--iterations=100000", "--every=3", f"--save={file}")
    wait_for(file, process)
    below = psutil.Process(process.pid).children(recursive=True)
    if number is signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does, to the workers too
    else:
        process.send_signal(number)
    _, messages = process.communicate(timeout=60)
    _, alive = psutil.wait_procs(below, timeout=30)
    assert not alive, "its workers end with it"
    done = len(saved(file)[2])
    assert done >= 3
    if number is signal.SIGKILL:
        assert done % 3 == 0
    else:
        assert process.returncode == 130, messages
        said = f"interrupted; {done} iterations in {file}: with --resume the same command continues"
        assert messages.splitlines() == [*([TRUST] if cluster else []), said]
    again = zeroloop("train", data, f"--iterations={done + 5}", f"--save={file}", "--resume")
    assert again.exit_code == 0, again.output
    assert zeroloop("train", data, f"--iterations={done + 5}", f"--save={whole}").exit_code == 0
    assert saved(file) == saved(whole)
    assert {path.name for path in tmp_path.iterdir()} == {"fit.npz", "whole.npz"}


@pytest.mark.slow
def test_a_cluster_changes_no_bit(data, tmp_path):
    pytest.importorskip("distributed")
    for name, where in (("here", []), ("one", ["--cluster=local:1"]), ("three", ["--cluster=local:3"])):
        result = zeroloop("train", data, *where, "--iterations=12", f"--save={tmp_path / name}.npz")
        assert result.exit_code == 0, result.output
    assert saved(tmp_path / "here.npz") == saved(tmp_path / "one.npz") == saved(tmp_path / "three.npz")


@pytest.mark.slow
def test_a_worker_that_is_killed_changes_no_bit(data, tmp_path):
    pytest.importorskip("distributed")
    file, whole = tmp_path / "fit.npz", tmp_path / "whole.npz"
    process = started(data, "--cluster=local:2", "--iterations=300", "--every=3", f"--save={file}")
    wait_for(file, process)
    workers = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]
    assert len(workers) == 2
    workers[0].kill()
    _, messages = process.communicate(timeout=120)
    assert process.returncode == 0, messages
    assert messages == f"{TRUST}\n"
    assert zeroloop("train", data, "--iterations=300", f"--save={whole}").exit_code == 0
    assert saved(file) == saved(whole)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_data(tmp_path):
    pytest.importorskip("zarr")
    peaks, sizes = [], []
    for m in (100_000, 3_600_000):
        path = tmp_path / f"{m}.zarr"
        _write(path, problems.load(f"28x{m}", "float32"), 2**15)
        sizes.append(sum(file.stat().st_size for file in path.rglob("*")))
        # Of `ru_maxrss` the system would keep what the process was before it ran Python anew: this one.
        code = (
            "from bench.cli import main; from impls.data import dataset; from pathlib import Path\n"
            "dataset.KEPT_BYTES = 2**24\n"  # what stays mapped is meant to
            f"main(['train', {str(path)!r}, '--iterations=2'], standalone_mode=False)\n"
            "print(Path('/proc/self/status').read_text())"
        )
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        peaks.append(1024 * int(re.search(r"VmHWM:\s+(\d+) kB", found.stdout)[1]))
    assert peaks[1] - peaks[0] < (sizes[1] - sizes[0]) / 8
