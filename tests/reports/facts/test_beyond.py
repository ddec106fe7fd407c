"""Ways past one core and one memory, from times that follow known lines and cross at known places."""

import math
import re

import numpy as np
import pytest

from reports.facts.beyond import families, is_seen, verdict
from reports.facts.intervals import Interval
from reports.tables.ways_table import _overhead
from tests.documents import KNOWN_LINES, compared, threaded, ways

MS = (10**5, 10**6, 10**7, 10**8)
FUSED, CHUNKS, CLUSTER = "numba_fused", "numba_chunks", "dask_chunks"


@pytest.fixture
def one_family():
    """The only family of a document."""

    def found(document):
        (family,) = families(compared(document))
        return family

    return found


@pytest.fixture
def crossing(one_family):
    """Where two workers are faster than one thread in memory, which takes a nanosecond an example."""

    def lead(worker_s):
        def step_s(row, threads, n_x, m):
            return worker_s(m) if (row, threads) == (CLUSTER, 2) else 1e-9 * m if threads == 1 else None

        family = one_family(threaded([(4, m) for m in MS], (FUSED, CLUSTER), (1, 2), step_s))
        return family.way(CLUSTER, 2).lead

    return lead


def entries(document, row, threads):
    """The timings of a way, by rising m."""
    held = (entry["extra_info"] for entry in document["benchmarks"])
    return [one for one in held if (one["row"], one["threads"]) == (row, threads)]


def drop(document, row, threads, m):
    """Let a way have no time on data of so many examples."""
    problem = f"4x{m}"
    document["benchmarks"] = [
        entry
        for entry in document["benchmarks"]
        if (own := entry["extra_info"])["problem"] != problem
        or (own["row"], own["threads"]) != (row, threads)
    ]


def disturb(document, row, threads, m):
    """Let the processes of a way differ by up to a factor of four."""
    one = next(one for one in entries(document, row, threads) if one["problem"] == f"4x{m}")
    one["blocks_s"] = [
        [2 ** (-1) ** p * block for block in process] for p, process in enumerate(one["blocks_s"])
    ]


def test_each_way_has_its_overhead_and_its_time_of_an_example(one_family):
    lines = {key: (1e-5 * 3**n, 1e-10 * (n + 1)) for n, key in enumerate(KNOWN_LINES)}
    family = one_family(ways(lines))
    assert family.title == "n_x = 4, float64"
    assert [(way.row, way.threads) for way in family.ways] == list(KNOWN_LINES)
    assert family.way(CLUSTER, 2).name == "dask_chunks, 2 workers"
    for way in family.ways:
        overhead_s, example_s = lines[way.row, way.threads]
        assert way.overhead_s.estimate == pytest.approx(overhead_s, rel=2e-3)
        assert way.example_s.estimate == pytest.approx(example_s, rel=2e-3)
        assert way.overhead_s.low < way.overhead_s.estimate < way.overhead_s.high
        assert way.off < 1e-4
        largest_s = overhead_s + 1e8 * example_s
        assert way.million_s.estimate == pytest.approx(largest_s / 100, rel=2e-3)
        assert way.bytes_per_s == pytest.approx(4 * 8 * 1e8 / largest_s, rel=2e-3)


def test_off_the_line_is_the_largest_of_all_sizes(one_family):
    """Least squares of relative errors, worked out by a search: a twice too slow middle is off most."""
    document = ways()
    slow = entries(document, CHUNKS, 1)[2]
    slow["blocks_s"] = [[2 * block for block in process] for process in slow["blocks_s"]]
    times = np.array([(3e-4 + 8e-10 * m) * (2 if m == 10**7 else 1) for m in MS])
    starts, growths = np.meshgrid(np.linspace(2e-4, 5e-4, 301), np.linspace(7e-10, 2e-9, 301))
    apart = np.array([(starts + growths * m) / time_s - 1 for m, time_s in zip(MS, times, strict=True)])
    best = np.unravel_index((apart**2).sum(axis=0).argmin(), starts.shape)
    expected = abs(apart[:, best[0], best[1]])
    way = one_family(document).way(CHUNKS, 1)
    assert way.off == pytest.approx(expected.max(), rel=2e-2)
    assert expected.argmax() == 2


