"""Where scripts are forbidden, all is there to be read, and nothing that would do nothing."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(opened, any_page):
    page = opened(any_page, java_script_enabled=False)
    yield page
    assert page.said == []
    page.context.close()


def test_everything_can_be_read(page):
    for what in ("main section", "figure svg", "table", "tbody tr", "main summary"):
        for element in page.locator(what).all():
            assert element.is_visible(), what


def test_no_control_is_there(page):
    controls = page.locator("button, select, input, [role=button], [contenteditable]")
    assert [control.inner_html() for control in controls.all() if control.is_visible()] == []


def test_code_opens(opened, report):
    page = opened(report, java_script_enabled=False)
    for details in page.locator("main details").all():
        details.locator("summary").click()
        assert details.locator("pre").first.is_visible()
    page.context.close()


def test_both_baselines_are_drawn(opened, report, settings):
    page = opened(report, java_script_enabled=False)
    for base in ("python_two_loop", "numpy_zero_loop"):
        figures = page.locator(f"figure[data-over={base}]")
        assert figures.count() == len(settings)
        assert all(figure.is_visible() for figure in figures.all())
    page.context.close()
