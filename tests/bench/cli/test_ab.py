"""`zeroloop ab`: what it prints and its exit codes, on measured and on real runs, and what it refuses."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from bench.lanes import job as jobs
from bench.lanes.live import Lines
from bench.planning.presets import AB, PRESETS
from reports import write
from reports.reading import parse, read
from tests.bench.helpers import refused, written, zeroloop
from tests.documents import keep, measured, renamed, timing

TEN_TIMINGS = Path(__file__).parents[2] / "reports" / "ten_timings.json"
RIGHT = """
from impls.numpy_zero_loop import step as right


def step(*data):
    {do}
    return right(*data)
"""


@pytest.fixture
def pair(tmp_path, monkeypatch):
    """Two files of one name, in folders old and new, where the command runs."""
    monkeypatch.chdir(tmp_path)
    return [str(written(tmp_path, f"{name}/mine.py", RIGHT.format(do="pass"))) for name in ("old", "new")]


@pytest.fixture
def found(monkeypatch):
    """Return a function that sets what a run finds: how much slower the new file is, and its fault."""

    def find(factor, fault=None, spread=1.0, row="numba_two_loop"):
        document = measured(json.loads(TEN_TIMINGS.read_text("utf-8")))
        for problem in ("breast_cancer", "square"):
            one = timing(document, "numba_two_loop", problem)
            one["blocks_s"] = [
                [factor * spread ** (-1) ** p * block_s for block_s in process]
                for p, process in enumerate(timing(document, "numpy_zero_loop", problem)["blocks_s"])
            ]
        if fault:
            where = {"problem": "square", "dtype": "float64", "threads": 2, "process": 3, "error": None}
            document["zeroloop"]["unmeasured"].append(
                {"row": row, **where, "status": fault, "reason": "a fault"}
            )
        for name, version in (("numpy_zero_loop", "old/mine.py"), ("numba_two_loop", "new/mine.py")):
            document = renamed(document, name, version)
        monkeypatch.setattr(jobs, "carry_out", lambda job, console: parse(document))
        monkeypatch.setattr(write, "write_report", lambda document, folder: folder / "index.html")

    return find


@pytest.mark.parametrize(
    ("factor", "spread", "fault", "limit", "code"),
    [
        (1.1, 1.0, None, "5%", 1),
        (1.1, 1.0, None, "20%", 0),
        (0.9, 1.0, None, "5%", 0),
        (1.0, 1.0, None, "5%", 0),
        (1.0, 1.2, None, "5%", 4),
        (1.0, 1.0, "crashed", "5%", 1),
        (1.0, 1.0, "skipped", "5%", 0),  # one of its processes was skipped
    ],
)
def test_exit_codes(pair, found, factor, spread, fault, limit, code):
    found(factor, fault, spread)
    assert zeroloop("ab", *pair, "--fail-on-regression", limit).exit_code == code


def test_an_old_file_that_fails_leaves_nothing_to_tell(pair, found):
    found(1.0, "failed", row="numpy_zero_loop")
    result = zeroloop("ab", *pair)
    assert result.exit_code == 4
    assert (
        "nothing can be compared on square, 128 × 10,000, float64, 2 threads: old/mine.py failed:"
        in " ".join(result.output.split())
    )


def test_the_last_lines_say_how_many_times_as_fast_the_new_one_is(pair, found):
    found(1 / 1.07, spread=1.001)
    output = zeroloop("ab", *pair, columns=80).output
    last = output.partition("\nreport: ")[2].partition("\n")[2]
    assert max(map(len, last.splitlines())) <= 80
    first, second = re.split("\n(?=new)", last)
    assert re.fullmatch(
        r"new/mine\.py is 1\.07 times \[1\.0\d, 1\.0\d\] as fast as old/mine\.py on square, 128 × 10,000, "
        r"float64, 2 threads",
        " ".join(second.split()),
    )
    assert "on breast_cancer, 30 × 569" in " ".join(first.split())


def test_a_slowdown_of_the_limit_is_said_by_the_exit_code_alone(pair, found):
    found(1.1)
    assert zeroloop("ab", *pair).exit_code == 1, "by default the limit is 5 %"
    found(1.04)
    assert zeroloop("ab", *pair).exit_code == 0


def test_an_interrupted_run_says_how_to_continue(pair, monkeypatch, tmp_path):
    def interrupt(job, console):
        job.path.touch()
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs, "carry_out", interrupt)
    result = zeroloop("ab", *pair, "-o", "ab.json")
    assert result.exit_code == 130
    assert f"interrupted; continue with: zeroloop ab {pair[0]} {pair[1]} --resume ab.json\n" in result.output


def test_what_cannot_be_done_is_refused(pair, tmp_path):
    old, new = pair
    assert refused("ab", old, "nothing.py") == "nothing.py: no such file"
    assert refused("ab", old, old) == f"{old} and {old} are the same: nothing can be compared"
    assert "not a git repository" in refused("ab", f"{old}@HEAD", new)
    assert "no implementation 'numba'" in refused("ab", "numba", new)
    assert refused("ab", old) == "Missing argument 'NEW'."
    written(tmp_path, "ab.json", "{}")
    said = "--resume continues with the plan in the file; leave out --problem"
    assert refused("ab", old, new, "--resume", "ab.json", "--problem=5x7") == said
    assert "ab.json is there already" in refused("ab", old, new, "-o", "ab.json")


def test_a_run_of_two_other_rows_is_not_resumed(tmp_path):
    document = measured(json.loads(TEN_TIMINGS.read_text("utf-8").replace('"threads": 2', '"threads": 1')))
    keep(document, "numpy_zero_loop", "numba_two_loop")
    run = document["zeroloop"]
    run["rows"] = [row for row in run["rows"] if row["name"] in ("numpy_zero_loop", "numba_two_loop")]
    run["plan"].update(preset=AB, thread_counts=[1])
    run.update(interrupted=True, trainings=[], lights=[])
    path = written(tmp_path, "ab.json", json.dumps(document))
    said = f"{path}: it compares numpy_zero_loop and numba_two_loop"
    assert refused("ab", "numpy_zero_loop", "numpy_one_loop", "--resume", path) == said


@pytest.mark.slow
def test_two_files_of_one_name_run_side_by_side_and_resume(pair, tmp_path, monkeypatch):
    Path(pair[1]).write_text(RIGHT.format(do="__import__('time').sleep(5e-3)"))
    short = dataclasses.replace(PRESETS[AB], problems=("5x7",), processes=3, block_s=0.005)
    monkeypatch.setitem(PRESETS, AB, short)
    progress = Lines.progress

    def interrupt(lines, ledger):
        progress(lines, ledger)
        if ledger.done == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Lines, "progress", interrupt)
        assert zeroloop("ab", *pair, "--threads=1", "-o", "ab.json").exit_code == 130
    before = read(tmp_path / "ab.json")
    assert (before.run.interrupted, before.run.done) == (True, 1)
    said = "ab.json: it timed old/mine.py; continue with `zeroloop ab` and the same two"
    assert refused("run", "--resume", "ab.json", "--impl", pair[0]) == said
    assert refused("ab", "numpy_zero_loop", pair[1], "--resume", "ab.json").startswith("ab.json: it ")
    result = zeroloop("ab", *pair, "--resume", "ab.json")
    assert result.exit_code == 1, result.output
    assert re.search(r"\nnew/mine\.py is 0\.0\d+ times \[", result.output)
    found = read(tmp_path / "ab.json").run
    assert [row.name for row in found.rows] == ["old/mine.py", "new/mine.py"]
    assert (found.plan.baseline, found.plan.processes, found.interrupted) == ("old/mine.py", 3, False)
    assert refused("ab", *pair, "--resume", "ab.json") == "ab.json: this run is complete; start another"