def test_the_largest_size_is_foretold_by_a_line_through_the_others(one_family):
    document = ways()
    largest = entries(document, CHUNKS, 1)[-1]
    largest["blocks_s"] = [[2 * block for block in process] for process in largest["blocks_s"]]
    drop(document, CHUNKS, 2, 10**6)
    family = one_family(document)
    assert family.way(CHUNKS, 1).foretold_off == pytest.approx(0.5, abs=1e-4)
    assert family.way(CHUNKS, 2).foretold_off is None  # two others make no line
    assert family.way(CLUSTER, 1).foretold_off == pytest.approx(0, abs=1e-4)


def test_ratios_are_those_of_the_largest_data_that_both_were_timed_on(one_family):
    document = ways()
    drop(document, FUSED, 2, 10**8)
    family = one_family(document)
    way = family.way(CLUSTER, 2)
    assert (way.m, family.ms[-1]) == (10**8, 10**8)
    seven, eight = ({key: a + b * m for key, (a, b) in KNOWN_LINES.items()} for m in (10**7, 10**8))
    for against, m, expected in (
        (way.over_fused, 10**7, seven[FUSED, 2] / seven[CLUSTER, 2]),
        (way.over_chunks, 10**8, eight[CHUNKS, 2] / eight[CLUSTER, 2]),
        (way.over_one, 10**8, eight[FUSED, 1] / eight[CLUSTER, 2]),
    ):
        assert against.m == m
        assert against.ratio.estimate == pytest.approx(expected)
    assert family.way(CHUNKS, 2).over_chunks is family.way(FUSED, 2).over_fused is None
    one = family.way(FUSED, 1)
    assert one.over_one is one.lead is None


@pytest.mark.parametrize(
    ("interval", "seen"),
    [
        (None, False),
        (Interval(-1e-6, 1e-6, 3e-6), False),
        (Interval(0, 0, 0), False),
        (Interval(1e-9, 1e-6, 2e-6), True),
        (Interval(None, 1e-6, None), True),
        (Interval(None, 0, None), False),
    ],
)
def test_an_overhead_is_seen_where_it_can_be_told_from_0(interval, seen):
    assert is_seen(interval) is seen
    assert (_overhead(interval) in ("none seen", "–")) is not seen


@pytest.mark.parametrize("place", [2e5, 1e6, 3e6, 9.9e7])
def test_a_way_of_another_power_crosses_where_the_powers_do(crossing, place):
    """Powers are straight lines on logarithmic axes, so what is read off between sizes is exact."""
    lead = crossing(lambda m: 1e-9 * math.sqrt(place * m))
    assert lead.since == pytest.approx(place)
    assert lead.until is None


def test_a_way_may_fall_behind_again(crossing):
    lead = crossing(lambda m: 1e-9 * m**1.5 / math.sqrt(2e7))
    assert (lead.since, lead.until) == (10**5, pytest.approx(2e7))
    assert lead.said == "up to about 2·10⁷"
    between = crossing(lambda m: 1e-9 * m * {10**5: 2, 10**6: 0.5, 10**7: 0.5, 10**8: 2}[m])
    assert (between.since, between.until) == (pytest.approx(10**5.5), pytest.approx(10**7.5))
    assert between.said == "from about 3.2·10⁵ up to about 3.2·10⁷"


@pytest.mark.parametrize(
    ("factor", "since", "said"), [(0.9, 10**5, "at every size"), (1.1, math.inf, "not up to 10⁸")]
)
def test_always_and_never(crossing, factor, since, said):
    lead = crossing(lambda m: factor * 1e-9 * m)
    assert (lead.since, lead.until, lead.said) == (since, None, said)


def test_the_last_stretch_counts(crossing):
    lead = crossing(lambda m: 1e-9 * m * {10**5: 0.5, 10**6: 2, 10**7: 0.5, 10**8: 0.5}[m])
    assert (lead.since, lead.until) == (pytest.approx(10**6.5), None)


def test_what_is_not_separated_is_no_lead(one_family):
    """Two threads in memory are faster everywhere; what noise hides is not claimed."""
    document = ways()
    for m in MS[:2]:
        disturb(document, FUSED, 2, m)
    since = one_family(document).way(FUSED, 2).lead.since
    assert since == pytest.approx(10**6)  # the nearest that is not claimed
    for m in MS[2:]:
        disturb(document, FUSED, 2, m)
    way = one_family(document).way(FUSED, 2)
    assert not way.lead.is_somewhere
    assert way.over_one.ratio.estimate > 1.5


