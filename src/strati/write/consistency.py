"""What a long text says twice and not the same: names, numbers, dates and terms, each with both places.

Rules over an index of the whole text; no model. It is made for books and reports in chapters: a person reads the pairs
and decides which of the two is right.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from strati.core.records import JSON
from strati.knowledge.sentences import sentences
from strati.write.common import is_common
from strati.write.facts import Fact, FactKind, facts
from strati.write.regions import protected
from strati.write.words import telling

_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_NUMERIC = (FactKind.NUMBER, FactKind.UNIT, FactKind.AMOUNT, FactKind.DATE)
_COMMON_TO_MANY = 40  # sentences that share a word: a word of more tells nothing
_LEAST_SHARED = 2  # telling words that two sentences have in common besides their numbers
_SAME_MATTER, _OF_LONGER = 0.6, 0.34  # shares of the telling words of the shorter sentence, and of the longer
_MOST_TOLD = 500
_LONG = 5  # letters of a name that tells by itself: shorter ones are compared beside the same other name
_BRITISH = (("our", "or"), ("isation", "ization"), ("ising", "izing"), ("ised", "ized"), ("ise", "ize"), ("ogue", "og"))
_NOT_BRITISH_WORDS = (
    "advise advised advising exercise exercised rise rising otherwise wise likewise raise raised raising promise "
    "promised surprise surprised precise noise hour our your four tour pour"
)
_NOT_BRITISH = frozenset(_NOT_BRITISH_WORDS.split())


class About(StrEnum):
    """What two places do not agree on."""

    NAME = "name"
    NUMBER = "number"
    DATE = "date"
    TERM = "term"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is said: the file, the chapter, the line, and the words around it."""

    file: str
    chapter: str
    line: int
    start: int
    end: int
    text: str

    def to_json(self) -> dict[str, JSON]:
        return {
            "file": self.file,
            "chapter": self.chapter,
            "line": self.line,
            "start": self.start,
            "end": self.end,
            "text": self.text,
        }

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.file, self.chapter, f"line {self.line}")))


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two places that do not agree: `one` and `other` are what they say."""

    about: About
    one: str
    other: str
    places: tuple[Place, Place]

    def to_json(self) -> dict[str, JSON]:
        places = [place.to_json() for place in self.places]
        return {"about": str(self.about), "one": self.one, "other": self.other, "places": places}


@dataclass(frozen=True, slots=True)
class Chapter:
    """A text to be held against the others: usually a file."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class _Sentence:
    place: Place
    words: frozenset[str]
    facts: tuple[Fact, ...]


@dataclass(slots=True)
class _Seen:
    """A way to write something: how often, where first."""

    count: int = 0
    first: Place | None = None
    forms: Counter[str] = field(default_factory=Counter)

    def add(self, written: str, place: Place) -> None:
        self.count += 1
        self.first = self.first or place
        self.forms[written] += 1


def disagreements(chapters: Sequence[Chapter]) -> list[Disagreement]:
    """All pairs of places that do not agree, at most one for each pair of what they say.

    >>> book = [Chapter("a.md", "The mill burned in 1901."), Chapter("b.md", "In 1902 the mill burned down.")]
    >>> [(one.one, one.other) for one in disagreements(book)]
    [('1901', '1902')]
    """
    chapters = [Chapter(one.name, _prose(one.text)) for one in chapters]
    said = [one for chapter in chapters for one in _sentences(chapter)]
    found = [*_numbers(said), *_names(said), *_full_names(said), *_terms(chapters)]
    return found[:_MOST_TOLD]


def _prose(text: str) -> str:
    """The text with blanks in the place of code, tables, links and front matter."""
    pieces, at = [], 0
    for start, end in protected(text, markdown=True):
        pieces += [text[at:start], re.sub(r"[^\n]", " ", text[start:end])]
        at = end
    return "".join([*pieces, text[at:]])


def _sentences(chapter: Chapter) -> Iterator[_Sentence]:
    lines = [0, *(at + 1 for at, sign in enumerate(chapter.text) if sign == "\n")]
    headings = [(match.start(), match[1]) for match in _HEADING.finditer(chapter.text)]
    for start, end in sentences(chapter.text):
        text = chapter.text[start:end]
        if not text.startswith("#"):
            place = Place(chapter.name, _above(headings, start), bisect_right(lines, start), start, end, text)
            yield _Sentence(place, frozenset(telling(text)), tuple(facts(text)))


