"""A page made of hostile strings: they stay text, the layout holds, and the controls work."""

import copy
import json

import pytest

from reports.write import write_into
from tests.documents import HOSTILE, renamed, spoilt

pytestmark = pytest.mark.slow

SETTLED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
ROWS = (
    "numpy_two_loop",
    "numpy_one_loop",
    "numba_two_loop",
    "jax_zero_loop",
    "mine.py",
    "python_two_features",
)


@pytest.fixture(scope="module")
def hostile_page(several, browser, tmp_path_factory):
    texts = list(HOSTILE.values())
    document = copy.deepcopy(several)
    document["zeroloop"]["rows"][-1]["source"] = "".join(texts)
    document = spoilt(document, "".join(texts))
    for place, row in enumerate(ROWS):
        document = renamed(document, row, "".join(texts[place :: len(ROWS)]) + row)
    for problem in ("breast_cancer", "square"):
        document = renamed(document, problem, f"{''.join(texts)}{problem}")
    return write_into(json.loads(json.dumps(document)), tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module", params=("desktop", "phone"))
def page(request, opened, hostile_page):
    page = opened(hostile_page, request.param)
    yield page
    assert page.said == []
    assert len(set(page.asked)) == 1
    page.context.close()


def test_nothing_is_injected(page, opened, report):
    plain = opened(report)
    found, known = (
        one.evaluate("""() => {
        const all = [...document.querySelectorAll("*")]
        return [all.map(one => one.tagName), all.flatMap(one => one.getAttributeNames())]
    }""")
        for one in (page, plain)
    )
    assert set(found[0]) <= set(known[0])
    assert set(found[1]) <= set(known[1])
    assert found[0].count("script") == known[0].count("script")
    plain.context.close()


def test_the_layout_holds_also_with_all_that_opens_open(page):
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    width, window = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert width == window


def test_what_a_mark_says_stays_inside_the_window(page):
    tip = page.locator("#tip")
    for mark in page.locator("figure:visible >> nth=0 >> [data-row]").all():
        mark.scroll_into_view_if_needed()
        page.evaluate(SETTLED)
        mark.dispatch_event("pointerover")
        told, size = tip.bounding_box(), page.viewport_size
        assert told["x"] >= 0
        assert told["y"] >= 0
        assert told["x"] + told["width"] <= size["width"]
        assert told["y"] + told["height"] <= size["height"]


def test_controls_work(page):
    page.reload()
    boxes = page.locator("input[name=row]")
    assert boxes.count() == 8
    page.get_by_text("Rows", exact=True).click()
    for box in boxes.all():
        box.uncheck()
    assert not any(row.is_visible() for row in page.locator("tr[data-row]").all())
    page.reload()
    assert not any(row.is_visible() for row in page.locator("tr[data-row]").all())
    page.get_by_text("Reset").click()
    assert all(row.is_visible() for row in page.locator("#tables tr[data-row]").all())
    for option in page.locator("select[name=on] option").all()[1:]:
        page.locator("select[name=on]").select_option(option.get_attribute("value"))
        assert page.locator("#tables table:visible").count() == 1
    page.locator("#tables table:visible button[data-sort=row]").click()
    assert page.locator("#tables table:visible [aria-sort=ascending]").count() == 1
    for name in page.locator("select[name=left] option").all():
        page.locator("select[name=left]").select_option(name.get_attribute("value"))
        assert page.locator("[data-side=left] pre").first.is_visible()