def test_intervals_are_corrected_for_the_sizes_of_a_lead_and_for_choosing_the_fastest(one_family):
    """Six processes whose ratios are above 1 by 1.2 standard deviations.

    Student's t interval reaches 1.05 of them, corrected for two comparisons 1.29, and for four 1.56.
    """
    document = ways()
    for row, count in ((FUSED, 2), (CHUNKS, 1), (CHUNKS, 2)):
        base = entries(document, FUSED, count if row == CHUNKS else 1)
        for own, other in zip(entries(document, row, count), base, strict=True):
            own["blocks_s"] = [
                [block * math.exp(-0.01 * (1.2 + (-1) ** p * math.sqrt(5 / 6))) for block in process]
                for p, process in enumerate(other["blocks_s"])
            ]
    family = one_family(document)
    assert family.way(FUSED, 2).over_one.ratio.low > 1
    assert not family.way(FUSED, 2).lead.is_somewhere
    assert all(family.way(CHUNKS, count).over_fused.ratio.low > 1 for count in (1, 2))
    cores, memory, _ = verdict(family)
    assert cores.startswith("Past one core it pays: ")  # two threads are the only choice
    assert "streaming costs nothing that this run can tell" in memory


def test_sizes_that_only_one_of_the_two_was_timed_on_tell_of_no_lead(one_family):
    document = ways()
    for m in MS[2:]:
        drop(document, FUSED, 1, m)
    assert one_family(document).way(CLUSTER, 2).lead.said == "not up to 10⁶"
    for m in MS[:2]:
        drop(document, FUSED, 1, m)
    family = one_family(document)
    assert {way.lead for way in family.ways} == {way.over_one for way in family.ways} == {None}


def test_two_sizes_give_no_line_and_a_process_that_lost_one_is_left_out(one_family):
    document = ways()
    for m in MS[:2]:
        drop(document, CHUNKS, 1, m)
    smallest = entries(document, CLUSTER, 1)[0]
    smallest["blocks_s"][1] = []
    largest = entries(document, CLUSTER, 1)[-1]
    largest["blocks_s"][1] = [9.0]
    family = one_family(document)
    short = family.way(CHUNKS, 1)
    assert short.overhead_s is short.example_s is short.off is None
    assert short.million_s.estimate == pytest.approx(8e-4 + 3e-6, rel=2e-3)
    assert family.way(CLUSTER, 1).example_s.estimate == pytest.approx(8e-10, rel=3e-3)
    for one in entries(document, CLUSTER, 1):
        one["blocks_s"] = [
            process if p == MS.index(int(one["problem"][2:])) else []
            for p, process in enumerate(one["blocks_s"])
        ]
    assert one_family(document).way(CLUSTER, 1).overhead_s is None


def test_one_process_of_one_block_separates_nothing(one_family):
    document = ways()
    for entry in document["benchmarks"]:
        entry["extra_info"]["blocks_s"] = [entry["extra_info"]["blocks_s"][0][:1]]
    family = one_family(document)
    way = family.way(CLUSTER, 2)
    assert (way.overhead_s.low, way.overhead_s.estimate) == (None, pytest.approx(8e-3, rel=5e-3))
    assert way.lead is None
    assert verdict(family)[0] == (
        "Past one core this run cannot tell whether it pays: on 10⁸ examples numba_fused is 2.00x as fast "
        "with 2 threads as with one."
    )


