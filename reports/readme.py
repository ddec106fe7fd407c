"""The README's table and picture, generated from the reference results by `python -m reports.readme`."""

import re
from pathlib import Path

from reports import figures, tables, wording, write
from reports.findings import Comparison, Line, compare, contest, named
from reports.results import Results, read

REFERENCE = Path(__file__).with_name("reference")
README = Path(__file__).parent.parent / "README.md"
_MARKED = re.compile(r"(<!-- generated: [^>]* -->\n).*?(<!-- end -->)", re.DOTALL)

_CONTEST = "Our fastest row against the fastest of the libraries, each at its best number of threads:"


def regenerate() -> None:
    """Write the tables into the README, and the picture that it shows beside the reference results."""
    results, contested = read(REFERENCE / "results.json"), read(REFERENCE / "contest.json")
    picture = figures.draw(results, compare(results))["speedup"]
    write.write_file(REFERENCE / "speedup.svg", picture.svg)
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
        first = next(line for line in lines if line)
        counts = (wording.number(first.loops), wording.number(first.lines))
        rows.append([f"`{row.name}`", *counts, *map(_speedup, lines)])
    environment = results.environment
    matches = tables.contest_as_markdown(contest(compare(contested)))
    return (
        "".join(f"| {' | '.join(row)} |\n" for row in rows)
        + "\nTimes as fast as `python_two_loop`, with 95 % intervals; "
        "bold: the fastest, or not separated from it. "
        f"{environment.cpu}, {environment.cores} cores, {environment.python}, "
        f"NumPy {environment.versions['numpy']}, Numba {environment.versions['numba']}; "
        f"one process, a quick look; run `{results.run_id}`.\n"
        + (f"\n{_CONTEST}\n\n{matches}\nRun `{contested.run_id}`.\n" if matches else "")
    )


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
