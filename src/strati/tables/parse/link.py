"""Which words of a question mean which column, value, number or cue."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from strati.tables.parse.index import Index, Item
from strati.tables.parse.lexicon import (
    HARMLESS,
    PERSON_NOUNS,
    PHRASES,
    ROW_NOUNS,
    VERBS,
    adjective,
    synonyms,
)
from strati.tables.parse.tokens import (
    Token,
    name_words,
    numbers,
    plain,
    root,
    spans,
    stem,
    tokens,
)
from strati.tables.schema import Schema, Type

_LONGEST = 8  # words of a value or a column's name
_BRANCHES = 12  # combinations of meanings that are tried
_CLOSE = 0.13  # two meanings of the same words, one at most so much less likely, are both tried


@dataclass(frozen=True, slots=True)
class _Place:
    """A span of words and its possible meanings, the likeliest first."""

    start: int
    end: int
    options: tuple[Item, ...]
    weight: float


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
    if index.populated and words[start].lower in ("people", "persons", "residents", "inhabitants"):
        return  # they are counted in a column
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
