"""`zeroloop report`: the same report from the file alone, and files that are no results."""

import json
import shutil
from pathlib import Path

import pytest

from reports import write
from reports.reading import run_id
from tests.bench.helpers import refused, zeroloop

TEN_TIMINGS = Path(__file__).parents[2] / "reports" / "ten_timings.json"


@pytest.mark.slow
def test_report_is_built_from_the_file_alone(tmp_path, monkeypatch):
    index = write.write_report(json.loads(TEN_TIMINGS.read_text("utf-8")), tmp_path / "first")
    shutil.copy(index.with_name("results.json"), tmp_path / "sent.json")
    monkeypatch.chdir(tmp_path)
    assert zeroloop("report", "sent.json").exit_code == 0
    folder = tmp_path / "reports" / "out" / index.parent.name
    assert {path.name for path in folder.iterdir()} == {path.name for path in index.parent.iterdir()}
    for path in index.parent.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes(), path.name


def test_report_prints_the_contest_and_says_where_the_page_is(tmp_path, monkeypatch):
    written = []

    def write_into(document, folder):  # drawing takes seconds
        written.append(document)
        return folder / "index.html"

    monkeypatch.setattr(write, "write_into", write_into)
    document = json.loads(TEN_TIMINGS.read_text("utf-8"))
    for row in document["zeroloop"]["rows"]:
        row["side"] = {"numba_two_loop": "ours", "numpy_zero_loop": "peer"}.get(row["name"])
    (tmp_path / "contest.json").write_text(json.dumps(document))
    for options, folder in (
        ((), Path("reports") / "out" / run_id(document)),
        (("-o", tmp_path / "a" / "b"), tmp_path / "a" / "b"),
    ):
        result = zeroloop("report", tmp_path / "contest.json", *options)
        assert "\nIn the geometric mean ours is " in result.output
        assert "not citable: one process, a quick look" in result.output
        assert result.output.splitlines()[-1] == f"report: {folder / 'index.html'}"
    assert written == [document, document]


def test_report_refuses_what_is_no_results_file(tmp_path):
    text, path = TEN_TIMINGS.read_text("utf-8"), tmp_path / "damaged.json"
    for damaged, reason in (
        (text[: len(text) // 2], "not a JSON file, or a truncated one: "),
        ("hello", "not a JSON file, or a truncated one: "),
        ("", "not a JSON file, or a truncated one: "),
        ("[]", "not a benchmark's results file"),
        (json.dumps({**json.loads(text), "zeroloop": None}), "written by another tool"),
    ):
        path.write_text(damaged)
        assert refused("report", path, "-o", tmp_path / "out").startswith(f"{path}: {reason}")
        assert not (tmp_path / "out").exists()
    assert "'nowhere.json' does not exist" in refused("report", "nowhere.json")


def test_report_into_a_file(tmp_path):
    (tmp_path / "file").write_text("precious")
    for place in ("file", "file/below"):
        assert str(tmp_path / place) in refused("report", TEN_TIMINGS, "-o", tmp_path / place)
    assert (tmp_path / "file").read_text() == "precious"
