"""`zeroloop compare -o`: the page of two runs."""

import json
from pathlib import Path

from tests.bench.helpers import message, zeroloop

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
