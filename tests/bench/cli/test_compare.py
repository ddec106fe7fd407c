"""`zeroloop compare -o`: the page of two runs."""

import json
import re
from pathlib import Path

import pytest

from tests.bench.helpers import message, written, zeroloop
from tests.documents import measured, slowed

TEN_TIMINGS = Path(__file__).parents[2] / "reports" / "ten_timings.json"


def compare(runs, *options):
    return zeroloop("compare", runs / "before.json", runs / "after.json", *options)


def test_compare_prints_the_same_with_a_page_and_then_names_it(runs, tmp_path):
    plain = compare(runs)
    result = compare(runs, "-o", tmp_path / "new" / "page")
    assert result.exit_code == plain.exit_code == 0
    assert result.output == f"{plain.output}page: {tmp_path / 'new' / 'page' / 'comparison.html'}\n"
    page = (tmp_path / "new" / "page" / "comparison.html").read_text("utf-8")
    assert "2 slower" in page
    assert [path.name for path in (tmp_path / "new" / "page").iterdir()] == ["comparison.html"]


def test_compare_writes_the_page_of_a_regression_too(runs, tmp_path):
    result = compare(runs, "-o", tmp_path, "--fail-on-regression", "5%")
    assert result.exit_code == 1
    assert "regression: numba_two_loop" in result.output
    assert result.output.splitlines()[-1] == f"page: {tmp_path / 'comparison.html'}"


@pytest.fixture
def quiet(tmp_path):
    """Return a function that compares a quiet run with one in which a row takes longer by a factor."""
    before = measured(json.loads(TEN_TIMINGS.read_text("utf-8")))

    def compared(factor, *options, machine=1.0):
        after = slowed(slowed(before, "numba_two_loop", factor), None, machine)
        for name, document in (("before", before), ("after", after)):
            written(tmp_path, f"{name}.json", json.dumps(document))
        return compare(tmp_path, *options)

    return compared


@pytest.mark.parametrize(
    ("factor", "limit", "code"),
    [
        (1.2, "5%", 1),
        (1.2, "25%", 0),
        (1.0, "5%", 0),
        (1.0, "0.01%", 4),
        (1.2, "0.01%", 1),  # others may be slower, this row is
        (0.8, "5%", 0),
    ],
)
def test_exit_codes_tell_slower_from_cannot_tell(quiet, factor, limit, code):
    assert quiet(factor).exit_code == 0, "nothing was asked for"
    for machine in (1.1, 1.6):
        assert quiet(factor, "--fail-on-regression", limit, machine=machine).exit_code == code


def test_a_run_is_not_slower_than_itself(quiet):
    assert quiet(1.0, "--fail-on-regression", "0.01%").exit_code == 0


@pytest.mark.parametrize("command", ["ab", "compare"])
def test_help_has_a_line_for_each_exit_code(command):
    lines = [line.split()[0] for line in zeroloop(command, "--help", columns=80).output.splitlines() if line]
    assert lines[-3:] == ["0", "1", "4"]


def test_what_is_slower_is_said_with_both_figures_and_what_may_be_with_the_widest(quiet):
    text = quiet(1.2, "--fail-on-regression", "0.01%", machine=1.5).output
    assert max(map(len, text.splitlines())) <= 80
    said = " ".join(text.split())
    assert re.search(
        r"regression: numba_two_loop on square-float64-2t, 0\.833x \[0\.82\d, 0\.84\d\] as fast "
        r"\(2\.00x \[.*?\] → 1\.67x \[.*?\] over numpy_zero_loop; 500 µs → 899 µs\) cannot tell: ",
        said,
    )
    assert "cannot tell: 6 rows may be slower by 0.01 %, such as n" in said


def test_compare_into_a_file(runs, tmp_path):
    (tmp_path / "file").write_text("precious")
    for place in ("file", "file/below"):
        result = compare(runs, "-o", tmp_path / place)
        assert result.exit_code == 2
        assert str(tmp_path / place) in message(result)
    assert (tmp_path / "file").read_text() == "precious"


def test_compare_of_nothing_in_common_leaves_no_folder(runs, tmp_path):
    document = json.loads(TEN_TIMINGS.read_text("utf-8"))
    (runs / "after.json").write_text(json.dumps({**document, "benchmarks": []}), "utf-8")
    result = compare(runs, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "have no row on the same problem in common" in message(result)
    assert not (tmp_path / "out").exists()
