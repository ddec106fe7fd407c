"""How to cite a run: by its id, which is a hash of the results and so stands for these very numbers."""

from reports.results import Results


def bibtex(results: Results) -> str:
    """A BibTeX entry for one run."""
    date = _plain(results.when[:10])
    return (
        f"@misc{{zeroloop-{results.run_id},\n"
        "  author       = {{The zeroloop authors}},\n"
        "  title        = {{zeroloop: one gradient step of logistic regression, measured}},\n"
        f"  year         = {{{date[:4]}}},\n"
        f"  howpublished = {{zeroloop {_plain(results.run.version)}, run {results.run_id}}},\n"
        f"  note         = {{Measured on {date}}}\n"
        "}\n"
    )


def sentence(results: Results) -> str:
    """The same as plain text."""
    return (
        f"The zeroloop authors. zeroloop: one gradient step of logistic regression, measured. "
        f"zeroloop {results.run.version}, run {results.run_id}, {results.when[:10]}."
    )


def _plain(text: str) -> str:
    return "".join(character for character in text if character.isalnum() or character in ".-+")
