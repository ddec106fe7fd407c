"""Rows on a GPU from end to end, on one that Numba simulates (`tests/simulated`), and its speed of light."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from impls.kernels import cuda_device
from reports.facts.facts import Facts
from reports.reading import read
from tests.bench.helpers import zeroloop

ROOT = Path(__file__).parents[3]
DATA = ("--problem=2x5", "--threads=2")  # the simulator keeps more than one core busy
ROWS = ("--impl=numba_cuda_fused", "--impl=numpy_zero_loop", *DATA)
QUICK_LOOK = ("pytest", "-p", "no:cacheprovider", "--benchmark-only", "--benchmark-max-time=0.02")

pytestmark = pytest.mark.slow


def simulated(*arguments, code=0):
    """Run Python where there is a simulated GPU, and return what it prints."""
    paths = os.pathsep.join(map(str, (ROOT / "tests" / "simulated", ROOT)))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout


# `zeroloop run gpu`, with problems to verify that a simulated GPU does in seconds.
COMMAND = """
import dataclasses
from bench.cli import main
from bench.planning.presets import PRESETS

PRESETS["gpu"] = dataclasses.replace(PRESETS["gpu"], verified=("1x1", "3x7"))
main()
"""


# It is wrong where rows are verified, and right where they are timed.
WRONG = """
from impls.numpy_zero_loop import step as right


def step(w, b, X, Y):
    J, dw, db = right(w, b, X, Y)
    return (J + 1 if X.shape == (3, 7) else J), dw, db
"""


@pytest.fixture(scope="module")
def quick_look(tmp_path_factory):
    """Results of a row on the GPU and one on the processor."""
    folder = tmp_path_factory.mktemp("quick")
    said = simulated("-m", *QUICK_LOOK, *ROWS, f"--report-dir={folder}")
    return read(next(folder.glob("*/results.json"))), said


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Results of these rows, and of one that is wrong, in fresh processes."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "mine.py").write_text(WRONG)
    options = (f"--impl={folder / 'mine.py'}", "--processes=1", "--dtype=float32")
    said = simulated("-c", COMMAND, "run", "gpu", *ROWS, *options, f"--output={folder / 'run.json'}", code=1)
    return read(folder / "run.json"), said


@pytest.fixture(params=["quick_look", "run"])
def measured(request):
    return request.getfixturevalue(request.param)


def test_both_devices_have_a_time_and_a_light(measured):
    results, said = measured
    devices = {row.name: row.device for row in results.run.rows}
    assert {timing.row: devices[timing.row] for timing in results.timings} == {
        "numba_cuda_fused": "cuda",
        "numpy_zero_loop": "cpu",
    }
    assert {lost.row for lost in results.run.unmeasured} <= {"mine.py"}
    assert [light.device for light in results.run.lights] == ["cpu", "cuda"]
    assert results.environment.gpu == "Simulated GPU"
    assert "no speed of light" not in said


def test_a_row_that_is_wrong_where_it_is_verified_is_not_timed(run):
    results, said = run
    assert "verified first, without timing: 1x1, 3x7" in said
    (lost,) = results.run.unmeasured
    assert (lost.row, lost.status) == ("mine.py", "failed")
    assert lost.reason.startswith("on 3x7, float32: ")


def test_each_row_is_held_to_the_light_of_its_device(measured):
    (comparison,) = Facts(measured[0]).comparisons
    lights = {light.device: max(light.read_s, light.link_s) for light in comparison.lights}
    for row, device in (("numba_cuda_fused", "cuda"), ("numpy_zero_loop", "cpu")):
        line = comparison.line(row)
        assert line.share == pytest.approx(lights[device] / line.step_s.estimate)


def test_first_calls_of_a_gpu_compile_anew_in_each_process(measured):
    timing = next(one for one in measured[0].timings if one.row == "numba_cuda_fused")
    assert len(timing.first_call_s) == 1
    assert timing.warm_call_s == ()


KERNELS = """
import json
import numpy as np
from numba import cuda
from bench import light
from bench.light import gpu
from impls.data import problems

found, blocks, threads = {"sums": [], "links": []}, 3, gpu._THREADS
for dtype in ("float64", "float32"):
    for size in (1, blocks * threads - 1, blocks * threads, 8 * blocks * threads + 1, 300):
        x, totals = np.arange(1, size + 1, dtype=dtype), np.zeros(blocks)
        gpu._read[blocks, threads](x, totals)
        found["sums"].append((totals.sum(), x.sum().item()))
    totals = np.zeros(blocks)
    gpu._link[blocks, threads](x, totals)
    found["links"].append(totals.tolist())
one = light.measure(problems.load("5x7", "float32"), 2, "cuda")
found["light"] = [one.problem, one.dtype, one.threads, one.device, one.read_s > 0, one.link_s > 0]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def kernels():
    return json.loads(simulated("-W", "error", "-c", KERNELS))


def test_every_number_is_read_once(kernels):
    assert len(kernels["sums"]) == 10
    for found, expected in kernels["sums"]:
        assert found == expected, "whose sums are exact in every order"


def test_every_thread_links_as_often_as_it_is_said_to(kernels):
    threads, links, step = 4, 8, 1 / 64  # as `tests/simulated` has them
    z = step * (np.arange(threads)[:, None] - np.arange(links))
    expected = np.sum(1 / (1 + np.exp(-z)) + np.logaddexp(0, z))
    for found in kernels["links"]:
        assert found == pytest.approx([expected] * 3, rel=1e-6)


def test_light_names_what_it_belongs_to(kernels):
    assert kernels["light"] == ["5x7", "float32", 2, "cuda", True, True]


def test_a_run_without_a_gpu_says_so(monkeypatch):
    monkeypatch.setattr(cuda_device, "why_none", lambda: "none here")
    ended = zeroloop("run", "gpu")
    assert (ended.exit_code, ended.output) == (2, "Error: gpu: no CUDA device: none here\n")
