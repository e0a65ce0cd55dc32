"""A filter as a condition on the table of documents `d`, in portable SQL."""

from __future__ import annotations

from collections.abc import Sequence

from strati.knowledge.record import document_id
from strati.knowledge.store.contract import Filter

_ESCAPE = "\\"


def condition(filter: Filter) -> tuple[str, tuple[str, ...]]:
    """SQL and its values; an empty text when everything takes part."""
    parts: list[str] = []
    values: list[str] = []
    if filter.documents:
        parts.append(_any([_one_document(value, values) for value in filter.documents]))
    if filter.types:
        parts.append(_any([_one_type(value, values) for value in filter.types]))
    if filter.languages:
        parts.append(f"d.language IN ({', '.join('?' * len(filter.languages))})")
        values += filter.languages
    for sign, date in ((">=", filter.since), ("<=", filter.until)):
        if date:
            parts.append(f"d.date {sign} ?")
            values.append(date[:10])
    return " AND ".join(parts), tuple(values)


def _one_document(value: str, values: list[str]) -> str:
    pattern = _like(value)
    values += [value, value, document_id(value), value, pattern, pattern]
    like = f"LIKE ? ESCAPE '{_ESCAPE}'"
    return f"(d.id = ? OR d.path = ? OR d.id = ? OR d.container = ? OR d.name {like} OR d.path {like})"


def _one_type(value: str, values: list[str]) -> str:
    values += [value, f"%/{_like(value)}", f"{value}.v%", f"%.{_like(value)}"]
    like = f"LIKE ? ESCAPE '{_ESCAPE}'"
    return f"(d.media_type = ? OR d.media_type {like} OR d.reader LIKE ? OR d.name {like})"


def _any(parts: Sequence[str]) -> str:
    return f"({' OR '.join(parts)})"


def _like(pattern: str) -> str:
    """A pattern with * and ? as LIKE knows it."""
    for sign in (_ESCAPE, "%", "_"):
        pattern = pattern.replace(sign, _ESCAPE + sign)
    return pattern.replace("*", "%").replace("?", "_")
