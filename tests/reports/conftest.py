"""What the tests of `reports` share: ten hand-written timings, what is made of them, and a reader of HTML.

Golden files are written anew by

    ZEROLOOP_UPDATE_GOLDEN=1 pytest tests/reports
"""

import base64
import copy
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
from reports.figures import Picture
from reports.findings import compare
from reports.pages.report import render
from reports.results import parse, read
from reports.training import courses
from reports.write import write_report

TEN_TIMINGS = Path(__file__).with_name("ten_timings.json")
GOLDEN = Path(__file__).with_name("golden")
HOSTILE = {
    "html": "</code></td><script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "entities": "&lt;b&gt; &amp;amp; &#60;",
    "jinja": "{{ 7 * 7 }} {% raw %}",
    "markdown": r"a|b\|c `d` **e** [f](http://g.h) ~~i~~",
    "latex": r"\input{/etc/passwd} $x_1^2$ 100% #1 & {~} \\[2pt] \end{table}",
    "mathematics": r"$\frac{ $ \$ $$",
    "rich": "[red]x[/red] [/]",
    "rich emoji": ":smile:",
    "csv": '=1+1,"quoted";\'',
    "lines": "one\ntwo\r\nthree\rfour\tfive\u2028six",
    "long": "x" * 10_000,
    "right to left": "\u202eשלום",
    "emoji": "🙂🏳️‍🌈",
    "control": "\0\a\x1b[31m",
}

WIGGLE = (0.998, 1.003, 1.0, 0.999, 1.002, 0.997)  # of the processes of a run, and of the blocks in them


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE)
def hostile(request):
    return request.param


@pytest.fixture(scope="session")
def all_hostile():
    return HOSTILE


@pytest.fixture(scope="session")
def ten_timings():
    return TEN_TIMINGS


@pytest.fixture
def document():
    return json.loads(TEN_TIMINGS.read_text("utf-8"))


@pytest.fixture
def cited(document):
    """The ten timings as `zeroloop run` would have measured them: six quiet processes, and a twin."""
    return _cited(copy.deepcopy(document))


@pytest.fixture(scope="session")
def results():
    return read(TEN_TIMINGS)


@pytest.fixture(scope="session")
def comparisons(results):
    return compare(results)


@pytest.fixture(scope="session")
def pictures(results, comparisons):
    return figures.draw(results, comparisons)


@pytest.fixture(scope="session")
def cited_results():
    return parse(_cited(json.loads(TEN_TIMINGS.read_text("utf-8"))))


@pytest.fixture(scope="session")
def cited_pictures(cited_results):
    return figures.draw(cited_results, compare(cited_results))


@pytest.fixture(scope="session")
def sized():
    """Make a run over sizes of data: the time of each row there, and None where it was not timed."""
    return _sized


@pytest.fixture(scope="session")
def stub():
    """A figure that stands for one that takes long to draw."""
    return lambda name: Picture(name, f"what {name} says", '<svg viewBox="0 0 1 1"><path d="" /></svg>')