def _above(headings: Sequence[tuple[int, str]], at: int) -> str:
    place = bisect_right(headings, (at, "\uffff"))
    return headings[place - 1][1] if place else ""


def _numbers(said: Sequence[_Sentence]) -> Iterator[Disagreement]:
    """Sentences on the same matter, with one number each of a kind, and not the same."""
    index: dict[str, list[int]] = defaultdict(list)
    with_numbers = [one for one in said if any(fact.kind in _NUMERIC for fact in one.facts)]
    for at, one in enumerate(with_numbers):
        for word in one.words:
            index[word].append(at)
    shared: Counter[tuple[int, int]] = Counter()
    for places in index.values():
        if 1 < len(places) <= _COMMON_TO_MANY:
            shared.update((a, b) for n, a in enumerate(places) for b in places[n + 1 :])
    told: set[tuple[str, ...]] = set()
    for (a, b), count in sorted(shared.items()):
        one, other = with_numbers[a], with_numbers[b]
        if count >= _LEAST_SHARED and _same_matter(one, other):
            for mine, theirs in _differing(one, other):
                key = (*sorted((mine.text, theirs.text)), *sorted(one.words & other.words))
                if key not in told:
                    told.add(key)
                    about = About.DATE if mine.kind is FactKind.DATE else About.NUMBER
                    yield Disagreement(about, mine.text, theirs.text, (one.place, other.place))


def _same_matter(one: _Sentence, other: _Sentence) -> bool:
    mine, theirs = _about(one), _about(other)
    shorter, longer = sorted((len(mine), len(theirs)))
    shared = len(mine & theirs)
    return shorter >= _LEAST_SHARED and shared >= max(_LEAST_SHARED, _SAME_MATTER * shorter, _OF_LONGER * longer)


def _about(one: _Sentence) -> frozenset[str]:
    """The telling words without those of the numbers themselves."""
    counted = {word for fact in one.facts if fact.kind in _NUMERIC for word in telling(fact.text)}
    return one.words - counted


def _differing(one: _Sentence, other: _Sentence) -> Iterator[tuple[Fact, Fact]]:
    for measure in sorted(_measures(one) & _measures(other)):
        mine = {fact.value: fact for fact in one.facts if _measure(fact, one) == measure}
        theirs = {fact.value: fact for fact in other.facts if _measure(fact, other) == measure}
        if len(mine) == len(theirs) == 1 and not mine.keys() & theirs.keys() and not _part(*mine, *theirs):
            yield next(iter(mine.values())), next(iter(theirs.values()))


def _measures(one: _Sentence) -> set[str]:
    return {_measure(fact, one) for fact in one.facts} - {""}


def _measure(fact: Fact, one: _Sentence) -> str:
    """What is counted: numbers of another unit, or of other things, cannot disagree. "" for what is no number."""
    if fact.kind in (FactKind.UNIT, FactKind.AMOUNT):
        return fact.value.partition(" ")[2]
    if fact.kind is FactKind.DATE:
        return "a date"
    if fact.kind is not FactKind.NUMBER:
        return ""
    if _YEAR.fullmatch(fact.text):
        return "a year"
    after = re.match(r"\W{0,2}((?:[^\W\d]+\W){0,2}[^\W\d]+)", one.place.text[fact.end :])
    return (telling(after[1]) or [""])[0] if after else ""


def _part(one: str, other: str) -> bool:
    """One date is a part of the other ("March 2024", "12 March 2024"): no disagreement."""
    a, b = set(one.split("-")), set(other.split("-"))
    return "-" in one + other and (a <= b or b <= a)


def _names(said: Sequence[_Sentence]) -> Iterator[Disagreement]:
    """Names that differ by one letter or two: one of them may be a slip of the pen."""
    from rapidfuzz.distance import OSA

    seen: dict[str, _Seen] = defaultdict(_Seen)
    for one in said:
        for fact in one.facts:
            if fact.kind is FactKind.NAME and fact.text.isalpha() and len(fact.text) >= _LONG:
                seen[fact.value].add(fact.text, one.place)
    names = sorted(name for name in seen if not is_common(name))
    blocks: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for key in {name[:3], name[-3:]}:
            blocks[key].append(name)
    for a, b in sorted({pair for block in blocks.values() for pair in _pairs(block)}):
        limit = 1 if min(len(a), len(b)) < 7 else 2
        if OSA.distance(a, b, score_cutoff=limit) <= limit and not _inflected(a, b):
            more, less = sorted((seen[a], seen[b]), key=lambda mark: -mark.count)
            if more.first and less.first:
                yield Disagreement(About.NAME, _form(more), _form(less), (more.first, less.first))


