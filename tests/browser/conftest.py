"""What the tests in a browser share: the browser, windows, and pages made of a run with everything in it."""

import copy
import csv
import json
import os
import shutil
from collections import defaultdict
from dataclasses import dataclass

import pytest
from playwright.sync_api import sync_playwright

from reports import figures
from reports.reading import parse
from reports.runs.changes import changed
from reports.runs.gathered import gather
from reports.write import write_comparison, write_gallery, write_into
from tests.documents import enter, measured, slowed

BROWSERS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")
WINDOWS = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 800}},
    "paper": {
        "viewport": {"width": 680, "height": 1009},
        "color_scheme": "dark",
    },  # A4 in pixels, less margins
}


@pytest.fixture(scope="session")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium on PATH")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def opened(browser):
    """Open a page in a window without a network; what it asks for and what it says are kept with it."""

    def open_page(path, window="desktop", address="", **options):
        page = browser.new_context(**WINDOWS[window], offline=True, **options).new_page()
        page.asked, page.said = [], []
        page.on("request", lambda asked: page.asked.append(asked.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("dialog", lambda dialog: (page.said.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri() + address)
        return page

    return open_page


@pytest.fixture(scope="session")
def several(ten_timings):
    """Four problems, of which three differ in m alone; six processes, twins, trainings and a contest."""
    document = json.loads(ten_timings.read_text("utf-8"))
    run = document["zeroloop"]
    for m in (100, 1000):
        name = f"128x{m}"
        run["problems"].append({"name": name, "title": "synthetic", "n_x": 128, "m": m})
        for kept, times in ((run["lights"], ("read_s", "link_s")), (document["benchmarks"], ("blocks_s",))):
            kept += [_smaller(one, name, times, m / 10_000) for one in kept if _problem(one) == "square"]
    return enter(measured(document), "numba_two_loop", "numpy_zero_loop", "numpy_two_loop")


@pytest.fixture(scope="session")
def report(several, browser, tmp_path_factory):
    """The page of the report, in its folder, with a PDF of one figure."""
    as_pdf = figures.as_pdf
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "as_pdf", lambda pictures: as_pdf(list(pictures)[:1]))
        return write_into(several, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def comparison(several, browser, tmp_path_factory):
    after = slowed(several, "numba_two_loop", 0.8)
    after["machine_info"]["zeroloop"]["versions"]["numpy"] = "2.5.0"
    after["benchmarks"].pop()
    return write_comparison(changed(parse(several), parse(after)), tmp_path_factory.mktemp("comparison"))


@pytest.fixture(scope="session")
def gallery(several, browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    for name, factor in (("alice", 1.0), ("bob", 0.5), ("carol", 3.0)):
        (folder / f"{name}.json").write_text(json.dumps(slowed(several, None, factor)), "utf-8")
    (folder / "dave.json").write_text("{", "utf-8")
    return write_gallery(gather(folder), folder)


@pytest.fixture(scope="session")
def pages(report, comparison, gallery):
    return {"report": report, "comparison": comparison, "gallery": gallery}


@pytest.fixture(scope="session", params=("report", "comparison", "gallery"))
def any_page(request, pages):
    return pages[request.param]


@pytest.fixture
def page(opened, report):
    """The report in a window of its own, which ends without a complaint."""
    page = opened(report)
    yield page
    assert page.said == []
    page.context.close()


@dataclass(frozen=True)
class Setting:
    """One table of the report as its CSV has it."""

    slug: str
    lines: list[dict[str, str]]

    def order(self, key, falling):
        """Names in the order of a column; those without a value last, as they stand in the file."""
        without = [line["row"] for line in self.lines if not line[key]]
        with_value = [line for line in self.lines if line[key]]
        with_value.sort(key=lambda line: _value(line[key]), reverse=falling)
        return [line["row"] for line in with_value] + without


@pytest.fixture(scope="session")
def settings(report):
    """The report's tables, read from speedup.csv."""
    found = defaultdict(list)
    with report.with_name("speedup.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            found[f"{line['problem']}-{line['dtype']}-{line['threads']}t"].append(line)
    return [Setting(slug, lines) for slug, lines in found.items()]


def _value(text):
    try:
        return float("inf" if text == "never" else text)
    except ValueError:
        return text


def _problem(one):
    return one.get("extra_info", one)["problem"]


def _smaller(one, problem, times, factor):
    """The same on a problem with fewer examples; each call costs ten microseconds more, whatever its data."""
    one = copy.deepcopy(one)
    held = one.get("extra_info", one)
    held["problem"] = problem
    for key in times:
        time = held[key]
        held[key] = (
            [[1e-5 + factor * block_s for block_s in blocks] for blocks in time]
            if isinstance(time, list)
            else factor * time
        )
    return one
