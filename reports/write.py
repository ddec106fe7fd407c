"""Reports and other pages, each with its tables, figures and numbers in a folder."""

import json
from pathlib import Path
from typing import Any

from reports import figures
from reports.facts.facts import Facts
from reports.files import check_writable, write_file
from reports.pages import changes_page, gallery_page, report_page
from reports.reading import parse, run_id
from reports.report_folder import PAGE, RESULTS, check_free
from reports.runs.changes import Changes
from reports.runs.gathered import Gallery
from reports.tables.exports import exports


def write_report(document: dict[str, Any], folder: Path) -> Path:
    """Write results and report into FOLDER/<run id> and return the path of its page; raises OSError."""
    # By way of text, so that what is hashed is what is read back.
    document = json.loads(json.dumps(document))
    return write_into(document, folder / run_id(document))


def write_into(document: dict[str, Any], folder: Path) -> Path:
    """Write results and report into a folder and return the path of the page.

    Raises Occupied if the folder contains another run, BadResults, OSError. The results come first, so that
    the numbers are safe if something goes wrong later.
    """
    check_writable(folder)
    check_free(folder, run_id(document))
    index = folder / PAGE
    index.unlink(missing_ok=True)  # an unfinished report must not look whole
    text = json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
    write_file(folder / RESULTS, text)
    facts = Facts(parse(document))
    pictures = figures.draw(facts)
    files: dict[str, str | bytes] = {
        **exports(facts),
        "figures.pdf": figures.as_pdf(pictures.values()),
        **{f"{name}.svg": picture.svg for name, picture in pictures.items()},
    }
    for name, content in files.items():
        write_file(folder / name, content)
    write_file(index, report_page.render(facts, pictures, {RESULTS: text, **files}))
    return index


def write_comparison(changes: Changes, folder: Path) -> Path:
    """Write the page of two runs into a folder and return its path; raises OSError.

    It is no index.html, so that it replaces no report in the same folder.
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
