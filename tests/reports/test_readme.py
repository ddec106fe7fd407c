"""The README's block: the table of speedups, and the contest where there is one."""

import ast

from bench.selection import describe_row
from reports import readme
from reports.results import parse, read


def test_readme(contested, golden):
    parsed = parse(contested)
    golden("readme.md", readme.as_markdown(parsed, parsed))


def test_without_a_contest_the_block_ends_with_the_run(results):
    assert readme.as_markdown(results, results).endswith(f"run `{results.run_id}`.\n")


def test_reference_results_are_of_this_code():
    for name in ("results", "contest"):
        for row in read(readme.REFERENCE / f"{name}.json").run.rows:
            here = describe_row(row.name)
            assert [meaning(row.source), meaning(row.compiles)] == [
                meaning(here.source),
                meaning(here.compiles),
            ], f"{row.name} has changed since {name}.json was measured: measure it again"


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
