"""What a mark says when it is pointed at."""

import pytest

from reports.facts.intervals import Interval
from reports.wording import speedup

pytestmark = pytest.mark.slow

# A scroll takes what is said away, a frame after it.
SETTLED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
BASES = {"python_two_loop": "over_python", "numpy_zero_loop": "over_numpy"}


def said_by_csv(line, base):
    low, estimate, high = (float(line[BASES[base] + end]) for end in ("_low", "", "_high"))
    return f"{line['row']}: {speedup(Interval(low, estimate, high))} as fast as {base}"


@pytest.mark.parametrize("base", BASES)
def test_marks_of_speedup_say_the_numbers_of_the_csv(page, settings, base):
    page.get_by_label(base, exact=True).first.check()
    said = page.evaluate("""[...document.querySelectorAll("#speedup figure")].filter(
        figure => figure.checkVisibility()).map(
            figure => [...figure.querySelectorAll("[data-row]")].map(mark => mark.dataset.said))""")
    assert len(said) == len(settings)
    for setting, marks in zip(settings, said, strict=True):
        measured = [line for line in setting.lines if line[BASES[base]]]
        assert sorted(marks) == sorted(said_by_csv(line, base) for line in measured)


@pytest.mark.parametrize("window", ["desktop", "phone"])
def test_pointing_at_a_mark_says_its_value_inside_the_window(opened, report, window):
    page = opened(report, window)
    tip = page.locator("#tip")
    figures = page.locator("figure:visible")
    for figure in (figures.first, figures.last):
        for mark in figure.locator("[data-row]").all()[:8]:
            mark.scroll_into_view_if_needed()
            page.evaluate(SETTLED)
            # The last that is drawn lies on top: an event of its own reaches any.
            mark.dispatch_event("pointerover")
            assert tip.inner_text() == mark.get_attribute("data-said")
            told = tip.bounding_box()
            size = page.viewport_size
            assert told["x"] >= 0
            assert told["y"] >= 0
            assert told["x"] + told["width"] <= size["width"]
            assert told["y"] + told["height"] <= size["height"]
    assert page.said == []
    page.context.close()


def test_a_mouse_brings_the_value_up_and_takes_it_away(page):
    tip = page.locator("#tip")
    assert not tip.is_visible()
    mark = page.locator("#speedup figure:visible [data-row]").first
    mark.scroll_into_view_if_needed()
    page.evaluate(SETTLED)
    box = mark.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert tip.is_visible()
    assert tip.inner_text() == mark.get_attribute("data-said")
    page.mouse.move(5, 5)
    assert not tip.is_visible()
