"""The report of one results file."""

import base64
import gzip
import json
import re
from typing import Any

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from reports import figures, pages
from reports.facts import claims
from reports.facts.comparison import NUMPY, PYTHON
from reports.facts.compiling import compiling_beside_numpy
from reports.facts.facts import Facts
from reports.facts.intervals import Interval
from reports.facts.machine import conditions
from reports.facts.sizes import Series
from reports.facts.sources import counted
from reports.figures import Picture
from reports.results import Row
from reports.tables import cite
from reports.tables.contest_table import ON_PAGE, contest
from reports.tables.speedup_table import speedups
from reports.tables.ways_table import WIDE, ways

_CODE = HtmlFormatter(nowrap=True)
# Tokens that the page's style shows like the rest: spans around them would be most of a page.
_UNSTYLED = re.compile(r'<span class="(?!(?:k|kn|kc|ow|s1|s2|sd|c1|mi|mf|nf|nd)")\w+">([^<]*)</span>')
_MOST_SETTINGS = 8  # with more, a page opens with the first alone
# Sections in their order, with their names in the navigation.
_SECTIONS = {
    "speedup": "Speedup",
    "tables": "Tables",
    "contest": "Contest",
    "claims": "The notes’ claims",
    "pays": "Where it pays",
    "scaling": "Scaling",
    "beyond": "Past one core",
    "roofline": "Speed of light",
    "compiling": "Compiling",
    "agreement": "Agreement",
    "code": "Code",
    "training": "Training",
    "noise": "Noise",
    "left-out": "Left out",
    "environment": "Environment",
    "reading": "Understanding this",
    "cite": "Cite",
}


def render(facts: Facts, pictures: dict[str, Picture], files: dict[str, str | bytes]) -> str:
    """Render the page; every number and sentence in it comes from the results.

    `files` are those that lie beside the page, by name; the page contains them too, so that it can be sent
    alone.
    """
    held = _held(facts)
    return pages.render(
        "report.html",
        pictures.values(),
        list(files),
        **held,
        sections={name: title for name, title in _SECTIONS.items() if _has(name, held, pictures)},
        bases=figures.BASES,
        shown_bases=[
            b
            for b, short in figures.BASES.items()
            if any(n.startswith(f"speedup-{short}-") for n in pictures)
        ],
        latex=files.get("speedup.tex", ""),
        bundle=_bundle(files),
    )


def _held(facts: Facts) -> dict[str, Any]:
    """Return what the page shows, without figures and files."""
    comparisons, rows = facts.comparisons, facts.run.rows
    return {
        "results": facts.results,
        "run": facts.run,
        "busy": facts.busy,
        "not_citable": facts.not_citable,
        "citable_ratios": facts.citable_ratios,
        "twins": facts.twins,
        "widest_twin": facts.widest_twin,
        "disturbed": facts.disturbed,
        "drift": facts.drift,
        "environment": facts.environment,
        "conditions": conditions(facts.environment),
        "gpu": facts.citation.gpu,
        "comparisons": comparisons,
        "opening": "all" if len(comparisons) <= _MOST_SETTINGS else comparisons[0].slug,
        "verdict": facts.verdict,
        "too_fast": facts.too_fast,
        "speedup_tables": speedups(facts),
        "contest": next(iter(contest(facts)), None),
        "contest_columns": ON_PAGE,
        "ours": [row.name for row in rows if row.side == "ours"],
        "aim": facts.aim,
        "peers": [row.name for row in rows if row.side == "peer"],
        "lit": [comparison for comparison in comparisons if comparison.lights and comparison.measured],
        "speed_claims": facts.speed_claims,
        "code_claims": facts.code_claims,
        "size_claim": facts.size_claim,
        "notes": claims.SOURCE,
        "originals": claims.ORIGINALS,
        "series": facts.series,
        "families": facts.families,
        "way_tables": ways(facts),
        "way_columns": ("row / threads", *WIDE[1:]),
        "breaks_even": any(map(compiling_beside_numpy, comparisons)),
        "growths": [(row.name, found) for row in rows if any(found := _growth(facts.series, row.name))],
        "agreement": [one for one in comparisons if any(line.error is not None for line in one.lines)],
        "courses": facts.courses,
        "left_out": facts.left_out,
        "sources": [_source(row) for row in rows if row.source],
        "spreads": [comparison for comparison in comparisons if comparison.measured],
        "python": PYTHON,
        "numpy": NUMPY,
        "bibtex": cite.bibtex(facts.citation),
        "citation": cite.sentence(facts.citation),
    }


def _has(section: str, held: dict[str, Any], pictures: dict[str, Picture]) -> bool:
    """Return whether the results have data for a section."""
    drawn = {
        "speedup": "speedup-",
        "scaling": "scaling",
        "beyond": "beyond",
        "roofline": "roofline-",
        "training": "training-",
    }
    if section in drawn:
        return _drawn(drawn[section], pictures)
    needs = {
        "pays": _drawn("pays", pictures) or _drawn("fastest", pictures),
        "contest": held["contest"],
        "claims": held["speed_claims"] or held["code_claims"],
        "compiling": "first-calls" in pictures,
        "agreement": held["agreement"],
        "code": held["sources"],
        "noise": held["run"].plan,
        "left-out": held["left_out"],
    }
    return bool(needs.get(section, True))


def _source(row: Row) -> dict[str, Any]:
    return {
        "row": row,
        "counts": counted(row),
        "html": _highlighted(row.source),
        "helpers": [
            (said, _highlighted(code))
            for said, code in (
                ("A step runs, in other files:", row.helpers),
                ("Only prepare runs, in other files:", row.prepare_helpers),
            )
            if code
        ],
    }


def _drawn(start: str, pictures: dict[str, Picture]) -> bool:
    return any(name.startswith(start) for name in pictures)


def _growth(series: list[Series], row: str) -> list[Interval | None]:
    return [one.exponent(row) for one in series]


def _highlighted(code: str) -> Markup:
    # Pygments escapes what it highlights, so its markup may enter the page as it is.
    return Markup(_UNSTYLED.sub(r"\1", highlight(code, PythonLexer(), _CODE)))


def _bundle(files: dict[str, str | bytes]) -> str:
    """Pack the files into text: gzip's, of JSON with the content of each in base64 where it is no text."""
    contents = {
        name: content if isinstance(content, str) else [base64.b64encode(content).decode()]
        for name, content in files.items()
    }
    packed = gzip.compress(json.dumps(contents).encode(), mtime=0)
    return base64.b64encode(packed).decode()
