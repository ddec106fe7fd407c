"""What the tests of `reports` share: what is made of the ten timings.

Golden files are written anew by

    ZEROLOOP_UPDATE_GOLDEN=1 pytest tests/reports
"""

import pytest

from reports import figures
from reports.facts.facts import Facts
from reports.reading import parse, read
from reports.write import write_report
from tests.documents import enter, measured


@pytest.fixture(scope="session")
def results(ten_timings):
    return read(ten_timings)


@pytest.fixture(scope="session")
def facts(results):
    return Facts(results)


@pytest.fixture(scope="session")
def comparisons(facts):
    return facts.comparisons


@pytest.fixture(scope="session")
def pictures(facts):
    return figures.draw(facts)


@pytest.fixture(scope="session")
def cited_results(results):
    return parse(measured(results.document))


@pytest.fixture(scope="session")
def cited_pictures(cited_results):
    return figures.draw(Facts(cited_results))


@pytest.fixture(scope="session")
def report(tmp_path_factory, results, pictures):
    """The folder of a report, with the session's figures, which take long to draw, and a PDF of one."""
    as_pdf = figures.as_pdf
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "draw", lambda facts: pictures)
        patch.setattr(figures, "as_pdf", lambda pictures: as_pdf(list(pictures)[:1]))
        return write_report(results.document, tmp_path_factory.mktemp("out")).parent


@pytest.fixture(scope="session")
def page_text(report):
    return (report / "index.html").read_text("utf-8")


@pytest.fixture
def contested(document):
    """The ten timings as a contest between Numba and NumPy."""
    return enter(document, "numba_two_loop", "numpy_zero_loop", "numpy_two_loop")


@pytest.fixture
def on_gpu(document):
    """The ten timings with Numba's row on a GPU, whose light was measured on the larger problem."""
    document["machine_info"]["zeroloop"]["gpu"] = "Hand-Written GPU"
    run = document["zeroloop"]
    next(row for row in run["rows"] if row["name"] == "numba_two_loop")["device"] = "cuda"
    run["lights"].append({**run["lights"][1], "device": "cuda", "read_s": 2e-4, "link_s": 2.5e-4})
    return document
