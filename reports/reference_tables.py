"""The generated parts of reference/README.md and SCALING.md: `python -m reports.reference_tables`."""

import re
from pathlib import Path

from impls.data.chunk_size import chunk_for
from reports import figures, files, wording
from reports.facts import beyond, on_paper
from reports.facts.beyond import Family, Way
from reports.facts.comparison import Comparison, Line, named
from reports.facts.facts import Facts
from reports.reading import read
from reports.runs import since
from reports.tables import as_markdown
from reports.tables.contest_table import contest
from reports.tables.ways_table import ways

REFERENCE = Path(__file__).with_name("reference")
README = REFERENCE / "README.md"
SCALING = Path(__file__).parent.parent / "SCALING.md"
_MACHINES = (1, 10, 100, 1000)
_N_X, _M = 1000, 10**8  # the size of the data on paper, in float32
_MARKED = re.compile(r"(<!-- generated: [^>]* -->\n).*?(<!-- end -->)", re.DOTALL)


def regenerate() -> None:
    """Write the tables into the two documents, and the pictures beside the reference results."""
    results, contested, scaling = (
        Facts(read(REFERENCE / f"{name}.json")) for name in ("results", "contest", "scaling")
    )
    pictures = figures.draw(results)
    files.write_file(REFERENCE / "speedup.svg", pictures["speedup"].svg)
    files.write_file(REFERENCE / "beyond.svg", figures.draw(scaling)["beyond"].svg)
    files.write_file(REFERENCE / "figures.pdf", figures.as_pdf(pictures.values()))
    fill(README, *reference_blocks(results, contested))
    fill(SCALING, *scaling_blocks(scaling))


def fill(path: Path, *blocks: str) -> None:
    """Write texts between the marks of a document, in their order."""
    texts = iter(blocks)
    text = path.read_text(encoding="utf-8")
    files.write_file(path, _MARKED.sub(lambda found: found[1] + next(texts) + found[2], text))


def reference_blocks(results: Facts, contested: Facts) -> tuple[str, str]:
    """Return the speedups over pure Python, and the contest, each with its machine and its age.

    The contest comes from a run of its own: one of more dtypes and numbers of threads, without the loops.
    """
    return _speedups(results), _contest(contested)


def scaling_blocks(facts: Facts) -> tuple[str, str, str]:
    """Return what was measured past one core and memory, the lines beside it, and a cluster on paper."""
    return (
        f"{as_markdown.render(ways(facts))}\n{_measured_on(facts)}\n",
        "\n".join(map(_beside_lines, facts.families)),
        _on_paper(on_paper.measured(facts.families, facts.environment.memory_bytes)),
    )


def _speedups(facts: Facts) -> str:
    headings = ["row", "loops", "lines", *_headings(facts.comparisons)]
    rows = []
    for row in facts.run.rows:
        lines = [
            next((line for line in one.lines if line.name == row.name), None) for one in facts.comparisons
        ]
        if all(line is None or line.status == "no CUDA device" for line in lines):
            continue  # the machine of the reference results has no GPU
        first = next(line for line in lines if line)
        counts = (wording.number(first.loops), wording.number(first.lines))
        rows.append([f"`{row.name}`", *counts, *map(_speedup, lines)])
    return (
        f"{_table(headings, rows)}\n"
        "Times as fast as `python_two_loop`, with 95 % intervals; bold: the fastest, or not separated from "
        "it. Loops: how deep they are nested; lines: lines of code in the functions.\n\n"
        f"{_measured_on(facts)} {_age(facts)}\n"
    )


def _contest(facts: Facts) -> str:
    matches = contest(facts)
    table = as_markdown.render(matches) if matches else "Nothing here takes part in the contest.\n"
    return f"{table}\n{_measured_on(facts)} {_age(facts)}\n"


def _age(facts: Facts) -> str:
    """Say which rows have other code today than when they were measured."""
    changed = since.changed_since(facts.run.rows)
    if not changed:
        return "The code of its rows has not changed since."
    names = wording.joined([f"`{name}`" for name in changed])
    return f"Older than the code: since then the code of {names} has changed."


