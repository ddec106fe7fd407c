"""What the tests of `reports` share: what is made of the ten timings, and a reader of HTML.

Golden files are written anew by

    ZEROLOOP_UPDATE_GOLDEN=1 pytest tests/reports
"""

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

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture(scope="session")
def results(ten_timings):
    return read(ten_timings)


@pytest.fixture(scope="session")
def comparisons(results):
    return compare(results)


@pytest.fixture(scope="session")
def pictures(results, comparisons):
    return figures.draw(results, comparisons)


@pytest.fixture(scope="session")
def page_text(results, comparisons, pictures):
    return render(results, comparisons, pictures, {"results.json": "{}"})


@pytest.fixture(scope="session")
def compared():
    """Turn a document into its comparisons."""
    return lambda document: compare(parse(document))


@pytest.fixture
def contested(document, enter):
    """The ten timings as a contest between Numba and NumPy."""
    return enter(document, "numba_two_loop", "numpy_zero_loop", "numpy_two_loop")


@pytest.fixture(scope="session")
def rendered():
    """Render a document's page with stubs in place of its figures."""
    return _rendered


@pytest.fixture(scope="session")
def golden():
    """Hold a text to the golden file of this name."""
    return _hold_to_golden


@pytest.fixture(scope="session")
def bare_page():
    """Leave out of a page what is made elsewhere: figures, style and script."""
    return _bare_page


@pytest.fixture(scope="session")
def read_html():
    return _read_html


def _rendered(document):
    results = parse(document)
    comparisons = compare(results)
    names = [f"speedup-python-{place}" for place in range(len(comparisons))]
    names += [f"training-{place}" for place in range(len(courses(results)))]
    pictures = {name: Picture(name, f"what {name} says", "<svg></svg>") for name in names}
    return render(results, comparisons, pictures, {"results.json": "{}"})


def _bare_page(text):
    for tag in ("svg", "style", "script"):
        text = re.sub(rf"<{tag}\b.*?</{tag}>", f"({tag})", text, flags=re.DOTALL)
    return re.sub("sha256-[^']*", "(hash)", text)


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
    VOID = ("meta", "br")

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
