"""What is asked for: defaults, duplicates, names, and requests that cannot be met."""

import dataclasses
import signal
from pathlib import Path

import pytest

import impls
from bench.request import (
    DEFAULT_PROBLEMS,
    BadRequest,
    check_system,
    check_threads,
    describe_problem,
    describe_row,
    request,
)
from impls import limits, pools, records
from impls.data import problems
from impls.errors import UserError
from impls.records import RECORDS
from tests.bench.helpers import setting, written


def test_defaults():
    asked = request()
    named = ("numba_chunks", "dask_chunks")
    assert asked.rows == tuple(row for row in RECORDS if row.name not in named), "which read from disk"
    assert tuple(shape.name for shape in asked.shapes) == DEFAULT_PROBLEMS
    assert asked.dtypes == ("float64",)
    assert asked.thread_counts == (pools.available(),)


def test_all_cores_are_counted_when_asked(monkeypatch):
    monkeypatch.setattr(pools, "available", lambda: 7)
    assert request().thread_counts == (7,)
    assert request(thread_counts=[3]).thread_counts == (3,)


def test_duplicates_are_removed_and_order_is_kept(monkeypatch):
    monkeypatch.setattr(pools, "available", lambda: 2)
    asked = request(
        ["python_two_loop", "numpy_zero_loop", "python_two_loop"],
        ["5x7", "cats", "5x7"],
        ["float32", "float64", "float32"],
        [2, 1, 2],
    )
    assert [row.name for row in asked.rows] == ["python_two_loop", "numpy_zero_loop"]
    assert [shape.name for shape in asked.shapes] == ["5x7", "cats"]
    assert asked.dtypes == ("float32", "float64")
    assert asked.thread_counts == (2, 1)


def test_an_own_file_by_two_paths_is_one_row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "mine.py", "")
    (tmp_path / "link.py").symlink_to(tmp_path / "mine.py")
    asked = request(["./mine.py", str(tmp_path / "mine.py"), "mine.py", "link.py"])
    assert [row.name for row in asked.rows] == ["mine.py"]


def test_a_row_may_be_its_record_which_has_a_name_of_its_own(tmp_path):
    files = [written(tmp_path, f"{folder}/mine.py", "") for folder in ("old", "new")]
    old, new = (
        dataclasses.replace(records.find(str(file)), name=f"{file.parent.name}/mine.py") for file in files
    )
    assert request([old, "numpy_zero_loop", new]).rows == (old, records.find("numpy_zero_loop"), new)


def test_settings_are_every_problem_in_every_way(monkeypatch):
    monkeypatch.setattr(pools, "available", lambda: 2)
    asked = request(["numpy_zero_loop"], ["5x7", "3x50"], ["float64", "float32"], [1, 2])
    assert [one.key for one in asked.settings] == [
        (problem, dtype, threads)
        for problem in ("5x7", "3x50")
        for dtype in ("float64", "float32")
        for threads in (1, 2)
    ]


def test_a_row_suits_data_of_the_features_that_it_serves():
    two = records.find("python_two_features")
    assert setting("2x50").suits(two)
    assert not setting("3x50").suits(two)
    assert setting("3x50").suits(records.find("numpy_zero_loop"))


def test_bad_request_says_why():
    for asked, said in (
        ({"rows": ["numpy_zero_lop"]}, "no implementation 'numpy_zero_lop'; did you mean numpy_zero_loop"),
        ({"problem_names": ["quadrat"]}, "no problem 'quadrat'; did you mean square"),
        ({"problem_names": ["0x7"]}, "no problem '0x7'; "),
        ({"problem_names": ["1000000x1000000000"]}, "the data and the oracle take 8,000,128.0 GB"),
        ({"thread_counts": [0]}, "threads: 0, but a whole number from 1 to 1024 is needed"),
        ({"thread_counts": [1, -1]}, "threads: -1, "),
        ({"thread_counts": [10**6]}, "threads: 1000000, "),
        ({"thread_counts": [999]}, "threads: 999, but this process may use "),
        ({"rows": ["a/nowhere.py"]}, "a/nowhere.py: no such file"),
    ):
        with pytest.raises(UserError) as caught:
            request(**asked)
        assert said in str(caught.value)


def test_threads_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(pools, "available", lambda: 3)
    check_threads(3)
    with pytest.raises(BadRequest, match="threads: 4, but this process may use 3 cores"):
        check_threads(4)


def test_systems_that_cannot_stop_processes_are_told(monkeypatch):
    check_system("this")
    monkeypatch.delattr(signal, "SIGSTOP")
    with pytest.raises(BadRequest, match=r"^this needs Linux or macOS"):
        check_system("this")


def test_two_files_of_one_name_are_refused(tmp_path):
    files = [written(tmp_path, f"{folder}/mine.py", "") for folder in "ab"]
    with pytest.raises(BadRequest, match=r"2 rows are called mine\.py"):
        request([*map(str, files)])


def test_memory_counts_in_the_dtype_asked_for(monkeypatch):
    monkeypatch.setattr(limits, "free_bytes", lambda: problems.bytes_of(problems.find("5x7"), "float32"))
    assert request(problem_names=["5x7"], dtypes=["float32"])
    with pytest.raises(UserError, match="problem 5x7: the data and the oracle take"):
        request(problem_names=["5x7"], dtypes=["float32", "float64"])


def test_row_is_described_with_the_source_that_runs():
    for row in RECORDS:
        described = describe_row(row)
        assert (described.name, described.title, described.device) == (row.name, row.title, row.device)
        assert described.source == Path(impls.__file__).with_name(f"{row.name}.py").read_text("utf-8")


def test_row_is_described_with_the_functions_of_other_files_that_it_runs():
    names = ("numpy_zero_loop", "numba_two_loop", "jax_autograd")
    numpy, two_loop, autograd = (describe_row(records.find(name)) for name in names)
    assert numpy.helpers.startswith("# impls/stable.py\n\n\ndef sigmoid(Z):\n")
    lesson = records.find("python_two_loop").source
    assert two_loop.helpers == f"# impls/python_two_loop.py\n\n\n{lesson[lesson.index('def step') :]}"
    assert numpy.prepare_helpers is two_loop.prepare_helpers is autograd.helpers is None
    assert "def start(threads):" in autograd.prepare_helpers


def test_own_file_is_described_broken_or_not(tmp_path):
    described = describe_row(records.find(str(written(tmp_path, "mine.py", "def step(:\n"))))
    assert (described.name, described.title, described.source) == ("mine.py", "own file", "def step(:\n")
    assert described.helpers is described.prepare_helpers is None
    assert describe_row(records.find("nowhere.py")).source == ""


def test_problem_is_described():
    for name, size in {"5x7": (5, 7), "square": (128, 10_000)}.items():
        described = describe_problem(problems.find(name))
        assert (described.name, described.n_x, described.m) == (name, *size)
        assert described.title
