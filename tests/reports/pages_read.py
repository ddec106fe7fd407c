"""What tests do with pages and other texts: render, read them apart again, compare them with golden files."""

import base64
import gzip
import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from reports.facts.facts import Facts
from reports.figures import Picture
from reports.pages.report_page import render
from reports.reading import parse

GOLDEN = Path(__file__).with_name("golden")


def stub(name):
    """Return a figure that stands for one that takes long to draw."""
    return Picture(name, f"what {name} says", '<svg viewBox="0 0 1 1"><path d="" /></svg>')


def rendered(document):
    """Render a document's page with stubs in place of its figures."""
    facts = Facts(parse(document))
    names = [
        f"speedup-python-{place}"
        for place, comparison in enumerate(facts.comparisons)
        if comparison.compared_with("python_two_loop")
    ]
    names += [f"training-{place}" for place in range(len(facts.courses))]
    return render(facts, {name: stub(name) for name in names}, {"results.json": "{}"})


def bare_page(text):
    """Leave out of a page what is made elsewhere: figures, style and script."""
    for tag in ("svg", "style", "script"):
        text = re.sub(rf"<{tag}\b.*?</{tag}>", f"({tag})", text, flags=re.DOTALL)
    return re.sub("sha256-[^']*", "(hash)", text)


def unpacked(text):
    """Return the files that a page contains, by name, as its script finds them."""
    (packed,) = re.findall('<script type="text/plain" id="files">([^<]*)</script>', text)
    held = json.loads(gzip.decompress(base64.b64decode(packed, validate=True)))
    return {
        name: content.encode() if isinstance(content, str) else base64.b64decode(*content, validate=True)
        for name, content in held.items()
    }


def golden(name, text):
    """Compare a text with the golden file of this name, or write it anew (see conftest)."""
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


def read_html(text):
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
