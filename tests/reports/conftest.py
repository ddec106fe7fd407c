"""What the tests of `reports` share: what is made of the ten timings, and a reader of HTML.

Golden files are written anew by

    ZEROLOOP_UPDATE_GOLDEN=1 pytest tests/reports
"""

import base64
import gzip
import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports import figures
from reports.facts.facts import Facts
from reports.figures import Picture
from reports.pages.report_page import render
from reports.reading import parse, read
from reports.write import write_report

GOLDEN = Path(__file__).with_name("golden")
WIGGLE = (0.998, 1.003, 1.0, 0.999, 1.002, 0.997)  # of the processes of a run, and of the blocks in them


@pytest.fixture(scope="session")
def results(ten_timings):
    return read(ten_timings)


@pytest.fixture(scope="session")
def facts(results):
    return Facts(results)


@pytest.fixture(scope="session")
def comparisons(facts):
    return facts.comparisons


@pytest.fixture(scope="session")
def pictures(facts):
    return figures.draw(facts)


@pytest.fixture(scope="session")
def cited_results(results, measured):
    return parse(measured(results.document))


@pytest.fixture(scope="session")
def cited_pictures(cited_results):
    return figures.draw(Facts(cited_results))


@pytest.fixture(scope="session")
def sized(results, measured):
    """Make a run over sizes of data: the time of each row there, and None where it was not timed."""
    return lambda cells, rows, step_s: _sized(measured(results.document), cells, rows, step_s)


@pytest.fixture(scope="session")
def threaded(sized):
    """The same with several numbers of threads: `step_s(row, threads, n_x, m)`."""
    return lambda cells, rows, counts, step_s: _threaded(sized, cells, rows, counts, step_s)


@pytest.fixture(scope="session")
def known_lines():
    """Of row and number of threads: seconds of a step whatever its data, and for each example."""
    return {
        ("numba_fused", 1): (1e-5, 6e-10),
        ("numba_fused", 2): (7e-5, 3e-10),
        ("numba_chunks", 1): (3e-4, 8e-10),
        ("numba_chunks", 2): (3e-4, 4e-10),
        ("dask_chunks", 1): (6e-3, 8e-10),
        ("dask_chunks", 2): (8e-3, 4e-10),
    }


@pytest.fixture(scope="session")
def ways(threaded, known_lines):
    """Make a run past one core and one memory; a way without a time has None in place of its line."""
    return lambda lines=known_lines: threaded(
        [(4, 10**k) for k in (5, 6, 7, 8)],
        ("numba_fused", "numba_chunks", "dask_chunks"),
        (1, 2),
        lambda row, threads, n_x, m: (line := lines[row, threads]) and line[0] + line[1] * m,
    )


@pytest.fixture(scope="session")
def stub():
    """A figure that stands for one that takes long to draw."""
    return lambda name: Picture(name, f"what {name} says", '<svg viewBox="0 0 1 1"><path d="" /></svg>')


@pytest.fixture(scope="session")
def report(tmp_path_factory, results, pictures):
    """The folder of a report, with the session's figures, which take long to draw, and a PDF of one."""
    as_pdf = figures.as_pdf
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "draw", lambda facts: pictures)
        patch.setattr(figures, "as_pdf", lambda pictures: as_pdf(list(pictures)[:1]))
        return write_report(results.document, tmp_path_factory.mktemp("out")).parent


@pytest.fixture(scope="session")
def page_text(report):
    return (report / "index.html").read_text("utf-8")


@pytest.fixture(scope="session")
def compared():
    """Turn a document into its comparisons."""
    return lambda document: Facts(parse(document)).comparisons


@pytest.fixture
def contested(document, enter):
    """The ten timings as a contest between Numba and NumPy."""
    return enter(document, "numba_two_loop", "numpy_zero_loop", "numpy_two_loop")


@pytest.fixture
def on_gpu(document):
    """The ten timings with Numba's row on a GPU, whose light was measured on the larger problem."""
    document["machine_info"]["zeroloop"]["gpu"] = "Hand-Written GPU"
    run = document["zeroloop"]
    next(row for row in run["rows"] if row["name"] == "numba_two_loop")["device"] = "cuda"
    run["lights"].append({**run["lights"][1], "device": "cuda", "read_s": 2e-4, "link_s": 2.5e-4})
    return document


@pytest.fixture(scope="session")
def rendered(stub):
    """Render a document's page with stubs in place of its figures."""
    return lambda document: _rendered(document, stub)


