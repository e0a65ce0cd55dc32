"""`Index`: the names and values of a table, ready to be found in questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from strati.tables.database import Tables
from strati.tables.parse.lexicon import (
    HARMLESS,
    PERSON_WORDS,
    PHRASES,
    Cue,
)
from strati.tables.parse.names import GENERIC, Named, name_quality, named, parts_of
from strati.tables.parse.reading import Field
from strati.tables.parse.tokens import (
    Number,
    Span,
    Token,
    key,
    name_words,
    stem,
)
from strati.tables.schema import Schema, Table, Type

_LONGEST = 8  # words of a value or a column's name


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of the question with one meaning.

    `kind` is "column", "value", "number", "span", "cue", "table", "adjective" or "word" (not understood).
    `quality` in (0, 1] says how surely the words mean this; `note` says what was assumed.
    """

    kind: str
    start: int
    end: int
    text: str
    quality: float = 1.0
    field: Field | None = None
    values: tuple[str, ...] = ()
    contains: bool = False
    number: Number | None = None
    span: Span | None = None
    cue: Cue | None = None
    concept: str = ""
    direction: int = 1
    degree: str = ""
    note: str = ""
    verb: bool = False
    person: bool = False
    others: tuple[Field, ...] = ()


class Index:
    """The names and values of one table, and of those that it can be joined with, ready to be found in questions."""

    def __init__(self, tables: Tables, base: Table) -> None:
        self.tables, self.base = tables, base
        self.schema: Schema = tables.schema
        self.fields = tuple(_fields(self.schema, base))
        self.named = tuple(named(one) for one in self.fields)
        self._exact: dict[str, list[tuple[Field, str]]] = defaultdict(list)
        self._stemmed: dict[str, list[tuple[Field, str]]] = defaultdict(list)
        self._words: dict[str, list[tuple[Field, str]]] = defaultdict(list)
        for one in self.fields:
            if one.column.type is Type.TEXT and not one.column.of:
                for value in one.column.values:
                    self._add(one, value)
                    if {"gender", "sex"} & set(name_words(one.name)):
                        self._gender(one, value)
        self.table_stems = tuple(stem(word) for word in name_words(base.name))
        self.nouns = frozenset(_nouns(self.named))
        self.people = any(set(n.stems) & set(PERSON_WORDS) for n in self.named if n.field.column.type is Type.TEXT)
        self.populated = any(
            column.numeric and {"population", "inhabitants"} & set(name_words(column.name))
            for table in self.schema.tables
            for column in table.columns
        )
        self.totals_in = _totals_in(self.fields, base)
        self._keys = tuple(self._exact)
        self.templates: dict[str, tuple[tuple[str, ...], list[str]]] = {}  # of questions seen, without their values

    def _add(self, one: Field, value: str) -> None:
        norm = key(value)
        if not norm or len(value) > 200:
            return
        self._exact[norm].append((one, value))
        words = norm.split()
        self._stemmed[" ".join(map(stem, words))].append((one, value))
        for word in {stem(word) for word in words}:
            if len(word) > 2 and word not in HARMLESS:
                self._words[word].append((one, value))

    def _gender(self, one: Field, value: str) -> None:
        """Women, girls and the like, where a column says F and M."""
        for short, words in (("f", ("female", "woman", "girl", "lady")), ("m", ("male", "man", "boy", "gentleman"))):
            if key(value) in (short, *words):
                for word in words:
                    if word not in self._exact:
                        self._exact[word].append((one, value))
                        self._stemmed[word].append((one, value))

    def names_rows(self, one: Field, noun: tuple[str, ...]) -> bool:
        """Whether a field's name says no more than what a row is, and that it is a number or a name of it.

        A column that is called as its table is the name of a row where hardly two rows have the same.
        """
        words = next(n.stems for n in self.named if n.field == one)
        if words == noun == self.table_stems and one.via is None and one.column.type is Type.TEXT:
            return one.column.distinct > 0.9 * self.base.rows
        return len(words) > 1 and set(words) <= set(self.table_stems) | GENERIC and words[-1] in GENERIC

    def unit(self, one: Field) -> str:
        """The unit that the header or the values give; empty where none does."""
        return next(n.unit for n in self.named if n.field == one)

    def scale(self, one: Field) -> float:
        """What numbers of this field are counted in: 1,000,000 where the header says "(millions)"."""
        return next(n.scale for n in self.named if n.field == one)

    def prose(self, one: Field) -> bool:
        """Whether a field holds sentences rather than names."""
        some = one.column.values[:50]
        return bool(some) and sum(value.count(" ") for value in some) >= 6 * len(some)

    # meanings of spans

    def columns(self, words: Sequence[Token], start: int, end: int) -> Iterator[Item]:
        """The fields that words from `start` to `end` may name."""
        span = words[start:end]
        percent = len(span) > 1 and span[-1].lower == "%"
        plain_words = [word for word in span[: len(span) - percent] if word.lower not in ("the", "a", "an")]
        stems = tuple(part for word in plain_words for part in parts_of(word))
        bare = tuple(s for s in stems if s not in ("of", "'s", "the"))
        if (
            not bare
            or span[-1].lower in ("of", "'s", "the", "a", "an")
            or span[0].lower in ("the", "of", "'s", "a", "an")
        ):
            return
        text = " ".join(word.text for word in span)
        for one in self.named:
            if percent and "%" not in one.field.name:
                continue
            quality, note = name_quality(one, stems, bare, [w.lower for w in span])
            if quality and not (quality < 0.8 and len(span) == 1 and (span[0].lower,) in PHRASES):
                quality -= 0.03 * (one.field.via is not None) + 0.02 * bool(one.field.column.of)
                verb = quality < 0.62
                yield Item("column", start, end, text, quality, field=one.field, note=note, verb=verb)

    def values(self, words: Sequence[Token], start: int, end: int) -> Iterator[Item]:
        """The stored values that words from `start` to `end` may mean, one item for each field."""
        span = words[start:end]
        text = " ".join(word.text for word in span)
        norm = " ".join(filter(None, (key(word.text) for word in span)))
        if not norm or (
            span[0].lower in ("the", "a", "an", "'s", ",", "?", "of") and len(span) > 1 and norm not in self._exact
        ):
            return
        quoted = len(span) == 1 and span[0].quoted
        hits = dict.fromkeys(self._exact.get(norm, ()), 1.0)
        if not hits and len(span) == 1 and norm.endswith("y") and norm[:-1] in self._exact:  # rainy
            hits = dict.fromkeys(self._exact[norm[:-1]], 0.8)
        if not hits:
            stemmed = " ".join(stem(word) for word in norm.split())
            hits = dict.fromkeys(self._stemmed.get(stemmed, ()), 0.93)
        if len(span) == 1 and not quoted and not _trusted(words, start, hits):
            return
        by_field: dict[Field, dict[str, float]] = defaultdict(dict)
        for (one, value), quality in hits.items():
            by_field[one][value] = quality
        for one, found in by_field.items():
            quality = max(found.values()) - 0.03 * (one.via is not None)
            if any(value.strip() == text for value in found):
                quality += 0.02
            yield Item("value", start, end, text, quality, field=one, values=tuple(found))

    def inside(self, words: Sequence[Token], start: int, end: int) -> Iterator[Item]:
        """Values that hold these words beside others."""
        span = words[start:end]
        stems = [word.stem for word in span]
        if any(s not in self._words for s in stems) or span[0].lower in HARMLESS or span[-1].lower in HARMLESS:
            return
        phrase = f" {' '.join(stems)} "
        by_field: dict[Field, list[str]] = defaultdict(list)
        for one, value in self._words[stems[0]]:
            if phrase in f" {' '.join(stem(w) for w in key(value).split())} ":
                by_field[one].append(value)
        text = " ".join(word.text for word in span)
        for one, found in by_field.items():
            everyday = len(span) == 1 and span[0].text.islower() and not span[0].quoted
            if everyday and self.prose(one) and len(found) < max(3, 0.25 * len(one.column.values)):
                continue  # an everyday word that some sentence happens to hold
            if len(found) == 1 and len(text) > 0.34 * len(found[0]):
                note = f"taking {text!r} as {found[0]!r}"
                yield Item("value", start, end, text, 0.78, field=one, values=tuple(found), note=note)
            else:
                yield Item(
                    "value",
                    start,
                    end,
                    text,
                    0.62,
                    field=one,
                    values=(text,),
                    contains=True,
                    note=f"taking {text!r} as any {one.name} with that word",
                )

    def spelled(self, words: Sequence[Token], start: int, end: int) -> Iterator[Item]:
        """Values and names that are written nearly so."""
        from rapidfuzz import fuzz, process

        text = " ".join(word.text for word in words[start:end])
        norm = key(text)
        if len(norm) < 5 or any(word.quoted for word in words[start:end]) or norm.isdigit():
            return
        bar = 90 if len(norm) < 7 else 86
        best = process.extract(norm, self._keys, scorer=fuzz.ratio, limit=3, score_cutoff=bar)
        for found, score, _ in best[:1]:
            for one, value in self._exact[found]:
                quality = 0.5 + (score - 80) / 100
                yield Item(
                    "value",
                    start,
                    end,
                    text,
                    quality,
                    field=one,
                    values=(value,),
                    note=f"reading {text!r} as {value!r}",
                )
        for known in self.named:
            names = {" ".join(known.words), "".join(known.words), *(w for w in known.words if len(w) > 4)}
            score = max((fuzz.ratio(norm, name) for name in names if len(name) > 3), default=0.0)
            if score >= bar:
                note = f"reading {text!r} as {known.field.name!r}"
                yield Item("column", start, end, text, 0.5 + (score - 80) / 100, field=known.field, note=note)

    def probe(self, words: Sequence[Token]) -> None:
        """Look up spans of words among the values of columns that have too many to keep at hand."""
        wide = [
            one for one in self.fields if one.column.type is Type.TEXT and not one.column.complete and not one.column.of
        ]
        if not wide:
            return
        keys = set()
        for start in range(len(words)):
            for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
                span = words[start:end]
                norm = " ".join(filter(None, (key(word.text) for word in span)))
                if norm and not all(w in HARMLESS for w in norm.split()) and norm not in self._exact:
                    keys.add(norm)
        for one in wide:
            for value in self.tables.values(one.table, one.name, sorted(keys)):
                if key(value) not in self._exact:
                    self._add(one, value)


