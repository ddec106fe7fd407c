"""How to cite a run: by its id, which is a hash of the results and so stands for these very numbers."""

from reports import wording
from reports.facts.citation import Citation
from reports.tables.tex import breakable, escape

_VERSION = 20  # most characters of a version


def bibtex(citation: Citation) -> str:
    """Return an entry for one run, which BibTeX and biber read alike."""
    version = escape(wording.shortened(citation.version, _VERSION))
    return (
        f"@misc{{zeroloop-{citation.run_id},\n"
        "  author       = {{The zeroloop authors}},\n"
        "  title        = {{zeroloop: one gradient step of logistic regression, measured}},\n"
        f"  year         = {{{citation.year}}},\n"
        f"  howpublished = {{zeroloop {version}, run {citation.run_id}}},\n"
        f"  note         = {{Measured on {escape(citation.date)} on {breakable(citation.machine)}}}\n"
        "}\n"
    )


def sentence(citation: Citation) -> str:
    """Return the same as plain text."""
    return (
        f"The zeroloop authors. zeroloop: one gradient step of logistic regression, measured. "
        f"zeroloop {citation.version}, run {citation.run_id}, "
        f"measured on {citation.date} on {citation.machine}."
    )
