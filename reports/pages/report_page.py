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
from reports.facts import beyond, claims, learning, noise, sizes
from reports.facts.comparison import (
    NUMPY,
    PYTHON,
    Comparison,
    contest,
    counted,
    gpu_of,
    left_out,
    too_fast,
    verdict,
)
from reports.facts.intervals import Interval
from reports.figures import Picture
from reports.figures.start import starting_beside_numpy
from reports.results import Results, Row
from reports.tables import cite, tables

_CODE = HtmlFormatter(nowrap=True)
# What the page's style does not set apart: spans around such tokens would be most of a page.
_UNSTYLED = re.compile(r'<span class="(?!(?:k|kn|kc|ow|s1|s2|sd|c1|mi|mf|nf|nd)")\w+">([^<]*)</span>')
_MOST_SETTINGS = 8  # that a page shows at once as it opens; of more, the first
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


def render(
    results: Results,
    comparisons: tuple[Comparison, ...],
    pictures: dict[str, Picture],
    files: dict[str, str | bytes],
) -> str:
    """Render the page; every number and sentence in it comes from the results.

    The files, by name, are those that lie beside the page; it holds them too, so that it can be sent alone.
    """
    held = _held(results, comparisons)
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


def _held(results: Results, comparisons: tuple[Comparison, ...]) -> dict[str, Any]:
    """Return what the page shows, less figures and files."""
    series = sizes.series(comparisons)
    return {
        "results": results,
        "run": results.run,
        "busy": noise.busy(results),
        "not_citable": noise.not_citable(results, comparisons),
        "twins": noise.twins(results),
        "widest_twin": noise.widest_twin(comparisons),
        "disturbed": noise.disturbed_share(results.timings),
        "drift": noise.drift(results.timings),
        "environment": results.environment,
        "gpu": gpu_of(results),
        "comparisons": comparisons,
        "opening": "all" if len(comparisons) <= _MOST_SETTINGS else comparisons[0].slug,
        "verdict": verdict(comparisons),
        "too_fast": too_fast(comparisons),
        "contest": contest(comparisons),
        "contest_summary": tables.contest_summary(comparisons),
        "ours": [row.name for row in results.run.rows if row.side == "ours"],
        "peers": [row.name for row in results.run.rows if row.side == "peer"],
        "lit": [comparison for comparison in comparisons if comparison.lights and comparison.measured],
        "columns": tables.COLUMNS,
        "cells": tables.cells,
        "naming": tables.NAMING,
        "speed_claims": claims.answer_speed(comparisons),
        "code_claims": claims.answer_code(results),
        "size_claim": claims.answer_size(comparisons),
        "notes": claims.SOURCE,
        "originals": claims.ORIGINALS,
        "series": series,
        "families": [(family, beyond.verdict(family)) for family in beyond.families(comparisons)],
        "way_columns": tables.BEYOND,
        "breaks_even": any(map(starting_beside_numpy, comparisons)),
        "growths": [(row.name, found) for row in results.run.rows if any(found := _growth(series, row.name))],
        "agreement": [one for one in comparisons if any(line.error is not None for line in one.lines)],
        "courses": learning.courses(results),
        "left_out": left_out(comparisons),
        "sources": [_source(row) for row in results.run.rows if row.source],
        "spreads": [comparison for comparison in comparisons if comparison.measured],
        "python": PYTHON,
        "numpy": NUMPY,
        "bibtex": cite.bibtex(results),
        "citation": cite.sentence(results),
    }


def _has(section: str, held: dict[str, Any], pictures: dict[str, Picture]) -> bool:
    """Tell whether the results have data for a section."""
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
        "count": counted(row),
        "html": _highlighted(row.source),
        "compiled": _highlighted(row.compiles) if row.compiles else None,
    }


def _drawn(start: str, pictures: dict[str, Picture]) -> bool:
    return any(name.startswith(start) for name in pictures)


def _growth(series: list[sizes.Series], row: str) -> list[Interval | None]:
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
