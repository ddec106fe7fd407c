"""The command line: what each command prints, and one message with the right exit code where it cannot."""

import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import impls
from impls import registry
from impls.data import problems
from impls.kernels import cuda_device
from reports import write

WRONG = Path(__file__).parents[2] / "impls" / "wrong"
QUICK = ("--problem", "5x7", "--threads", "1")


def line_of(result, name):
    (line,) = [line for line in result.output.splitlines() if line.split()[:1] == [name]]
    return " ".join(line.split())


@pytest.mark.slow
def test_a_command_that_computes_nothing_loads_nothing_large():
    libraries = {"matplotlib", "scipy", "numba", "zarr", "distributed", "pyarrow", "torch", "jax"}
    code = f"import sys, bench.cli; print({libraries} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


# Help, and commands that do not exist


@pytest.mark.parametrize(
    "command", [(), ("list",), ("verify",), ("run",), ("compare",), ("gallery",), ("train",), ("report",)]
)
def test_help_fits_a_terminal(zeroloop, command):
    result = zeroloop(*command, "--help", columns=80)
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")
    assert max(map(len, result.output.splitlines())) <= 80
    assert zeroloop(*command, "-h", columns=80).output == result.output


@pytest.mark.parametrize(
    ("name", "offer"),
    [("lst", "Did you mean 'list'?"), ("trian", "Did you mean 'train'?"), ("xyzzy", "There are compare, ")],
)
def test_unknown_command(zeroloop, name, offer, message):
    result = zeroloop(name)
    assert result.exit_code == 2
    assert message(result).startswith(f"No such command {name!r}. {offer}")


@pytest.mark.parametrize(
    ("command", "place"),
    [
        (["list"], "bench.cli._rows_table"),
        (["train", "here.npy"], "impls.data.dataset.opened"),
    ],
)
def test_ctrl_c_shows_one_line(zeroloop, monkeypatch, command, place):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupted)
    result = zeroloop(*command)
    assert (result.exit_code, result.output) == (130, "interrupted\n")


def test_version(zeroloop):
    result = zeroloop("--version")
    assert result.exit_code == 0
    assert result.output == f"zeroloop, version {metadata.version('zeroloop')}\n"


# list


def test_list_shows_every_row_and_problem(zeroloop):
    result = zeroloop("list")
    assert result.exit_code == 0
    for name in impls.names():
        status = (registry.missing(registry.record(name)) or "ready").partition(": ")[0]
        assert line_of(result, name).endswith(status)
    for shape in problems.SHAPES:
        assert f" {shape.n_x:,} {shape.m:,} " in line_of(result, shape.name)


def test_list_says_how_to_install_what_is_missing(zeroloop, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    result = zeroloop("list")
    assert result.exit_code == 0
    assert line_of(result, "numba_two_loop").endswith("not installed")
    assert re.search(
        "^For the rows that are not installed:\n  pip install .*\\bnumba\\b", result.output, re.MULTILINE
    )
    assert line_of(result, "numpy_zero_loop").endswith("ready")
    assert max(map(len, zeroloop("list", columns=80).output.splitlines())) <= 80


def test_list_offers_no_library_of_a_gpu_where_there_is_none(zeroloop, monkeypatch):
    monkeypatch.setattr(registry, "_is_installed", lambda library: library == "numpy")
    for why, status, offered in (("none here", "no CUDA device", False), (None, "not installed", True)):
        monkeypatch.setattr(cuda_device, "why_none", lambda why=why: why)
        result = zeroloop("list")
        assert line_of(result, "cupy_zero_loop").endswith(status)
        assert ("cupy" in re.search("^For the rows .*\n.*", result.output, re.MULTILINE)[0]) == offered


# verify


def test_verify_agrees(zeroloop):
    rows = ("python_two_features", "python_two_loop", "numpy_zero_loop")
    result = zeroloop("verify", *(f"--impl={row}" for row in rows), *QUICK, "--dtype=float32")
    assert result.exit_code == 0
    assert line_of(result, "numpy_zero_loop").endswith("agrees")
    assert line_of(result, "python_two_loop").endswith("agrees")
    assert "unsuited: " in line_of(result, "python_two_features")
    assert "agree" in result.output.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("wrong_sign.py", "failed: dw is off by "),
        ("returns_nan.py", "failed: J is "),
        ("overwrites_input.py", "failed: step wrote to its inputs"),
        ("raises.py", "failed: raises.py, line 5: RuntimeError: no gradient today"),
    ],
)
def test_verify_tells_wrong_rows_from_the_others(zeroloop, name, verdict):
    result = zeroloop("verify", f"--impl={WRONG / name}", "--impl=numpy_zero_loop", *QUICK, columns=300)
    assert result.exit_code == 1
    assert verdict in line_of(result, name)
    assert line_of(result, "numpy_zero_loop").endswith("agrees")
    assert "1 failed" in result.output.splitlines()[-1]