def test_families_differ_in_n_x_and_dtype_and_have_three_sizes_in_common():
    cells = [(n_x, m) for n_x in (4, 32) for m in MS[:3]]

    def document(step_s=lambda row, threads, n_x, m: 1e-9 * m):
        return threaded(cells, (FUSED, CHUNKS, CLUSTER, "numpy_zero_loop"), (2,), step_s)

    doubled = document()
    other = [{**entry["extra_info"], "dtype": "float32"} for entry in doubled["benchmarks"]]
    doubled["benchmarks"] += [{"extra_info": one} for one in other]
    found = families(compared(doubled))
    assert [one.title for one in found] == [
        *("n_x = 4, float32", "n_x = 4, float64", "n_x = 32, float32", "n_x = 32, float64")
    ]
    assert [one.ways[0].bytes_per_s for one in found] == pytest.approx(
        [1.6e10, 3.2e10, 1.28e11, 2.56e11], rel=2e-3
    )
    assert {way.row for one in found for way in one.ways} == {FUSED, CHUNKS, CLUSTER}
    for lacking in (
        lambda row, threads, n_x, m: None if row == FUSED else 1e-3,
        lambda row, threads, n_x, m: 1e-3 if row == FUSED else None,
        lambda row, threads, n_x, m: None if row == FUSED and m == 10**5 else 1e-3,
    ):
        assert families(compared(document(lacking))) == []


def said(family):
    """The verdict without its intervals."""
    return [re.sub(r" \[[^]]*\]", "", sentence) for sentence in verdict(family)]


def test_verdict_of_what_pays_and_what_does_not(one_family):
    assert said(one_family(ways())) == [
        "Past one core it pays: on 10⁸ examples numba_fused is 2.00x as fast with 2 threads as with one, and "
        "faster from about 2.6·10⁵.",
        "Past one memory: where the data fit, streaming only costs: on 10⁸ examples numba_chunks is 0.746x "
        "as fast as numba_fused, with 2 threads each.",
        "Past one process, on one machine, it does not pay: dask_chunks with 2 workers adds 7.99 ms to every "
        "step, and on 10⁸ examples is 0.626x as fast as numba_fused with as many threads. Than one thread "
        "of numba_fused it is faster from about 5.7·10⁷.",
    ]


def test_verdict_is_of_the_largest_data(one_family):
    document = ways()
    drop(document, CHUNKS, 1, 10**8)  # on the rest it takes less time than two threads on all
    _, memory, _ = verdict(one_family(document))
    assert memory.endswith("as fast as numba_fused, with 2 threads each.")


def test_verdict_where_nothing_ever_pays(one_family):
    growths = {(FUSED, 1): 6e-10, (CHUNKS, 1): 1e-9}
    slow = {key: (8e-3, growths.get(key, 9e-10)) for key in KNOWN_LINES}
    cores, memory, process = said(one_family(ways(slow)))
    assert cores == (
        "Past one core it does not pay: on 10⁸ examples numba_fused is 0.694x as fast with 2 threads "
        "as with one."
    )
    assert "streaming costs nothing that this run can tell" in memory  # two threads take the same time
    assert process.endswith("Than one thread of numba_fused it is faster nowhere up to 10⁸ examples.")


def test_verdict_where_all_pays(one_family):
    fast = {key: (1e-6, 6e-10 if key[0] == FUSED else 2e-10 / key[1]) for key in KNOWN_LINES}
    _, memory, process = said(one_family(ways(fast)))
    assert memory.startswith("Past one memory: where the data fit, streaming pays: on 10⁸ examples")
    assert process.startswith(
        "Past one process, on one machine, it pays: dask_chunks with 2 workers adds 999 ns"
    )
    assert process.endswith("as many threads. Than one thread of numba_fused it is faster at every size.")


def test_verdict_past_what_memory_holds(one_family):
    document = ways()
    for count in (1, 2):
        drop(document, FUSED, count, 10**8)
    _, memory, process = said(one_family(document))
    assert memory == (
        "Past one memory: on 10⁸ examples numba_fused has no time, and numba_chunks takes 40.3 ms with 2 "
        "threads; where the data fit, streaming only costs: on 10⁷ examples numba_chunks is 0.714x as fast "
        "as numba_fused, with 2 threads each."
    )
    assert process.endswith("Than one thread of numba_fused it is faster nowhere up to 10⁷ examples.")


def test_verdict_says_nothing_of_what_was_not_timed(one_family):
    """One thread in memory beside two workers: nothing to hold either to with as many threads."""
    family = one_family(
        ways(dict.fromkeys(KNOWN_LINES) | {key: KNOWN_LINES[key] for key in ((FUSED, 1), (CLUSTER, 2))})
    )
    assert verdict(family) == []
    assert family.way(CLUSTER, 2).lead.is_somewhere
