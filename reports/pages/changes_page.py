"""Two results files beside each other: before and after a change, or one machine beside another."""

from typing import Any

from reports import pages, wording
from reports.facts.facts import Facts
from reports.figures import Picture
from reports.runs.changes import Changes
from reports.tables.changes_table import changes as table_of


def render(changes: Changes, picture: Picture | None) -> str:
    """Render the page; every number and sentence in it comes from the two files."""
    return pages.render(
        "comparison.html",
        [picture] if picture else [],
        changes=changes,
        verdict=verdict(changes),
        same=changes.is_same_run,
        sides=[_side(name, run) for name, run in _sides(changes)],
        table=table_of(changes),
        alone=[
            (f"Timed {name} only", _by_problem(keys))
            for name, keys in (("before", changes.only_before), ("after", changes.only_after))
            if keys
        ],
        quick=[name for name, run in _sides(changes) if run.run.plan is None],
    )


def verdict(changes: Changes) -> str:
    """Say in one sentence what changed; the mean only with its interval."""
    rows = len(changes.judged)
    if not rows:
        return f"No row has a time in both runs; {_fails(len(changes.broken))}."
    faster, slower = changes.count("faster"), changes.count("slower")
    said = f"Of {wording.counted(rows, 'row')} compared "
    if faster or slower:
        said += f"{faster} {'is' if faster == 1 else 'are'} faster after, {slower} slower, and "
        said += f"{changes.count('not separated')} not separated"
    else:
        said += "none is faster or slower after: no interval is apart from 1x"
    if changes.broken:
        said += f"; {_fails(len(changes.broken))}"
    if changes.averaged > 1 and changes.mean:
        beside = ", beside its baseline," if changes.bases else ""
        said += f"; in the geometric mean over {changes.averaged} a step is{beside} "
        said += f"{wording.speedup(changes.mean)} as fast after as before"
        said += ", which is not separated from 1x" if changes.mean.contains_one else ""
    return f"{said}."


def _fails(count: int) -> str:
    return f"{wording.counted(count, 'row')} that had a time before {'fails' if count == 1 else 'fail'} after"


def _sides(changes: Changes) -> tuple[tuple[str, Facts], tuple[str, Facts]]:
    return ("before", changes.before), ("after", changes.after)


def _side(name: str, facts: Facts) -> dict[str, Any]:
    return {"name": name, "results": facts.results, "not_citable": facts.not_citable}


def _by_problem(keys: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row, where in keys:
        found.setdefault(where, []).append(row)
    return found
