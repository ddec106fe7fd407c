"""What lies in a report's folder, also where writing it goes wrong."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reports import figures, write
from reports.reading import read, run_id
from reports.report_folder import Occupied
from reports.results import BadResults
from tests.documents import renamed, slowed, ways
from tests.reports.pages_read import golden, unpacked

ROOT = Path(write.__file__).parent.parent
FILES = {
    *("results.json", "index.html", "speedup.csv", "speedup.md", "speedup.tex", "cite.bib", "figures.pdf"),
    *("speedup.svg", "roofline-float64-2.svg", "first-calls.svg"),
    *(f"{kind}-{n}.svg" for kind in ("speedup-python", "speedup-numpy", "break-even") for n in (0, 1)),
}
ELSEWHERE = """
import sys
from pathlib import Path
from reports.reading import read
from reports.write import write_into
write_into(read(Path(sys.argv[1])).document, Path(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def drawn_before(monkeypatch, pictures, report):
    """The session's figures, which take seconds to draw and to print."""
    printed = (report / "figures.pdf").read_bytes()
    monkeypatch.setattr(figures, "draw", lambda facts: pictures)
    monkeypatch.setattr(figures, "as_pdf", lambda pictures: printed)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fail_at(name, function, error):
    """Let a function of `os` fail once a path in its arguments has this name."""

    def failing(*arguments):
        if any(os.path.basename(str(argument)) == name for argument in arguments):
            raise error
        return function(*arguments)

    return failing


def test_report_lies_in_a_folder_named_for_the_run(report, results):
    assert report.name == results.run_id
    assert set(contents(report)) == FILES
    assert all(contents(report).values())


@pytest.mark.parametrize("name", ["speedup.csv", "speedup.md", "speedup.tex", "cite.bib"])
def test_golden_files(report, name):
    golden(name, (report / name).read_bytes().decode())


def test_a_contest_has_files_of_its_own(contested, tmp_path):
    folder = write.write_report(contested, tmp_path).parent
    contest = {"contest.csv", "contest.md", "contest.tex"}
    assert set(contents(folder)) == FILES | contest
    for name in contest:
        golden(name, (folder / name).read_bytes().decode())


def test_ways_past_one_core_and_one_memory_have_files_of_their_own(tmp_path):
    folder = write.write_report(ways(), tmp_path).parent
    beyond = {"beyond.csv", "beyond.md", "beyond.tex"}
    assert set(contents(folder)) == FILES | beyond
    for name in beyond:
        golden(name, (folder / name).read_bytes().decode())


def test_pictures_are_those_that_were_drawn(report, pictures):
    for name, picture in pictures.items():
        assert (report / f"{name}.svg").read_text("utf-8") == picture.svg
    assert (report / "figures.pdf").read_bytes().startswith(b"%PDF-")


def test_the_page_holds_the_files_beside_it_byte_for_byte(report, page_text):
    beside = contents(report)
    del beside["index.html"]
    assert unpacked(page_text) == beside


def test_results_are_those_that_were_given(report, results):
    assert read(report / "results.json") == results


def test_tuples_and_numbers_are_hashed_as_they_are_read_back(tmp_path, document):
    first = document["benchmarks"][0]["extra_info"]
    first["blocks_s"] = tuple(map(tuple, first["blocks_s"]))
    index = write.write_report(document, tmp_path)
    assert read(index.with_name("results.json")).run_id == index.parent.name


def test_the_same_folder_twice_holds_the_same(tmp_path, document, report):
    for _ in range(2):
        write.write_into(document, tmp_path)
        assert contents(tmp_path) == contents(report)


@pytest.mark.slow
def test_a_copy_elsewhere_gives_the_same_bytes(tmp_path, report):
    copy = shutil.copy(report / "results.json", tmp_path / "copy.json")
    environment = {**os.environ, "PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", ELSEWHERE, str(copy), "out"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=60)
    made, kept = contents(tmp_path / "out"), contents(report)
    del made["figures.pdf"], kept["figures.pdf"]  # the session's holds one figure alone
    del made["index.html"], kept["index.html"]  # which holds that file
    assert made == kept


def test_results_are_written_first_and_whole(tmp_path, document, monkeypatch):
    def break_off(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(figures, "draw", break_off)
    with pytest.raises(KeyboardInterrupt):
        write.write_into(document, tmp_path)
    assert set(contents(tmp_path)) == {"results.json"}
    assert json.loads((tmp_path / "results.json").read_text("utf-8")) == document


def test_results_that_are_refused_are_kept(tmp_path, document):
    document["zeroloop"]["kind"] = 7
    with pytest.raises(BadResults, match=r"zeroloop\.kind"):
        write.write_report(document, tmp_path)
    assert set(contents(tmp_path / run_id(document))) == {"results.json"}


@pytest.mark.parametrize("name", ["results.json", "figures.pdf"])
def test_a_disk_that_fails_leaves_old_results_and_no_page(tmp_path, document, monkeypatch, name):
    write.write_into(document, tmp_path)
    before = contents(tmp_path)
    monkeypatch.setattr(os, "replace", fail_at(name, os.replace, OSError(errno.EIO, "broken")))
    with pytest.raises(OSError, match=rf"^cannot write .*{name}: broken$"):
        write.write_into(document, tmp_path)
    del before["index.html"]
    assert contents(tmp_path) == before


def test_a_folder_of_another_run_is_left_as_it_is(tmp_path, document):
    write.write_into(slowed(document, "numpy_zero_loop", 2.0), tmp_path)
    before = contents(tmp_path)
    with pytest.raises(
        Occupied, match=rf"^{tmp_path}/results\.json is not of run \w+, .*choose another folder"
    ):
        write.write_into(document, tmp_path)
    (tmp_path / "results.json").unlink()
    with pytest.raises(Occupied, match=rf"^{tmp_path}/index\.html is not of run "):
        write.write_into(document, tmp_path)
    assert contents(tmp_path) == {name: held for name, held in before.items() if name != "results.json"}


@pytest.mark.parametrize("text", ["old", "[1]", "[" * 100_000])
def test_results_that_nobody_can_read_are_not_replaced(tmp_path, document, text):
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(Occupied, match=r"results\.json is not of run"):
        write.write_into(document, tmp_path)
    assert (tmp_path / "results.json").read_text() == text


def test_a_page_of_its_own_is_not_replaced(tmp_path, document):
    (tmp_path / "index.html").write_text("<title>mine</title>")
    with pytest.raises(Occupied):
        write.write_into(document, tmp_path)
    assert set(contents(tmp_path)) == {"index.html"}


def test_other_files_in_the_folder_stay(tmp_path, document):
    for name in ("mine.csv", "gallery.html", "speedup-of-mine.svg"):
        (tmp_path / name).write_text("mine")
    write.write_into(document, tmp_path)
    assert set(contents(tmp_path)) == FILES | {"mine.csv", "gallery.html", "speedup-of-mine.svg"}
    assert (tmp_path / "mine.csv").read_text() == "mine"


@pytest.mark.parametrize("below", [(), ("deeper",)])
def test_a_folder_that_cannot_be_made_is_named(tmp_path, document, below):
    (tmp_path / "file").touch()
    folder = tmp_path.joinpath("file", *below)
    for writing in (write.write_into, write.write_report):
        with pytest.raises(OSError, match=r": .*; choose another folder$") as caught:
            writing(document, folder)
        assert str(caught.value).startswith(f"cannot write to {folder}")


def test_a_name_that_is_not_utf_8_is_reported(tmp_path, document):
    # What Python makes of the file name b"\xff.py", and what JSON's "\udcff" stands for.
    assert write.write_into(renamed(document, "mine.py", "\udcff.py"), tmp_path)
