"""The page of many runs: its words and numbers, its links, and what hostile strings and names do to it."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from reports import figures, write
from reports.figures import Picture
from reports.pages.gallery_page import render, verdict
from reports.reading import parse
from reports.runs.gathered import gather
from tests.documents import HOSTILE, keep, renamed, slowed
from tests.reports.pages_read import bare_page, golden, read_html

STUB = Picture("gallery", "", '<svg viewBox="0 0 1 1"><path d="" /></svg>')


def sections(text):
    return re.findall(r'<section id="([^"]*)">', text)


def structure(read):
    return [(tag, sorted(held)) for tag, held in read.tags]


def page_of(folder):
    return render(gather(folder), folder, STUB)


def of_machine(document, **facts):
    document = json.loads(json.dumps(document))
    document["machine_info"]["zeroloop"].update(facts)
    return document


@pytest.fixture
def put(tmp_path):
    def write_one(name, document, report=False):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        if report:
            path.with_name("index.html").write_text(
                f"<title>zeroloop, run {parse(document).run_id}</title>", "utf-8"
            )

    return write_one


@pytest.fixture
def folder(put, tmp_path, cited, document):
    """A quiet run with its report, a quick look on a faster machine, one without pure Python, no JSON."""
    put("alice/results.json", cited, report=True)
    put("bob.json", of_machine(slowed(document, None, 0.5), cpu="Faster CPU", cores=8))
    few = of_machine(cited, cpu="Third CPU")
    keep(few, "numpy_zero_loop", "numba_two_loop")
    put("carol.json", few)
    put("dave.json", "{")
    return tmp_path


def test_golden_page(folder):
    golden("gallery.html", bare_page(page_of(folder)))


def test_page_is_sound(folder):
    text = page_of(folder)
    read = read_html(text)
    assert read.faults == []
    assert sections(text) == ["speedup", "machines", "problems", "left-out", "reading"]
    navigation = re.search("<nav.*?</nav>", text, re.DOTALL)[0]
    assert re.findall('href="#([^"]*)"', navigation) == sections(text)
    ids = set(read.values("id"))
    assert set(read.values("aria-labelledby")) <= ids
    assert [link for link in read.values("href") if link.removeprefix("#") not in ids] == ["alice/index.html"]


def test_cells_can_be_sorted(folder):
    tables = re.findall('<table class="sortable">.*?</table>', page_of(folder), re.DOTALL)
    assert len(tables) == 3
    for table in tables:
        keys = re.findall('<th scope="col"[^>]* data-key="([^"]*)"', table)
        for row in re.findall("<tr>.*?</tr>", table, re.DOTALL)[1:]:
            held = [tag[1] for tag in read_html(row).tags if "data-key" in tag[1]]
            assert [one["data-key"] for one in held] == keys
            assert all("data-value" in one for one in held)


def test_what_was_not_timed_is_a_dash(folder):
    row = next(
        row
        for row in re.findall("<tr>.*?</tr>", page_of(folder), re.DOTALL)
        if "carol" in row and "µs" in row
    )
    words = " ".join(re.sub("<[^>]*>", " ", row).split())
    assert words.startswith("carol 2 – 20.0 µs – numpy_zero_loop 20.0 µs –")


def test_the_verdict_names_the_ends_and_counts_the_citable(folder, put, tmp_path, cited):
    first, second = verdict(gather(folder))
    assert re.fullmatch(
        r"Removing both Python loops \(numpy_zero_loop\) made one gradient step from [\d.]+x \[.*\] "
        r"\(breast_cancer, float64, \w+\) to [\d.]+x \[.*\] \(square, float64, \w+\) "
        r"as fast as pure Python\.",
        first,
    )
    assert second == "Of 3 runs 2 are citable."
    keep(cited, "numba_two_loop")
    put("alone/a.json", cited)
    assert verdict(gather(tmp_path / "alone"))[0].startswith(
        "No run timed numpy_zero_loop and python_two_loop"
    )


def test_sections_without_data_are_absent(put, tmp_path, cited):
    put("a.json", {**cited, "benchmarks": []})
    found = gather(tmp_path)
    assert figures.of_gallery(found) is None
    text = render(found, tmp_path, None)
    assert sections(text) == ["machines", "reading"]
    assert "1 run in 1 results file." in text


def test_links_lead_from_the_page_to_the_report(folder):
    found = gather(folder)
    for place in (folder, folder / "out" / "deep", folder.parent):
        (link,) = [
            link for link in read_html(render(found, place, STUB)).values("href") if not link.startswith("#")
        ]
        assert (place / unquote(link)).resolve(strict=False) == folder / "alice" / "index.html"


FOLDERS = (
    "javascript:alert(1)",
    '"><script>alert(1)<',
    "a b#c?d=e&f",
    "%2e%2e",
    "{{ 7 * 7 }}",
    "\u202eשלום 🙂",
    "one\ntwo",
    "'$\\frac{ $",
    b"\xff".decode("utf-8", "surrogateescape"),
)


def test_hostile_folders_stay_names(put, tmp_path, cited):
    for name in FOLDERS:
        folder = tmp_path / str(FOLDERS.index(name))
        put(f"{folder.name}/{name}/results.json", cited, report=True)
        read = read_html(write_page(folder))
        assert read.faults == []
        (link,) = [link for link in read.values("href") if not link.startswith(("#", "http"))]
        assert ":" not in link
        assert Path(folder, unquote(link, errors="surrogateescape")).is_file()
        assert [tag for tag, _ in read.tags].count("script") == 1


def write_page(folder):
    """The text of a gallery's page as it lies on disk, with a stub for its figure."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "of_gallery", lambda found: STUB)
        return write.write_gallery(gather(folder), folder).read_text("utf-8")


