"""The README's block: the table of speedups, and the contest where there is one."""

import ast
import re

import pytest

from bench.selection import describe_row
from reports import readme
from reports.figures import speedup
from reports.figures.style import drawing, looks_of
from reports.findings import PYTHON, compare
from reports.results import parse, read


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


def test_reference_results_are_of_this_code():
    for name in ("results", "contest"):
        for row in read(readme.REFERENCE / f"{name}.json").run.rows:
            here = describe_row(row.name)
            assert [meaning(row.source), meaning(row.compiles)] == [
                meaning(here.source),
                meaning(here.compiles),
            ], f"{row.name} has changed since {name}.json was measured: measure it again"


@pytest.mark.slow
def test_the_picture_is_that_of_the_reference_results():
    """By its texts: where they stand depends on the version of Matplotlib."""
    results = read(readme.REFERENCE / "results.json")
    over_python = [one for one in compare(results) if one.compared_with(PYTHON)]
    kept = (readme.REFERENCE / "speedup.svg").read_text("utf-8")
    with drawing():
        drawn = speedup.draw_all("speedup", over_python, looks_of(results)).svg
    assert texts_of(kept) == texts_of(drawn), "run python -m reports.readme"


@pytest.mark.slow
def test_the_readme_is_that_of_the_reference_results():
    results, contest = (read(readme.REFERENCE / f"{name}.json") for name in ("results", "contest"))
    assert readme.as_markdown(results, contest) in readme.README.read_text("utf-8"), (
        "run python -m reports.readme"
    )


def texts_of(svg):
    return re.findall(r"<(?:text|title)[^>]*>([^<]*)<", svg)


def meaning(source):
    """Return what a source does, without its comments and docstrings."""
    tree = ast.parse(source or "")
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


def test_headings_tell_apart_what_differs_in_threads(document):
    held = [benchmark["extra_info"] for benchmark in document["benchmarks"]]
    document["benchmarks"] += [{"extra_info": {**one, "threads": 1}} for one in held]
    parsed = parse(document)
    heading = readme.as_markdown(parsed, parsed).splitlines()[0]
    assert "square<br>128 × 10,000<br>float64<br>1 thread |" in heading
    assert "square<br>128 × 10,000<br>float64<br>2 threads |" in heading
