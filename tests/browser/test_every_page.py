"""Each page as a reader meets it, in a wide window, a dark one and on a phone."""

import re
from collections import Counter

import pytest

pytestmark = pytest.mark.slow

NAMES = ("report", "comparison", "gallery")
WINDOWS = ("desktop", "dark", "phone")


# Nothing here changes a page, so each window opens it once.
@pytest.fixture(
    scope="module",
    params=[(name, window) for name in NAMES for window in WINDOWS],
    ids=lambda param: "-".join(param),
)
def page(request, opened, pages):
    name, window = request.param
    page = opened(pages[name], window)
    page.uri = pages[name].as_uri()
    yield page
    page.context.close()


def test_asks_for_nothing_but_itself_and_says_nothing(page):
    assert page.asked == [page.uri]
    assert page.said == []


def test_nothing_is_wider_than_the_window(page):
    scrolled, window = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert scrolled == window


def test_every_figure_is_drawn_and_described(page):
    figures = page.evaluate("""[...document.querySelectorAll("figure svg")].map(figure => [
        figure.getAttribute("role"),
        document.getElementById(figure.getAttribute("aria-labelledby"))?.textContent.trim(),
        figure.checkVisibility() ? figure.getBoundingClientRect().height : null,
    ])""")
    assert figures
    for role, said, height in figures:
        assert role == "img"
        assert len(said) > 20
        assert height is None or height > 50


def test_no_id_is_there_twice(page):
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert [name for name, count in Counter(ids).items() if count > 1] == []


def test_every_link_leads_somewhere_on_the_page(page):
    links = page.evaluate("[...document.querySelectorAll('a')].map(link => link.getAttribute('href'))")
    assert links
    for link in links:
        assert re.fullmatch("#[a-z0-9-]+", link)
        assert page.locator(link).count() == 1


def test_every_section_is_in_the_navigation(page):
    sections = page.evaluate(
        "[...document.querySelectorAll('main section')].map(section => `#${section.id}`)"
    )
    assert (
        page.evaluate("[...document.querySelectorAll('nav a')].map(link => link.getAttribute('href'))")
        == sections
    )


def test_text_and_figures_stand_out_from_the_paper(page):
    paper, inks = page.evaluate("""() => {
        const paper = getComputedStyle(document.body).backgroundColor
        const inks = [document.body, ...document.querySelectorAll("figure text")]
        return [paper, inks.map(ink => ink === document.body
            ? getComputedStyle(ink).color : getComputedStyle(ink).fill)]
    }""")
    assert all(_contrast(paper, ink) >= 4.5 for ink in set(inks))  # WCAG 2.2, success criterion 1.4.3


def test_what_a_browser_measures_of_painting_is_there(page):
    page.wait_for_function("() => performance.getEntriesByType('paint').length")  # a page is loaded before
    paints = page.evaluate(
        "performance.getEntriesByType('paint').map(paint => [paint.name, Math.round(paint.startTime)])"
    )
    print(*(f"{name} after {time_ms} ms" for name, time_ms in paints), sep=", ")  # `pytest -rP` shows it
    assert paints


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(part) / 255 for part in colour.removeprefix("rgb(").rstrip(")").split(",")]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
