"""Text for a terminal: what Rich draws, without colour, and paragraphs."""

import io
import textwrap

from rich.console import Console
from rich.table import Table

from reports import wording


def printed(table: Table, width: int) -> str:
    """Return a table of Rich as plain text, without the blanks that it pads lines with."""
    console = Console(
        file=io.StringIO(), width=width, color_system=None, highlight=False, markup=False, emoji=False
    )
    with console.capture() as text:
        console.print(table)
    return "\n".join(line.rstrip() for line in text.get().splitlines() if line.strip())


def filled(text: str, width: int = 80) -> str:
    """Return any text as a paragraph whose lines after the first are indented."""
    return textwrap.fill(wording.one_line(text), width, subsequent_indent="  ", break_on_hyphens=False)
