"""The page as a reader meets it: in a real browser, without a network."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from reports.results import read
from reports.write import write_into

RESULTS = Path(__file__).parent.parent / "reports" / "ten_timings.json"
BROWSERS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium on PATH")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return write_into(read(RESULTS).document, tmp_path_factory.mktemp("report"))


WINDOWS = {"desktop": (1280, "light"), "dark": (1280, "dark"), "phone": (390, "light")}


# Nothing here changes the page, so each window opens it once.
@pytest.fixture(scope="module", params=WINDOWS.values(), ids=WINDOWS)
def page(request, browser, index):
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    page = context.new_page()
    page.asked, page.said = [], []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(index.as_uri())
    yield page
    context.close()


def test_asks_for_nothing_but_itself_and_says_nothing(page, index):
    assert page.asked == [index.as_uri()]
    assert page.said == []


def test_nothing_is_wider_than_the_window(page):
    widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    scrolled, window = page.evaluate(widths)
    assert scrolled == window


def test_every_figure_is_drawn_and_described(page):
    figures = page.locator("figure svg")
    assert figures.count() == 4
    for figure in figures.all():
        assert figure.get_attribute("aria-label")
        assert figure.bounding_box()["height"] > 100


def test_text_and_figures_stand_out_from_the_paper(page):
    colours = page.evaluate("""() => {
        const paper = getComputedStyle(document.body).backgroundColor
        const inks = [document.body, ...document.querySelectorAll("figure text")]
        return [paper, inks.map(ink => ink === document.body
            ? getComputedStyle(ink).color : getComputedStyle(ink).fill)]
    }""")
    paper, inks = colours
    assert all(_contrast(paper, ink) >= 4.5 for ink in inks)  # WCAG 2.2, success criterion 1.4.3


def test_every_link_leads_somewhere_on_the_page(page):
    for link in page.locator("nav a").all():
        assert page.locator(link.get_attribute("href")).count() == 1


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(part) / 255 for part in colour.removeprefix("rgb(").rstrip(")").split(",")]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
