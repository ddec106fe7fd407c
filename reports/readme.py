"""The README's table and picture, generated from the reference results by `python -m reports.readme`."""

import re
from pathlib import Path

from reports import figures, tables, wording, write
from reports.findings import Comparison, Line, compare, named
from reports.results import Results, read

REFERENCE = Path(__file__).with_name("reference")
README = Path(__file__).parent.parent / "README.md"
_MARKED = re.compile(r"(<!-- generated: [^>]* -->\n).*?(<!-- end -->)", re.DOTALL)

_CONTEST = (
    "The fastest of `numba_fused` and `numba_fused_packed` against the fastest peer (NumPy, numexpr, "
    "scikit-learn, PyTorch or JAX), each at its best number of threads (JAX with all cores only, since it "
    "cannot change their number). `numba_fused_packed` copies X first; that time stands under prepare, in "
    "no step."
)


def regenerate() -> None:
    """Write the tables into the README; beside the reference results, its picture and all figures."""
    results, contested = read(REFERENCE / "results.json"), read(REFERENCE / "contest.json")
    pictures = figures.draw(results, compare(results))
    write.write_file(REFERENCE / "speedup.svg", pictures["speedup"].svg)
    write.write_file(REFERENCE / "figures.pdf", figures.as_pdf(pictures.values()))
    text = README.read_text(encoding="utf-8")
    write.write_file(
        README, _MARKED.sub(lambda found: found[1] + as_markdown(results, contested) + found[2], text)
    )


def as_markdown(results: Results, contested: Results) -> str:
    """Speedup of each row over pure Python on each problem, what it was measured on, and the contest.

    The contest may come from a run of its own: one of more dtypes and numbers of threads, without the loops.
    """
    comparisons = compare(results)
    headings = ["row", "loops", "lines", *_headings(comparisons)]
    rows = [headings, ["---", *["--:"] * (len(headings) - 1)]]
    for row in results.run.rows:
        lines = [next((line for line in one.lines if line.name == row.name), None) for one in comparisons]
        if all(line is None or line.status == "no CUDA device" for line in lines):
            continue  # the machine of the reference results has no GPU
        first = next(line for line in lines if line)
        counts = (wording.number(first.loops), wording.number(first.lines))
        rows.append([f"`{row.name}`", *counts, *map(_speedup, lines)])
    matches = tables.contest_as_markdown(compare(contested))
    return (
        "".join(f"| {' | '.join(row)} |\n" for row in rows)
        + "\nTimes as fast as `python_two_loop`, with 95 % intervals; "
        "bold: the fastest, or not separated from it. Loops: how deep they are nested; lines: of code in the "
        f"functions. {_measured_on(results)}\n"
        + (f"\n{_CONTEST}\n\n{matches.rstrip()} {_measured_on(contested)}\n" if matches else "")
    )


def _measured_on(results: Results) -> str:
    environment, shown = results.environment, ("numpy", "numba", "scikit-learn", "numexpr", "torch", "jax")
    versions = [f"{name} {environment.versions[name]}" for name in shown if name in environment.versions]
    return (
        f"{environment.cpu}, {environment.cores} cores, {environment.python}, {', '.join(versions)}; "
        f"{_how(results)}; run `{results.run_id}`."
    )


def _how(results: Results) -> str:
    plan = results.run.plan
    return f"{plan.processes} processes of each row" if plan else "one process, a quick look"


def _speedup(line: Line | None) -> str:
    said = wording.speedup(line.over_python if line else None)
    said = said.replace(" [", "<br>[")
    return f"**{said}**" if line and line.fastest else said


def _headings(comparisons: tuple[Comparison, ...]) -> list[str]:
    one_setting = len({(comparison.dtype, comparison.threads) for comparison in comparisons}) == 1
    texts = (named(one.problem) if one_setting else one.title for one in comparisons)
    return [text.replace(", ", "<br>") for text in texts]


if __name__ == "__main__":
    regenerate()
