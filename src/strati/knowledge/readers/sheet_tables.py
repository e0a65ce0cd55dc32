"""Rows of cells as tables of a document: empty rows part tables, a row of words above other rows names the columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.locator import Locator


def write_tables(made: DocumentBuilder, rows: Iterable[Sequence[str]], at: Callable[[int, int], Locator]) -> None:
    """Write rows (a grid of texts, "" for empty cells); `at` gives the place of a row and column, both from 0."""
    table: list[tuple[int, Sequence[str]]] = []
    for number, row in enumerate(rows):
        if any(row):
            table.append((number, row))
        elif table:
            _write(made, table, at)
            table = []
    if table:
        _write(made, table, at)


def cell_name(row: int, column: int) -> str:
    """The name of a cell, from its row and column counted from 0.

    >>> cell_name(1, 0), cell_name(0, 26), cell_name(9, 701)
    ('A2', 'AA1', 'ZZ10')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: two or more different words, as many as the rows below need.

    >>> names_columns([["Name", "Age"], ["Ada", "36"]]), names_columns([["3", "4"], ["5", "6"]])
    (True, False)
    """
    if len(rows) < 2:
        return False
    cells = [cell for cell in rows[0] if cell]
    widest = max(sum(1 for cell in row if cell) for row in rows[1:20])
    return (
        len(cells) >= 2
        and len(cells) >= 0.6 * widest
        and len(set(cells)) == len(cells)
        and not any(map(is_number, cells))
    )


def is_number(text: str) -> bool:
    """Whether a cell holds a number, an amount or a date in figures.

    >>> is_number("1,200.50"), is_number("$3"), is_number("2024-01-31"), is_number("Q1")
    (True, True, True, False)
    """
    return any(character.isdigit() for character in text) and not any(character.isalpha() for character in text)


def _write(made: DocumentBuilder, table: list[tuple[int, Sequence[str]]], at: Callable[[int, int], Locator]) -> None:
    """One table; a single cell above it (its title) is a row of its own without a header."""
    while len(table) > 1 and sum(1 for cell in table[0][1] if cell) == 1 and _width(table[1:]) > 1:
        made.table([_cells(*table.pop(0), at)], header=False)
    first = min(next(place for place, cell in enumerate(row) if cell) for _, row in table)
    header = names_columns([row for _, row in table[:21]])
    made.table((_cells(number, row, at, first) for number, row in table), header=header)


def _width(table: Sequence[tuple[int, Sequence[str]]]) -> int:
    return max(sum(1 for cell in row if cell) for _, row in table[:20])


def _cells(
    number: int, row: Sequence[str], at: Callable[[int, int], Locator], first: int = 0
) -> list[tuple[str, Locator | None]]:
    last = max(place for place, cell in enumerate(row) if cell)
    return [(row[place], at(number, place) if row[place] else None) for place in range(first, last + 1)]
