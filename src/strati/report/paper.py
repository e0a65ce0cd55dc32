"""A terminal as a sheet of paper: 80 columns at most, no markup, ASCII where the encoding is not UTF-8."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 80
ASCII = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "…": "...", "·": "|", "“": '"', "”": '"', "‘": "'", "’": "'", "×": "x"}
    | {"≥": ">=", "≤": "<=", "→": "->", "\u00a0": " ", "\u202f": " ", "�": "?"}
)


class Column(NamedTuple):
    """The width of a column in cells, and the side its text stands at."""

    width: int
    side: Literal["left", "right"] = "left"


class Paper:
    """Prints texts, rows and headings on a console."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = min(WIDTH, console.width)
        self.encoding = console.encoding or "ascii"
        self.unicode = self.encoding.lower().replace("_", "-").startswith("utf")

    def heading(self, text: str) -> None:
        """A heading after a blank line, with a rule behind it."""
        from rich.rule import Rule
        from rich.text import Text

        title = Text(self._say(text), style="bold")
        line = Rule(title, characters="─" if self.unicode else "-", align="left", style="dim")
        self.console.print()
        if title.cell_len + 2 > self.width:
            self.console.print(title, width=self.width)
        else:
            self.console.print(line, width=self.width)

    def text(self, text: str, indent: int = 0, style: str = "", above: bool = False) -> None:
        """A paragraph; nothing for an empty one. `above` puts a blank line before it."""
        from rich.padding import Padding
        from rich.text import Text

        if text:
            if above:
                self.console.print()
            paragraph = Text(self._say(text), style=style)
            self.console.print(Padding(paragraph, (0, 0, 0, indent), expand=False), width=self.width)

    def bullets(self, texts: Iterable[str]) -> None:
        """A list, one text an entry."""
        for text in texts:
            self.row(["", "•" if self.unicode else "*", text], (Column(1), Column(1), Column(self.width - 5)))

    def row(
        self, cells: Sequence[str], columns: Sequence[Column], style: str = "", gap: int = 1, indent: int = 0
    ) -> None:
        """One row of cells. A long cell goes on below itself; the last column takes no more room than it needs."""
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, gap, 0, 0))
        for column in columns[:-1]:
            grid.add_column(width=column.width, justify=column.side, overflow="fold")
        grid.add_column(max_width=columns[-1].width, overflow="fold")
        grid.add_row(*(Text(self._say(cell), style=style) for cell in cells))
        self.console.print(Padding(grid, (0, 0, 0, indent), expand=False), width=self.width)

    def _say(self, text: str) -> str:
        if self.unicode:
            return text
        return text.translate(ASCII).encode(self.encoding, "replace").decode(self.encoding)
