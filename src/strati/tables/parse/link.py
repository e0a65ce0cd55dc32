"""Which words of a question mean which column, value, number or cue."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from strati.tables.database import Tables
from strati.tables.parse.lexicon import (
    ADDITIVE,
    AMOUNT_WORDS,
    HARMLESS,
    NOT_ADDITIVE,
    PERSON_NOUNS,
    PERSON_WORDS,
    PHRASES,
    ROW_NOUNS,
    UNIT_NOUNS,
    UNIT_WORDS,
    VERBS,
    YEAR_WORDS,
    Cue,
    adjective,
    synonyms,
)
from strati.tables.parse.reading import Field
from strati.tables.parse.tokens import (
    MONTHS,
    Number,
    Span,
    Token,
    doer,
    key,
    name_words,
    numbers,
    plain,
    root,
    spans,
    stem,
    tokens,
)
from strati.tables.schema import Column, Schema, Table, Type

GENERIC = frozenset(
    ("name", "id", "code", "number", "title", "label", "key", "text", "description", "identifier", "ids", "names")
)
_LONGEST = 8  # words of a value or a column's name
_BRANCHES = 12  # combinations of meanings that are tried
_CLOSE = 0.13  # two meanings of the same words, one at most so much less likely, are both tried


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


@dataclass(frozen=True, slots=True)
class _Place:
    """A span of words and its possible meanings, the likeliest first."""

    start: int
    end: int
    options: tuple[Item, ...]
    weight: float


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
        stems = tuple(part for word in plain_words for part in _parts(word))
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
            quality, note = _name_quality(one, stems, bare, [w.lower for w in span])
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


_DROPPED = frozenset(("of", "the", "in", "for", "and", "per", "total", "amount", "value"))


def _name_quality(one: Named, stems: tuple[str, ...], bare: tuple[str, ...], lowers: list[str]) -> tuple[float, str]:
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


def _parts(word: Token) -> tuple[str, ...]:
    """The stem of a word, or those of its parts: sub-categories."""
    apart = key(word.text).split() if not word.quoted else []
    return tuple(map(stem, apart)) if len(apart) > 1 else (word.stem,)


def _verbal(word: str) -> bool:
    """Whether a word has the form of a verb that may ask for a column: directed, wrote, manages, direct."""
    return word.endswith(("ed", "es", "s", "ing")) or word in ("direct", "write", "written", "wrote", "manage", "won")


def _trusted(words: Sequence[Token], place: int, hits: dict[tuple[Field, str], float]) -> bool:
    """Whether a single word that is also an everyday word, a number or a letter is really meant as a value."""
    word = words[place]
    if word.lower in HARMLESS or (word.lower,) in PHRASES or len(word.lower) == 1:
        same = any(value.strip() == word.text for _, value in hits)
        return same and word.text[:1].isupper() and place > 0 and word.text != "I"
    return True


# The whole question


@dataclass(slots=True)
class Linked:
    """A question as items: each list is one choice of meanings, the likeliest first."""

    words: list[Token]
    choices: list[list[Item]] = field(default_factory=list)


def linked(question: str, index: Index) -> Linked:
    """Find the best way to cover a question with items, and the near alternatives where words mean two things."""
    words = _together(tokens(re.sub(r"\b(\d{4})\s*[-–]\s*(\d{4})\b", r"\1 to \2", question)), index)
    index.probe(words)
    places = _best(words, list(_places(words, index)))
    return Linked(words, list(_choices(words, places)))


def _together(words: list[Token], index: Index) -> list[Token]:
    """The question with the words of a column's name side by side: "how many legs did he win" asks for Legs Won."""
    at: dict[str, list[int]] = defaultdict(list)
    for place, word in enumerate(words):
        if not word.quoted:
            at[root(word.lower)].append(place)
    for one in index.named:
        if (
            len(one.words) != 2
            or one.field.column.of
            or not one.words[1].endswith(("ed", "won", "lost", "made", "sold"))
        ):
            continue
        noun, verb = (at.get(root(word), []) for word in one.words)
        if len(noun) == len(verb) == 1 and 1 < abs(noun[0] - verb[0]) < 7 and not _names(words[noun[0]], index):
            made = [*words[: noun[0]], *tokens(" ".join(one.words)), *words[noun[0] + 1 :]]
            del made[verb[0] + (1 if verb[0] > noun[0] else 0)]
            return made
    return words


