"""The rows on disk and on workers: what they wrote and started ends with whoever needed it."""

import gc
import os
import subprocess
import sys
import tempfile

import pytest

import impls
from impls import numba_chunks
from impls.data import problems
from impls.data.writing import Writer

pytest.importorskip("zarr")

BIND = """
import sys
import impls
from impls.data import problems

if __name__ == "__main__":
    problem = problems.load("3x50")
    steps = [impls.load(sys.argv[1]).bind(problem.X, problem.Y, threads) for threads in (2, 1)]
    print(*[step(problem.w, problem.b).cost.hex() for step in (*steps, steps[0])])
    {ending}
"""


def test_data_go_with_the_step_that_was_bound_to_them(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    problem = problems.load("3x50")
    steps = [impls.load("numba_chunks").bind(problem.X, problem.Y) for _ in range(2)]
    assert len(list(tmp_path.iterdir())) == 2
    steps.pop()
    gc.collect()
    assert len(list(tmp_path.iterdir())) == 1
    steps.pop()(problem.w, problem.b)
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_data_that_cannot_be_written_are_removed(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Writer, "write", full)
    problem = problems.load("3x50")
    said = f"^{tmp_path}: X cannot be written there: No space left on device; free 1,200 bytes, or set"
    with pytest.raises(impls.Unsuited, match=said):
        impls.load("numba_chunks").bind(problem.X, problem.Y)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "chunks"), [("3x50", 9), ("1x1", 1), ("2x5", 5), ("28x1001", 9)])
def test_small_data_too_are_shared_out(name, chunks):
    problem = problems.load(name)
    assert len(numba_chunks.on_disk(problem.X, problem.Y)) == chunks


ENDINGS = ("", "raise KeyboardInterrupt", "raise SystemExit(3)", "1 / 0")
ENDS = [("numba_chunks", ending) for ending in ENDINGS] + [("dask_chunks", ending) for ending in ENDINGS[:2]]


@pytest.mark.slow
@pytest.mark.parametrize(("row", "ending"), ENDS)
def test_nothing_is_left_of_a_process(tmp_path, row, ending):
    if row == "dask_chunks":
        pytest.importorskip("distributed")
    script, folder = tmp_path / "bind.py", tmp_path / "temporary"
    script.write_text(BIND.replace("{ending}", ending))
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, script, row],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert len(set(done.stdout.split())) == 1  # though the second took the first one's workers
    assert [path.name for path in folder.iterdir() if path.name != "dask-scratch-space"] == []
    assert done.stderr == "" or "1 / 0" in ending or "Interrupt" in ending
