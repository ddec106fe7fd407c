"""What the commands print of a run, of two runs beside each other, and of many."""

from collections import Counter

from reports import wording
from reports.facts.facts import Facts
from reports.facts.left_out import Loss
from reports.runs.changes import Changes
from reports.runs.gathered import Gallery
from reports.tables import as_text
from reports.tables.changes_table import changes
from reports.tables.console import filled
from reports.tables.contest_table import contest
from reports.tables.gallery_tables import machines
from reports.tables.speedup_table import speedups


def of_run(facts: Facts, width: int = 80) -> str:
    """Return the speedups, the rows without a time, each reason once, and the contest if there is one."""
    parts = [as_text.render(speedups(facts), width)]
    reasons = [_reason(loss, len(facts.comparisons)) for loss in facts.left_out]
    if reasons:
        parts.append("".join(f"{filled(reason, width)}\n" for reason in reasons))
    parts.append(as_text.render(contest(facts), width))
    if facts.aim and facts.run.plan:
        until = wording.percent(facts.run.plan.until)
        parts.append(filled(f"aim of ± {until}: {facts.aim}", width))
    return "\n".join(filter(None, parts))


def of_changes(found: Changes, width: int = 80) -> str:
    """Return two runs beside each other: what speaks against either, then every row."""
    said = []
    for name, run in (("before", found.before), ("after", found.after)):
        said.append(filled(f"{name}: {_run(run)}", width))
        said += [filled(f"  not citable: {reason}", width) for reason in run.not_citable]
    if found.is_same_run:
        said.append("both are the same run")
    if found.differences:
        said.append(filled(f"also changed: {', '.join(found.differences)}", width))
    notes = [filled(note, width) for note in _notes(found)]
    return "\n".join([*said, "", as_text.render([changes(found)], width), *notes])


def of_gallery(gallery: Gallery, width: int = 80) -> str:
    """Return many runs, a line for each, and the files that could not be read."""
    unread = [filled(f"left out: {path}: {reason}", width) for path, reason in gallery.unread]
    return "\n".join([as_text.render([machines(gallery)], width), *unread]).removesuffix("\n")


def contents(facts: Facts) -> str:
    """Say which rows and problems a run has times of."""
    timings = facts.results.timings
    rows = dict.fromkeys(timing.row for timing in timings)
    problems = dict.fromkeys(f"{one.problem}-{one.dtype}-{one.threads}t" for one in timings)
    return wording.one_line(f"{', '.join(rows) or 'no row'} on {', '.join(problems) or 'nothing'}")


def _reason(loss: Loss, of: int) -> str:
    here = loss.comparisons
    where = "" if len(here) == of else f" on {', '.join(comparison.slug for comparison in here)}"
    return f"{loss.name} {loss.status}{where}: {loss.reason}"


def _notes(found: Changes) -> list[str]:
    notes = [_based(found)] if found.bases else []
    if found.by_times:
        places = ", ".join(f"{change.name} on {change.where}" for change in found.by_times)
        which = f": {places}" if found.bases else ""
        notes.append(f"judged by times alone, which is weaker, for want of a baseline in both runs{which}")
    for name, keys in (("before", found.only_before), ("after", found.only_after)):
        if keys:
            counts = Counter(where for _, where in keys)
            said = ", ".join(f"{where} ({wording.counted(count, 'row')})" for where, count in counts.items())
            notes.append(f"timed {name} only: {said}")
    return notes


def _based(found: Changes) -> str:
    """Name the baseline, or each with its place."""
    several = len(found.bases) > 1
    bases = [f"{base} (on {', '.join(where)})" if several else base for base, where in found.bases.items()]
    return f"baseline: {wording.joined(bases)}, which both runs timed too, so speedups over it decide"


def _run(facts: Facts) -> str:
    machine = facts.environment
    where = f"{machine.cpu}, {wording.counted(machine.cores, 'core')}, {machine.python}"
    return wording.one_line(f"run {facts.run_id}, {facts.results.when[:10]}, {where}")