def _names(word: Token, index: Index) -> bool:
    return any(one.stems == (word.stem,) for one in index.named) or index.table_stems == (word.stem,)


def _places(words: list[Token], index: Index) -> Iterator[_Place]:
    timed = {(s.start, s.end): s for s in spans(words)}
    counted = {(n.start, n.end): n for n in numbers(words)}
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
            if any(word.lower in ("?", ";", ":") for word in words[start:end]):
                break
            options = [*index.columns(words, start, end), *index.values(words, start, end)]
            text = " ".join(word.text for word in words[start:end])
            lowers = tuple(word.lower for word in words[start:end])
            if any(word.quoted for word in words[start:end]) and end - start > 1:
                continue
            if (start, end) in timed:
                options.append(
                    Item("span", start, end, text, 0.97, span=timed[start, end], number=counted.get((start, end)))
                )
            elif (start, end) in counted:
                sure = 0.8 if lowers == ("first",) else 0.95
                options.append(Item("number", start, end, text, sure, number=counted[start, end]))
            if cue := PHRASES.get(lowers):
                first = counted.get((start, end))
                options.append(Item("cue", start, end, text, 0.86 if end - start == 1 else 0.97, cue=cue, number=first))
            stems = tuple(word.stem for word in words[start:end])
            nouns = list(_table_options(index, words, start, end, text))
            if any(noun.quality > 0.8 for noun in nouns):  # orders are rows of orders rather than order_id
                options = [o for o in options if o.field is None or not index.names_rows(o.field, stems)]
            options += nouns
            if end - start == 1:
                options += _word_options(words, start, text)
            if not options and end - start <= 4:
                options += index.inside(words, start, end)
            if options:
                options = [_less_sure(o, options, words) for o in options]
                fields = tuple(o.field for o in options if o.kind == "value" and o.field is not None)
                if len(fields) > 1:
                    options = [replace(o, others=fields) if o.kind == "value" else o for o in options]
                if any(o.kind == "column" and not o.note and o.quality >= 0.7 for o in options):
                    options = [o for o in options if not (o.kind == "column" and o.note)]
                options.sort(key=lambda item: -item.quality)
                best = options[0].quality
                covered = sum(word.lower not in ("the", "a", "an") for word in words[start:end])
                yield _Place(
                    start,
                    end,
                    tuple(o for o in options if o.quality >= best - _CLOSE),
                    best * covered + 0.02 * (covered - 1),
                )


_BEFORE_TIMES = frozenset(("before", "after", "since", "in", "on", "between", "until", "during", "from"))


def _less_sure(one: Item, options: Sequence[Item], words: Sequence[Token]) -> Item:
    """A value beside a stronger meaning: the name of its own column, or a number or year and no column named."""
    if one.kind != "value" or one.field is None or words[one.start].quoted:
        return one
    timed = one.end < len(words) and words[one.end].lower in _BEFORE_TIMES
    if timed and any(o.kind == "column" and o.field == one.field and o.quality >= 0.95 for o in options):
        return replace(one, quality=one.quality - 0.16)
    if any(o.kind in ("span", "number") for o in options):
        before = {word.stem for word in words[max(0, one.start - 3) : one.start]}
        if not before & {stem(word) for word in name_words(one.field.name)}:
            return replace(one, quality=one.quality - 0.1)
    return one


def _table_options(index: Index, words: list[Token], start: int, end: int, text: str) -> Iterator[Item]:
    stems = tuple(word.stem for word in words[start:end])
    if stems == index.table_stems or (len(stems) == 1 and index.table_stems and stems[0] == index.table_stems[-1]):
        yield Item("table", start, end, text, 0.87)
    elif len(stems) == 1 and stems[0] in ROW_NOUNS:
        yield Item("table", start, end, text, 0.55)
    elif len(stems) == 1 and stems[0] in index.nouns:
        yield Item("table", start, end, text, 0.75, note=f"taking {text!r} as the rows of {index.base.name}")
    elif len(stems) == 1 and (stems[0] in PERSON_NOUNS or words[start].lower == "people") and index.people:
        yield Item("table", start, end, text, 0.6, person=True)
    elif (
        len(stems) == 1
        and words[start].lower not in VERBS
        and synonyms(stems[0]) & {*index.table_stems[-1:], *index.nouns}
    ):
        yield Item("table", start, end, text, 0.66, note=f"taking {text!r} as the rows of {index.base.name}")


