"""The report of one results file."""

from typing import Any

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from reports import cite, claims, pages, tables
from reports.figures import Picture
from reports.findings import (
    NUMPY,
    PYTHON,
    Comparison,
    contest,
    counted,
    left_out,
    too_fast,
    verdict,
)
from reports.noise import busy, disturbed_share, drift, not_citable, twins
from reports.results import Results, Row

_CODE = HtmlFormatter(nowrap=True)


def render(results: Results, comparisons: tuple[Comparison, ...], pictures: dict[str, Picture]) -> str:
    """Render the page; every number and sentence in it comes from the results."""
    drawn = [comparison for comparison in comparisons if comparison.has_speedups]
    return pages.render(
        "report.html",
        results=results,
        run=results.run,
        busy=busy(results),
        not_citable=not_citable(results, comparisons),
        twins=twins(results),
        disturbed=disturbed_share(results.timings),
        drift=drift(results.timings),
        environment=results.environment,
        comparisons=comparisons,
        verdict=verdict(comparisons),
        too_fast=too_fast(comparisons),
        contest=contest(comparisons),
        contest_summary=tables.contest_summary(comparisons),
        ours=[row.name for row in results.run.rows if row.side == "ours"],
        peers=[row.name for row in results.run.rows if row.side == "peer"],
        roofline=pictures.get("roofline"),
        lit=[comparison for comparison in comparisons if comparison.light and comparison.measured],
        columns=tables.COLUMNS,
        cells=tables.cells,
        naming=tables.NAMING,
        speedups=[(comparison, pictures[f"speedup-{place}"]) for place, comparison in enumerate(drawn)],
        scaling=pictures.get("scaling"),
        speed_claims=claims.answer_speed(comparisons),
        code_claims=claims.answer_code(results),
        notes=claims.SOURCE,
        originals=claims.ORIGINALS,
        agreement=[
            comparison
            for comparison in comparisons
            if any(line.error is not None for line in comparison.lines)
        ],
        left_out=left_out(comparisons),
        sources=[_source(row) for row in results.run.rows if row.source],
        spreads=[comparison for comparison in comparisons if comparison.measured],
        python=PYTHON,
        numpy=NUMPY,
        bibtex=cite.bibtex(results),
        citation=cite.sentence(results),
    )


def _source(row: Row) -> dict[str, Any]:
    return {
        "row": row,
        "count": counted(row),
        "html": _highlighted(row.source),
        "compiled": _highlighted(row.compiles) if row.compiles else None,
    }


def _highlighted(code: str) -> Markup:
    # Pygments escapes what it highlights, so its markup may enter the page as it is.
    return Markup(highlight(code, PythonLexer(), _CODE))