_SORTS = frozenset(("type", "kind", "class", "status", "condition"))


def _nouns(fields: Sequence[Named]) -> Iterator[str]:
    """What a row is by a column that says of what sort it is, "Property Type", where no other column names it."""
    for one in fields:
        noun = one.stems[0] if len(one.stems) == 2 and one.field.via is None and one.stems[1] in _SORTS else ""
        if noun and not any(noun in other.stems for other in fields if other is not one):
            yield noun


_TOTALS = frozenset(
    (
        "total",
        "totals",
        "grand total",
        "subtotal",
        "sum",
        "overall",
        "average",
        "averages",
        "mean",
        "career",
        "all time",
    )
)


def is_total(value: str) -> bool:
    """Whether a name is that of a row that adds up or averages others."""
    return key(value) in _TOTALS


def _totals_in(fields: Sequence[Field], base: Table) -> Field | None:
    """The column in which one or two of many rows are called total, average or the like."""
    for one in fields[:4]:
        if one.via is None and one.column.type is Type.TEXT and not one.column.of and one.column.distinct > 3:
            found = sum(map(is_total, one.column.values))
            if 0 < found <= 2 and one.column.distinct > 0.5 * base.rows:
                return one
    return None


def _fields(schema: Schema, base: Table) -> Iterator[Field]:
    own = set()
    for column in base.columns:
        own.add(column.name.casefold())
        yield Field(base.name, column)
    for link in schema.links:
        if link.table == base.name:
            for column in schema.table(link.to_table).columns:
                if column.name != link.to_column:
                    yield Field(link.to_table, column, link)


def _trusted(words: Sequence[Token], place: int, hits: dict[tuple[Field, str], float]) -> bool:
    """Whether a single word that is also an everyday word, a number or a letter is really meant as a value."""
    word = words[place]
    if word.lower in HARMLESS or (word.lower,) in PHRASES or len(word.lower) == 1:
        same = any(value.strip() == word.text for _, value in hits)
        return same and word.text[:1].isupper() and place > 0 and word.text != "I"
    return True


# The whole question
