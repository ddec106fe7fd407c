"""Writing data sets: an interrupted writer continues, and nothing that is there is written over."""

import numpy as np
import pytest

from impls.data.dataset import BadData, opened
from impls.data.writing import Writer
from tests.impls.checks import problem_of, written

pytest.importorskip("zarr")


@pytest.fixture
def numbers():
    problem = problem_of("3x20")
    return problem.X, problem.Y


def begun(path, X, Y, chunk=7, until=2, **origin):
    """Write the first chunks of a data set, as if the process ended then."""
    writer = Writer(path, len(X), X.shape[1], str(X.dtype), chunk, origin)
    for k in range(until):
        writer.write(k, X[:, k * chunk : (k + 1) * chunk], Y[:, k * chunk : (k + 1) * chunk])


def test_writing_continues_where_it_ended(tmp_path, numbers):
    X, Y = numbers
    path = tmp_path / "data.zarr"
    begun(path, X, Y, seed=1)
    assert [file.name for file in tmp_path.iterdir()] == ["data.zarr.part"]
    writer = Writer(path, 3, 20, str(X.dtype), 7, {"seed": 1})
    assert [writer.has(k) for k in range(3)] == [True, True, False]
    writer.write(2, X[:, 14:], Y[:, 14:])
    writer.finish()
    assert [file.name for file in tmp_path.iterdir()] == ["data.zarr"]
    whole = opened(written(tmp_path / "whole.zarr", X, Y, 7))
    assert opened(path).identity == whole.identity


def test_a_chunk_without_its_labels_is_not_written(tmp_path, numbers):
    X, Y = numbers
    path = tmp_path / "data.zarr"
    begun(path, X, Y, seed=1)
    (path.with_name("data.zarr.part") / "Y/c/0/1").unlink()
    writer = Writer(path, 3, 20, str(X.dtype), 7, {"seed": 1})
    assert [writer.has(k) for k in range(3)] == [True, False, False]


@pytest.mark.parametrize(
    "other",
    [{"seed": 2}, {"m": 21}, {"n_x": 2}, {"dtype": "float32"}, {"chunk": 8}],
    ids=lambda other: next(iter(other)),
)
def test_another_data_set_is_not_continued(tmp_path, other):
    path = tmp_path / "data.zarr"
    begun(path, np.ones((3, 20)), np.ones((1, 20)), seed=1)
    arguments = {"n_x": 3, "m": 20, "dtype": "float64", "chunk": 7, "origin": {"seed": 1}}
    arguments.update({"origin": other} if "seed" in other else other)
    said = "remains of another data set that was not finished: remove it$"
    with pytest.raises(BadData, match=rf"/data\.zarr\.part: {said}"):
        Writer(path, **arguments)


@pytest.mark.parametrize("content", [None, b"", b"[1]", b"\xff"])
def test_what_is_no_data_set_is_not_continued(tmp_path, content):
    unfinished = tmp_path / "data.zarr.part"
    unfinished.mkdir()
    if content is not None:
        (unfinished / "zarr.json").write_bytes(content)
    (unfinished / "mine.txt").touch()
    with pytest.raises(BadData, match=r"remains of another data set that was not finished: remove it$"):
        Writer(tmp_path / "data.zarr", 3, 20, "float64", 7, {})
    assert (unfinished / "mine.txt").exists()


def test_what_is_there_is_not_written_over(tmp_path, numbers):
    folder = written(tmp_path / "data.zarr", *numbers, chunk=7)
    with pytest.raises(BadData, match=r"/data\.zarr is there already: remove it, or choose another name$"):
        Writer(folder, 3, 20, "float64", 7, {})


def test_a_link_to_nothing_is_there_already(tmp_path):
    link = tmp_path / "data.zarr"
    link.symlink_to("nowhere")
    with pytest.raises(BadData, match=r"/data\.zarr is there already: remove it, or choose another name$"):
        Writer(link, 3, 20, "float64", 7, {})
    assert list(tmp_path.iterdir()) == [link]


def grown(path, X, Y, until, m=7):
    writer = Writer(path, 3, m, str(X.dtype), 7, {"from": "a file"})
    for k in range(until):
        if not writer.has(k):
            writer.write(k, X[:, 7 * k : 7 * k + 7], Y[:, 7 * k : 7 * k + 7])
    return writer


def test_m_may_grow(tmp_path, numbers):
    X, Y = numbers
    grown(tmp_path / "data.zarr", X, Y, 3).finish()
    data = opened(tmp_path / "data.zarr")
    assert data.identity == opened(written(tmp_path / "whole.zarr", X, Y, 7)).identity
    assert (data.m, len(data)) == (20, 3)


def test_discarded(tmp_path, numbers):
    X, Y = numbers
    begun(tmp_path / "data.zarr", X, Y)
    Writer(tmp_path / "data.zarr", 3, 20, str(X.dtype), 7, {}).discard()
    assert not list(tmp_path.iterdir())