def _word_options(words: list[Token], start: int, text: str) -> Iterator[Item]:
    lower = words[start].lower
    if found := adjective(lower):
        concept, direction, degree = found
        yield Item("adjective", start, start + 1, text, 0.7, concept=concept, direction=direction, degree=degree)
    elif lower in VERBS:
        yield Item("adjective", start, start + 1, text, 0.5, concept=VERBS[lower], verb=True)
    if lower in HARMLESS and (lower,) not in PHRASES:
        yield Item("harmless", start, start + 1, text, 0.4)


def _best(words: list[Token], places: list[_Place]) -> list[_Place]:
    """The places of largest weight that do not overlap."""
    by_end: dict[int, list[_Place]] = defaultdict(list)
    for place in places:
        by_end[place.end].append(place)
    score = [0.0] * (len(words) + 1)
    chosen: list[_Place | None] = [None] * (len(words) + 1)
    for end in range(1, len(words) + 1):
        score[end] = score[end - 1]
        for place in by_end[end]:
            if score[place.start] + place.weight > score[end]:
                score[end], chosen[end] = score[place.start] + place.weight, place
    found, end = [], len(words)
    while end > 0:
        last = chosen[end]
        if last is None:
            end -= 1
        else:
            found.append(last)
            end = last.start
    return found[::-1]


def _choices(words: list[Token], places: list[_Place]) -> Iterator[list[Item]]:
    """Lists of items, the best meaning everywhere first; then with one other meaning, then with two."""
    best = _with_unknown(words, [place.options[0] for place in places])
    yield best
    seen = 1
    many = [(i, option) for i, place in enumerate(places) for option in place.options[1:4]]
    many.sort(key=lambda pair: places[pair[0]].options[0].quality - pair[1].quality)
    for i, option in many:
        if seen >= _BRANCHES:
            return
        seen += 1
        yield _with_unknown(words, [option if n == i else place.options[0] for n, place in enumerate(places)])
    for a, (i, one) in enumerate(many):
        for j, two in many[a + 1 :]:
            if i != j and seen < 2 * _BRANCHES:
                seen += 1
                swapped = {i: one, j: two}
                yield _with_unknown(words, [swapped.get(n, place.options[0]) for n, place in enumerate(places)])


def _with_unknown(words: list[Token], items: list[Item]) -> list[Item]:
    """The items in order, with one of kind "word" for each word that has no meaning yet."""
    covered = {place for item in items for place in range(item.start, item.end)}
    rest = [
        Item("word", place, place + 1, word.text, 0.0)
        for place, word in enumerate(words)
        if place not in covered and re.search(r"[^\W_]", word.text) and word.lower not in HARMLESS
    ]
    return sorted([item for item in items if item.kind != "harmless"] + rest, key=lambda item: item.start)


def respelled(items: list[Item], words: list[Token], index: Index) -> list[Item]:
    """The items with words that were not understood read as the nearest value or name, where one is near."""
    made: list[Item] = []
    place = 0
    while place < len(items):
        item = items[place]
        if item.kind != "word":
            made.append(item)
            place += 1
            continue
        end = place
        while end + 1 < len(items) and items[end + 1].kind == "word" and items[end + 1].start == items[end].end:
            end += 1
        found: list[Item] = []
        last = end
        while last >= place and not found:
            found = sorted(index.spelled(words, item.start, items[last].end), key=lambda i: -i.quality)
            last -= 1
        if found:
            made.append(found[0])
            place = last + 2
        else:
            made.append(item)
            place += 1
    return made


def nearest(word: str, schema: Schema, limit: int = 3) -> list[str]:
    """The names and values most like a word that was not found."""
    from rapidfuzz import fuzz, process

    names: dict[str, str] = {}
    for table in schema.tables:
        names.setdefault(table.name, table.name)
        for column in table.columns:
            names.setdefault(column.name, column.name)
            for value in column.values[:200] if column.type is Type.TEXT else ():
                if len(value) < 60:
                    names.setdefault(value, value)
    found = process.extract(plain(word), {n: plain(n) for n in names}, scorer=fuzz.WRatio, limit=limit, score_cutoff=45)
    return [name for _, _, name in found]


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


__all__ = ["MONTHS", "Index", "Item", "Linked", "linked", "named", "nearest", "replace", "respelled", "year_like"]
