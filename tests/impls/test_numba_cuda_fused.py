"""The fused row on a GPU: how it shares work out, and its kernels in Numba's simulator of CUDA."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from impls import numba_cuda_fused
from impls.numba_cuda_fused import tiling
from impls.truth.gate import TOLERANCE

ROOT = Path(__file__).parents[2]
SIZES = ((1, 1), (2, 3), (28, 1_000_000), (30, 569), (784, 10_000), (1000, 1_000_000), (12288, 209))
SIZES = (*SIZES, (1023, 65), (1024, 64), (1025, 63), (2, 10**9), (100_000, 7))


@pytest.mark.parametrize("itemsize", [4, 8])
@pytest.mark.parametrize(("n_x", "m"), SIZES)
def test_every_feature_has_one_place_among_the_rows_that_groups_read(n_x, m, itemsize):
    found = tiling(n_x, m, itemsize, 132)
    groups, ks = np.divmod(found.places(n_x), found.rows)
    assert groups.max() < found.groups
    np.testing.assert_array_equal(np.minimum(groups * found.rows, n_x - found.rows) + ks, np.arange(n_x))


@pytest.mark.parametrize("itemsize", [4, 8])
@pytest.mark.parametrize(("n_x", "m"), SIZES)
def test_a_block_takes_no_more_than_every_gpu_has(n_x, m, itemsize):
    found = tiling(n_x, m, itemsize, 132)
    assert found.lanes * found.groups == numba_cuda_fused._THREADS <= 1024
    assert 1 <= found.rows <= n_x
    assert 0 <= found.kept <= found.rows
    held = found.kept * 1024 * itemsize
    assert max(held, 8 * 1024) + (1024 + found.lanes) * itemsize <= 48 * 1024
    tiles = -(-m // found.lanes)
    assert found.blocks <= tiles
    assert -(-tiles // found.blocks) <= 1024, "no sum in the precision of X has more terms"
    assert found.blocks % 132 == 0 or found.blocks == tiles, "all multiprocessors have as much to do"


def test_a_tile_of_a_thousand_features_is_read_in_pieces_of_64_bytes():
    assert [tiling(1000, 10**6, itemsize, 132).lanes * itemsize for itemsize in (4, 8)] == [64, 64]


# From here on small blocks, as `tests/simulated` has them: 16 threads, of up to 16 bytes of X and rather more
# of shared memory. Tiles are of 16 examples to 1; some threads keep all of their numbers, some a part, some
# none; the last group has rows of its own or none, and shares some with the one before or not.
SIMULATED = {
    "float32": ("1x1", "4x15", "4x17", "2x33", "13x9", "17x5", "70x3", "4x100"),
    "float64": ("1x1", "4x17", "5x31", "13x9", "17x5", "70x3"),
}
CODE = """
import json, sys
import numpy as np
import impls
from impls.data import problems
from impls.truth.gate import Gate, relative_errors
from impls.truth.oracle import reference

row, found = impls.load("numba_cuda_fused"), {}
for dtype, sizes in json.loads(sys.argv[1]).items():
    for size in sizes:
        gate = Gate(problems.load(size, dtype))
        step = row.bind(gate.problem.X, gate.problem.Y)
        results = [step(at.w, at.b) for at in (*gate.points, gate.points[0])]
        errors = [relative_errors(result, at.truth) for result, at in zip(results, gate.points)]
        first, *_, again = [(J.hex(), dw.tobytes(), db.hex()) for J, dw, db in results]
        found[f"{size} {dtype}"] = np.max([list(one.values()) for one in errors]), first == again

problem = problems.load("3x17")
far = 1e4 / np.abs(problem.w.T @ problem.X + problem.b).max()
w, b = problem.w * far, problem.b * far
step = row.bind(np.asfortranarray(problem.X), problem.Y[:, ::-1][:, ::-1])
truth = reference(w, b, problem.X, problem.Y)
found["far"] = max(relative_errors(step(w, b), truth).values())
hidden = step(np.full_like(problem.w, np.nan), 0.0)
found["nan"] = bool(np.isnan([hidden.cost, *hidden.dw[:, 0], hidden.db]).all())
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def simulated():
    """The largest error on each problem, and whether a step repeated its bits."""
    paths = os.pathsep.join(map(str, (ROOT / "tests" / "simulated", ROOT)))
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE, json.dumps(SIMULATED)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "dtype"), [(size, dtype) for dtype, sizes in SIMULATED.items() for size in sizes]
)
def test_agrees_with_the_oracle_and_repeats_its_bits(simulated, size, dtype):
    error, repeated = simulated[f"{size} {dtype}"]
    assert error <= TOLERANCE[dtype]
    assert repeated


@pytest.mark.slow
def test_far_from_0_and_in_another_layout(simulated):
    assert simulated["far"] <= TOLERANCE["float64"]


@pytest.mark.slow
def test_nan_is_not_hidden(simulated):
    assert simulated["nan"]
