"""How a run is cited; the whole entry is a golden file, held in `test_write`."""

import re

from reports.facts.citation import cited
from reports.reading import parse
from reports.tables import cite
from tests.documents import HOSTILE


def test_sentence(results):
    assert cite.sentence(cited(results)) == (
        "The zeroloop authors. zeroloop: one gradient step of logistic regression, measured. "
        f"zeroloop 0.1.0, run {results.run_id}, measured on 2026-01-31 "
        "on Hand-Written CPU @ 2.00 GHz, 2 cores."
    )


def values(entry):
    """The value of each field, by whether its braces pair: escaped or not, to BibTeX they all count."""
    depth, found = 0, [""]
    for sign in entry:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        found[-1] += sign
        if depth == 1 and sign == "}":
            found.append("")
    assert depth == 0
    return dict(re.fullmatch(r"\W*(?:@misc\{\S+,\s*)?(\w+) += \{(.*)\}", one).groups() for one in found[:-1])


def test_no_string_breaks_the_entry(document):
    plain = values(cite.bibtex(cited(parse(document))))
    for hostile in HOSTILE.values():
        document["datetime"] = document["zeroloop"]["version"] = hostile
        document["machine_info"]["zeroloop"]["cpu"] = hostile
        found = values(cite.bibtex(cited(parse(document))))
        assert list(found) == list(plain)
        assert found["year"] == ""
        assert (found["author"], found["title"]) == (plain["author"], plain["title"])
        assert all(re.fullmatch("[ -~]{0,2000}", value) for value in found.values())


def test_the_gpu_is_named_too(on_gpu):
    named = "on Hand-Written CPU @ 2.00 GHz, 2 cores, and Hand-Written GPU"
    assert cite.sentence(cited(parse(on_gpu))).endswith(f"{named}.")
    assert values(cite.bibtex(cited(parse(on_gpu))))["note"].endswith(named)


def test_the_machine_is_named(document):
    document["machine_info"]["zeroloop"].update(cpu="A & B_1 100%  {R}", cores=1)
    note = values(cite.bibtex(cited(parse(document))))["note"]
    assert note == (
        r"Measured on 2026-01-31 on A \& B\_\allowbreak{}1 100\% \textbraceleft{}R\textbraceright{}, 1 core"
    )
