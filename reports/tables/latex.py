r"""The speedup table and the contest as LaTeX, for a document that loads booktabs and nothing else.

They are as wide as a line of a plain article, so they stand in `table*`, which is the same as `table` where
there is one column of text and spans both where there are two.
"""

import re
from dataclasses import replace

from reports import wording
from reports.facts import comparison as facts
from reports.facts.beyond import Family, Way
from reports.facts.comparison import Comparison, Entrant, Line, Match
from reports.tables import tables

_ON_PAPER = (*tables.COLUMNS[: tables.NAMING], tables.STEP, *tables.COLUMNS[4:6])  # as many as a line takes
_PLAIN = 4  # of them, the first, are one column; a speedup and its interval are two
_USE = "% For a document that says \\usepackage{booktabs}; \\ref{tab:...} takes the label of a table.\n"
_NAME, _REASON = 40, 160  # the most characters that are shown of them
_BESIDE = 19  # the most characters of a row's name in one line; a longer one stands in a box,
_NARROW = 14  # and so does a problem's beside two rows
_WORD, _LONG_WORD = 10, 14  # the longest words that are never broken, in such a box and in a wider one


def speedups(comparisons: tuple[Comparison, ...], run_id: str) -> str:
    """All comparisons, a table each, with a label that no other run's tables have."""
    shown = [_shown(comparison) for comparison in comparisons]
    labels: list[str] = []
    for comparison in shown:
        plain = label = re.sub(r"[^a-zA-Z0-9]+", "-", comparison.slug)
        number = 1
        while label in labels:  # of names that differ only in what a label cannot hold
            number += 1
            label = f"{plain}-{number}"
        labels.append(label)
    headings = [escape(column.heading) for column in _ON_PAPER]
    written = [
        _table(
            caption=f"One gradient step of logistic regression on {breakable(comparison.title, _WORD)}. "
            rf"Brackets: 95\,\% intervals; bold: fastest, or not separated from it. zeroloop run {run_id}.",
            label=f"{run_id}-{label}",
            columns=f"l{'r' * (_PLAIN - 1)}{_SPLIT * (len(_ON_PAPER) - _PLAIN)}",
            heading=[
                _cells(
                    *headings[:_PLAIN], *(rf"\multicolumn{{2}}{{c}}{{{one}}}" for one in headings[_PLAIN:])
                )
            ],
            rows=[_row(line) for line in comparison.lines],
        )
        for comparison, label in zip(shown, labels, strict=True)
    ]
    return _USE + "\n".join(written) if written else ""


def contest(comparisons: tuple[Comparison, ...], run_id: str) -> str:
    """The contest, two lines a match, with its means in the caption; empty without a match."""
    matches = facts.contest(comparisons)
    if not matches:
        return ""
    return _USE + _table(
        caption="Our fastest row against the fastest peer, in one gradient step of logistic regression. "
        rf"Brackets: 95\,\% intervals. {escape(tables.contest_summary(comparisons))} "
        f"zeroloop run {run_id}.",
        label=f"{run_id}-contest",
        columns="llrlrrr",
        heading=[
            _cells("problem", "ours", "step", "best peer", "step", "times", "share"),
            _cells("dtype", "threads", "prepare", "threads", "", "as fast", "of light"),
        ],
        rows=[line for match in matches for line in (r"\addlinespace", *_match(match))][1:],
    )


def beyond(families: list[Family], run_id: str) -> str:
    """What it takes to go past one core and one memory, a table for each n_x and dtype, two lines a way."""
    written = [
        _table(
            caption="One gradient step of logistic regression past one core and one memory, "
            f"{breakable(wording.shortened(family.title, 2 * _NAME), _WORD)}. Overhead is what a step takes "
            "beyond its share that grows with m; times, rates and ratios hold for the largest data. "
            rf"Brackets: 95\,\% intervals. zeroloop run {run_id}.",
            label=f"{run_id}-beyond-{place}",
            columns="lrrrrrl",
            heading=[
                _cells("way", "overhead", "$10^6$", "X read", "over", "over", "faster than fused,"),
                _cells("", "", "examples", "", "fused", "chunks", "1 thread, about"),
            ],
            rows=[line for way in family.ways for line in (r"\addlinespace", *_way(way))][1:],
        )
        for place, family in enumerate(families)
    ]
    return _USE + "\n".join(written)


def escape(text: str) -> str:
    """Make any text safe in LaTeX and BibTeX, where pdfLaTeX knows no character beyond Latin-1 and a few."""
    return "".join(_escaped(character) for character in re.sub("(?<=[-–])(?=[-–])", _APART, text))


def breakable(text: str, most: int = _LONG_WORD) -> str:
    """A text for a box of some width: escaped, and with places to break names and long words at."""
    long = rf"[^\s_]{{{most + 1},}}"
    text = re.sub(long, lambda found: _BREAK.join(found[0]), text)
    return escape(re.sub(r"_(?=[^\s_])", f"_{_BREAK}", text))


