"""Reports and other pages, each with its tables, figures and numbers in a folder."""

import json
import re
from pathlib import Path
from typing import Any

from reports import figures
from reports.facts import beyond
from reports.facts.changes import Changes
from reports.facts.comparison import Comparison, compare, contest
from reports.facts.gathered import Gallery
from reports.figures import Picture
from reports.files import check_writable, write_file
from reports.pages import changes_page, gallery_page, report_page
from reports.results import Results, parse, run_id
from reports.tables import cite, latex, tables

_EXPORT = re.compile(
    r"(speedup|contest|beyond)\.(csv|md|tex)|cite\.bib|figures\.pdf|roofline-(cuda-)?float(32|64)-\d+\.svg"
    r"|(speedup-python|speedup-numpy|break-even|spread|training)-\d+\.svg"
    r"|(speedup|pays|fastest|scaling|beyond|first-calls)\.svg"
)


def write_report(document: dict[str, Any], folder: Path) -> Path:
    """Write results and report into FOLDER/<run id> and return the path of its page."""
    # By way of text, so that what is hashed is what is read back.
    document = json.loads(json.dumps(document))
    target = folder / run_id(document)
    return write_into(document, target)


def write_into(document: dict[str, Any], folder: Path) -> Path:
    """Write results and report into a folder and return the path of the page; raises BadResults, OSError.

    The results come first: whatever goes wrong later, the numbers are safe.
    """
    check_writable(folder)
    index = folder / "index.html"
    _clear(folder)  # what is of other numbers, beside these, would look whole
    text = json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
    write_file(folder / "results.json", text)
    results = parse(document)
    comparisons = compare(results)
    pictures = figures.draw(results, comparisons)
    files = _exports(results, comparisons, pictures)
    for name, content in files.items():
        write_file(folder / name, content)
    write_file(index, report_page.render(results, comparisons, pictures, {"results.json": text, **files}))
    return index


def _clear(folder: Path) -> None:
    """Remove a report from a folder, its page first, but its results, which may not lie elsewhere."""
    index = folder / "index.html"
    if index.exists():
        index.unlink()
        for path in sorted(folder.iterdir()):
            if _EXPORT.fullmatch(path.name):
                path.unlink()


def _exports(
    results: Results, comparisons: tuple[Comparison, ...], pictures: dict[str, Picture]
) -> dict[str, str | bytes]:
    """Return the tables, figures and citation, by file name."""
    markdown = "\n".join(
        f"### {tables.escape_markdown(comparison.title)}\n\n{tables.as_markdown(comparison)}"
        for comparison in comparisons
    )
    return {
        "speedup.csv": tables.as_csv(comparisons),
        "speedup.md": markdown,
        "speedup.tex": latex.speedups(comparisons, results.run_id),
        **_contest(results, comparisons),
        **_beyond(results, comparisons),
        "cite.bib": cite.bibtex(results),
        "figures.pdf": figures.as_pdf(pictures.values()),
        **{f"{name}.svg": picture.svg for name, picture in pictures.items()},
    }


def _contest(results: Results, comparisons: tuple[Comparison, ...]) -> dict[str, str]:
    if not contest(comparisons):
        return {}
    return {
        "contest.csv": tables.contest_as_csv(comparisons),
        "contest.md": tables.contest_as_markdown(comparisons),
        "contest.tex": latex.contest(comparisons, results.run_id),
    }


def _beyond(results: Results, comparisons: tuple[Comparison, ...]) -> dict[str, str]:
    families = beyond.families(comparisons)
    if not families:
        return {}
    return {
        "beyond.csv": tables.beyond_as_csv(families),
        "beyond.md": tables.beyond_as_markdown(families),
        "beyond.tex": latex.beyond(families, results.run_id),
    }


def write_comparison(changes: Changes, folder: Path) -> Path:
    """Write the page of two runs into a folder and return its path; raises OSError.

    It is no index.html, so that it replaces no report where the folder holds one.
    """
    check_writable(folder)
    page = folder / "comparison.html"
    write_file(page, changes_page.render(changes, figures.of_changes(changes)))
    return page


def write_gallery(found: Gallery, folder: Path) -> Path:
    """Write the page of many runs into a folder, beside a report if there is one, and return its path.

    Raises OSError.
    """
    check_writable(folder)
    page = folder / "gallery.html"
    write_file(page, gallery_page.render(found, folder, figures.of_gallery(found)))
    return page
