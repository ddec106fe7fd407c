"""Every format with strings that try to break out of it; golden files are held in `test_write`."""

import csv
import io
import math
import re
from dataclasses import replace

import pytest

from reports.facts.intervals import Interval
from reports.tables import tables


def csv_rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def markdown_cells(line):
    return re.sub(r"\\.", "", line).strip().strip("|").split("|")


@pytest.fixture
def spoilt(document, renamed, hostile):
    """A document in which a timed row, one left out, its reason and a problem carry a hostile string."""
    for row in document["zeroloop"]["rows"]:
        row["title"] = hostile
    for entry in document["zeroloop"]["unmeasured"]:
        entry["reason"] = hostile
    document["zeroloop"]["problems"][0]["title"] = hostile
    for old in ("breast_cancer", "numpy_one_loop", "mine.py"):
        document = renamed(document, old, f"{hostile}-{old}")
    return document


def test_text(comparisons, golden):
    golden("speedup.txt", tables.as_text(comparisons, width=100))


def test_nothing_compared_gives_empty_tables():
    assert len(tables.as_csv(()).splitlines()) == 1
    assert tables.as_text((), 80) == ""


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_text_is_no_wider_than_asked(comparisons, width):
    printed = tables.as_text(comparisons, width)
    table = [line for line in printed.splitlines() if not re.search("not installed|unsuited|failed", line)]
    assert max(map(len, table)) <= width


def test_contest(contested, compared, golden):
    golden("contest.txt", tables.contest_as_text(compared(contested)))
    golden("contest.md", tables.contest_as_markdown(compared(contested)))


def test_a_contest_without_a_match_is_empty(comparisons):
    for unmatched in (comparisons, ()):
        assert tables.contest_as_text(unmatched) == tables.contest_as_markdown(unmatched) == ""
        assert tables.contest_as_csv(unmatched) == ""
        assert tables.contest_summary(unmatched) == ""


def test_summary_holds_ours_to_plain_numba_too(contested, renamed, compared):
    plain = compared(renamed(contested, "numpy_one_loop", "numba_parallel"))
    said = tables.contest_summary(plain)
    assert said.startswith("In the geometric mean ours is 1.40x as fast as the best peer and ")
    assert re.search(r" and \d\S*x as fast as numba_parallel, plain Numba", said)


def test_a_contest_of_long_names_fits_the_terminal(contested, renamed, compared):
    document = contested
    for old, new in {
        "numba_two_loop": "numba_fused_packed",
        "numpy_zero_loop": "numexpr_zero_loop",
        "square": "12288x10000",
    }.items():
        document = renamed(document, old, new)
    text = tables.contest_as_text(compared(document))
    assert max(map(len, text.splitlines())) <= 80
    assert {"numba_fused_packed", "numexpr_zero_loop", "breast_cancer", "12288x10000"} <= set(text.split())


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_contest_is_no_wider_than_asked(contested, compared, width):
    assert max(map(len, tables.contest_as_text(compared(contested), width).splitlines())) <= width


def test_contest_takes_any_string(contested, renamed, compared, hostile):
    document = contested
    for old in ("numba_two_loop", "numpy_zero_loop", "square"):
        document = renamed(document, old, f"{hostile}-{old}")
    found = compared(document)
    text = tables.contest_as_text(found, width=50_000)
    assert all(character.isprintable() or character == "\n" for character in text)
    for name in ("numba_two_loop", "numpy_zero_loop", "square"):
        shown = (character if character.isprintable() else " " for character in f"{hostile}-{name}")
        assert " ".join("".join(shown).split()) in " ".join(text.split())
    table = tables.contest_as_markdown(found).splitlines()[:4]
    assert {len(markdown_cells(line)) for line in table} == {9}
    assert not set("`<>[]~*#") & set(re.sub(r"\\[^\w\s]", "", table[-1]))


def test_csv_gives_back_any_string(spoilt, hostile, compared):
    rows = csv_rows(tables.as_csv(compared(spoilt)))
    assert len(rows) == 13
    assert {row["problem"] for row in rows} == {f"{hostile}-breast_cancer", "square"}
    assert [row["reason"] for row in rows if row["status"] != "measured"] == [hostile] * 3
    assert rows[3]["row"] == rows[8]["row"] == f"{hostile}-numpy_one_loop"
    assert all(None not in row and None not in row.values() for row in rows)


