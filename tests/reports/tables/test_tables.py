"""Every format with strings that try to break out of it; golden files are compared in `test_write`."""

import csv
import io
import math
import re
from dataclasses import replace

import pytest

from reports.facts.facts import Facts
from reports.facts.intervals import Interval
from reports.reading import parse
from reports.tables import as_csv, as_markdown, as_text, description, in_terminal
from reports.tables.contest_table import contest
from reports.tables.speedup_table import speedups
from tests.documents import HOSTILE, renamed
from tests.reports.pages_read import golden

NAMES = ("breast_cancer", "numpy_one_loop", "mine.py")


def facts_of(document):
    return Facts(parse(document))


def csv_rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def markdown_cells(line):
    return re.sub(r"\\.", "", line).strip().strip("|").split("|")


def rows_of(text):
    """The lines of Markdown tables, with their headings and rules."""
    return [line for line in text.splitlines() if line.startswith("|")]


def shown(text):
    """A text as a terminal shows it."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


@pytest.fixture(scope="module")
def all_spoilt(results):
    """Documents in which a timed row, one left out, its reason and a problem carry a hostile string."""
    found = {}
    for hostile in HOSTILE.values():
        document = renamed(results.document, "", "")
        for row in document["zeroloop"]["rows"]:
            row["title"] = hostile
        for entry in document["zeroloop"]["unmeasured"]:
            entry["reason"] = hostile
        document["zeroloop"]["problems"][0]["title"] = hostile
        for old in NAMES:
            document = renamed(document, old, f"{hostile}-{old}")
        found[hostile] = facts_of(document)
    return found


def column(table, key):
    (found,) = [one for one in table.columns if one.key == key]
    return found


def test_text(facts):
    golden("speedup.txt", in_terminal.of_run(facts, width=100))


def test_no_table_is_nothing():
    assert as_csv.render([]) == as_text.render([]) == as_markdown.render([]) == ""


def test_text_is_no_wider_than_asked(facts, contested):
    for width in (20, 40, 80, 200):
        for text in (
            as_text.render(speedups(facts), width),
            as_text.render(contest(facts_of(contested)), width),
        ):
            assert max(map(len, text.splitlines()), default=0) <= width


def test_contest(contested):
    golden("contest.txt", as_text.render(contest(facts_of(contested))))
    golden("contest.md", as_markdown.render(contest(facts_of(contested))))


def test_a_contest_without_a_match_has_no_table_and_nothing_to_say(facts):
    assert contest(facts) == []
    assert facts.contest_summary == ""


def test_summary_compares_ours_with_plain_numba_too(contested):
    said = facts_of(renamed(contested, "numpy_one_loop", "numba_parallel")).contest_summary
    assert said.startswith("In the geometric mean ours is 1.40x as fast as the best peer and ")
    assert re.search(r" and \d\S*x as fast as numba_parallel, plain Numba", said)


def test_a_contest_of_long_names_fits_the_terminal(contested):
    document = contested
    for old, new in {
        "numba_two_loop": "numba_fused_packed",
        "numpy_zero_loop": "numexpr_zero_loop",
        "square": "12288x10000",
    }.items():
        document = renamed(document, old, new)
    text = as_text.render(contest(facts_of(document)))
    assert max(map(len, text.splitlines())) <= 80
    assert {"numba_fused_packed", "numexpr_zero_loop", "breast_cancer", "12288x10000"} <= set(text.split())


def test_contest_takes_any_string(contested):
    names = ("numba_two_loop", "numpy_zero_loop", "square")
    for hostile in HOSTILE.values():
        document = contested
        for old in names:
            document = renamed(document, old, f"{hostile}-{old}")
        found = contest(facts_of(document))
        text = as_text.render(found, width=50_000)
        assert all(character.isprintable() or character == "\n" for character in text)
        for name in names:
            assert shown(f"{hostile}-{name}") in " ".join(text.split())
        table = rows_of(as_markdown.render(found))
        assert {len(markdown_cells(line)) for line in table} == {9}
        assert not set("`<>[]~*#&") & set(re.sub(r"\\[^\w\s]", "", table[-1]))


def test_csv_gives_back_any_string(all_spoilt):
    for hostile, spoilt in all_spoilt.items():
        rows = csv_rows(as_csv.render(speedups(spoilt)))
        assert len(rows) == 13
        kept = f"'{hostile}" if hostile.startswith("=") else hostile
        assert {row["problem"] for row in rows} == {f"{kept}-breast_cancer", "square"}
        assert [row["reason"] for row in rows if row["status"] != "measured"] == [kept] * 3
        assert rows[3]["row"] == rows[8]["row"] == f"{kept}-numpy_one_loop"
        assert all(None not in row and None not in row.values() for row in rows)


@pytest.mark.parametrize("name", ["=cmd.py", "+1.py", "-2.py", "@x.py", "\t=x.py", "\r=x.py"])
def test_no_name_is_a_formula_to_a_spreadsheet(document, name):
    text = as_csv.render(speedups(facts_of(renamed(document, "numpy_one_loop", name))))
    assert [row["row"] for row in csv_rows(text)].count(f"'{name}") == 2


def test_a_name_with_a_carriage_return_splits_no_record(document):
    text = as_csv.render(speedups(facts_of(renamed(document, "numpy_one_loop", "a\rb.py"))))
    assert len(csv_rows(text)) == 13
    assert text.count('"a\rb.py"') == 2


def test_csv_holds_the_numbers(facts):
    rows = csv_rows(as_csv.render(speedups(facts)))
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


def test_csv_holds_the_light_of_the_device(on_gpu):
    rows = csv_rows(as_csv.render(speedups(facts_of(on_gpu))))
    square = {row["row"]: row for row in rows if row["problem"] == "square"}
    assert (square["numba_two_loop"]["light_s"], square["numba_two_loop"]["share"]) == ("0.00025", "0.5")
    assert (square["numpy_zero_loop"]["light_s"], square["jax_zero_loop"]["light_s"]) == ("0.0004", "0.0004")


def test_markdown_keeps_its_columns_and_holds_no_markup(all_spoilt):
    for spoilt in all_spoilt.values():
        for table in speedups(spoilt):
            lines = rows_of(as_markdown.render([table]))
            assert len(lines) == 2 + len(table.rows)
            assert {len(markdown_cells(line)) for line in lines} == {len(table.wide)}
            assert {line[:2] + line[-2:] for line in lines} == {"|  |"}
        assert not set("`<>[]~*#&") & set(re.sub(r"\\[^\w\s]", "", lines[-1]))


def test_every_text_of_markdown_is_that_of_its_column(facts):
    for table in speedups(facts):
        for row, text in zip(table.rows, rows_of(as_markdown.render([table]))[2:], strict=True):
            found = [one.strip() for one in re.split(r"(?<!\\)\|", text)[1:-1]]
            found[0] = re.sub(r"^\*\*(.*)\*\*$", r"\1", found[0])
            expected = [one.texts(row)[0] for one in table.printed(table.wide)]
            if reason := table.reason(row):
                expected[table.naming] = reason
            assert [re.sub(r"\\(\W|_)", r"\1", one) for one in found] == expected
    assert {row.status for table in speedups(facts) for row in table.rows} >= {
        *("measured", "failed", "not installed")
    }


def test_text_shows_all_that_can_be_printed(all_spoilt):
    for hostile, spoilt in all_spoilt.items():
        printed = " ".join(in_terminal.of_run(spoilt, width=30_000).split())
        for name in NAMES:
            assert shown(f"{hostile}-{name}") in printed


@pytest.mark.parametrize("name", ["two\nlines.py", "\x1b[31mred.py"])
def test_text_of_a_row_left_out_is_one_line_without_control_characters(document, facts, name):
    printed = in_terminal.of_run(facts_of(renamed(document, "mine.py", name)))
    assert len(printed.splitlines()) == len(in_terminal.of_run(facts).splitlines())
    assert "\x1b" not in printed


@pytest.mark.parametrize(
    ("found", "text", "value"),
    [
        (Interval(1.9e-3, 2e-3, 2.1e-3), "2.00 ms [1.90, 2.10]", "0.002"),
        (Interval(None, 2e-3, None), "2.00 ms", "0.002"),
        (None, "–", ""),
    ],
)
def test_a_cell_says_its_interval_and_is_sorted_by_its_estimate(facts, found, text, value):
    table = speedups(facts)[0]
    row = replace(table.rows[1], step_s=found)
    step = column(table, "step_s")
    assert (step.text(row), step.sort_key(row)) == (text, value)


def test_what_never_pays_is_sorted_last_and_what_was_not_measured_has_no_value(facts):
    table, square = speedups(facts)
    pays = column(table, "calls_to_pay")
    row = replace(table.rows[1], calls_to_pay=Interval(None, math.inf, None))
    assert (pays.text(row), pays.sort_key(row)) == ("never", "Infinity")
    for one in square.printed(square.wide)[square.naming : -1]:
        assert one.first.sort_key(square.rows[-1]) == ""


def test_a_heading_breaks_near_its_middle():
    assert description.halved("share of light") == ["share of", "light"]
    assert description.halved("times as fast") == ["times", "as fast"]
    assert description.halved("step") == ["step"]
