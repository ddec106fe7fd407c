"""What the tests of the commands share: a folder of results files."""

import json
import shutil
from pathlib import Path

import pytest

TEN_TIMINGS = Path(__file__).parents[2] / "reports" / "ten_timings.json"


@pytest.fixture
def runs(tmp_path):
    """A folder with two runs, of which the second has one row slower."""
    folder = tmp_path / "runs"
    folder.mkdir()
    shutil.copy(TEN_TIMINGS, folder / "before.json")
    document = json.loads(TEN_TIMINGS.read_text("utf-8"))
    for one in (entry["extra_info"] for entry in document["benchmarks"]):
        if one["row"] == "numba_two_loop":
            one["blocks_s"] = [[2 * block_s for block_s in process] for process in one["blocks_s"]]
    (folder / "after.json").write_text(json.dumps(document), "utf-8")
    return folder
