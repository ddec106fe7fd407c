"""The code beside each other, what is copied, and what is downloaded."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def test_two_sources_side_by_side_are_those_chosen(page, several):
    sources = {row["name"]: row for row in several["zeroloop"]["rows"]}
    for side in ("left", "right"):
        select = page.get_by_label(side.capitalize())
        assert select.is_visible()
        for name, row in sources.items():
            select.select_option(name)
            shown = page.locator(f"[data-side={side}] pre").all_text_contents()
            assert shown == [code for code in (row["source"], row["helpers"]) if code]
    left, right = (page.locator(f"[data-side={side}]").bounding_box() for side in ("left", "right"))
    assert left["x"] + left["width"] <= right["x"]


@pytest.mark.parametrize("name", ["citation", "bibtex", "latex"])
def test_what_is_copied_is_what_stands_there(page, name):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator(f"[data-copy={name}]")
    button.click()
    expect(button).to_have_text("Copied")
    text = page.locator(f"#{name}").text_content()
    assert len(text) > 50
    assert page.evaluate("navigator.clipboard.readText()") == text


@pytest.mark.parametrize("name", ["citation", "bibtex", "latex"])
def test_what_cannot_be_copied_is_selected(page, name):
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('denied')) }")
    page.locator(f"[data-copy={name}]").click()
    page.wait_for_function("() => getSelection().toString() !== ''")
    selected = page.evaluate("getSelection().toString()")
    assert selected.split() == page.locator(f"#{name}").text_content().split()
    assert page.locator(f"[data-copy={name}]").text_content() == "Selected: press Ctrl+C"


def test_a_button_pressed_twice_gets_its_label_back(page):
    page.context.grant_permissions(["clipboard-write"])
    page.clock.install()
    button = page.locator("[data-copy=citation]")
    for _ in range(2):
        button.click()
        expect(button).to_have_text("Copied")
    page.clock.run_for(3000)
    expect(button).to_have_text("Copy the citation")


def test_every_file_beside_the_page_can_be_downloaded_from_it(page, report):
    names = page.evaluate("[...document.querySelectorAll('[data-file]')].map(button => button.dataset.file)")
    assert sorted(names) == sorted(file.name for file in report.parent.iterdir() if file != report)


@pytest.mark.parametrize("name", ["results.json", "speedup.csv", "figures.pdf", "scaling.svg"])
def test_a_download_is_the_file_beside_the_page(page, report, name):
    assert _downloaded(page, name) == report.with_name(name).read_bytes()


@pytest.mark.slow  # Chromium lets a page begin ten downloads in a second
def test_all_downloads_are_the_files_beside_the_page(page, report):
    left = {file.name for file in report.parent.iterdir() if file != report}
    for base in ("python_two_loop", "numpy_zero_loop"):
        page.get_by_label(base, exact=True).first.check()
        for button in page.locator("[data-file]:visible").all():
            name = button.get_attribute("data-file")
            if name in left:
                assert _downloaded(page, name) == report.with_name(name).read_bytes()
                left.remove(name)
                page.wait_for_timeout(110)
    assert left == set()


def _downloaded(page, name):
    with page.expect_download() as download:
        page.locator(f"[data-file='{name}']").click()
    assert download.value.suggested_filename == name
    return Path(download.value.path()).read_bytes()