def test_csv_holds_the_numbers(comparisons):
    rows = csv_rows(tables.as_csv(comparisons))
    square = {row["row"]: row for row in rows if row["problem"] == "square"}
    numba = square["numba_two_loop"]
    assert [float(numba[key]) for key in ("step_s", "over_python", "over_numpy", "calls_to_pay")] == (
        pytest.approx([5e-4, 800, 2, 620.159], rel=1e-5)
    )
    light = ("light_s", "share", "warm_s", "warmup_s")
    assert [float(numba[key]) for key in light] == pytest.approx([4e-4, 0.8, 0.03, 0.3], rel=1e-3)
    assert (square["mine.py"]["light_s"], square["mine.py"]["share"], square["mine.py"]["warm_s"]) == (
        "0.0004",
        "",
        "",
    )
    assert (square["numpy_one_loop"]["calls_to_pay"], square["numpy_two_loop"]["step_s_low"]) == ("never", "")


def test_csv_holds_the_light_of_the_device(on_gpu, compared):
    rows = {
        row["row"]: row for row in csv_rows(tables.as_csv(compared(on_gpu))) if row["problem"] == "square"
    }
    assert (rows["numba_two_loop"]["light_s"], rows["numba_two_loop"]["share"]) == ("0.00025", "0.5")
    assert (rows["numpy_zero_loop"]["light_s"], rows["jax_zero_loop"]["light_s"]) == ("0.0004", "0.0004")


def test_markdown_keeps_its_columns(spoilt, compared):
    for comparison in compared(spoilt):
        lines = tables.as_markdown(comparison).splitlines()
        assert len(lines) == 2 + len(comparison.lines)
        assert {len(markdown_cells(line)) for line in lines} == {len(tables.COLUMNS)}
        assert {line[:2] + line[-2:] for line in lines} == {"|  |"}


def test_every_text_of_markdown_is_that_of_the_page(comparisons):
    for comparison in comparisons:
        written = tables.as_markdown(comparison).splitlines()[2:]
        for line, text in zip(comparison.lines, written, strict=True):
            found = [one.strip() for one in re.split(r"(?<!\\)\|", text)[1:-1]]
            found[0] = re.sub(r"^\*\*(.*)\*\*$", r"\1", found[0])
            assert [re.sub(r"\\(\W|_)", r"\1", one) for one in found] == tables.cells(line)
    assert {line.status for comparison in comparisons for line in comparison.lines} >= {
        *("measured", "failed", "not installed")
    }


def test_markdown_holds_no_markup(hostile, spoilt, compared):
    bare = re.sub(r"\\[^\w\s]", "", tables.as_markdown(compared(spoilt)[1]).splitlines()[-1])
    assert not set("`<>[]~*#") & set(bare)


def test_text_shows_all_that_can_be_printed(spoilt, hostile, compared):
    printed = tables.as_text(compared(spoilt), width=30_000)
    for name in ("breast_cancer", "numpy_one_loop", "mine.py"):
        shown = (character if character.isprintable() else " " for character in f"{hostile}-{name}")
        assert " ".join("".join(shown).split()) in " ".join(printed.split())


@pytest.mark.parametrize("name", ["two\nlines.py", "\x1b[31mred.py"])
def test_text_of_a_row_left_out_is_one_line_without_control_characters(document, renamed, compared, name):
    printed = tables.as_text(compared(renamed(document, "mine.py", name)))
    assert len(printed.splitlines()) == len(tables.as_text(compared(document)).splitlines())
    assert "\x1b" not in printed


@pytest.mark.parametrize(
    ("found", "text", "value"),
    [
        (Interval(1.9e-3, 2e-3, 2.1e-3), "2.00 ms [1.90, 2.10]", "0.002"),
        (Interval(None, 2e-3, None), "2.00 ms", "0.002"),
        (None, "–", ""),
    ],
)
def test_a_cell_says_its_interval_and_is_sorted_by_its_estimate(comparisons, found, text, value):
    line = replace(comparisons[0].lines[1], step_s=found)
    (column,) = [one for one in tables.COLUMNS if one.field == "step_s"]
    assert (column.text(line), column.value(line)) == (text, value)


def test_what_never_pays_is_sorted_last_and_what_was_not_measured_has_no_value(comparisons):
    (column,) = [one for one in tables.COLUMNS if one.field == "calls_to_pay"]
    line = replace(comparisons[0].lines[1], calls_to_pay=Interval(None, math.inf, None))
    assert (column.text(line), column.value(line)) == ("never", "Infinity")
    for column in tables.COLUMNS[tables.NAMING : -1]:
        assert column.value(comparisons[1].lines[-1]) == ""


def test_every_cell_of_the_page_is_that_of_its_column(comparisons):
    for line in comparisons[0].measured:
        assert tables.cells(line) == [column.text(line) for column in tables.COLUMNS]
        for column in tables.COLUMNS[1:]:
            assert (
                column.value(line) == ""
                or math.isfinite(float(column.value(line)))
                or (column.field == "calls_to_pay")
            )