@pytest.fixture(scope="session")
def report(tmp_path_factory, results, pictures):
    """The folder of a report, with the session's figures, which take long to draw."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "draw", lambda results, comparisons: pictures)
        return write_report(results.document, tmp_path_factory.mktemp("out")).parent


@pytest.fixture(scope="session")
def page_text(report):
    return (report / "index.html").read_text("utf-8")


@pytest.fixture(scope="session")
def compared():
    """Turn a document into its comparisons."""
    return lambda document: compare(parse(document))


@pytest.fixture(scope="session")
def keep():
    """Drop everything of a document but the timings of some rows."""
    return _keep


@pytest.fixture(scope="session")
def renamed():
    """Change a name of a row or problem wherever it stands in a document."""
    return _renamed


@pytest.fixture(scope="session")
def enter():
    """Enter rows of a document for the contest: the first as ours, the others as peers."""
    return _enter


@pytest.fixture
def contested(document, enter):
    """The ten timings as a contest between Numba and NumPy."""
    return enter(document, "numba_two_loop", "numpy_zero_loop", "numpy_two_loop")


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
def slowed():
    """Return a document in which a row, or all for None, takes longer by a factor."""
    return _slowed


@pytest.fixture(scope="session")
def read_html():
    return _read_html


def _cited(document):
    for number, entry in enumerate(document["benchmarks"]):
        one = entry["extra_info"]
        step_s = sorted(one["blocks_s"][0])[len(one["blocks_s"][0]) // 2]
        one["blocks_s"] = [
            [step_s * WIGGLE[(p + number) % 6] * WIGGLE[(n + p) % 6] for n in range(4)] for p in range(6)
        ]
        one["prepare_s"] = [one["prepare_s"][0] * factor for factor in WIGGLE]
        one["first_call_s"] = [first_s * factor for first_s in one["first_call_s"] for factor in WIGGLE[:3]]
        one["warm_call_s"] = [warm_s * factor for warm_s in one["warm_call_s"] for factor in WIGGLE[3:]]
        one["extra_bytes"] = 4096 * number
    twins = [
        {**one, "blocks_s": one["blocks_s"][1:] + one["blocks_s"][:1]}
        for one in (entry["extra_info"] for entry in document["benchmarks"])
        if one["row"] == "numpy_zero_loop"
    ]
    trainings = [
        {
            "row": row,
            "problem": "breast_cancer",
            "dtype": "float64",
            "threads": 2,
            "alpha": 0.5,
            "costs": [0.6931471805599453, 0.234, 0.2, 0.1786, 0.163],
            "wall_s": [wall_s * factor for factor in WIGGLE],
        }
        for row, wall_s in (("python_two_loop", 1e-2), ("numpy_zero_loop", 1.25e-4))
    ]
    document["zeroloop"].update(
        kind="run",
        twins=twins,
        trainings=trainings,
        plan={
            "preset": "course",
            "dtypes": ["float64"],
            "thread_counts": [2],
            "baseline": "numpy_zero_loop",
            "processes": 6,
            "cold": 3,
            "rounds": 4,
            "block_s": 0.05,
            "row_s": 37.5,
            "budget_s": 300.0,
            "until": None,
            "seed": 1,
        },
        done=12,
        noise={"stolen": 0.001, "others": 0.01, "throttled": 0},
        spent={
            "timed_s": 150.0,
            "settled_s": 30.0,
            "trained_s": 0.5,
            "compiled_s": 60.0,
            "verified_s": 40.0,
            "light_s": 8.0,
            "memory_s": 5.0,
            "started_s": 20.0,
            "data_s": 1.0,
            "saved_s": 2.0,
            "total_s": 310.0,
        },
        code="0123456789abcdef",
    )
    return document


def _sized(cells, rows, step_s):
    document = _cited(json.loads(TEN_TIMINGS.read_text("utf-8")))
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


def _keep(document, *rows):
    document["benchmarks"] = [
        benchmark for benchmark in document["benchmarks"] if benchmark["extra_info"]["row"] in rows
    ]
    document["zeroloop"]["unmeasured"] = []


def _renamed(document, old, new):
    return json.loads(json.dumps(document).replace(json.dumps(old), json.dumps(new)))


def _enter(document, ours, *peers):
    for row in document["zeroloop"]["rows"]:
        row["side"] = "ours" if row["name"] == ours else "peer" if row["name"] in peers else None
    return document


def _rendered(document, stub):
    results = parse(document)
    comparisons = compare(results)
    names = [
        f"speedup-python-{place}"
        for place, comparison in enumerate(comparisons)
        if comparison.compared_with("python_two_loop")
    ]
    names += [f"training-{place}" for place in range(len(courses(results)))]
    return render(results, comparisons, {name: stub(name) for name in names}, {"results.json": "{}"})


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


def _slowed(document, row, factor):
    other = copy.deepcopy(document)
    for one in (entry["extra_info"] for entry in other["benchmarks"]):
        if row in (one["row"], None):
            one["blocks_s"] = [[factor * block_s for block_s in process] for process in one["blocks_s"]]
    return other


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
