"""Files of the museum that patch nothing, beside their judge: parameters that change find them there too."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

MUSEUM = Path(__file__).parents[2] / "museum"
REFUSED = (
    *("background", "drops_examples", "is_right_at_a_quarter", "lies_about_its_type", "linearises"),
    *("looks_around", "one_in_fifty", "remembers_component", "remembers_last", "returns_nothing", "rounds"),
)
# By chance they see no w twice, and then compute each time too.
EITHER = ("remembers_address", "remembers_id")
# They compute each time: what they remember or prepare serves no later call.
HONEST = ("honest", "prepares_answers", "remembers_bytes")


@pytest.mark.slow
def test_only_files_that_compute_have_a_time(tmp_path):
    rows = [f"--impl={MUSEUM / name}.py" for name in (*HONEST, *REFUSED, *EITHER)]
    on = ("--problem=128x1000", "--threads=1", "--benchmark-max-time=0.05", f"--report-dir={tmp_path}")
    command = [sys.executable, "-m", "pytest", "--benchmark-only", "-p", "no:cacheprovider", *on, *rows]
    ended = subprocess.run(command, cwd=MUSEUM.parents[1], capture_output=True, text=True)
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, ended.stdout + ended.stderr
    found = re.findall(r"^test_step\[\S+-(\w+)\.py\]\s+([\d,.]+) ", ended.stdout, re.MULTILINE)
    medians = {name: float(median.replace(",", "")) for name, median in found}
    assert set(HONEST) <= medians.keys() <= {*HONEST, *EITHER}
    # A cheat that works is a hundred times as fast; other tests run beside this one.
    assert all(median > medians["honest"] / 3 for median in medians.values())
