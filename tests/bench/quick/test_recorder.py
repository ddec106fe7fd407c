"""What is collected while a session runs, and the medians of blocks of rounds."""

import json
from dataclasses import asdict
from importlib import metadata

import pytest

from bench.outcome import LeftOut
from bench.quick.recorder import Recorder, block_medians
from bench.request import request
from impls import records
from reports.results import Light
from tests.bench.helpers import setting, written

NO_NUMBA = LeftOut("not installed", "pip install numba")
NUMBA = records.find("numba_two_loop")
HERE = setting("5x7", threads=2)


@pytest.fixture
def recorder(tmp_path):
    mine = written(tmp_path, "mine.py", "def step(w, b, X, Y): ...")
    return Recorder(request(["numba_two_loop", str(mine)], ["5x7", "3x50"], [], [2, 1]), None)


@pytest.mark.parametrize(
    ("rounds_s", "medians"),
    [
        ([3.0], (3.0,)),
        ([3.0, 1.0], (3.0, 1.0)),
        (range(10, 0, -1), (10, 9, 8, 7, 6, 5, 4, 3, 2, 1)),
        (range(11), (0, 1, 2, 3, 4, 5, 6, 7, 8, 9.5)),  # the last block holds 9 and 10
        (range(1000), (49.5, 149.5, 249.5, 349.5, 449.5, 549.5, 649.5, 749.5, 849.5, 949.5)),
        ([1.0, 1.0, 90.0] * 10, (1.0,) * 10),  # an outlier moves no median
    ],
    ids=lambda value: str(len(value)),
)
def test_block_medians(rounds_s, medians):
    assert block_medians(list(rounds_s)) == medians


@pytest.mark.parametrize("count", [1, 2, 9, 10, 11, 19, 20, 25, 999])
def test_blocks_are_few_and_of_nearly_equal_length(count):
    # In rounds that count up, a block's median is its middle: twice the steps between them are the lengths.
    medians = block_medians([float(number) for number in range(count)])
    assert len(medians) == min(10, count)
    assert list(medians) == sorted(medians)
    lengths, begin = [], 0
    for median in medians:
        lengths.append(round(2 * (median - begin)) + 1)
        begin += lengths[-1]
    assert begin == count, "every round is in one block"
    assert max(lengths) - min(lengths) <= 1


def test_new_recorder_has_nothing_to_report(recorder):
    assert not recorder.has_results
    assert recorder.run().unmeasured == recorder.run().lights == recorder.run().trainings == ()


def test_a_time_or_a_reason_is_worth_a_report(recorder):
    recorder.leave_out(NUMBA, HERE, NO_NUMBA)
    assert recorder.has_results
    other = Recorder(recorder.request, None)
    for device in ("cuda", "cpu", "cuda"):
        other.add_time(HERE, device)
    assert other.has_results
    assert other.timed(HERE) == ["cpu", "cuda"]
    assert other.timed(setting("5x7")) == []


def test_run_holds_the_lights(recorder):
    light = Light(*HERE.key, "cpu", read_s=2e-6, link_s=3e-7)
    recorder.add_light(light)
    assert recorder.run().lights == (light,)
    assert not recorder.has_results, "of no row"


def test_first_call_is_first_once_for_each_row_and_dtype(recorder):
    calls = [("a", "float64"), ("b", "float64"), ("a", "float64"), ("a", "float32"), ("a", "float32")]
    assert [recorder.is_first_call(*call) for call in calls] == [True, True, False, True, False]


def test_run_says_what_was_asked_for_and_what_became_of_it(recorder):
    recorder.leave_out(NUMBA, HERE, NO_NUMBA)
    recorder.leave_out(
        records.find("/home/ada/mine.py"), setting("5x7"), LeftOut("failed", "db is off by 1.0e+00", 1.0)
    )
    run = asdict(recorder.run())
    assert (run["kind"], run["version"], run["interrupted"]) == (
        "pytest",
        metadata.version("zeroloop"),
        False,
    )
    assert [row["name"] for row in run["rows"]] == ["numba_two_loop", "mine.py"]
    assert [(problem["name"], problem["m"]) for problem in run["problems"]] == [("5x7", 7), ("3x50", 50)]
    assert list(run["unmeasured"]) == [
        {
            "row": "numba_two_loop",
            "problem": "5x7",
            "dtype": "float64",
            "threads": 2,
            "status": "not installed",
            "reason": "pip install numba",
            "error": None,
            "process": None,
        },
        {
            "row": "mine.py",
            "problem": "5x7",
            "dtype": "float64",
            "threads": 1,
            "status": "failed",
            "reason": "db is off by 1.0e+00",
            "error": 1.0,
            "process": None,
        },
    ]
    assert "/home/ada" not in json.dumps(run, allow_nan=False)


def test_run_says_that_it_was_interrupted(recorder):
    recorder.interrupted = True
    assert recorder.run().interrupted
