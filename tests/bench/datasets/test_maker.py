"""Synthetic data sets: the same numbers whatever the chunks, of the model that they are said to be of."""

import os
import signal
import threading
import time
from itertools import pairwise

import numpy as np
import pytest
import zarr
from scipy.stats import kstest

from bench.datasets.maker import Maker, piece_of
from impls.data.dataset import BadData, opened
from impls.data.writing import Writer

PIECE = piece_of(3)
M = 3 * PIECE + 5_001
ITEM = {"float32": 4, "float64": 8}


def made(path, n_x, m, chunk, threads=2, dtype="float32", seed=1):
    """Make a data set, given the most examples of a chunk, and return X and Y as Zarr reads them."""
    shown = []
    Maker(path, n_x, m, dtype, chunk * n_x * ITEM[dtype], seed).run(threads, shown.append)
    data = opened(path)
    assert (data.n_x, data.m) == (n_x, m)
    assert min(m, chunk) / 2 <= data.chunk <= chunk
    assert sum(shown) == len(data) * data.chunk * (n_x + 1) * ITEM[dtype]
    group = zarr.open_group(path, mode="r")
    return group["X"][:], group["Y"][:]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The data in one chunk, by one thread."""
    return made(tmp_path_factory.mktemp("whole") / "data.zarr", 3, M, 4 * PIECE + 512, threads=1)


@pytest.mark.parametrize(
    ("chunk", "threads"),
    [
        pytest.param(PIECE - 512, 1, marks=pytest.mark.slow),  # a data set takes odd multiples of 512
        (PIECE - 512, 3),
        (3 * PIECE + 512, 2),
        (PIECE // 2 + 512, 2),
        pytest.param(1536, 3, marks=pytest.mark.slow),
    ],
)
def test_same_numbers_whatever_the_chunks_and_threads(tmp_path, whole, chunk, threads):
    for one, other in zip(made(tmp_path / "data.zarr", 3, M, chunk, threads), whole, strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize(
    "chunk", [1, 512, 1536, *(pytest.param(chunk, marks=pytest.mark.slow) for chunk in (511, 4608))]
)
def test_same_numbers_where_chunks_cut_pieces(tmp_path, chunk):
    assert piece_of(500) == 1024
    X, Y = made(tmp_path / "one.zarr", 500, 2100, 2100)
    m = min(2100, 9 * chunk)
    other = made(tmp_path / "other.zarr", 500, m, chunk, threads=3)
    assert np.array_equal(other[0], X[:, :m])
    assert np.array_equal(other[1], Y[:, :m])


@pytest.mark.parametrize("m", [1, 4095, PIECE, PIECE + 1])
def test_a_smaller_one_is_the_beginning_of_a_larger(tmp_path, whole, m):
    X, Y = made(tmp_path / "data.zarr", 3, m, PIECE)
    assert np.array_equal(X, whole[0][:, :m])
    assert np.array_equal(Y, whole[1][:, :m])


def test_float32_is_float64_rounded(tmp_path, whole):
    X, Y = made(tmp_path / "data.zarr", 3, M, PIECE, dtype="float64")
    assert np.array_equal(X.astype("float32"), whole[0])
    assert not np.array_equal(X, whole[0])
    assert np.array_equal(Y, whole[1])


def test_seeds_and_shapes_differ(tmp_path, whole):
    X, Y = made(tmp_path / "seed.zarr", 3, 1000, PIECE, seed=2)
    assert np.mean(whole[0][:, :1000] != X) > 0.99
    assert 0.05 < np.mean(whole[1][:, :1000] != Y) < 0.95
    wider, _ = made(tmp_path / "wider.zarr", 4, 1000, PIECE)
    assert np.mean(wider[:3] != whole[0][:, :1000]) > 0.99


def test_the_features_are_normal_and_nothing_is_drawn_twice(tmp_path, whole):
    X, _ = whole
    for feature in X:
        assert kstest(feature, "norm").pvalue > 1e-4
    assert np.abs(np.corrcoef(X) - np.eye(3)).max() < 5 / np.sqrt(M)
    in_float64, _ = made(tmp_path / "data.zarr", 3, M, PIECE, dtype="float64")
    assert len(np.unique(in_float64)) == 3 * M


def test_the_labels_are_of_a_logistic_model(tmp_path):
    n_x, m = 5, 200_000
    X, Y = made(tmp_path / "data.zarr", n_x, m, PIECE, dtype="float64", seed=7)
    normal = np.random.default_rng([7, n_x, 0]).standard_normal(n_x)
    assert not np.isin(normal, X).any(), "the weights are no features of the first examples"
    Z = normal * (2 / np.sqrt(n_x)) @ X
    A = 1 / (1 + np.exp(-Z))
    assert 0.2 < Y.mean() < 0.8
    # At the weights the gradient of the cost is 0 but for noise, and nowhere near it without them.
    error = np.sqrt(X**2 @ (A * (1 - A))) / m
    assert (np.abs(X @ (A - Y[0]) / m) < 5 * error).all()
    assert (np.abs(X @ (0.5 - Y[0]) / m) > 5 * error).any()
    edges = np.linspace(-4, 4, 17)
    for low, high in pairwise(edges):
        here = (low <= Z) & (high > Z)
        noise = np.sqrt((A * (1 - A))[here].sum()) / here.sum()
        assert abs(Y[0, here].mean() - A[here].mean()) < 5 * noise, (low, high)


# What was begun


ABOUT = (2, 10_000, "float32", 8_000, 1)  # ten chunks


def begun(path, chunks, about=ABOUT):
    """Leave a data set as a killed process does, with these chunks or one more; return its next maker."""
    maker = Maker(path, *about)

    def show(_):
        if maker.written >= chunks:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        maker.run(1, show)
    assert chunks <= maker.written <= chunks + 1 < maker.chunks
    return Maker(path, *about)


def files(path):
    return {file.relative_to(path): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_what_is_written_is_not_written_again(tmp_path):
    path = tmp_path / "data.zarr"
    maker = begun(path, 4)
    labels = [path.with_name("data.zarr.part") / "Y" / "c" / "0" / str(k) for k in range(10)]
    before = {file: file.stat().st_mtime_ns for file in labels if file.exists()}
    assert len(before) in (4, 5)
    # What zarr is writing when its process is killed.
    (labels[0].parent / "7.0123456789abcdef.partial").write_bytes(b"half")
    shown = []
    maker.run(2, shown.append)
    assert shown[0] == len(before) * maker.stored_bytes
    assert sum(shown) == maker.chunks * maker.stored_bytes
    kept = {path / "Y" / "c" / "0" / file.name: changed for file, changed in before.items()}
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    Maker(tmp_path / "other.zarr", *ABOUT).run(1, lambda _: None)
    assert files(path) == files(tmp_path / "other.zarr")


def test_a_second_interrupt_waits_for_the_chunks_too(tmp_path, monkeypatch):
    maker, write, written = Maker(tmp_path / "data.zarr", *ABOUT), Writer.write, []
    second = threading.Event()

    def slow(writer, k, X, Y):
        if k == 0:
            assert second.wait(60)
        if k == 1:
            second.set()
            assert maker._stop.wait(60)  # the first interrupt has come
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)  # for whoever does not wait
        write(writer, k, X, Y)
        written.append(k)

    def interrupted(size):
        if size:
            raise KeyboardInterrupt

    monkeypatch.setattr(Writer, "write", slow)
    with pytest.raises(KeyboardInterrupt):
        maker.run(2, interrupted)
    assert 1 in written
    assert maker.written == len(written)


def test_chunks_whose_labels_are_all_0_are_written_too(tmp_path, whole):
    begun(tmp_path / "data.zarr", 3, (3, 20, "float32", 12, 1))
    _, Y = made(tmp_path / "data.zarr", 3, 20, 1)
    assert np.array_equal(Y, whole[1][:, :20])
    assert 0 in Y[0, 4:]


def test_a_data_set_that_was_hardly_begun_is_begun_anew(tmp_path):
    path = tmp_path / "data.zarr"
    group = zarr.open_group(tmp_path / "data.zarr.part", mode="a")
    group.create_array("X", shape=(7, 7), chunks=(7, 7), dtype="float64")
    X, _ = made(path, 2, 100, 100)
    assert X.shape == (2, 100)


@pytest.mark.parametrize(
    "other",
    [
        (2, 10_000, "float32", 8_000, 2),
        (3, 10_000, "float32", 8_000, 1),
        (2, 9_999, "float32", 8_000, 1),
        (2, 10_000, "float64", 8_000, 1),
        (2, 10_000, "float32", 16_000, 1),
    ],
    ids=["seed", "n_x", "m", "dtype", "chunk"],
)
def test_another_data_set_does_not_go_on(tmp_path, other):
    path = tmp_path / "data.zarr"
    begun(path, 2)
    before = files(tmp_path)
    with pytest.raises(BadData, match=r"data\.zarr\.part: remains of another data set .*: remove it"):
        Maker(path, *other).run(1, lambda _: None)
    assert files(tmp_path) == before


def test_an_unfinished_data_set_is_not_used(tmp_path):
    begun(tmp_path / "data.zarr", 2)
    with pytest.raises(BadData, match="no such data set"):
        opened(tmp_path / "data.zarr")
    with pytest.raises(BadData, match="half written"):
        opened(tmp_path / "data.zarr.part")
