"""What speaks against citing a run: each sign alone, and none where nothing is wrong."""

import pytest

from reports.facts import citable
from reports.facts.citable import (
    busy,
    disturbed_share,
    drift,
    fewest_processes,
    not_citable,
    quantised,
    twins,
)
from reports.facts.facts import Facts
from reports.reading import parse
from reports.results import Timing
from tests.documents import told


def timing(*blocks_s):
    once = (1e-3,)
    return Timing("row", "square", "float64", 1, blocks_s, once, once, (), None, 0.0, 1e-11)


def signs(document):
    results = parse(document)
    return not_citable(results, Facts(results).comparisons)


def test_nothing_speaks_against_a_quiet_run(cited):
    assert signs(cited) == []


def test_one_process_is_a_quick_look(document):
    assert any("a quick look" in sign for sign in signs(document))


def spoil_noise(**values):
    return lambda document: document["zeroloop"]["noise"].update(values)


def spoil_conditions(**values):
    return lambda document: document["machine_info"]["zeroloop"]["conditions"].update(values)


@pytest.mark.parametrize(
    "change",
    [
        spoil_noise(others=0.19),
        spoil_noise(others=6.3, cores=64),
        spoil_conditions(quota_cores=1.0),
        spoil_conditions(quota_cores=None),
        lambda document: document["machine_info"]["zeroloop"].pop("conditions"),
        lambda document: document["zeroloop"]["noise"].pop("cores"),
    ],
)
def test_nothing_speaks_against_a_run_within_the_limits(cited, change):
    cited = told(cited)
    change(cited)
    assert signs(cited) == []


def keep_processes(count):
    def cut(document):
        entries = [one["extra_info"] for one in document["benchmarks"]] + document["zeroloop"]["twins"]
        for entry in entries:
            entry["blocks_s"] = entry["blocks_s"][:count]

    return cut


def change_blocks(row, change, problem=None):
    """Change each block of a row, on one problem or on all, given the number of its process and its own."""

    def apply(document):
        for one in (entry["extra_info"] for entry in document["benchmarks"]):
            if row in (one["row"], None) and problem in (one["problem"], None):
                one["blocks_s"] = [
                    [change(block_s, p, n) for n, block_s in enumerate(process)]
                    for p, process in enumerate(one["blocks_s"])
                ]

    return apply


def change_twins(change):
    def apply(document):
        for twin in document["zeroloop"]["twins"]:
            twin["blocks_s"] = [
                [change(block_s, p) for block_s in process] for p, process in enumerate(twin["blocks_s"])
            ]

    return apply


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (keep_processes(4), "4 processes, and 5 are the fewest"),
        (lambda document: document["zeroloop"].update(interrupted=True), "interrupted"),
        (spoil_noise(others=0.5), "other programs kept 0.5 of 2 cores busy"),
        (spoil_noise(others=0.3, cores=1), "other programs kept 0.3 of 1 core busy"),
        (spoil_noise(others=30.0, cores=64), "other programs kept 30.0 of 64 cores busy"),
        (spoil_noise(others=0.3, cores=None), "other programs kept 0.3 of 2 cores busy"),
        (spoil_conditions(quota_cores=0.5), "this process may use 0.5 of a core"),
        (spoil_noise(stolen=0.02), "the host gave 2% of the processors' time"),
        (spoil_noise(throttled=3), "slowed down for heat, 3 times"),
        (
            change_blocks(None, lambda block_s, p, n: block_s * (1.63 if n == 2 else 1)),
            "of the blocks were disturbed",
        ),
        (change_blocks(None, lambda block_s, p, n: block_s * (1 + 0.04 * p)), "speed changed by 20%"),
        (change_twins(lambda block_s, p: block_s * 1.2), "a row and its twin differ: 0.8"),
        (
            change_twins(lambda block_s, p: block_s * (1 + 0.1 * (-1) ** p)),
            "same code in another process, agree to",
        ),
    ],
)
def test_each_sign_is_seen_alone(cited, spoil, words):
    cited = told(cited)
    spoil(cited)
    found = signs(cited)
    assert any(words in sign for sign in found), found
    assert all(words in sign or "twin" in sign for sign in found), found


