"""No page breaks a rule of axe-core, in any window, nor once something was chosen."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.slow

OPENED = "document.querySelectorAll('details').forEach(details => { details.open = true })"


@pytest.fixture
def faults():
    """What axe-core finds, each fault with the first element that has it."""

    def found(page):
        violations = Axe().run(page).response["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html']} ({len(one['nodes'])})" for one in violations]

    return found


@pytest.mark.parametrize("window", ["desktop", "dark", "phone"])
@pytest.mark.parametrize("name", ["report", "comparison", "gallery"])
def test_no_rule_is_broken_with_all_that_opens_open(opened, pages, faults, name, window):
    page = opened(pages[name], window, bypass_csp=True)  # axe-core is a script that the page forbids
    page.evaluate(OPENED)
    assert faults(page) == []
    page.context.close()


@pytest.mark.parametrize("window", ["desktop", "dark", "phone"])
def test_no_rule_is_broken_by_what_is_chosen(opened, report, faults, window):
    page = opened(report, window, bypass_csp=True)
    page.get_by_text("Rows", exact=True).click()
    assert faults(page) == []
    page.locator("input[name=row]").first.uncheck()
    page.get_by_text("Rows", exact=True).click()
    page.locator("select[name=on]").select_option("square-float64-2t")
    page.get_by_label("numpy_zero_loop", exact=True).first.check()
    page.locator("table:visible button[data-sort=step_s]").first.click()
    page.locator("[data-copy=citation]").click()
    assert faults(page) == []
    page.locator("svg:visible [data-row]").first.dispatch_event("pointerover")
    assert faults(page) == []
    page.context.close()
