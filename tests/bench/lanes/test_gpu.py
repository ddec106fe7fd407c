"""Rows on a GPU from end to end, on one that Numba simulates (`tests/simulated`), and its speed of light."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reports.facts.facts import Facts
from reports.reading import read

ROOT = Path(__file__).parents[3]
ROWS = ("--impl=numba_cuda_fused", "--impl=numpy_zero_loop", "--problem=2x5", "--threads=1")
QUICK_LOOK = ("pytest", "-p", "no:cacheprovider", "--benchmark-only", "--benchmark-max-time=0.02")

pytestmark = pytest.mark.slow


def simulated(*arguments):
    """Run Python where there is a simulated GPU."""
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
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module", params=["pytest", "zeroloop"])
def measured(request, tmp_path_factory):
    """Results of a row on the GPU and one on the processor, measured in either way."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "pytest":
        said = simulated("-m", *QUICK_LOOK, *ROWS, f"--report-dir={folder}")
        return read(next(folder.glob("*/results.json"))), said
    code = "from bench.cli import main; main()"
    said = simulated("-c", code, "run", "quick", *ROWS, "--processes=1", f"--output={folder / 'run.json'}")
    return read(folder / "run.json"), said


def test_both_devices_have_a_time_and_a_light(measured):
    results, said = measured
    assert {row.name: row.device for row in results.run.rows} == {
        "numba_cuda_fused": "cuda",
        "numpy_zero_loop": "cpu",
    }
    assert {timing.row for timing in results.timings} == {"numba_cuda_fused", "numpy_zero_loop"}
    assert [light.device for light in results.run.lights] == ["cpu", "cuda"]
    assert results.run.unmeasured == ()
    assert results.environment.gpu == "Simulated GPU"
    assert "no speed of light" not in said


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


# The one command for a machine with a GPU, and what stands for `zeroloop` in it


@pytest.fixture
def gpu_sh(tmp_path):
    """Run bench/gpu.sh where zeroloop writes down what it is asked; it fails if asked what `fails` says."""

    def run(*arguments, gpu=True, fails=""):
        asked, stub = tmp_path / "asked", tmp_path / "zeroloop"
        case = f'case "$*" in {fails or "nothing"}) exit 2;; esac'
        stub.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n{case}\n')
        stub.chmod(0o755)
        path = os.pathsep.join((str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"]))
        why = None if gpu else "none here"  # in place of what a driver says
        code = f"from impls.kernels import cuda_device\ncuda_device.why_none = lambda: {why!r}\n"
        (tmp_path / "sitecustomize.py").write_text(code)
        ended = subprocess.run(
            [ROOT / "bench" / "gpu.sh", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            check=False,
        )
        return ended, asked.read_text().splitlines() if asked.exists() else []

    return run


def test_one_command_needs_a_gpu(gpu_sh):
    ended, asked = gpu_sh(gpu=False)
    assert (ended.returncode, ended.stderr, asked) == (1, "no CUDA device: none here\n", [])


def test_one_command_verifies_and_measures_all_rows_on_the_gpu(gpu_sh, tmp_path):
    ended, (first, second, dry, run) = gpu_sh("gpu.json", "--processes", "2")
    assert ended.returncode == 0, ended.stderr
    names = ("cupy_zero_loop", "numba_cuda_fused", "torch_gpu", "jax_gpu", "numpy_zero_loop")
    rows = " ".join(f"--impl={name}" for name in names)
    assert first.startswith(f"verify {rows} --problem=1x1 ")
    assert (first.endswith("--dtype float32"), second.endswith("--dtype float64")) == (True, True)
    problems = "--problem=higgs --problem=large --problem=1000x1000000"
    assert dry == f"run {rows} {problems} --dtype float32 --dtype float64 --dry-run"
    both = "--dtype float32 --dtype float64"
    assert run == f"run {rows} {problems} {both} -o {tmp_path / 'gpu.json'} --processes 2"


def test_one_command_leaves_out_float64_where_it_does_not_fit(gpu_sh):
    _, asked = gpu_sh(fails="*--dry-run")
    assert asked[-1].endswith(f"--dtype float32 -o {ROOT / 'reports' / 'out' / 'gpu.json'}")


def test_one_command_goes_on_with_what_is_there(gpu_sh, tmp_path):
    (tmp_path / "gpu.json").touch()
    _, asked = gpu_sh("gpu.json")
    assert asked[-1] == f"run --resume {tmp_path / 'gpu.json'}"


def test_one_command_ends_where_a_row_is_wrong(gpu_sh):
    ended, asked = gpu_sh(fails="verify*float64")
    assert (ended.returncode, len(asked)) == (2, 2)
