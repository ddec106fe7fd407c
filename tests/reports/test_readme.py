"""The README's block: the table of speedups, and the contest where there is one."""

import re

import pytest

from reports import figures, readme
from reports.facts.comparison import compare
from reports.results import parse, read

MARKED = re.compile(r"<!-- generated: [^>]* -->\n(.*?)<!-- end -->", re.DOTALL)


def test_readme(contested, golden):
    parsed = parse(contested)
    golden("readme.md", readme.as_markdown(parsed, parsed))


def test_without_a_contest_the_block_ends_with_the_run(results):
    assert readme.as_markdown(results, results).endswith(f"run `{results.run_id}`.\n")


def test_rows_that_no_machine_of_ours_can_run_are_left_out(document):
    for status, shown in (("not installed", True), ("no CUDA device", False)):
        for entry in document["zeroloop"]["unmeasured"]:
            entry["status"] = status
        parsed = parse(document)
        assert ("`jax_zero_loop`" in readme.as_markdown(parsed, parsed)) == shown


@pytest.mark.slow
@pytest.mark.parametrize(("picture", "source"), [("speedup", "results"), ("beyond", "scaling")])
def test_pictures_are_those_of_the_reference_results(picture, source):
    """By their texts: where they stand depends on the version of Matplotlib."""
    results = read(readme.REFERENCE / f"{source}.json")
    kept = (readme.REFERENCE / f"{picture}.svg").read_text("utf-8")
    drawn = figures.draw(results, compare(results))[picture].svg
    assert texts_of(kept) == texts_of(drawn), "run python -m reports.readme"


@pytest.mark.slow
def test_the_readme_is_that_of_the_reference_results():
    results, contest = (read(readme.REFERENCE / f"{name}.json") for name in ("results", "contest"))
    assert readme.as_markdown(results, contest) in readme.README.read_text("utf-8"), (
        "run python -m reports.readme"
    )


def test_scaling_is_that_of_its_reference_results():
    blocks = MARKED.findall(readme.SCALING.read_text("utf-8"))
    expected = readme.scaling_as_markdown(read(readme.REFERENCE / "scaling.json"))
    assert blocks == list(expected), "run python -m reports.readme"


def test_scaling_is_filled_from_a_run(ways, tmp_path, monkeypatch):
    scaling = tmp_path / "SCALING.md"
    scaling.write_text(
        MARKED.sub("<!-- generated: x -->\nold\n<!-- end -->", readme.SCALING.read_text("utf-8"))
    )
    before = MARKED.split(scaling.read_text("utf-8"))[::2]
    blocks = readme.scaling_as_markdown(parse(ways()))
    readme.fill(scaling, *blocks)
    text = scaling.read_text("utf-8")
    assert MARKED.findall(text) == list(blocks)
    assert MARKED.split(text)[::2] == before
    measured, held, on_paper = blocks
    assert "| dask\\_chunks, 2 workers | 7.99 ms \\[7.98, 8.01\\] |" in measured
    assert "| `dask_chunks`, 2 workers | 8.03 ms<br>8.03 ms | 8.39 ms<br>8.39 ms |" in held
    assert "of 2 workers on one machine of 16 GB" in on_paper


def test_without_workers_there_is_nothing_on_paper(ways, known_lines):
    lines = {key: None if key[0] == "dask_chunks" else line for key, line in known_lines.items()}
    *_, on_paper = readme.scaling_as_markdown(parse(ways(lines)))
    assert on_paper == "Without a line for `dask_chunks` there is nothing to put into the formula.\n"


def texts_of(svg):
    return re.findall(r"<(?:text|title)[^>]*>([^<]*)<", svg)


def test_headings_tell_apart_what_differs_in_threads(document):
    held = [benchmark["extra_info"] for benchmark in document["benchmarks"]]
    document["benchmarks"] += [{"extra_info": {**one, "threads": 1}} for one in held]
    parsed = parse(document)
    heading = readme.as_markdown(parsed, parsed).splitlines()[0]
    assert "square<br>128 × 10,000<br>float64<br>1 thread |" in heading
    assert "square<br>128 × 10,000<br>float64<br>2 threads |" in heading