def test_verify_is_no_failure_where_a_library_is_missing(zeroloop, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    result = zeroloop("verify", "--impl=numba_two_loop", *QUICK)
    assert result.exit_code == 0
    assert line_of(result, "numba_two_loop").endswith("not installed: pip install numba")


def test_verify_is_no_failure_where_there_is_no_gpu(zeroloop, monkeypatch):
    monkeypatch.setattr(cuda_device, "why_none", lambda: "none here")
    result = zeroloop("verify", "--impl=torch_gpu", "--impl=numpy_zero_loop", *QUICK)
    assert result.exit_code == 0
    assert line_of(result, "torch_gpu").endswith("no CUDA device: none here")


@pytest.mark.parametrize("command", ["verify", "train"])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--impl=numpy_zero_lop"], "no implementation 'numpy_zero_lop'; did you mean numpy_zero_loop"),
        (["--problem=brest_cancer"], "no problem 'brest_cancer'; did you mean breast_cancer"),
        (["--problem=1000000x1000000000"], "problem 1000000x1000000000: X takes 8,000,000.0 GB"),
        (["--threads=0"], "threads: 0, but a whole number from 1 to 1024 is needed"),
        (["--dtype=float16"], "Invalid value for '--dtype': 'float16' is not one of "),
    ],
)
def test_bad_request(zeroloop, command, arguments, expected, message):
    result = zeroloop(command, *QUICK, *arguments)
    assert result.exit_code == 2
    assert message(result).startswith(expected)


# report


def test_report_is_built_from_the_file_alone(zeroloop, good, tmp_path, monkeypatch):
    shutil.copy(good.folder / "results.json", tmp_path / "sent.json")
    monkeypatch.chdir(tmp_path)
    result = zeroloop("report", "sent.json")
    assert result.exit_code == 0
    folder = tmp_path / "reports" / "out" / good.folder.name
    last = result.output.splitlines()[-1].removeprefix("report: ")
    assert Path(last).resolve() == folder / "index.html"
    assert {path.name for path in folder.iterdir()} == {path.name for path in good.folder.iterdir()}
    for path in good.folder.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes(), path.name


def test_report_prints_the_contest_where_there_is_one(zeroloop, good, tmp_path, monkeypatch):
    monkeypatch.setattr(write, "write_into", lambda document, folder: folder / "index.html")  # takes seconds
    document = json.loads((good.folder / "results.json").read_text())
    for row in document["zeroloop"]["rows"]:
        row["side"] = {"numba_two_loop": "ours", "numpy_zero_loop": "peer"}.get(row["name"])
    (tmp_path / "contest.json").write_text(json.dumps(document))
    result = zeroloop("report", tmp_path / "contest.json", "-o", tmp_path / "out")
    assert "\n In the geometric mean ours is " in result.output
    assert "not citable: one process, a quick look" in result.output


def test_report_goes_where_it_is_told(zeroloop, bare, tmp_path):
    result = zeroloop("report", bare.folder / "results.json", "-o", tmp_path / "a" / "b")
    assert result.exit_code == 0
    assert (tmp_path / "a" / "b" / "index.html").read_text("utf-8") == bare.page


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: text[: len(text) // 2], "not a JSON file, or a truncated one: "),
        (lambda text: "hello", "not a JSON file, or a truncated one: "),
        (lambda text: "", "not a JSON file, or a truncated one: "),
        (lambda text: "[]", "not a benchmark's results file"),
        (lambda text: json.dumps({**json.loads(text), "zeroloop": None}), "written by another tool"),
    ],
    ids=["truncated", "text", "empty", "other JSON", "other tool"],
)
def test_report_refuses_what_is_no_results_file(zeroloop, bare, tmp_path, damage, reason, message):
    path = tmp_path / "damaged.json"
    path.write_text(damage((bare.folder / "results.json").read_text()))
    result = zeroloop("report", path, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert message(result).startswith(f"{path}: {reason}")
    assert not (tmp_path / "out").exists()


def test_report_of_a_file_that_does_not_exist(zeroloop, message):
    result = zeroloop("report", "nowhere.json")
    assert result.exit_code == 2
    assert "'nowhere.json' does not exist" in message(result)


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_report_into_a_file(zeroloop, bare, tmp_path, place, message):
    (tmp_path / "file").write_text("precious")
    result = zeroloop("report", bare.folder / "results.json", "-o", tmp_path / place)
    assert result.exit_code == 2
    assert str(tmp_path / place) in message(result)
    assert (tmp_path / "file").read_text() == "precious"
