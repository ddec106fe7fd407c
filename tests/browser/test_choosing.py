"""What a reader chooses is what the page shows, and the address keeps it."""

import copy
from urllib.parse import parse_qs

import pytest

from reports import figures
from reports.write import write_into

pytestmark = pytest.mark.slow

NUMPY = "numpy_zero_loop"
ROW = "numpy_one_loop"
BROKEN = (
    "#%",
    "#%E0%A4%A",
    "#?",
    "#?<script>alert(1)</script>",
    "#tables?on=unknown&over=<img src=x onerror=alert(1)>&left=nobody&without=&by=nothing&order=up",
    "#<script>alert(1)</script>?on=all&on=unknown&without=__proto__&by=__proto__",
    "#constructor?on=constructor&over=toString",
)


def state(page):
    """All that can be chosen, as the page shows it."""
    return page.evaluate("""({
        parts: [...document.querySelectorAll("[data-setting], [data-over]")].map(part => part.hidden),
        rows: [...document.querySelectorAll("tr[data-row]")].map(row => [row.dataset.row, row.hidden]),
        marks: [...document.querySelectorAll("svg [data-row]")].map(mark => mark.classList.contains("faint")),
        sorted: [...document.querySelectorAll("[aria-sort]")].map(head => [head.dataset.key, head.ariaSort]),
        selects: [...document.querySelectorAll("select")].map(select => select.value),
        ticks: [...document.querySelectorAll("input")].map(input => [input.value, input.checked]),
        sides: [...document.querySelectorAll("[data-side]")].map(side => side.textContent),
    })""")


def address(page):
    section, _, query = page.evaluate("location.hash").removeprefix("#").partition("?")
    return section, parse_qs(query)


def choose_all_there_is(page, setting):
    page.locator("select[name=on]").select_option(setting)
    page.get_by_label(NUMPY, exact=True).first.check()
    page.get_by_text("Rows", exact=True).click()
    page.locator(f"input[name=row][value={ROW}]").uncheck()
    page.locator(f"[data-setting={setting}] button[data-sort=step_s]").click(click_count=1)
    page.get_by_label("Left").select_option("numba_two_loop")


def test_a_row_that_is_left_out_leaves_all_tables_and_fades_in_all_figures(page):
    rows, marks = page.locator(f"tr[data-row={ROW}]"), page.locator(f"svg [data-row={ROW}]")
    others = page.locator(f"tr[data-row]:not([data-row={ROW}])")
    assert rows.count() > 4
    assert marks.count() > 8
    page.get_by_text("Rows", exact=True).click()
    box = page.locator(f"input[name=row][value={ROW}]")
    box.uncheck()
    assert not any(row.is_visible() for row in rows.all())
    assert all(row.is_visible() for row in others.all())
    assert page.locator(f"svg [data-row={ROW}].faint").count() == marks.count()
    assert page.locator("svg .faint").count() == marks.count()
    assert address(page) == ("", {"without": [ROW]})
    box.check()
    assert all(row.is_visible() for row in rows.all())
    assert page.locator("svg .faint").count() == 0
    assert address(page) == ("", {})


def test_one_problem_hides_the_others_and_show_all_brings_them_back(page, settings):
    opening = state(page)
    chosen = settings[1].slug
    page.locator("select[name=on]").select_option(chosen)
    parts = page.evaluate("""[...document.querySelectorAll("[data-setting]")].map(
        part => [part.dataset.setting, part.checkVisibility()])""")
    assert {setting for setting, seen in parts if seen} == {chosen}
    assert address(page) == ("", {"on": [chosen]})
    page.get_by_text("Reset").click()
    assert state(page) == opening
    assert address(page) == ("", {})


def test_the_baseline_chooses_among_the_figures(page, settings):
    def shown():
        return page.evaluate("""[...document.querySelectorAll("figure[data-over]")]
            .filter(figure => figure.checkVisibility())
            .map(figure => [figure.dataset.setting, figure.dataset.over])""")

    assert shown() == [[setting.slug, "python_two_loop"] for setting in settings]
    page.get_by_label(NUMPY, exact=True).first.check()
    assert shown() == [[setting.slug, NUMPY] for setting in settings]
    assert address(page) == ("", {"over": [NUMPY]})


def test_a_link_opens_the_page_as_it_was_left(page, opened, report, settings):
    opening = state(page)
    choose_all_there_is(page, settings[1].slug)
    left = state(page)
    assert all(left[part] != opening[part] for part in opening)
    assert address(page)[1] == {
        "on": [settings[1].slug],
        "over": [NUMPY],
        "without": [ROW],
        "by": ["step_s"],
        "left": ["numba_two_loop"],
    }
    page.reload()
    assert state(page) == left
    other = opened(report, address=page.evaluate("location.hash"))
    assert state(other) == left
    other.get_by_text("Reset").click()
    assert state(other) == opening
    assert other.said == []
    other.context.close()


def test_links_to_sections_keep_what_was_chosen(page, settings):
    choose_all_there_is(page, settings[1].slug)
    left, (_, query) = state(page), address(page)
    for section in ("noise", "cite"):
        page.locator(f"nav a[href='#{section}']").click()
        page.wait_for_function("section => location.hash.startsWith(`#${section}?`)", arg=section)
        assert address(page) == (section, query)
        assert state(page) == left


def test_an_address_leads_to_its_section(opened, report, settings):
    page = opened(report, address=f"#noise?on={settings[1].slug}")
    page.wait_for_function(
        "() => Math.abs(document.querySelector('#noise').getBoundingClientRect().top) < 200"
    )
    page.context.close()


def test_a_broken_address_breaks_nothing(page, opened, report):
    opening = state(page)
    other = opened(report)
    for broken in BROKEN:
        other.goto("about:blank")
        other.goto(report.as_uri() + broken)
        assert state(other) == opening, broken
        page.evaluate("hash => { location.hash = hash }", broken)
        page.wait_for_timeout(20)
        assert state(page) == opening, broken
        page.locator("select[name=on]").select_option("square-float64-2t")
        page.locator("[data-setting=square-float64-2t] button[data-sort=row]").click()
        assert page.locator("[aria-sort=ascending]").count() == 4
        page.get_by_text("Reset").click()
    assert other.said == []
    other.context.close()


def test_of_many_sets_of_data_the_first_is_shown_until_all_are_asked_for(
    opened, several, tmp_path, monkeypatch
):
    monkeypatch.setattr(figures, "draw", lambda facts: {})
    page = opened(write_into(_many(several), tmp_path))
    tables = page.locator("#tables table")
    assert tables.count() == 9
    assert [table.is_visible() for table in tables.all()] == [True] + [False] * 8
    page.get_by_text("Reset").click()
    assert all(table.is_visible() for table in tables.all())
    assert address(page) == ("", {"on": ["all"]})
    assert page.said == []
    page.context.close()


def _many(document):
    """Nine sets of data: the square one five times more, under other names."""
    document = copy.deepcopy(document)
    run = document["zeroloop"]
    square = next(problem for problem in run["problems"] if problem["name"] == "square")
    for number in range(5):
        name = f"square{number}"
        run["problems"].append({**square, "name": name})
        document["benchmarks"] += [
            {"extra_info": {**one, "problem": name}}
            for one in (entry["extra_info"] for entry in document["benchmarks"])
            if one["problem"] == "square"
        ]
    return document
