"""Which columns hold the input and the label, when the user does not say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from strati.core.errors import DataError
from strati.data.data import Peek
from strati.data.files.table import listed

_LABEL_NAMES = ("label", "labels", "intent", "category", "class", "target", "sentiment", "emotion", "topic", "tag", "y")
_INPUT_NAMES = ("text", "sentence", "utterance", "message", "content", "body", "question", "tweet", "review", "input")
_LABEL_LENGTH = 60  # characters; a longer value is hardly a label
_MOST_LABELS = 200


class Guess(NamedTuple):
    """The input columns, the label column, and why, in words."""

    inputs: tuple[str, ...]
    label: str
    reason: str


def only_column(columns: Sequence[str], name: str) -> tuple[str, ...]:
    """The column of a file that has one; raises `DataError` with the columns where there are several."""
    if len(columns) == 1:
        return tuple(columns)
    raise DataError(f"{name}: which column holds the input? Say --input COLUMN; its columns are: {listed(columns)}")


def guess_columns(peek: Peek) -> Guess:
    """The likely input and label columns. Raises `DataError` with the columns and the flags where it is not clear."""
    if len(peek.columns) < 2:
        raise DataError(
            f"the file has one column ({listed(peek.columns)}), expected at least an input and a label: "
            "is the delimiter one of comma, tab, semicolon or bar?"
        )
    label, why_label = _label(peek)
    text, why_text = _input(peek, label)
    return Guess((text,), label, f"label: {label!r}, {why_label}; input: {text!r}, {why_text}")


def _label(peek: Peek) -> tuple[str, str]:
    declared = [column for column, role in peek.roles.items() if role == "class"]
    if len(declared) == 1:
        return declared[0], "declared as the class by the file"
    named = _named(peek.columns, _LABEL_NAMES)
    if named:
        return named, "by its name"
    few = [column for place, column in enumerate(peek.columns) if _few_values(peek, place)]
    if len(few) == 1:
        return few[0], "the only column with few, short, repeated values"
    raise _unclear(peek, "label", few)


def _input(peek: Peek, label: str) -> tuple[str, str]:
    others = [column for column in peek.columns if column != label]
    if len(others) == 1:
        return others[0], "the only other column"
    named = _named(others, _INPUT_NAMES)
    if named:
        return named, "by its name"
    lengths = sorted(((_mean_length(peek, peek.columns.index(column)), column) for column in others), reverse=True)
    if lengths[0][0] >= 2 * lengths[1][0]:
        return lengths[0][1], "the longest text"
    raise _unclear(peek, "input", [column for length, column in lengths if 2 * length > lengths[0][0]])


def _named(columns: Sequence[str], names: Sequence[str]) -> str | None:
    lowered = {column.casefold(): column for column in reversed(columns)}
    return next((lowered[name] for name in names if name in lowered), None)


def _values(peek: Peek, place: int) -> list[str]:
    return [value for row in peek.rows if (value := row[place].strip())]


def _few_values(peek: Peek, place: int) -> bool:
    values = _values(peek, place)
    distinct = set(values)
    if not values or max(map(len, distinct)) > _LABEL_LENGTH:
        return False
    return 2 <= len(distinct) <= min(_MOST_LABELS, len(values) / 2)


def _mean_length(peek: Peek, place: int) -> float:
    values = _values(peek, place)
    return sum(map(len, values)) / len(values) if values else 0.0


def _unclear(peek: Peek, what: str, candidates: Sequence[str]) -> DataError:
    could = f" (it could be {', '.join(candidates)})" if candidates else ""
    return DataError(
        f"it is not clear which column is the {what}{could}: give --input and --label; "
        f"the columns are: {listed(peek.columns)}"
    )
