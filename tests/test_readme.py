"""What the README shows is what works."""

import re
from pathlib import Path

import pytest

import impls
from impls.data import problems
from impls.truth.gate import Gate

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["breast_cancer", "128x1000"])
def test_own_file_agrees(name, tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(re.search(r"```python\n(# mine\.py\n.*?)```", README, re.DOTALL)[1], encoding="utf-8")
    gate = Gate(problems.load(name))
    assert gate.run(impls.load(str(mine)).bind(gate.problem.X, gate.problem.Y)) <= gate.tolerance
