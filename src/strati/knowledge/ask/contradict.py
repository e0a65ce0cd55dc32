"""Sources that contradict each other: sentences of two places that give another value to what is asked.

Two ways lead here. Sentences that say nearly the same and differ in a number, a date, an opposite or a negation. And,
for questions that want a date or a number, sentences that both speak of what is asked and answer it with another value,
however each is put.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strati.knowledge.ask.coverage import Candidate
from strati.knowledge.ask.polarity import denied, opposed
from strati.knowledge.ask.quantities import Quantity, comparable, measures, missing, quantities
from strati.knowledge.ask.question import Question, Wanted, names
from strati.knowledge.ask.sources import Sources, piece_of
from strati.knowledge.ask.span import best_span
from strati.knowledge.ask.support import Verdict, support
from strati.knowledge.ask.text import Text
from strati.knowledge.ask.words import Word, content, words

LOOK_AT = 12  # candidates, best first
MOST = 3  # sides that are delivered
SAME = 0.8  # share of its words that each of two sentences must find in the other to say nearly the same
ABOUT = 0.45  # share of the question's words that a sentence must hold to answer it
OWN = 0.3  # the same within the sentence alone
NEAR = 0.85  # share of the best sentence's share that another must hold
TOUCHED = 0.35  # share of the question's words in sentences that say nearly the same


@dataclass(frozen=True, slots=True)
class Dispute:
    """Candidates that contradict each other, the best first, and in words what each says and where."""

    sides: tuple[Candidate, ...]
    reason: str


def dispute(question: Question, candidates: Sequence[Candidate], sources: Sources) -> Dispute | None:
    """What the sources say otherwise than the best candidate; None when they agree or speak of other things."""
    if not candidates:
        return None
    best, rest = candidates[0], candidates[1:LOOK_AT]
    value = answer_in(question, best)
    sides: list[tuple[Candidate, Quantity]] = [(best, value)] if value is not None else []
    for one in rest if sides else ():
        other = answer_in(question, one)
        if other is not None and all(_contradict(question, *side, one, other) for side in sides):
            sides.append((one, other))
    if len(sides) > 1:
        told = ", ".join(
            f"{place(one, sources)} {'says ' * (n == 0)}{found.text!r}" for n, (one, found) in enumerate(sides[:MOST])
        )
        return Dispute(tuple(one for one, _ in sides[:MOST]), f"the sources disagree: {told}")
    for one in rest:
        differs = _nearly_alike(best, one)
        if differs:
            mine, theirs = place(best, sources), place(one, sources)
            told = differs.replace("the claim says", f"{mine} says").replace(", the source ", f", {theirs} ")
            told = told.replace("claim and source", f"{mine} and {theirs}")
            return Dispute((best, one), f"the sources disagree: {told}")
    return None


def place(one: Candidate, sources: Sources) -> str:
    """The document, where in it, and the document's date, in words."""
    cited = sources.cite(1, piece_of(one.passage, one.unit.start, one.unit.end))
    where = cited.place if cited is not None else str(one.passage.data.get("place", ""))
    date = str(one.passage.data.get("date", ""))[:10]
    return f"{where} ({date})" if date else where


def answer_in(question: Question, one: Candidate) -> Quantity | None:
    """The date or number with which a sentence answers; None where it has none, or speaks of something else."""
    if one.share < ABOUT or one.own < OWN or one.unit.text.rstrip().endswith(("?", "？")):
        return None
    found = [other for other in quantities(one.unit.text) if missing([other], question.quantities)]
    if question.wanted is Wanted.DATE:
        found = [other for other in found if other.kind == "date" or other.year]
    elif question.wanted is Wanted.NUMBER:
        found = [other for other in found if other.kind == "number" and not other.year and not _names(one, other)]
    elif question.wanted is Wanted.OTHER:
        found = [other for other in found if other.unit or other.kind == "date"]
        return found[0] if len(found) == 1 else None
    else:
        return None
    span = best_span(question, one.unit.text)
    return next((other for other in found if span and other.start < span[1] and span[0] < other.end), None)