_SPLIT = r"r@{\,}l"
_BREAK = "\u200b"  # a place where a line may end: a space without width
_APART = "\u2060"  # between hyphens that would join to a dash
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",  # \{ would be a brace to BibTeX, which counts them
    "}": r"\textbraceright{}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",  # after \\ a bracket would open an optional argument,
    "]": "{]}",
    "*": "{*}",  # and a star would be taken for part of the command
    "`": "{}`{}",  # ?` would be a question mark upside down
    '"': "''",
    "–": "--",
    "×": r"$\times$",
    "µ": r"$\mu$",
    "−": "$-$",
    "·": r"$\cdot$",
    **{raised: rf"\textsuperscript{{{digit}}}" for digit, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    "…": r"\dots{}",
    _BREAK: r"\allowbreak{}",
    _APART: "{}",
}


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if " " <= character <= "~" else ("?" if character.isprintable() else " ")


def _table(caption: str, label: str, columns: str, heading: list[str], rows: list[str]) -> str:
    return "\n".join(
        [
            r"\begin{table*}",
            # Names without a space to break at would run into the margin of a caption that is not sloppy.
            r"  \centering\scriptsize\sloppy\setlength{\tabcolsep}{3pt}",
            rf"  \caption{{{caption}}}",
            rf"  \label{{tab:zeroloop-{label}}}",
            r"  \medskip",  # a plain article sets captions as if they stood below
            rf"  \begin{{tabular}}{{@{{}}{columns}@{{}}}}",
            r"    \toprule",
            *(f"    {line}" for line in heading),
            r"    \midrule",
            *(f"    {line}" for line in rows),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table*}",
            "",
        ]
    )


def _row(line: Line) -> str:
    name, *texts = [column.text(line) for column in _ON_PAPER]
    first = rf"\textbf{{{_named(name)}}}" if line.fastest else _named(name)
    if line.step_s:
        plain, speedups = texts[: _PLAIN - 1], texts[_PLAIN - 1 :]
        return _cells(first, *map(escape, plain), *(part for text in speedups for part in _split(text)))
    reason = breakable(wording.shortened(f"{line.status}: {line.reason}", _REASON))
    span = _PLAIN - tables.NAMING + 2 * (len(_ON_PAPER) - _PLAIN)
    across = rf"\multicolumn{{{span}}}{{p{{20em}}@{{}}}}{{\raggedright {reason}}}"
    return _cells(first, *map(escape, texts[: tables.NAMING - 1]), across)


def _match(match: Match) -> tuple[str, str]:
    *_, prepare, step, _, rivals_step, _, share = map(escape, tables.contest_cells(match))
    ours, rival = _named(match.ours.line.name), _named(match.rival.line.name)
    problem, dtype = _named(match.problem.name, _NARROW), _named(match.dtype, _NARROW)
    estimate, interval = _split(wording.speedup(match.ratio))
    return (
        _cells(problem, ours, step, rival, rivals_step, estimate, share),
        _cells(dtype, _threads(match.ours), prepare, _threads(match.rival), "", interval, ""),
    )


def _way(way: Way) -> tuple[str, str]:
    texts = {column.field: column.text(way) for column in tables.BEYOND}
    shown = ("overhead_s", "million_s", "bytes_per_s", "over_fused", "over_chunks")  # as a line takes
    estimates, intervals = zip(*(_parted(texts[field]) for field in shown), strict=True)
    since, *until = re.split("(?<!not) (?=up to)", texts["lead"].replace("about ", ""))
    return (
        _cells(_named(way.row), *estimates, escape(since)),
        _cells(escape(way.many), *intervals, *map(escape, until or [""])),
    )


def _parted(text: str) -> tuple[str, str]:
    """What was measured, and its interval in smaller type, for the line below."""
    estimate, _, interval = text.partition(" [")
    return escape(estimate), rf"{{\tiny {escape(f'[{interval}')}}}" if interval else ""


def _cells(*texts: str) -> str:
    return rf"{' & '.join(texts)} \\"


def _threads(entrant: Entrant) -> str:
    return escape(wording.threads(entrant.threads))


def _split(speedup: str) -> tuple[str, str]:
    """A speedup, and its interval in smaller type."""
    estimate, _, interval = speedup.partition(" ")
    return escape(estimate), rf"{{\tiny {escape(interval)}}}" if interval else ""


def _named(name: str, most: int = _BESIDE) -> str:
    if len(name) <= most:
        return escape(name)
    return rf"\parbox[t]{{8em}}{{\raggedright {breakable(wording.shortened(name, _NAME), _WORD)}\strut}}"


def _shown(comparison: Comparison) -> Comparison:
    problem = replace(comparison.problem, name=wording.shortened(comparison.problem.name, _NAME))
    return replace(comparison, problem=problem, dtype=wording.shortened(comparison.dtype, _NAME))
