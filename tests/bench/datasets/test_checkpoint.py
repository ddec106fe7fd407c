"""Trainings in files: what is saved comes back to the last bit, and nothing else is taken for one."""

import numpy as np
import pytest

from bench.datasets.checkpoint import BadCheckpoint, Checkpoint
from impls.training import Fit

FIT = Fit(np.array([[0.1], [1 / 3]], np.float32), 2 / 3, [0.7, 0.6, 1 / 7], converged=False)


@pytest.fixture
def file(tmp_path):
    kept = Checkpoint(tmp_path / "fit.npz", "data set 1", 0.1)
    kept.save(FIT)
    return kept


def test_what_is_saved_comes_back(file):
    w, b, costs, converged = file.load(2, "float32", 10)
    assert (w.tobytes(), w.dtype, w.shape) == (FIT.w.tobytes(), np.float32, (2, 1))
    assert (b, costs, converged) == (FIT.b, FIT.costs, False)


def test_others_read_it_with_numpy(file):
    with np.load(file.path) as found:
        assert set(found) == {"w", "b", "costs", "alpha", "data", "version"}
        assert found["alpha"] == 0.1


def test_saving_again_leaves_no_other_file(file, tmp_path):
    file.save(FIT._replace(b=5.0))
    assert file.load(2, "float32", 10).b == 5.0
    assert [path.name for path in tmp_path.iterdir()] == ["fit.npz"]


@pytest.mark.parametrize(
    ("changed", "asked", "expected"),
    [
        (
            {"data": "data set 2"},
            (2, "float32", 10),
            "trained on data set 1, but this is data set 2; name another file$",
        ),
        ({"alpha": 0.2}, (2, "float32", 10), "trained with --alpha 0.1; continue with the same"),
        ({}, (3, "float32", 10), r"w is float32 \(2, 1\), but float32 \(3, 1\) is needed"),
        ({}, (2, "float64", 10), r"w is float32 \(2, 1\), but float64 \(2, 1\) is needed"),
        ({}, (2, "float32", 3), "has 3 iterations already; ask for more with --iterations"),
    ],
)
def test_another_training_is_refused(file, changed, asked, expected):
    other = Checkpoint(**{"path": file.path, "data": file.data, "alpha": file.alpha, **changed})
    with pytest.raises(BadCheckpoint, match=rf"fit\.npz: {expected}$"):
        other.load(*asked)


def test_the_alpha_that_is_named_is_the_one_to_go_on_with(file):
    Checkpoint(file.path, file.data, 0.123456789).save(FIT)
    with pytest.raises(BadCheckpoint, match=r"trained with --alpha 0\.123456789; continue with the same$"):
        file.load(2, "float32", 10)


def _compressed_and_damaged(path):
    np.savez_compressed(path, w=FIT.w, b=FIT.b, costs=FIT.costs, alpha=0.1, data="data set 1")
    content = bytearray(path.read_bytes())
    start = content.index(b"b.npy")
    content[start + 40 : start + 80] = bytes(40)
    path.write_bytes(content)


def _with_costs(costs):
    return lambda path: np.savez(path, w=FIT.w, b=FIT.b, costs=costs, alpha=0.1, data="data set 1")


def _without_w(path):
    np.savez(path, b=0.0)


def _encrypted(path):
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # a flag in the archive's directory
    path.write_bytes(content)


def _of_objects(path):
    np.savez(path, w=np.array([{}], object), b=0, costs=[1.0], alpha=0.1, data="data set 1")


def test_what_holds_no_training_is_refused(file):
    for number, spoil in enumerate(
        (
            lambda path: path.write_bytes(b""),
            lambda path: path.write_bytes(b"no archive"),
            lambda path: path.write_bytes(path.read_bytes()[:-40]),
            lambda path: path.write_bytes(path.read_bytes().replace(b"\x93NUMPY", b"\x93NUMBY")),
            _without_w,
            _of_objects,
            _encrypted,
            _compressed_and_damaged,
            _with_costs(0.7),
            _with_costs([]),
            _with_costs([[0.7]]),
            _with_costs(["a"]),
            lambda path: (path.unlink(), path.mkdir()),
        )
    ):
        file.save(FIT)
        spoil(file.path)
        with pytest.raises(BadCheckpoint) as caught:
            file.load(2, "float32", 10)
        said = "fit.npz: no training saved by zeroloop, or damaged; name another file"
        assert str(caught.value).endswith(said), number


@pytest.mark.parametrize(
    "bad", [{"w": np.array([[np.nan], [0]], np.float32)}, {"b": np.nan}, {"costs": [0.7, np.inf]}]
)
def test_numbers_that_are_not_finite_are_refused(file, bad):
    file.save(FIT._replace(**bad))
    with pytest.raises(BadCheckpoint, match=r"fit\.npz: w, b or a cost is not finite"):
        file.load(2, "float32", 10)
