"""The generated parts of reference/README.md and SCALING.md."""

import re

import pytest

from impls import records
from impls.records import RECORDS
from reports import figures, reference_tables
from reports.facts.facts import Facts
from reports.reading import parse, read
from tests.documents import KNOWN_LINES, ways
from tests.reports.pages_read import golden

MARKED = re.compile(r"<!-- generated: [^>]* -->\n(.*?)<!-- end -->", re.DOTALL)


def blocks_of(document):
    facts = Facts(parse(document))
    return reference_tables.reference_blocks(facts, facts)


def test_reference(contested):
    facts = Facts(parse(contested))
    golden("reference.md", "\n".join(reference_tables.reference_blocks(facts, facts)))


def test_rows_that_no_machine_of_ours_can_run_are_left_out(document):
    for status, shown in (("not installed", True), ("no CUDA device", False)):
        for entry in document["zeroloop"]["unmeasured"]:
            entry["status"] = status
        block, _ = blocks_of(document)
        assert ("`jax_zero_loop`" in block) == shown


@pytest.mark.slow
@pytest.mark.parametrize(("picture", "source"), [("speedup", "results"), ("beyond", "scaling")])
def test_pictures_are_those_of_the_reference_results(picture, source):
    """By their texts: where they stand depends on the version of Matplotlib."""
    results = read(reference_tables.REFERENCE / f"{source}.json")
    kept = (reference_tables.REFERENCE / f"{picture}.svg").read_text("utf-8")
    drawn = figures.draw(Facts(results))[picture].svg
    assert texts_of(kept) == texts_of(drawn), "run python -m reports.reference_tables"


@pytest.mark.slow
def test_the_reference_tables_are_those_of_the_reference_results():
    found = [Facts(read(reference_tables.REFERENCE / f"{name}.json")) for name in ("results", "contest")]
    expected = reference_tables.reference_blocks(*found)
    assert MARKED.findall(reference_tables.README.read_text("utf-8")) == list(expected), (
        "run python -m reports.reference_tables"
    )


def test_code_that_changed_since_is_named(document):
    code = {row["name"]: row for row in document["zeroloop"]["rows"]}
    for record in RECORDS:
        if record.name in code:
            code[record.name]["source"] = record.source
            code[record.name]["helpers"], code[record.name]["prepare_helpers"] = record.helpers
    assert "The code of its rows has not changed since." in blocks_of(document)[0]
    numpy = code["numpy_zero_loop"]
    numpy["source"] = '"""Another docstring."""\n# a comment\n' + numpy["source"].split('"""', 2)[2]
    assert "The code of its rows has not changed since." in blocks_of(document)[0]
    numpy["source"] += "\nx = 1\n"
    two_loop = code["numba_two_loop"]
    two_loop["helpers"] = two_loop["helpers"].replace("db += dz", "db += 1 * dz")
    code["python_two_loop"]["source"] = "not Python: ("
    assert (
        "Older than the code: since then the code of `python_two_loop`, `numpy_zero_loop` and "
        "`numba_two_loop` has changed." in blocks_of(document)[0]
    )


def test_an_older_file_that_holds_fewer_helpers_is_no_other_code(document):
    """It has no helper of NumPy's row, and the whole file that `numba_two_loop` compiles."""
    code = {row["name"]: row for row in document["zeroloop"]["rows"]}
    for record in RECORDS:
        if record.name in code:
            row = code[record.name]
            row["source"], row["compiles"] = record.source, None
            del row["helpers"], row["prepare_helpers"]
    lesson = records.find("python_two_loop").source
    code["numba_two_loop"]["compiles"] = lesson
    assert "The code of its rows has not changed since." in blocks_of(document)[0]
    code["numba_two_loop"]["compiles"] = lesson.replace("db += dz", "db -= dz")
    assert "since then the code of `numba_two_loop` has changed." in blocks_of(document)[0]


def test_scaling_is_that_of_its_reference_results():
    blocks = MARKED.findall(reference_tables.SCALING.read_text("utf-8"))
    expected = reference_tables.scaling_blocks(Facts(read(reference_tables.REFERENCE / "scaling.json")))
    assert blocks == list(expected), "run python -m reports.reference_tables"


def test_scaling_is_filled_from_a_run(tmp_path, monkeypatch):
    scaling = tmp_path / "SCALING.md"
    scaling.write_text(
        MARKED.sub("<!-- generated: x -->\nold\n<!-- end -->", reference_tables.SCALING.read_text("utf-8"))
    )
    before = MARKED.split(scaling.read_text("utf-8"))[::2]
    blocks = reference_tables.scaling_blocks(Facts(parse(ways())))
    reference_tables.fill(scaling, *blocks)
    text = scaling.read_text("utf-8")
    assert MARKED.findall(text) == list(blocks)
    assert MARKED.split(text)[::2] == before
    measured, held, on_paper = blocks
    assert "| dask\\_chunks, 2 workers | 7.99 ms \\[7.98, 8.01\\] |" in measured
    assert "| `dask_chunks`, 2 workers | 8.03 ms<br>8.03 ms | 8.39 ms<br>8.39 ms |" in held
    assert "of 2 workers on one machine of 16 GB" in on_paper


def test_without_workers_there_is_nothing_on_paper():
    lines = {key: None if key[0] == "dask_chunks" else line for key, line in KNOWN_LINES.items()}
    *_, on_paper = reference_tables.scaling_blocks(Facts(parse(ways(lines))))
    assert on_paper == "Without a line for `dask_chunks` there is nothing to put into the formula.\n"


def texts_of(svg):
    return re.findall(r"<(?:text|title)[^>]*>([^<]*)<", svg)


def test_headings_tell_apart_what_differs_in_threads(document):
    held = [benchmark["extra_info"] for benchmark in document["benchmarks"]]
    document["benchmarks"] += [{"extra_info": {**one, "threads": 1}} for one in held]
    heading = blocks_of(document)[0].splitlines()[0]
    assert "square<br>128 × 10,000<br>float64<br>1 thread |" in heading
    assert "square<br>128 × 10,000<br>float64<br>2 threads |" in heading
