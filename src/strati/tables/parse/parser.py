"""`readings`: a question to its likeliest readings, over all tables there are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from strati.tables.database import Tables
from strati.tables.parse.index import Index, Item
from strati.tables.parse.intent import Built, build
from strati.tables.parse.lexicon import Cue
from strati.tables.parse.link import linked, respelled
from strati.tables.parse.names import year_like
from strati.tables.parse.reading import Condition, Op, Reading
from strati.tables.parse.render import sql_of, words_of
from strati.tables.parse.tokens import Token, name_words, tokens
from strati.tables.schema import Column

_ORIGINS = frozenset(("origin", "from", "source", "departure", "sender", "start", "home", "seller"))
_ENDS = frozenset(("destination", "to", "dest", "arrival", "receiver", "recipient", "target", "end", "away", "buyer"))
# How likely another pick than the first is, where it is not as good as equal
_UNLIKELY = {"distinct": 0.8, "sum": 0.85, "where": 0.8, "concept": 0.88, "big": 0.95}
_LONGEST, _WORDS = 1000, 120  # characters and words of a question
_ROUNDS = 6  # other picks that are tried for one choice of meanings


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading of a question: its SQL, its words, how well it fits, and the words that found no place in it.

    `margin` is how much better it fits than the next best, for the best.
    """

    reading: Reading
    sql: str
    words: str
    score: float
    unused: tuple[str, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...]
    margin: float = 0.0


def too_long(question: str) -> str:
    """What makes a question too long to be read; empty where it is not."""
    if len(question) > _LONGEST:
        return f"the question has {len(question):,} characters, the limit is {_LONGEST:,}"
    words = len(tokens(question))
    return f"the question has {words:,} words and signs, the limit is {_WORDS}" if words > _WORDS else ""


class Parser:
    """Reads questions on some tables; build it once for many questions."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.indexes = [Index(tables, table) for table in tables.schema.tables]

    def readings(self, question: str) -> list[Candidate]:
        """All readings that differ in their query, the likeliest first."""
        found: dict[str, Candidate] = {}
        if too_long(question):
            return []
        for index in self.indexes:
            for one in _read(question, index):
                if one.sql not in found or found[one.sql].score < one.score:
                    found[one.sql] = one
        ranked = sorted(found.values(), key=lambda one: (-one.score, one.sql))
        if ranked:
            ranked[0] = replace(ranked[0], margin=ranked[0].score - (ranked[1].score if ranked[1:] else 0.0))
        return ranked

    def unknown(self, question: str) -> list[str]:
        """The words of a question that are no name, no value and no common word, in any table."""
        left: list[set[str]] = []
        if too_long(question):
            return []
        for index in self.indexes:
            link = linked(question, index)
            items = respelled(link.choices[0], link.words, index)
            left.append({item.text for item in items if item.kind == "word"})
        return [w.text for w in tokens(question) if left and all(w.text in words for words in left)]

    def odd(self, question: str) -> Column | None:
        """A column that the question names and that is text for some values that are no numbers."""
        for index in () if too_long(question) else self.indexes:
            for item in linked(question, index).choices[0]:
                if item.kind == "column" and item.field is not None and item.field.column.odd:
                    return item.field.column
        return None


def _read(question: str, index: Index) -> Iterator[Candidate]:
    link = linked(question, index)
    for items in link.choices:
        tried = [items]
        if any(item.kind == "word" for item in items):
            again = respelled(items, link.words, index)
            tried = [again] if again != items else tried
        for one in tried:
            yield from _rounds(one, link.words, index)


def _rounds(items: list[Item], words: list[Token], index: Index) -> Iterator[Candidate]:
    first = build(items, words, index, {})
    if first is None:
        return
    yield _candidate(first, 1.0)
    options = [[(label, place) for place in range(count)] for label, count in first.asked.items()]
    rounds = itertools.islice(itertools.product(*options), 1, _ROUNDS) if options else iter(())
    for picks in rounds:
        again = build(items, words, index, dict(picks))
        if again is not None:
            yield _candidate(again, math.prod(_UNLIKELY.get(label.split()[0], 0.93) for label, place in picks if place))


def _meant(item: Item, built: Built) -> float:
    """How likely a value is meant in this field and not in another that has it: the one that is named beside it."""
    beside = {
        other.field for other in built.items
        if other.kind == "column" and other.field in item.others and 0 <= item.start - other.end <= 3
    }  # fmt: skip
    if beside:
        return 1.0 if item.field in beside else 0.75
    at = built.items.index(item)
    named = built.items[at - 2].field if at > 1 and built.items[at - 1].cue is Cue.IN else None
    if named not in (None, item.field) and (named.column.temporal or year_like(named.column)) and item.text.isdigit():
        return 0.6  # opened in 1955, where 1955 is a value of another column
    if not item.others:
        return 1.0
    joined = at > 1 and built.items[at - 1].cue in (Cue.AND, Cue.OR) and built.items[at - 2].kind == "value"
    if joined and built.items[at - 2].field in item.others and built.items[at - 2].field != item.field:
        return 0.5
    way = _way(item, built)
    if way:
        fitting = {f for f in item.others if f is not None and set(name_words(f.name)) & way}
        if fitting:
            return 1.0 if item.field in fitting else 0.6
    if built.label in item.others:
        return 1.0 if item.field == built.label else 0.82
    return 1.0


def _way(item: Item, built: Built) -> frozenset[str]:
    """Words of columns that the preposition before a value speaks of: from an origin, to a destination."""
    at = built.items.index(item) - 1
    while at >= 0 and (built.items[at].kind == "value" or built.items[at].cue in (Cue.AND, Cue.OR)):
        if built.items[at].kind == "value" and built.items[at].field != item.field:
            return frozenset()
        at -= 1
    cue = built.items[at].cue if at >= 0 else None
    return _ORIGINS if cue is Cue.FROM else _ENDS if cue is Cue.TO else frozenset()


def _says_itself(reading: Reading) -> bool:
    """Whether the answer would be a value of the question: "the largest city in Wyoming" is not the city Wyoming."""
    asked = reading.group if reading.group and (reading.direction or reading.having) else None
    asked = reading.columns[0] if asked is None and reading.columns else asked
    return asked is not None and any(_fixed(one) and one.field == asked for one in reading.conditions)


def _fixed(one: Condition) -> bool:
    return one.op is Op.IN and not one.negated and len(one.values) == 1


def _candidate(built: Built, others: float) -> Candidate:
    """Score a reading: how surely its words were understood, less what was left over and what was assumed."""
    used = [
        item
        for item in built.items
        if item not in built.unused
        and item.kind in ("column", "value", "table", "span", "number", "limit", "adjective")
    ]
    quality = (
        math.prod(min(1.0, item.quality + 0.05) if item.kind != "table" else 1.0 for item in used if not item.verb)
        ** 0.5
        if used
        else 0.5
    )
    unknown = tuple(item.text for item in built.unused if item.kind in ("word", "grain"))
    left = len(built.unused)
    score = quality * 0.55**left * (1 - min(0.6, built.doubt)) * others
    if any(item.kind == "table" and item.quality > 0.8 for item in built.items):
        score *= 1.04
    score *= math.prod(_meant(item, built) for item in built.items if item.kind == "value")
    score *= 0.6 if _says_itself(built.reading) else 1.0
    joined = sum(field.via is not None for field in built.reading.fields)
    score *= 0.97**joined
    return Candidate(
        built.reading, sql_of(built.reading), words_of(built.reading), min(score, 1.0),
        tuple(item.text for item in built.unused), unknown, built.notes,
    )  # fmt: skip
