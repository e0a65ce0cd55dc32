"""How surely words name a column: its name taken apart, units set aside, other words for the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

from strati.tables.parse.lexicon import (
    ADDITIVE,
    AMOUNT_WORDS,
    NOT_ADDITIVE,
    UNIT_NOUNS,
    UNIT_WORDS,
    YEAR_WORDS,
    synonyms,
)
from strati.tables.parse.reading import Field
from strati.tables.parse.tokens import Token, doer, key, name_words, plain, root, stem
from strati.tables.schema import Column, Type

GENERIC = frozenset(
    ("name", "id", "code", "number", "title", "label", "key", "text", "description", "identifier", "ids", "names")
)


@dataclass(slots=True)
class Named:
    """A field with the words of its name."""

    field: Field
    words: tuple[str, ...]
    stems: tuple[str, ...]
    full: tuple[str, ...]
    roots: frozenset[str]
    unit: str
    scale: float


_SCALE = {
    "thousand": 1e3, "thousands": 1e3, "000s": 1e3, "million": 1e6, "millions": 1e6, "mn": 1e6, "billion": 1e9,
    "billions": 1e9, "bn": 1e9,
}  # fmt: skip


def named(one: Field) -> Named:
    """A field with its name taken apart; units at the end of a longer name are set aside."""
    words = name_words(one.name)
    full = tuple(stem(word) for word in words)
    if one.column.type is Type.BOOLEAN and len(words) > 1 and words[0] in ("is", "has", "was", "are"):
        words = words[1:]
    inner = " ".join(re.findall(r"[(\[]([^)\]]*)[)\]]", one.name)) + " " + " ".join(words)
    scale = next((_SCALE[w] for w in re.findall(r"\w+", plain(inner)) if w in _SCALE), 1.0)
    money = re.search(r"[$€£]\s*(mn|mm|m|bn|b|k)\b", inner.casefold())
    if money:
        scale = {"k": 1e3, "bn": 1e9, "b": 1e9}.get(money[1], 1e6)
    unit = one.column.unit or next((w for w in re.findall(r"[a-z$€£%]+", inner.casefold()) if w in UNIT_WORDS), "")
    unit = unit or next((word for word in words if word in UNIT_NOUNS and len(word) > 1), "")
    while (
        len(words) > 1
        and (words[-1] in UNIT_WORDS or words[-1] in _SCALE or words[-1] == "in")
        and one.column.type is not Type.TEXT
    ):
        unit, words = words[-1], words[:-1]
    stems = tuple(stem(word) for word in words)
    return Named(
        one, words, stems, full, frozenset(root(word) for word in words) | {doer(word) for word in words}, unit, scale
    )


_DROPPED = frozenset(("of", "the", "in", "for", "and", "per", "total", "amount", "value"))


def name_quality(one: Named, stems: tuple[str, ...], bare: tuple[str, ...], lowers: list[str]) -> tuple[float, str]:
    """How surely some words name a field, and what is assumed by it."""
    mine = one.stems
    if not mine:
        return 0.0, ""
    if stems in (mine, one.full) or bare == tuple(s for s in mine if s not in ("of", "the", "s")):
        return 1.0, ""
    if "".join(stems) == "".join(mine) or "".join(lowers) == "".join(one.words):
        return 0.97, ""
    if len(bare) > 1 and set(bare) == set(mine):
        return 0.95, ""
    core = tuple(s for s in mine if s not in _DROPPED) or mine
    if bare == core:
        return 0.96, ""
    short = tuple(s for s in core if s not in GENERIC)
    if bare == short and short and not set(short) <= _WEAK:
        return 0.9, ""
    if len(bare) < len(core) and bare == core[-len(bare) :]:
        return (0.72 if bare[0] in GENERIC else 0.86 if len(bare) > 2 else 0.8), ""
    if len(bare) > 1 and len(bare) < len(core) and bare == core[: len(bare)]:
        return 0.76, ""
    if len(bare) == 1:
        word = bare[0]
        if short and word == short[-1] and len(short) < len(core) and word not in _WEAK:
            return 0.82, ""
        if word in mine and len(word) > 2 and one.field.column.type is Type.BOOLEAN:
            return 0.8, ""
        timed = one.field.column.temporal or year_like(one.field.column)
        if timed and root(lowers[0]) in one.roots and word not in GENERIC and len(word) > 2:
            return 0.6, ""
        if one.field.column.numeric and len(core) > 1 and len(word) > 4 and root(lowers[0]) == root(one.words[0]):
            return (0.6 if word != core[0] else 0.72), ""
        text = one.field.column.type is Type.TEXT and core[-1] not in ("id", "code", "key")
        does = root(lowers[0]) in {doer(w) for w in one.words}
        if text and (does or (_verbal(lowers[0]) and root(lowers[0]) in one.roots)):
            return 0.61, ""
        if word in core and len(word) > 3 and one.field.column.type is not Type.DATE and word not in _WEAK:
            return 0.72, ""
        head = short[-1] if short else core[-1]
        if len(core) <= 2 and head in synonyms(word) and word != head:
            return 0.66, f"taking {lowers[0]!r} as {one.field.name!r}"
        if one.field.column.type is Type.BOOLEAN and root(lowers[0]) in one.roots:
            return 0.75, ""
    elif len(bare) == 2 and len(core) == 2 and all(b == c or c in synonyms(b) for b, c in zip(bare, core, strict=True)):
        return 0.75, f"taking {' '.join(lowers)!r} as {one.field.name!r}"
    return 0.0, ""


_WEAK = frozenset(
    (
        "date", "time", "year", "type", "number", "total", "average", "first", "last", "level", "group", "class",
        "high", "low", "max", "min", "unit", "per", "rate", "home", "new",
    )
)  # fmt: skip


def parts_of(word: Token) -> tuple[str, ...]:
    """The stem of a word, or those of its parts: sub-categories."""
    apart = key(word.text).split() if not word.quoted else []
    return tuple(map(stem, apart)) if len(apart) > 1 else (word.stem,)


def _verbal(word: str) -> bool:
    """Whether a word has the form of a verb that may ask for a column: directed, wrote, manages, direct."""
    return word.endswith(("ed", "es", "s", "ing")) or word in ("direct", "write", "written", "wrote", "manage", "won")


def year_like(one: Column) -> bool:
    """Whether a column of whole numbers holds years."""
    if one.type is not Type.INTEGER or not one.low:
        return False
    low, high = float(one.low), float(one.high)
    words = set(name_words(one.name))
    if not (low >= 1000 and high <= 2200):
        return False
    return (
        bool(words & YEAR_WORDS)
        or one.name.endswith("[year]")
        or (low >= 1800 and high <= 2035 and one.distinct > 1 and not words & (AMOUNT_WORDS | ADDITIVE | NOT_ADDITIVE))
    )
