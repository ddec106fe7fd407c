"""How to cite a run: by its id, which is a hash of the results and so stands for these very numbers."""

from reports import wording
from reports.facts.comparison import gpu_of
from reports.results import Results
from reports.tables import latex

_VERSION, _MODEL = 20, 80  # the most characters that a citation takes, of a processor or GPU too


def bibtex(results: Results) -> str:
    """An entry for one run, which BibTeX and biber take alike."""
    year, date = results.when[:4], latex.escape(results.when[:10])
    version = latex.escape(wording.shortened(results.run.version, _VERSION))
    return (
        f"@misc{{zeroloop-{results.run_id},\n"
        "  author       = {{The zeroloop authors}},\n"
        "  title        = {{zeroloop: one gradient step of logistic regression, measured}},\n"
        f"  year         = {{{year if year.isdecimal() and year.isascii() else ''}}},\n"
        f"  howpublished = {{zeroloop {version}, run {results.run_id}}},\n"
        f"  note         = {{Measured on {date} on {latex.breakable(_machine(results))}}}\n"
        "}\n"
    )


def sentence(results: Results) -> str:
    """The same as plain text."""
    return (
        f"The zeroloop authors. zeroloop: one gradient step of logistic regression, measured. "
        f"zeroloop {results.run.version}, run {results.run_id}, "
        f"measured on {results.when[:10]} on {_machine(results)}."
    )


def _machine(results: Results) -> str:
    cpu, gpu = (
        wording.shortened(" ".join((name or "").split()), _MODEL)
        for name in (results.environment.cpu, gpu_of(results))
    )
    cores = wording.counted(results.environment.cores, "core")
    return f"{cpu}, {cores}{f', and {gpu}' if gpu else ''}"
