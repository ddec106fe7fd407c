"""What is asked for: defaults, duplicates, names, and requests that cannot be met."""

from pathlib import Path

import pytest
from bench.selection import (
    DEFAULT_PROBLEMS,
    BadSelection,
    describe_problem,
    describe_row,
    display_name,
    path_of,
    select,
)

import impls
from impls import pools
from impls.data import problems


@pytest.mark.parametrize("nothing", [None, ()])
def test_defaults(nothing):
    chosen = select(nothing, nothing, nothing, None)
    assert chosen.rows == tuple(
        name for name in impls.names() if name not in ("numba_chunks", "dask_chunks")
    ), "what reads from disk is named where it is wanted"
    assert chosen.problems == DEFAULT_PROBLEMS
    assert chosen.dtypes == ("float64",)
    assert chosen.thread_counts == (pools.available(),)


def test_all_cores_are_counted_when_asked(monkeypatch):
    monkeypatch.setattr(pools, "available", lambda: 7)
    assert select(None, None, None, None).thread_counts == (7,)
    assert select(None, None, None, [3]).thread_counts == (3,)


def test_duplicates_are_removed_and_order_is_kept():
    chosen = select(
        ["python_two_loop", "numpy_zero_loop", "python_two_loop"],
        ["5x7", "cats", "5x7"],
        ["float32", "float64", "float32"],
        [2, 1, 2],
    )
    assert chosen.rows == ("python_two_loop", "numpy_zero_loop")
    assert chosen.problems == ("5x7", "cats")
    assert chosen.dtypes == ("float32", "float64")
    assert chosen.thread_counts == (2, 1)


def test_contest_is_of_all_rows_without_python_loops_on_all_that_has_a_name(monkeypatch):
    monkeypatch.setattr(pools, "available", lambda: 7)
    monkeypatch.setattr(problems, "check_memory", lambda shape, dtype: None)
    chosen = select(None, None, None, None, contest=True)
    assert {"numpy_zero_loop", "numba_two_loop", "numba_parallel", "numba_fused"} <= set(chosen.rows)
    assert not {"python_two_features", "python_two_loop", "numpy_two_loop", "numpy_one_loop"} & {*chosen.rows}
    assert chosen.rows == tuple(row for row in impls.names() if row in chosen.rows), "in teaching order"
    assert chosen.problems == problems.names()
    assert chosen.dtypes == problems.DTYPES
    assert chosen.thread_counts == (7, 1)


def test_contest_on_one_core_has_one_number_of_threads(monkeypatch):
    monkeypatch.setattr(pools, "available", lambda: 1)
    assert select(None, ["5x7"], None, None, contest=True).thread_counts == (1,)


def test_what_is_asked_for_wins_over_the_contest():
    chosen = select(["python_two_loop"], ["5x7"], ["float32"], [1], contest=True)
    assert (chosen.rows, chosen.problems) == (("python_two_loop",), ("5x7",))
    assert (chosen.dtypes, chosen.thread_counts) == (("float32",), (1,))


@pytest.mark.parametrize(
    ("rows", "names", "counts", "message"),
    [
        (["numpy_zero_lop"], None, [1], "no implementation 'numpy_zero_lop'; did you mean numpy_zero_loop"),
        (None, ["quadrat"], [1], "no problem 'quadrat'; did you mean square"),
        (None, ["0x7"], [1], "no problem '0x7'; "),
        (None, ["1000000x1000000000"], [1], "X takes 8,000,000.0 GB"),
        (None, None, [0], "threads: 0, but a whole number from 1 to 1024 is needed"),
        (None, None, [2, -1], "threads: -1, "),
        (None, None, [10**6], "threads: 1000000, "),
        (None, None, [999], "threads: 999, but this process may use "),
        (["a/nowhere.py"], None, [1], "a/nowhere.py: no such file"),
    ],
)
def test_bad_selection_says_why(rows, names, counts, message):
    with pytest.raises(BadSelection) as caught:
        select(rows, names, None, counts)
    assert message in str(caught.value)


def test_two_files_of_one_name_are_refused(tmp_path):
    files = [tmp_path / folder / "mine.py" for folder in "ab"]
    for file in files:
        file.parent.mkdir()
        file.touch()
    with pytest.raises(BadSelection, match=r"2 rows are called mine\.py"):
        select([*map(str, files)], None, None, [1])


def test_memory_counts_in_the_dtype_asked_for(monkeypatch):
    free = type("Memory", (), {"available": 5 * 7 * 4})
    monkeypatch.setattr(problems.psutil, "virtual_memory", lambda: free)
    assert select(None, ["5x7"], ["float32"], [1])
    with pytest.raises(BadSelection, match="problem 5x7: X takes"):
        select(None, ["5x7"], ["float32", "float64"], [1])


@pytest.mark.parametrize(
    ("row", "shown"),
    [("numpy_zero_loop", "numpy_zero_loop"), ("mine.py", "mine.py"), ("/home/ada/work/mine.py", "mine.py")],
)
def test_display_name(row, shown):
    assert display_name(row) == shown


@pytest.mark.parametrize("name", impls.names())
def test_row_is_described_with_the_source_that_runs(name):
    described = describe_row(name)
    assert described.name == name
    assert described.source == path_of(name).read_text("utf-8")
    assert path_of(name) == Path(impls.__file__).with_name(f"{name}.py")


def test_compiled_row_is_described_with_what_it_compiles():
    assert describe_row("numba_two_loop").compiles == path_of("python_two_loop").read_text("utf-8")
    assert describe_row("numpy_zero_loop").compiles is None
    sources = [
        (Path(impls.__file__).parent / "kernels" / name).read_text("utf-8")
        for name in ("sweep.py", "link.py")
    ]
    assert describe_row("numba_fused").compiles == "\n\n".join(sources)


def test_own_file_is_described_broken_or_not(own_file):
    described = describe_row(str(own_file("mine.py", "def step(:\n")))
    assert (described.name, described.title, described.source) == ("mine.py", "own file", "def step(:\n")
    assert describe_row("nowhere.py").source == ""


@pytest.mark.parametrize(("name", "size"), [("5x7", (5, 7)), ("square", (128, 10_000))])
def test_problem_is_described(name, size):
    described = describe_problem(name)
    assert (described.name, described.n_x, described.m) == (name, *size)
    assert described.title