def _full_names(said: Sequence[_Sentence]) -> Iterator[Disagreement]:
    """Short names one letter apart beside the same other name: Jon Smith and John Smith."""
    from rapidfuzz.distance import OSA

    beside: dict[tuple[str, bool], dict[str, _Seen]] = defaultdict(lambda: defaultdict(_Seen))
    for one in said:
        names = [fact for fact in one.facts if fact.kind is FactKind.NAME and fact.text.isalpha()]
        for first, last in pairwise(names):
            if one.place.text[first.end : last.start] == " ":
                written = f"{first.text} {last.text}"
                beside[last.value, True][first.value].add(written, one.place)
                beside[first.value, False][last.value].add(written, one.place)
    for forms in beside.values():
        for a, b in _pairs(sorted(name for name in forms if len(name) >= 3)):
            if min(len(a), len(b)) < _LONG and OSA.distance(a, b) == 1 and not _inflected(a, b):
                more, less = sorted((forms[a], forms[b]), key=lambda mark: -mark.count)
                if more.first and less.first:
                    yield Disagreement(About.NAME, _form(more), _form(less), (more.first, less.first))


def _pairs(block: Sequence[str]) -> Iterator[tuple[str, str]]:
    return ((a, b) for n, a in enumerate(block) for b in block[n + 1 :])


def _inflected(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    return long.startswith(short) and long[len(short) :] in ("s", "n", "an", "es", "ns", "i", "ic", "y")


def _form(mark: _Seen) -> str:
    return mark.forms.most_common(1)[0][0]


def _terms(chapters: Sequence[Chapter]) -> Iterator[Disagreement]:
    """The same word with and without a hyphen or a blank, in British and American spelling."""
    seen: dict[str, dict[str, _Seen]] = defaultdict(lambda: defaultdict(_Seen))
    pairs: Counter[str] = Counter()
    for chapter in chapters:
        for written, place in _written(chapter):
            mark = seen[_key(written)][written]
            mark.count += 1
            mark.first = mark.first or place
            pairs[written] += 1
    for forms in seen.values():
        ranked = sorted(forms.items(), key=lambda item: (-item[1].count, item[0]))
        for written, mark in ranked[1:]:
            most = ranked[0]
            if mark.first and most[1].first and _variants(most[0], written, seen):
                yield Disagreement(About.TERM, most[0], written, (most[1].first, mark.first))


def _written(chapter: Chapter) -> Iterator[tuple[str, Place]]:
    """Words, and pairs of words that may be one word elsewhere, in small letters."""
    lines = [0, *(at + 1 for at, sign in enumerate(chapter.text) if sign == "\n")]
    headings = [(match.start(), match[1]) for match in _HEADING.finditer(chapter.text)]
    previous: re.Match[str] | None = None
    for match in _WORD.finditer(chapter.text):
        if len(match[0]) > 2:
            yield match[0].lower(), _place(chapter, match.start(), match.end(), lines, headings)
        if previous and chapter.text[previous.end() : match.start()] == " ":
            both = f"{previous[0]} {match[0]}".lower()
            if len(both) > 6 and "'" not in both and "’" not in both:
                yield both, _place(chapter, previous.start(), match.end(), lines, headings)
        previous = match


def _place(chapter: Chapter, start: int, end: int, lines: Sequence[int], headings: Sequence[tuple[int, str]]) -> Place:
    number = bisect_right(lines, start)
    return Place(chapter.name, _above(headings, start), number, start, end, chapter.text[start:end])


def _key(written: str) -> str:
    plain = re.sub(r"[\s-]", "", written)
    if plain not in _NOT_BRITISH:
        for british, american in _BRITISH:
            if plain.endswith(british) and len(plain) - len(british) >= 3:
                return plain[: -len(british)] + american
            if plain.endswith(british + "s") and len(plain) - len(british) >= 3:
                return plain[: -len(british) - 1] + american + "s"
    return plain


def _variants(one: str, other: str, seen: Mapping[str, Mapping[str, _Seen]]) -> bool:
    """Two ways to write one term, and not two words that stand side by side by chance ("a way", "away")."""
    if " " not in one + other:
        return True
    apart = one if " " in one else other
    return not all(is_common(part) for part in apart.split()) and bool(seen)
