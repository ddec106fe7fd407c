"""The README's block: the table of speedups, and the contest where there is one."""

from reports import readme
from reports.results import parse


def test_readme(document, renamed, golden):
    contested = parse(renamed(document, "numba_two_loop", "numba_fused"))
    golden("readme.md", readme.as_markdown(contested, contested))


def test_without_a_contest_the_block_ends_with_the_run(results):
    assert readme.as_markdown(results, results).endswith(f"run `{results.run_id}`.\n")


def test_headings_tell_apart_what_differs_in_threads(document):
    held = [benchmark["extra_info"] for benchmark in document["benchmarks"]]
    document["benchmarks"] += [{"extra_info": {**one, "threads": 1}} for one in held]
    parsed = parse(document)
    heading = readme.as_markdown(parsed, parsed).splitlines()[0]
    assert "square<br>128 × 10,000<br>float64<br>1 thread |" in heading
    assert "square<br>128 × 10,000<br>float64<br>2 threads |" in heading
