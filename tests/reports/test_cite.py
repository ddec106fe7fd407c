"""How a run is cited; the whole entry is a golden file, held in `test_write`."""

import re

from reports import cite
from reports.results import parse


def test_sentence(results):
    assert cite.sentence(results) == (
        "The zeroloop authors. zeroloop: one gradient step of logistic regression, measured. "
        f"zeroloop 0.1.0, run {results.run_id}, 2026-01-31."
    )


def shape(entry):
    return re.sub(r"[^{}\n\\]", "", entry)


def test_version_cannot_break_the_entry(document, hostile):
    plain = cite.bibtex(parse(document))
    document["zeroloop"]["version"] = hostile
    assert shape(cite.bibtex(parse(document))) == shape(plain)


def test_date_cannot_break_the_entry(document):
    plain = cite.bibtex(parse(document))
    document["datetime"] = "}, x={\\"
    assert shape(cite.bibtex(parse(document))) == shape(plain)
