"""Where commands print for people: one rule for the width of all of them."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

UNKNOWN = 80  # columns, where standard output is no terminal


def open_console() -> Console:
    """Standard output, as wide as the terminal; 80 columns where it is a file or a pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else UNKNOWN, highlight=False)


def hung(text: str, indent: int, width: int = UNKNOWN) -> str:
    """Lines of at most `width` columns; all but the first are set in."""
    joined = text.replace(" %", "\N{NO-BREAK SPACE}%")
    lines = textwrap.wrap(joined, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")