@pytest.fixture(scope="session")
def golden():
    """Hold a text to the golden file of this name."""
    return _hold_to_golden


@pytest.fixture(scope="session")
def bare_page():
    """Leave out of a page what is made elsewhere: figures, style and script."""
    return _bare_page


@pytest.fixture(scope="session")
def unpacked():
    """Return the files that a page holds, by name, as its script finds them."""
    return _unpacked


@pytest.fixture(scope="session")
def read_html():
    return _read_html


def _sized(document, cells, rows, step_s):
    like = document["benchmarks"][0]["extra_info"]
    known = {row["name"]: row for row in document["zeroloop"]["rows"]}
    problems = [{"name": f"{n_x}x{m}", "title": f"{n_x} of {m}", "n_x": n_x, "m": m} for n_x, m in cells]
    timings = []
    for problem in problems:
        for row in rows:
            once_s = step_s(row, problem["n_x"], problem["m"])
            if once_s is not None:
                blocks_s = [[once_s * process * block for block in WIGGLE[:4]] for process in WIGGLE]
                own = {"row": row, "problem": problem["name"], "blocks_s": blocks_s}
                timings.append({**like, **own, "first_call_s": [], "warm_call_s": []})
    document["benchmarks"] = [{"extra_info": one} for one in timings]
    document["zeroloop"]["plan"]["baseline"] = rows[0]
    document["zeroloop"].update(
        rows=[{**known["python_two_loop"], **known.get(row, {}), "name": row} for row in rows],
        problems=problems,
        done=len(WIGGLE) * len(problems),
        unmeasured=[],
        lights=[],
        twins=[],
        trainings=[],
    )
    return document


def _threaded(sized, cells, rows, counts, step_s):
    entries = []
    for count in counts:
        document = sized(cells, rows, lambda row, n_x, m, count=count: step_s(row, count, n_x, m))
        entries += [{**entry["extra_info"], "threads": count} for entry in document["benchmarks"]]
    document["benchmarks"] = [{"extra_info": one} for one in entries]
    document["zeroloop"]["plan"]["thread_counts"] = list(counts)
    return document


def _rendered(document, stub):
    facts = Facts(parse(document))
    names = [
        f"speedup-python-{place}"
        for place, comparison in enumerate(facts.comparisons)
        if comparison.compared_with("python_two_loop")
    ]
    names += [f"training-{place}" for place in range(len(facts.courses))]
    return render(facts, {name: stub(name) for name in names}, {"results.json": "{}"})


def _bare_page(text):
    for tag in ("svg", "style", "script"):
        text = re.sub(rf"<{tag}\b.*?</{tag}>", f"({tag})", text, flags=re.DOTALL)
    return re.sub("sha256-[^']*", "(hash)", text)


def _unpacked(text):
    (packed,) = re.findall('<script type="text/plain" id="files">([^<]*)</script>', text)
    held = json.loads(gzip.decompress(base64.b64decode(packed, validate=True)))
    return {
        name: content.encode() if isinstance(content, str) else base64.b64decode(*content, validate=True)
        for name, content in held.items()
    }


def _hold_to_golden(name, text):
    path = GOLDEN / name
    if os.environ.get("ZEROLOOP_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="")
    with path.open(encoding="utf-8", newline="") as file:
        assert text == file.read()


@dataclass(frozen=True)
class Html:
    """What a text holds when it is read as HTML; `faults` lists duplicate ids and tags that do not pair."""

    tags: list[tuple[str, dict[str, str | None]]]
    text: str
    faults: list[str]

    def values(self, *attributes):
        """All values of some attributes, of whatever tag."""
        return [held[name] for _, held in self.tags for name in attributes if name in held]


def _read_html(text):
    reader = _Reader(convert_charrefs=True)
    reader.feed(text)
    reader.close()
    ids = Counter(held["id"] for _, held in reader.tags if "id" in held)
    doubled = [f"id {name} is there {count} times" for name, count in ids.items() if count > 1]
    unclosed = [f"<{tag}> is never closed" for tag in reader.open]
    return Html(reader.tags, "".join(reader.texts), reader.faults + unclosed + doubled)


class _Reader(HTMLParser):
    VOID = ("meta", "br", "input")

    def __init__(self, **options):
        super().__init__(**options)
        self.tags, self.open, self.faults, self.texts = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if len(dict(attrs)) < len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes another tag, line {self.getpos()[0]}")

    def handle_data(self, data):
        self.texts.append(data)