def test_the_problem_where_twins_agree_least_is_named(cited):
    last = cited["zeroloop"]["twins"][-1]
    last["blocks_s"] = [
        [block_s * 1.3 ** (-1) ** p for block_s in process] for p, process in enumerate(last["blocks_s"])
    ]
    (sign,) = [sign for sign in signs(cited) if "agree to" in sign]
    assert " on square, 128 × 10,000, float64, 2 threads;" in sign


def test_times_that_jump_between_slices_are_seen(cited):
    change_blocks("numba_two_loop", lambda block_s, p, n: 0.004 * (1 + (p + n) % 4))(cited)
    assert any("times of numba_two_loop jump between multiples" in sign for sign in signs(cited))


@pytest.mark.parametrize(
    ("blocks_s", "found"),
    [
        ([[4e-3, 8e-3, 8.01e-3, 12.1e-3], [4e-3, 4.02e-3, 16e-3, 8e-3]], True),
        ([[1e-2, 2e-2, 3e-2, 1e-2, 1e-2, 2e-2, 2e-2, 5e-2]], True),
        ([[4e-3] * 8], False),  # one multiple alone may be what a step takes
        ([[1e-2] * 5, [1e-2] * 5, [1e-2, 1.63e-2]], False),  # nor does one that was disturbed make a second
        ([[4e-3, 8e-3]], False),  # too few to tell
        ([[4.5e-3, 8.9e-3, 7.1e-3, 13e-3, 5e-3, 6.5e-3, 9.1e-3, 4e-3]], False),
        ([[1e-5, 2e-5] * 8], False),
    ],
)
def test_slices(blocks_s, found):
    assert quantised(blocks_s) is found


def test_share_of_disturbed_blocks():
    assert disturbed_share([timing((1.0, 1.0, 1.3, 1.0), (1.0,))]) == 1 / 4
    assert disturbed_share([timing((1.0,))]) is None


def test_drift_is_that_of_all_rows():
    up, down = timing((1.0,), (1.1,)), timing((1.1,), (1.0,))
    assert drift([up, up]) == pytest.approx(0.1)
    assert drift([up, down]) == pytest.approx(0)
    assert drift([timing((1.0,))]) is None


def test_a_lost_process_is_no_drift():
    assert drift([timing((1.0,), (), (1.0,)), timing((1.0,), (1.2,), (1.0,))]) == pytest.approx(0.2)


def test_twins_are_pooled_over_problems(cited):
    pair = twins(parse(cited))
    assert pair.contains_one
    assert pair.half_width < 0.02


def test_fewest_processes_are_those_of_the_row_that_lost_most(cited):
    results = parse(cited)
    assert fewest_processes(results) == 6
    cited["benchmarks"][0]["extra_info"]["blocks_s"][2] = []
    assert fewest_processes(parse(cited)) == 5


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(0.2, 1.5, False), (2.0, 3.0, False), (2.1, 1.0, True), (0.0, 3.1, True), (None, 1.0, False)],
)
def test_the_load_tells_of_others_where_nothing_else_does(document, before, after, said):
    document["machine_info"]["zeroloop"].update(load_before=before, load_after=after)
    assert bool(busy(parse(document))) is said


def test_limits_are_those_of_the_methodology():
    from pathlib import Path

    text = (Path(citable.__file__).parents[2] / "bench" / "METHODOLOGY.md").read_text("utf-8")
    assert f"fewer than {citable.FEWEST_PROCESSES}" in text
    assert f"more than {citable.MOST_STOLEN:.0%}".replace("%", " %") in text
    assert f"± {citable.WIDEST_TWIN:.0%}".replace("%", " %") in text
