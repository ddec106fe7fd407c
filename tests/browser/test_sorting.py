"""Tables in the order of a column: the order is computed here from the report's CSV."""

import pytest

pytestmark = pytest.mark.slow


def names(page):
    """The rows of every table of the report, from top to bottom."""
    return page.evaluate("""[...document.querySelectorAll("#tables table")].map(
        table => [...table.tBodies[0].rows].map(row => row.dataset.row))""")


def press(page, key):
    page.locator(f"#tables table >> nth=0 >> button[data-sort={key}]").click()


def said(page):
    """What is said to be sorted, in all tables: pairs of a column and its direction."""
    return page.evaluate("""[...document.querySelectorAll("[aria-sort]")].map(
        head => [head.dataset.key, head.getAttribute("aria-sort")])""")


def test_every_column_sorts_all_tables_as_the_csv_has_it(page, settings):
    opening = names(page)
    assert opening == [[line["row"] for line in setting.lines] for setting in settings]
    keys = page.evaluate("""[...document.querySelector("#tables table").querySelectorAll("[data-sort]")].map(
        button => button.dataset.sort)""")
    assert len(keys) == 13
    for key in keys:
        for falling, direction in ((False, "ascending"), (True, "descending")):
            press(page, key)
            assert names(page) == [setting.order(key, falling) for setting in settings], (key, direction)
            assert said(page) == [[key, direction]] * len(settings)
        press(page, key)
        assert names(page) == opening, "the third time restores the order"
        assert said(page) == []


def test_what_has_no_value_stays_last(page, settings):
    assert any(not line["step_s"] for setting in settings for line in setting.lines)
    for _ in range(2):
        press(page, "step_s")
        for setting, order in zip(settings, names(page), strict=True):
            without = [line["row"] for line in setting.lines if not line["step_s"]]
            assert order[len(order) - len(without) :] == without


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_reaches_and_presses_the_headings(page, settings, key):
    page.locator("#tables .scroll").first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.sort") == "row"
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press(key)
    assert said(page)[0] == ["step_s", "ascending"]
    assert names(page) == [setting.order("step_s", False) for setting in settings]
    assert page.evaluate("document.activeElement.dataset.sort") == "step_s", "what has the focus keeps it"


@pytest.mark.parametrize(("name", "key"), [("comparison", "times"), ("gallery", "numpy_over")])
def test_other_pages_sort_too(opened, pages, name, key):
    page = opened(pages[name])
    column = f"table.sortable:has(button[data-sort={key}]) >> nth=0"
    shown = f"{column} >> tbody td[data-key={key}]"

    def figures():
        return [float(text.split("x")[0].replace(",", "")) for text in page.locator(shown).all_inner_texts()]

    opening = figures()
    page.locator(f"{column} >> button[data-sort={key}]").click()
    assert figures() == sorted(opening)
    page.locator(f"{column} >> button[data-sort={key}]").click()
    assert figures() == sorted(opening, reverse=True)
    page.locator(f"{column} >> button[data-sort={key}]").click()
    assert figures() == opening
    assert page.said == []
    page.context.close()