def _beside_lines(family: Family) -> str:
    headings = [
        "way",
        *(f"m = {wording.power_of_ten(m)}" for m in family.ms),
        "off by up to",
        "largest m, from the others",
    ]
    rows = [
        [
            f"`{way.row}`, {way.many}",
            *(_said_and_timed(way, m) for m in family.ms),
            wording.percent(way.off),
            wording.percent(way.foretold_off),
        ]
        for way in family.ways
    ]
    return f"{family.title}; the line above what was timed:\n\n{_table(headings, rows)}"


def _said_and_timed(way: Way, m: int) -> str:
    line = way.lines.get(m)
    if line is None or line.step_s is None:
        return "–"
    return f"{wording.seconds(way.predicted_s.get(m))}<br>{wording.seconds(line.step_s.estimate)}"


def _on_paper(one: on_paper.Machine | None) -> str:
    if one is None:
        return f"Without a line for `{beyond.CLUSTER}` there is nothing to put into the formula.\n"
    chunk_bytes = 4 * _N_X * chunk_for(_N_X, _M, "float32")
    job, network = on_paper.Job(_N_X, _M, 4, chunk_bytes), on_paper.Network()
    costs = [on_paper.cost(machines, job, one, network) for machines in _MACHINES]
    headings = [
        *("machines", "largest share", "read at", "reading"),
        *("tree", "step", "times as fast"),
        *("messages", "asking", "step, as built", "times as fast"),
    ]
    rows = [
        [
            wording.number(cost.machines),
            wording.size(cost.share_bytes),
            f"{wording.size(cost.bytes_per_s)}/s",
            wording.seconds(cost.read_s),
            wording.seconds(cost.tree_s or None),
            wording.seconds(cost.in_tree_s),
            wording.times(costs[0].in_tree_s / cost.in_tree_s),
            wording.seconds(cost.messages_s or None),
            wording.seconds(cost.asking_s or None),
            wording.seconds(cost.as_built_s),
            wording.times(costs[0].as_built_s / cost.as_built_s),
        ]
        for cost in costs
    ]
    best = on_paper.best_as_built(job, one, network)
    return (
        f"n_x = {wording.number(job.n_x)}, m = {wording.power_of_ten(job.m)}, float32: X has "
        f"{wording.size(job.x_bytes)}, in {wording.number(job.chunks)} chunks; s = "
        f"{wording.size(job.node_bytes)}, s' = {wording.size(job.range_bytes)}. "
        f"Measured: B = {wording.size(one.bytes_per_s)}/s and L = {wording.seconds(one.overhead_s)}, of "
        f"{wording.counted(one.workers, 'worker')} on one machine of {wording.size(one.memory_bytes)}. "
        f"Assumed: b = {wording.size(network.bytes_per_s)}/s, l = {wording.seconds(network.latency_s)}, "
        f"t = {wording.seconds(network.asking_s)}.\n\n"
        f"{_table(headings, rows, 0)}\n"
        f"A tree takes less than messages do from {on_paper.tree_pays_from(job, one, network):,} machines "
        f"on. As built, a step is fastest on {wording.number(best.machines)} machines, in "
        f"{wording.seconds(best.as_built_s)}: with more, its one scheduler loses what they gain.\n"
    )


def _table(headings: list[str], rows: list[list[str]], left: int = 1) -> str:
    """A Markdown table whose first columns are aligned to the left."""
    rule = [*["---"] * left, *["--:"] * (len(headings) - left)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (headings, rule, *rows))


def _measured_on(facts: Facts) -> str:
    environment = facts.environment
    shown = ("numpy", "numba", "scikit-learn", "numexpr", "torch", "jax", "zarr", "distributed")
    versions = [f"{name} {environment.versions[name]}" for name in shown if name in environment.versions]
    return (
        f"{environment.cpu}, {environment.cores} cores, {environment.python}, {', '.join(versions)}; "
        f"{_how(facts)}; run `{facts.run_id}`.{_doubts(facts)}"
    )


def _how(facts: Facts) -> str:
    plan = facts.run.plan
    return f"{plan.processes} processes of each row" if plan else "one process"


def _doubts(facts: Facts) -> str:
    """Say what speaks against citing the run, if anything does."""
    return f" Not citable: {'; '.join(facts.not_citable)}." if facts.not_citable else ""


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
