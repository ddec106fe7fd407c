"""The figures of starting: what first calls cost, and after how many calls that is won back."""

import math
import re

import pytest

from reports.facts.compiling import compiling, compiling_beside_numpy
from reports.facts.facts import Facts
from reports.figures.row_looks import looks_of
from reports.figures.start import break_even
from reports.figures.style import drawing
from reports.reading import parse
from tests.documents import compared, keep
from tests.reports.figures.drawn import faults_of_texts, marks


def test_only_rows_that_compile_have_a_start(comparisons, document):
    assert [line.name for line in compiling(comparisons)] == ["numba_two_loop"]
    assert [line.name for line in compiling_beside_numpy(comparisons[1])] == ["numba_two_loop"]
    document["benchmarks"][4]["extra_info"]["first_call_s"] = [5e-3]
    assert compiling(compared(document)) == compiling_beside_numpy(compared(document)[0]) == []


def test_rows_stand_slowest_start_first(document):
    document["benchmarks"][2]["extra_info"]["first_call_s"] = [2.0]
    assert [line.name for line in compiling(compared(document))] == ["numpy_one_loop", "numba_two_loop"]


def test_numpy_has_nothing_to_win_back(document):
    document["benchmarks"][3]["extra_info"]["first_call_s"] = [2.0]
    assert [line.name for line in compiling_beside_numpy(compared(document)[0])] == ["numba_two_loop"]
    keep(document, "numba_two_loop", "python_two_loop")
    assert compiling_beside_numpy(compared(document)[0]) == []


def test_first_calls_are_filled_and_warm_ones_hollow(pictures):
    picture = pictures["first-calls"]
    assert marks(picture) == [
        ("numba_two_loop", "numba_two_loop: 30.0 ms with the code on disk"),
        ("numba_two_loop", "numba_two_loop: 300 ms with nothing compiled"),
    ]
    (axes,) = picture.figure.axes
    warm, cold = (line for line in axes.lines if line.get_gid())
    assert (warm.get_xdata()[0], cold.get_xdata()[0]) == pytest.approx((0.03, 0.3), rel=1e-2)
    assert warm.get_markerfacecolor() != cold.get_markerfacecolor()
    assert picture.alternative == (
        "What the first call of a process costs, for 1 row. Most: numba_two_loop, 300 ms with nothing "
        "compiled, 30.0 ms with the code on disk."
    )


def test_a_curve_crosses_one_where_the_table_says_that_it_pays(pictures, comparisons):
    (axes,) = pictures["break-even-1"].figure.axes
    cold, warm = (line for line in axes.lines if line.get_gid())
    assert (cold.get_linestyle(), warm.get_linestyle()) == ("-", ":")
    calls = comparisons[1].line("numba_two_loop").calls_to_pay.estimate
    for n, gain in cold.get_xydata():
        assert (gain > 1) is (n > calls)
    # 0.3 s and 10.1 ms to start, then 0.5 ms in place of 1 ms: after ten calls 10 ms of 315.1 ms.
    assert cold.get_ydata()[4] == pytest.approx(10e-3 / 0.3151, rel=1e-3)
    assert marks(pictures["break-even-1"])[0][1] == (
        f"numba_two_loop, nothing compiled: ahead after {math.ceil(calls):,} calls"
    )
    assert pictures["break-even-1"].alternative.endswith(
        f"Ahead with nothing compiled: numba_two_loop after {math.ceil(calls):,} calls."
    )


def test_a_row_that_is_not_separated_from_numpy_is_not_said_to_be_ahead(pictures):
    cold, warm = (said for _, said in marks(pictures["break-even-0"]))
    assert cold == "numba_two_loop, nothing compiled: not separated from NumPy"
    assert warm == "numba_two_loop, code on disk"
    assert pictures["break-even-0"].alternative.endswith("Ahead with nothing compiled: none.")


def test_without_code_on_disk_there_is_one_curve(document):
    document["benchmarks"][4]["extra_info"]["warm_call_s"] = []
    results = parse(document)
    with drawing():
        picture = break_even("break-even-1", Facts(results).comparisons[1], looks_of(results))
    assert len(picture.rows) == 1
    assert faults_of_texts(picture) == []
    assert re.search("after 621 calls", picture.alternative)
