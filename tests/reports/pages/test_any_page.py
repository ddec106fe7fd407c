"""What the pages share: their script and its hash, and how figures enter them."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

import reports
from reports.figures import Picture
from reports.pages import changes_page
from reports.runs.changes import changed
from tests.documents import HOSTILE
from tests.reports.pages_read import read_html, stub

TEMPLATES = Path(reports.__file__).parent / "pages" / "templates"


@pytest.fixture(scope="module")
def any_page(results):
    changes = changed(results, results)
    return lambda picture: changes_page.render(changes, picture)


def policy(read):
    (held,) = (held for tag, held in read.tags if held.get("http-equiv") == "Content-Security-Policy")
    return dict(part.strip().split(" ", 1) for part in held["content"].split(";"))


def test_the_one_script_that_may_run_is_the_one_in_the_page(page_text):
    (script,) = re.findall("<script>(.*?)</script>", page_text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy(read_html(page_text)) == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "script-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_script_is_that_of_the_templates(page_text):
    (script,) = re.findall("<script>(.*?)</script>", page_text, re.DOTALL)
    assert script.strip() == (TEMPLATES / "page.js").read_text("utf-8").strip()


def test_no_page_has_an_attribute_that_runs(page_text):
    names = {name for _, held in read_html(page_text).tags for name in held}
    assert not {name for name in names if name.startswith("on")}


def test_all_pages_share_script_and_style(page_text, any_page):
    other = any_page(stub("changes"))
    for part in ("<script>.*?</script>", "<meta http-equiv=.*?>"):
        assert re.findall(part, other, re.DOTALL) == re.findall(part, page_text, re.DOTALL)


def test_hostile_alternatives_and_names_of_marks_stay_text(any_page):
    svg = '<svg viewBox="0 0 3 2"><g id="mark-0"><title>said</title><path d="" /></g></svg>'
    plain = read_html(any_page(Picture("changes", "what", svg, ("row",))))
    for hostile in HOSTILE.values():
        read = read_html(any_page(Picture("changes", hostile, svg, (hostile,))))
        assert read.faults == []
        assert [(tag, sorted(held)) for tag, held in read.tags] == [
            (tag, sorted(held)) for tag, held in plain.tags
        ]
        assert read.values("data-row") == [hostile]
        assert " ".join(hostile.split()) in " ".join(read.text.split())
