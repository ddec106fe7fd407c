"""The pages on paper: A4, 15 mm of margin."""

import pytest

pytestmark = pytest.mark.slow

HEIGHT = 1009  # of A4 less its margins, in pixels


@pytest.fixture(scope="module")
def page(opened, any_page):
    page = opened(any_page, "paper")
    page.emulate_media(media="print")
    yield page
    assert page.said == []
    page.context.close()


def test_nothing_is_wider_than_the_paper(page):
    wider = page.evaluate("""[...document.querySelectorAll("body *")].filter(element =>
        element.checkVisibility() && !element.closest("svg *")
        && element.getBoundingClientRect().right > document.documentElement.clientWidth + 1
    ).map(element => element.outerHTML.slice(0, 80))""")
    assert wider == []


def test_no_figure_is_cut(page):
    figures = page.evaluate("""[...document.querySelectorAll("figure")]
        .filter(figure => figure.checkVisibility())
        .map(figure => [figure.getBoundingClientRect().height, getComputedStyle(figure).breakInside])""")
    assert figures
    for height, breaks in figures:
        assert height < HEIGHT
        assert breaks == "avoid"


def test_ink_is_dark_and_paper_white_whatever_the_system(page):
    paper, ink, *inks = page.evaluate("""[getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.body).color,
        ...[...document.querySelectorAll("figure text")].map(text => getComputedStyle(text).fill)]""")
    assert paper == "rgb(255, 255, 255)"
    assert ink == "rgb(0, 0, 0)"
    assert max(int(part) for ink in inks for part in ink[4:-1].split(",")) <= 0x66


def test_no_control_is_printed(page):
    controls = page.locator("nav, select, input, form, [data-copy], [data-file], [data-reset], #tip")
    assert not any(control.is_visible() for control in controls.all())


def test_a_page_becomes_a_pdf(page):
    pdf = page.pdf(prefer_css_page_size=True, format="A4")
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") >= 1
