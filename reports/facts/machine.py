"""What limits a run's programs and how its machine was set up, in words."""

from reports import wording
from reports.results import Environment


def conditions(environment: Environment) -> dict[str, str]:
    """Return what is known, by its name on the page; empty for a file of a version that recorded nothing."""
    known = environment.conditions
    if known is None:
        return {}
    quota, limit, hypervisor = known.quota_cores, known.memory_limit_bytes, known.hypervisor
    found = {
        "Processor time": None if quota is None else f"of {wording.cores(quota)}, by a quota",
        "Memory limit": None if limit is None else wording.size(limit),
        "Frequency governor": known.governor,
        "Turbo": _switch(known.turbo),
        "SMT": _switch(known.smt),
        "ASLR": _switch(known.aslr),
        "Huge pages": known.huge_pages,
        "Virtual machine": None if hypervisor is None else "yes" if hypervisor else "no",
    }
    return {name: said for name, said in found.items() if said}


def _switch(is_on: bool | None) -> str | None:
    return None if is_on is None else "on" if is_on else "off"
