"""Any text in LaTeX and BibTeX: escaped, and with places where long names may break."""

import re

_LONG_WORD = 14  # longest word that is never broken


def escape(text: str) -> str:
    """Make any text safe in LaTeX and BibTeX, where pdfLaTeX knows no character beyond Latin-1 and a few."""
    text = re.sub("(?<=[-–])(?=[-–])", _APART, text)
    text = re.sub("(?<=[0-9]) (?=%)", _THIN_SPACE, text)
    return "".join(_escaped(character) for character in text)


def breakable(text: str, most: int = _LONG_WORD) -> str:
    """Escape a text for a narrow box, with places to break names and words of more than `most` letters."""
    long = rf"[^\s_]{{{most + 1},}}"
    text = re.sub(long, lambda found: _BREAK.join(found[0]), text)
    return escape(re.sub(r"_(?=[^\s_])", f"_{_BREAK}", text))


_BREAK = "\u200b"  # a space without width, where a line may end
_APART = "\u2060"  # stands between hyphens that would join to a dash
_THIN_SPACE = "\u202f"
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
    _THIN_SPACE: r"\,",
}


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if " " <= character <= "~" else ("?" if character.isprintable() else " ")
