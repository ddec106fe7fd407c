"""The commands that write a page of several runs: `zeroloop compare -o` and `zeroloop gallery`."""

import json
import shutil
from pathlib import Path

import pytest

TEN_TIMINGS = Path(__file__).parents[2] / "reports" / "ten_timings.json"


def message(result):
    """The one line of a command that failed."""
    before, found, said = result.output.partition("Error: ")
    assert found
    assert not before or before.startswith("Usage: "), result.output
    assert "\n" not in said[:-1], said
    return said[:-1]


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


def compare(zeroloop, runs, *options):
    return zeroloop("compare", runs / "before.json", runs / "after.json", *options)


def test_compare_prints_the_same_with_a_page_and_then_names_it(zeroloop, runs, tmp_path):
    plain = compare(zeroloop, runs)
    result = compare(zeroloop, runs, "-o", tmp_path / "new" / "page")
    assert result.exit_code == plain.exit_code == 0
    assert result.output == f"{plain.output}page: {tmp_path / 'new' / 'page' / 'comparison.html'}\n"
    page = (tmp_path / "new" / "page" / "comparison.html").read_text("utf-8")
    assert "2 slower" in page
    assert [path.name for path in (tmp_path / "new" / "page").iterdir()] == ["comparison.html"]


def test_compare_writes_the_page_of_a_regression_too(zeroloop, runs, tmp_path):
    result = compare(zeroloop, runs, "-o", tmp_path, "--fail-on-regression", "5%")
    assert result.exit_code == 1
    assert "regression: numba_two_loop" in result.output
    assert result.output.splitlines()[-1] == f"page: {tmp_path / 'comparison.html'}"


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_pages_into_a_file(zeroloop, runs, tmp_path, place):
    (tmp_path / "file").write_text("precious")
    for result in (
        compare(zeroloop, runs, "-o", tmp_path / place),
        zeroloop("gallery", runs, "-o", tmp_path / place),
    ):
        assert result.exit_code == 2
        assert str(tmp_path / place) in message(result)
        assert (tmp_path / "file").read_text() == "precious"


def test_compare_of_nothing_in_common_leaves_no_folder(zeroloop, runs, tmp_path):
    document = json.loads(TEN_TIMINGS.read_text("utf-8"))
    (runs / "after.json").write_text(json.dumps({**document, "benchmarks": []}), "utf-8")
    result = compare(zeroloop, runs, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "have no row on the same problem in common" in message(result)
    assert not (tmp_path / "out").exists()


def test_gallery_lies_in_the_folder_that_it_read(zeroloop, runs):
    (runs / "cut.json").write_text("{")
    result = zeroloop("gallery", runs)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["after", "before"]
    assert "left out: cut.json: not a JSON file, or a truncated one: " in result.output
    assert lines[-1] == f"page: {runs / 'gallery.html'}"
    first = (runs / "gallery.html").read_bytes()
    assert zeroloop("gallery", runs).output == result.output
    assert (runs / "gallery.html").read_bytes() == first


def test_gallery_goes_where_it_is_told_and_leaves_a_report_alone(zeroloop, runs):
    (runs / "index.html").write_text("precious")
    result = zeroloop("gallery", runs, "-o", runs / "a" / "b")
    assert result.exit_code == 0
    assert (runs / "a" / "b" / "gallery.html").is_file()
    assert zeroloop("gallery", runs).exit_code == 0
    assert (runs / "index.html").read_text() == "precious"


def test_gallery_of_nothing(zeroloop, tmp_path):
    missing = zeroloop("gallery", tmp_path / "nowhere")
    assert missing.exit_code == 2
    assert "does not exist" in message(missing)
    file = tmp_path / "file.json"
    file.write_text("{}")
    assert "is a file" in message(zeroloop("gallery", file))
    empty = zeroloop("gallery", tmp_path)
    assert empty.exit_code == 2
    assert message(empty).startswith(f"{tmp_path}: no results file lies below it; ")
    file.write_text("{")
    assert "no results file below it can be read: file.json: " in message(zeroloop("gallery", tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]


def test_gallery_says_in_one_line_what_names_cannot_break(zeroloop, tmp_path):
    (tmp_path / "one\ntwo\x1b[31m.json").write_text("{")
    result = zeroloop("gallery", tmp_path)
    assert result.exit_code == 2
    assert "\x1b" not in message(result)
