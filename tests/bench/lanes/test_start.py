"""Lanes believe the sources of this project, and not compiled files beside them."""

import importlib.util
import json
import marshal
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ANOTHER = "raise SystemExit('compiled by another')"


@pytest.fixture
def copied(tmp_path):
    for package in ("bench", "impls", "reports"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "out")
        )
    return tmp_path


def forge(path):
    """Write a compiled file that Python takes for that of a source."""
    about = path.stat()
    head = importlib.util.MAGIC_NUMBER + (0).to_bytes(4, "little")
    head += int(about.st_mtime).to_bytes(4, "little") + about.st_size.to_bytes(4, "little")
    compiled = Path(importlib.util.cache_from_source(str(path)))
    compiled.parent.mkdir(exist_ok=True)
    compiled.write_bytes(head + marshal.dumps(compile(ANOTHER, str(path), "exec")))


@pytest.mark.parametrize("name", ["impls/numpy_zero_loop.py", "bench/lanes/lane.py", "impls/truth/course.py"])
def test_a_compiled_file_of_another_is_not_believed(copied, name):
    forge(copied / name)
    environment = {**os.environ, "PYTHONPATH": str(copied)}
    module = name.removesuffix(".py").replace("/", ".")
    believed = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        env=environment,
        cwd=copied,
        capture_output=True,
        text=True,
    )
    assert "compiled by another" in believed.stderr, "Python itself believes it"
    lane = subprocess.run(
        [sys.executable, "-P", copied / "bench" / "lanes" / "start.py", "numpy_zero_loop"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert json.loads(lane.stdout) == {"number": 0}