def _names(one: Candidate, found: Quantity) -> bool:
    return not found.unit and not measures(one.unit.text, found)


def _contradict(question: Question, one: Candidate, value: Quantity, other: Candidate, rival: Quantity) -> bool:
    """Whether two answers exclude each other: the same kind of value, of the same thing, at the same time."""
    if one.passage.source is None or other.passage.source is None or one.passage is other.passage:
        return False
    if other.share < NEAR * one.share or not comparable(value, rival) or value.unit != rival.unit:
        return False
    mine, theirs = quantities(one.unit.text), quantities(other.unit.text)
    if not missing([value], theirs) or not missing([rival], mine):
        return False
    return not _other_time(question, mine, value, theirs, rival) and not _other_thing(question, one, other)


def _other_time(
    question: Question, mine: Sequence[Quantity], value: Quantity, theirs: Sequence[Quantity], rival: Quantity
) -> bool:
    """Whether one of them speaks of a time that the question and the other do not name."""
    if value.kind == "date" or value.year:
        return False
    a = [n for n in mine if n is not value and (n.kind == "date" or n.year) and missing([n], question.quantities)]
    b = [n for n in theirs if n is not rival and (n.kind == "date" or n.year) and missing([n], question.quantities)]
    return bool(missing(a, b) or missing(b, a))


def _other_thing(question: Question, one: Candidate, other: Candidate) -> bool:
    """Whether they speak of different things: each names somebody the other does not, or words exclude each other."""
    a, b = (_said(side) for side in (one, other))
    asked = {word.key for word in names(question)}
    if (asked & a) != (asked & b):
        return True
    mine = [word for word in content(one.unit.text) if word.key not in question.keys]
    theirs = [word for word in content(other.unit.text) if word.key not in question.keys]
    if opposed(mine, other.unit.text) or opposed(theirs, one.unit.text):
        return True
    if set(denied(one.unit.text)) ^ set(denied(other.unit.text)):
        return True
    x, y = _named(mine, b), _named(theirs, a)
    return bool(x and y)


def _said(one: Candidate) -> frozenset[str]:
    above = " ".join([str(one.passage.data.get("title", "")), *map(str, one.passage.data.get("path", ()))])
    return frozenset(word.key for word in (*words(one.unit.text), *words(above)))


def _named(told: Sequence[Word], other: frozenset[str]) -> list[Word]:
    capitals = [word for word in told if word.text[:1].isupper() and word.start > 0]
    return [word for word in capitals if word.key not in other and word.key not in _CALENDAR]


_CALENDAR = frozenset(
    word.key
    for word in words(
        "January February March April May June July August September October November December Monday Tuesday "
        "Wednesday Thursday Friday Saturday Sunday"
    )
)


def _nearly_alike(one: Candidate, other: Candidate) -> str:
    """In words, what two sentences that say nearly the same say differently; "" when they do not.

    Two places of one document are compared as well. Each sentence has to say nearly all the other says.
    """
    source, against = one.passage.source, other.passage.source
    if source is None or against is None or (source.document == against.document and one.passage is other.passage):
        return ""
    mine, theirs = (sum(n.kind == "date" or n.year for n in quantities(side.unit.text)) for side in (one, other))
    if mine != theirs:
        return ""  # one of them speaks of a time, the other does not
    if one.share < TOUCHED or other.share < 0.8 * one.share:
        return ""
    found = support(one.unit.text, Text.of(other.unit.text))
    back = support(other.unit.text, Text.of(one.unit.text))
    if found.verdict is not Verdict.CONTRADICTED or back.verdict is not Verdict.CONTRADICTED:
        return ""
    if min(found.features.get("window", 0.0), back.features.get("window", 0.0)) < SAME:
        return ""
    named = [number for number in quantities(one.unit.text) if not measures(one.unit.text, number)]
    if any(f"says {number.text!r}" in found.reason for number in named):
        return ""  # two versions of a thing, not two opinions
    return found.reason
