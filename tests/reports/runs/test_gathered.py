"""What the gallery finds below a folder."""

import json
import os

import pytest

from reports.reading import parse
from reports.results import BadResults
from reports.runs.gathered import gather


@pytest.fixture
def put(tmp_path):
    """Write a document, or a text, below the folder."""

    def write(name, held):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(held if isinstance(held, str) else json.dumps(held), "utf-8")
        return path

    return write


def other(document, cpu="Another CPU"):
    document = json.loads(json.dumps(document))
    document["machine_info"]["zeroloop"]["cpu"] = cpu
    return document


def test_runs_are_named_for_their_files_and_folders_and_sorted(put, tmp_path, cited):
    put("zoe.json", cited)
    put("Alice/results.json", other(cited))
    put("class/bob/deep.json", other(cited, "B"))
    put("results.json", other(cited, "C"))
    assert [entry.who for entry in gather(tmp_path).entries] == ["Alice", "class/bob/deep", "results", "zoe"]


def test_two_runs_of_one_name_are_named_in_full(put, tmp_path, cited):
    put("alice.json", cited)
    put("alice/results.json", other(cited))
    assert [entry.who for entry in gather(tmp_path).entries] == ["alice.json", "alice/results.json"]


def test_the_same_run_counts_once_under_its_own_name_and_with_its_report(put, tmp_path, cited):
    run_id = parse(cited).run_id
    put(f"{run_id}/results.json", cited)
    page = put(f"{run_id}/index.html", f"<title>zeroloop, run {run_id}</title>")
    put("zoe.json", cited)
    found = gather(tmp_path)
    (entry,) = found.entries
    assert (entry.who, entry.page, found.copies) == ("zoe", page, 1)


@pytest.mark.parametrize("held", [None, "a page of another run"])
def test_a_page_that_is_not_of_the_run_is_not_its_report(put, tmp_path, cited, held):
    put("a/results.json", cited)
    if held:
        put("a/index.html", held)
    assert gather(tmp_path).entries[0].page is None


def test_other_files_are_passed_over_and_broken_ones_are_told(put, tmp_path, cited):
    put("a.json", cited)
    put("notes.txt", "{")
    put("other.json", "[1, 2]")
    put("pytest-benchmark.json", {"benchmarks": []})
    put("cut.json", json.dumps(cited)[:-9])
    put("b/old.json", {**cited, "zeroloop": {**cited["zeroloop"], "schema": 2}})
    put("new.json", {**cited, "zeroloop": {**cited["zeroloop"], "schema": 99}})
    put("wrong.json", {**cited, "zeroloop": {**cited["zeroloop"], "kind": 7}})
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.json")
    found = gather(tmp_path)
    assert [entry.who for entry in found.entries] == ["a"]
    reasons = dict(found.unread)
    assert list(reasons) == ["b/old.json", "cut.json", "gone.json", "new.json", "wrong.json"]
    assert reasons["b/old.json"].startswith("of schema 2, written by an older zeroloop")
    assert reasons["cut.json"].startswith("not a JSON file, or a truncated one: ")
    assert reasons["gone.json"] == "No such file or directory"
    assert reasons["new.json"].startswith("of schema 99, but this version reads up to")
    assert reasons["wrong.json"].startswith("zeroloop.kind is 7")


def test_what_may_not_be_read_is_told(put, tmp_path, cited, monkeypatch):
    put("a.json", cited)
    path = put("b.json", cited)
    put("c/d.json", cited)
    read_bytes, scandir = type(path).read_bytes, os.scandir

    def refuse(self):
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return read_bytes(self)

    def refuse_folder(folder):
        if str(folder) == str(tmp_path / "c"):
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    monkeypatch.setattr(os, "scandir", refuse_folder)
    assert gather(tmp_path).unread == (("b.json", "Permission denied"), ("c", "Permission denied"))


def test_nothing_to_show(put, tmp_path):
    with pytest.raises(BadResults, match="no results file lies below it; `zeroloop run -o FILE` writes one"):
        gather(tmp_path)
    put("other.json", "{}")
    with pytest.raises(BadResults, match="no results file lies below it"):
        gather(tmp_path)
    put("a.json", "{")
    put("b.json", "{")
    with pytest.raises(
        BadResults, match=r"no results file below it can be read: a\.json: .*; nor can 1 more$"
    ):
        gather(tmp_path)


def test_boards_hold_every_thread_count_and_those_of_most_runs_come_first(put, tmp_path, cited):
    put("a.json", cited)
    four = json.loads(json.dumps(other(cited)).replace('"threads": 2', '"threads": 4'))
    four["benchmarks"] = [one for one in four["benchmarks"] if one["extra_info"]["problem"] == "square"]
    four["zeroloop"].update(unmeasured=[], twins=[], lights=[])
    put("b.json", four)
    square, small = gather(tmp_path).boards
    assert (square.problem.name, small.problem.name) == ("square", "breast_cancer")
    assert [(one.entry.who, one.comparison.threads) for one in square.places] == [("a", 2), ("b", 4)]
    assert [one.entry.who for one in small.places] == ["a"]


def test_a_run_without_a_time_is_on_no_board(put, tmp_path, cited):
    put("a.json", {**cited, "benchmarks": []})
    found = gather(tmp_path)
    assert len(found.entries) == 1
    assert found.boards == ()
