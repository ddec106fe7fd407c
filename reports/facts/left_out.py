"""What has no time, and why: each reason once."""

from dataclasses import dataclass

from reports.facts.comparison import Comparison


@dataclass(frozen=True)
class Loss:
    """A row without a time, or without that of one process, and where that was so."""

    name: str
    status: str
    reason: str
    comparisons: list[Comparison]


def left_out(comparisons: tuple[Comparison, ...]) -> list[Loss]:
    """Return what was not measured, each reason once, with the comparisons it holds for."""
    found: dict[tuple[str, str, str], Loss] = {}
    for comparison in comparisons:
        for line in comparison.lines:
            losses = [(f"{entry.status} in process {entry.process}", entry.reason) for entry in line.lost]
            if line.reason is not None:
                losses = [(line.status, line.reason)]
            for status, reason in losses:
                loss = found.setdefault((line.name, status, reason), Loss(line.name, status, reason, []))
                loss.comparisons.append(comparison)
    return list(found.values())
