"""Trainings in files: what is saved comes back to the last bit, and nothing else is taken for one."""

import os
import random
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from bench.datasets.checkpoint import BadCheckpoint, Checkpoint
from impls.training import Fit

FIT = Fit(np.array([[0.1], [1 / 3]], np.float32), 2 / 3, [0.7, 0.6, 1 / 7], converged=False)

NO_TRAINING = "no training saved by zeroloop, or damaged; name another file"


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


def _compressed(path):
    np.savez_compressed(path, w=FIT.w, b=FIT.b, costs=FIT.costs, alpha=0.1, data="data set 1")


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


def _with_header(header):
    """Put an array of three costs with another header in the place of the costs."""

    def spoil(path):
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        start = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n"
        members["costs.npy"] = start + bytes(24)
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return spoil


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
            _compressed,  # so would a bomb be
            _with_costs(0.7),
            _with_costs([]),
            _with_costs([[0.7]]),
            _with_costs(["a"]),
            _with_header(b"{'descr': '<U0', 'fortran_order': False, 'shape': (100000000000000,), }"),
            _with_header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (3L,), }"),  # of Python 2
            _with_header(b"-" * 9000 + b"1"),
            _with_header(b"(" * 9000),
        )
    ):
        file.save(FIT)
        spoil(file.path)
        with pytest.raises(BadCheckpoint) as caught:
            file.load(2, "float32", 10)
        assert str(caught.value).endswith(f"fit.npz: {NO_TRAINING}"), number


def test_what_was_damaged_at_random_is_refused_or_the_same(file):
    rng, whole, refused = random.Random(17), file.path.read_bytes(), 0
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(rng.choice((1, 1, 5))):
            content[rng.randrange(len(content))] = rng.choice((0, 255, *b"-9(["))
        file.path.write_bytes(content)
        try:
            w, b, costs, _ = file.load(2, "float32", 10)
            assert (w.tobytes(), b, costs) == (FIT.w.tobytes(), FIT.b, FIT.costs)
        except BadCheckpoint:
            refused += 1
    assert 150 < refused < 300


ENDLESS = """
import os, resource, sys
from pathlib import Path
from bench.datasets.checkpoint import BadCheckpoint, Checkpoint

resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
os.mkfifo("pipe.npz")
os.symlink("/dev/zero", "zeros.npz")
os.mkdir("folder.npz")
for name in ("pipe.npz", "zeros.npz", "folder.npz", "claims.npz"):
    try:
        Checkpoint(Path(name), "data", 0.1).load(2, "float64", 10**9)
    except BadCheckpoint as error:
        print(error)
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_what_has_no_end_takes_neither_time_nor_memory(file, tmp_path):
    """In a process of its own: after an allocation that fails, GNU's allocator no longer trims its heap."""
    file.save(FIT)
    _with_header(b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000000,), }")(file.path)
    file.path.rename(tmp_path / "claims.npz")
    command = [sys.executable, "-c", ENDLESS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    said = "npz: cannot be read: it is no regular file; name another file"
    *others, claims = done.stdout.splitlines()
    assert others == [f"{name}.{said}" for name in ("pipe", "zeros", "folder")]
    assert claims == f"claims.npz: {NO_TRAINING}"


@pytest.mark.parametrize(
    "bad", [{"w": np.array([[np.nan], [0]], np.float32)}, {"b": np.nan}, {"costs": [0.7, np.inf]}]
)
def test_numbers_that_are_not_finite_are_refused(file, bad):
    file.save(FIT._replace(**bad))
    with pytest.raises(BadCheckpoint, match=r"fit\.npz: w, b or a cost is not finite"):
        file.load(2, "float32", 10)


def test_a_cost_below_0_is_refused_unless_it_was_rounded_there(file):
    file.save(FIT._replace(costs=[0.7, -5.0]))
    with pytest.raises(BadCheckpoint, match=r"fit\.npz: a cost is -5, below 0; name another file"):
        file.load(2, "float32", 10)
    file.save(FIT._replace(costs=[0.7, -1e-8]))
    assert file.load(2, "float32", 10).costs == [0.7, -1e-8]


def test_what_a_file_says_of_itself_is_cut_short(file):
    Checkpoint(file.path, "x" * 10**6, 0.1).save(FIT)
    with pytest.raises(BadCheckpoint, match=r"fit\.npz: trained on x{99}…, but this is data set 1; name"):
        file.load(2, "float32", 10)


def test_a_file_larger_than_any_training_is_not_read(file, monkeypatch):
    monkeypatch.setattr("bench.datasets.checkpoint._MOST_COSTS_BYTES", file.path.stat().st_size - 17)
    with pytest.raises(BadCheckpoint, match=NO_TRAINING):
        file.load(2, "float32", 10)
