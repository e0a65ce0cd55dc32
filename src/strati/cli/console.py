"""Where commands print for people: one rule for the width of all of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

UNKNOWN = 80  # columns, where standard output is no terminal


def open_console(unknown: int = UNKNOWN) -> Console:
    """Standard output, as wide as the terminal; `unknown` columns where it is a file or a pipe."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else unknown, highlight=False)