def test_hostile_strings_stay_text(put, tmp_path, cited):
    put("plain/a.json", cited)
    plain = structure(read_html(page_of(tmp_path / "plain")))
    for place, hostile in enumerate(HOSTILE.values()):
        document = cited
        for old in ("square", "numba_two_loop"):
            document = renamed(document, old, f"{hostile}-{old}")
        document = of_machine(
            document, **dict.fromkeys(("cpu", "system", "python", "threading_layer"), hostile)
        )
        document["machine_info"]["zeroloop"]["versions"]["numpy"] = hostile
        document["datetime"] = hostile
        put(f"{place}/a.json", document)
        read = read_html(page_of(tmp_path / str(place)))
        assert read.faults == []
        assert structure(read) == plain
        assert " ".join(f"{hostile}-square".split()) in " ".join(read.text.split())


@pytest.mark.parametrize(
    "kinds", [("mathematics", "control"), pytest.param(None, marks=pytest.mark.slow)], ids=["two", "all"]
)
def test_a_figure_can_be_drawn_of_any_string(put, tmp_path, cited, kinds):
    for kind in kinds or HOSTILE:
        put(f"{kind}/a.json", renamed(cited, "square", f"{HOSTILE[kind]}-square"))
        assert figures.of_gallery(gather(tmp_path / kind))


def test_the_figure_names_few_runs_and_not_many(put, tmp_path, cited):
    cited["benchmarks"] = cited["benchmarks"][-5:]
    cited["zeroloop"]["twins"] = []
    for n in range(17):
        put(f"_m{n}.json", of_machine(cited, cores=n + 1))
        if n == 1:
            drawn = figures.of_gallery(gather(tmp_path))
            assert drawn.svg.count(">\u200b_m") == 2
            assert drawn.alternative == "numpy_zero_loop over python_two_loop in 2 runs, on 1 set of data."
    assert ">\u200b_m" not in figures.of_gallery(gather(tmp_path)).svg


def test_the_figure_keeps_to_problems_that_two_runs_share(put, tmp_path, cited):
    put("a.json", cited)
    assert figures.of_gallery(gather(tmp_path)).alternative.endswith("in 1 run, on 2 sets of data.")
    less = of_machine(cited, cores=3)
    less["benchmarks"] = [one for one in less["benchmarks"] if one["extra_info"]["problem"] == "square"]
    less["zeroloop"].update(unmeasured=[], twins=[])
    put("b.json", less)
    drawn = figures.of_gallery(gather(tmp_path))
    assert drawn.alternative.endswith("in 2 runs, on 1 set of data.")


def test_the_same_files_give_the_same_bytes_also_a_second_time(folder):
    assert write_page(folder) == write_page(folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "alice",
        "bob.json",
        "carol.json",
        "dave.json",
        "gallery.html",
    ]
