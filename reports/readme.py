"""The tables of README.md and SCALING.md, from the reference results by `python -m reports.readme`."""

import re
from pathlib import Path

from impls.data.dataset import chunk_for
from reports import figures, files, wording
from reports.facts import beyond, on_paper
from reports.facts.beyond import Family, Way
from reports.facts.comparison import Comparison, Line, compare, named
from reports.results import Results, read
from reports.tables import tables

REFERENCE = Path(__file__).with_name("reference")
README = Path(__file__).parent.parent / "README.md"
SCALING = README.with_name("SCALING.md")
_MACHINES = (1, 10, 100, 1000)
_N_X, _M = 1000, 10**8  # of the data on paper, in float32
_MARKED = re.compile(r"(<!-- generated: [^>]* -->\n).*?(<!-- end -->)", re.DOTALL)

_CONTEST = (
    "The fastest of `numba_fused` and `numba_fused_packed` against the fastest peer (NumPy, numexpr, "
    "scikit-learn, PyTorch or JAX), each at its best number of threads (JAX with all cores only, since it "
    "cannot change their number). `numba_fused_packed` copies X first; that time stands under prepare, in "
    "no step."
)


def regenerate() -> None:
    """Write the tables into README and SCALING; beside the reference results, their pictures."""
    results, contested, scaling = (
        read(REFERENCE / f"{name}.json") for name in ("results", "contest", "scaling")
    )
    pictures = figures.draw(results, compare(results))
    files.write_file(REFERENCE / "speedup.svg", pictures["speedup"].svg)
    files.write_file(REFERENCE / "beyond.svg", figures.draw(scaling, compare(scaling))["beyond"].svg)
    files.write_file(REFERENCE / "figures.pdf", figures.as_pdf(pictures.values()))
    fill(README, as_markdown(results, contested))
    fill(SCALING, *scaling_as_markdown(scaling))


def fill(path: Path, *blocks: str) -> None:
    """Write texts between the marks of a document, in their order."""
    texts = iter(blocks)
    text = path.read_text(encoding="utf-8")
    files.write_file(path, _MARKED.sub(lambda found: found[1] + next(texts) + found[2], text))


def as_markdown(results: Results, contested: Results) -> str:
    """Speedup of each row over pure Python on each problem, what it was measured on, and the contest.

    The contest may come from a run of its own: one of more dtypes and numbers of threads, without the loops.
    """
    comparisons = compare(results)
    headings = ["row", "loops", "lines", *_headings(comparisons)]
    rows = []
    for row in results.run.rows:
        lines = [next((line for line in one.lines if line.name == row.name), None) for one in comparisons]
        if all(line is None or line.status == "no CUDA device" for line in lines):
            continue  # the machine of the reference results has no GPU
        first = next(line for line in lines if line)
        counts = (wording.number(first.loops), wording.number(first.lines))
        rows.append([f"`{row.name}`", *counts, *map(_speedup, lines)])
    matches = tables.contest_as_markdown(compare(contested))
    return (
        f"{_table(headings, rows)}\n"
        "Times as fast as `python_two_loop`, with 95 % intervals; "
        "bold: the fastest, or not separated from it. Loops: how deep they are nested; lines: of code in the "
        f"functions. {_measured_on(results)}\n"
        + (f"\n{_CONTEST}\n\n{matches.rstrip()} {_measured_on(contested)}\n" if matches else "")
    )


def scaling_as_markdown(results: Results) -> tuple[str, str, str]:
    """What was measured past one core and one memory, the lines beside it, and a cluster on paper."""
    families = beyond.families(compare(results))
    return (
        f"{tables.beyond_as_markdown(families)}\n{_measured_on(results)}\n",
        "\n".join(map(_beside_lines, families)),
        _on_paper(on_paper.measured(families, results.environment.memory_bytes)),
    )


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


def _measured_on(results: Results) -> str:
    environment = results.environment
    shown = ("numpy", "numba", "scikit-learn", "numexpr", "torch", "jax", "zarr", "distributed")
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
