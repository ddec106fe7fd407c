"""The pages: each one HTML file that needs nothing but itself; they share a style and a script."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import jinja2
from markupsafe import Markup

from reports import wording
from reports.figures import Picture, inlined

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("reports.pages", "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.filters |= {
    "speedup": wording.speedup,
    "power": wording.power,
    "share": wording.share,
    "percent": wording.percent,
    "counted": wording.counted,
    "duration": wording.duration,
    "exponent": wording.exponent,
    "seconds": wording.seconds,
    "threads": wording.threads,
    "time": wording.time,
    "error": wording.error,
    "number": wording.number,
    "significant": wording.significant,
}
_SCRIPT = _TEMPLATES.get_template("page.js").render()
# A page runs this script and no other, whatever text is in a results file.
_TEMPLATES.globals |= {
    "script": Markup(_SCRIPT),
    "script_hash": f"sha256-{base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()}",
}


def render(template: str, pictures: Iterable[Picture], files: Sequence[str] = (), **held: Any) -> str:
    """Render a page from its template and what it is to show; `files` are the names of the files in it."""
    pictures = list(pictures)
    svgs, style = inlined(pictures)
    return _TEMPLATES.get_template(template).render(
        figures={picture.name: (picture, Markup(svgs[picture.name])) for picture in pictures},
        figure_style=Markup(style),
        files=files,
        **held,
    )
