"""Questions that take for granted what a source contradicts: "Why did the mill close in 2019?" when it closed in 2012.

Four rules, each naming the sentence: another number or date for the same matter; a date before something began or after
it ended; an opposite or a negation; somebody else who did it. A premise that any sentence about the matter shares is
let pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from difflib import SequenceMatcher
from typing import NamedTuple

from strati.core.records import Evidence
from strati.knowledge.ask.contradict import place
from strati.knowledge.ask.coverage import Candidate, Coverage, cover
from strati.knowledge.ask.polarity import contrary, denied, opposed
from strati.knowledge.ask.quantities import Quantity, comparable, measures, missing, quantities, same
from strati.knowledge.ask.question import Question, Wanted, names
from strati.knowledge.ask.sources import Sources, piece_of
from strati.knowledge.ask.words import IRREGULAR_FORMS, Word, carries, content, fold, key_of, words

ABOUT = 0.6  # share of the question's words in a sentence from which another number there contradicts it
SURE = 0.75  # the same for an opposite, a negation, another person, or a date beside the number that is asked for
LOOK_AT = 8  # candidates, best first
PASSAGES = 4  # passages that are looked up for when something began and ended

_START_WORDS = (
    "born founded established built opened created formed incorporated launched invented constructed erected "
    "begun began started commenced introduced"
)
_STARTS = frozenset(map(key_of, _START_WORDS.split()))
_END_WORDS = (
    "died closed dissolved abolished demolished expired terminated destroyed disbanded discontinued ended ceased "
    "killed executed shut assassinated scrapped cancelled"
)
_ENDS = frozenset(map(key_of, _END_WORDS.split()))
_GROUPS = (
    "built constructed erected", "founded established formed created incorporated", "opened launched introduced",
    "began begun started commenced", "closed shut", "ended expired terminated ceased", "died killed executed",
    "destroyed demolished scrapped", "dissolved abolished disbanded",
)  # fmt: skip
_ALIKE = {key_of(word): number for number, group in enumerate(_GROUPS) for word in group.split()}
_LIFE = "born died founded established built opened closed dissolved began ended demolished expired"
_AT = re.compile(r"\b(?:in|on|of|during|by|at|from|for|the|an?|the year)\s*$", re.IGNORECASE)
_LATER = re.compile(
    r"\b(?:re-?(?:open|buil|found|establish|launch|start)\w*|anniversary|posthum\w*|memor\w*|legacy|after|since|before|"
    r"until|remember\w*|successor\w*|former\w*|plan(?:s|ned|ning)?|propos\w*|will|still)\b",
    re.IGNORECASE,
)
_BY = re.compile(r"\bby\s+((?:[A-Z][\w.'’-]*\s?){1,4})")
_DID = re.compile(r"\b(?:did|does|do|has|had|have)\s+((?:[A-Z][\w.'’-]*\s){1,4})(\w+)")
_JOINS = frozenset(("of", "between", "for", "in", "at", "with", "by", "on", "near", "from", "to", "under"))
_PRONOUNS = frozenset(("he", "she", "it", "they", "this"))


class Event(NamedTuple):
    """When something began or ended, by a sentence: its verb, whether it is a beginning, and the date."""

    verb: Word
    begins: bool
    date: Quantity


def contradicted_premise(question: Question, coverage: Coverage, sources: Sources) -> tuple[str, Evidence] | None:
    """What a source says that the question takes to be otherwise, and where; None when it contradicts nothing.

    Only a sentence that holds most of the question's other words can, and only where no candidate says what the
    question says.
    """
    if question.wanted is Wanted.YES_NO:
        return None  # what it says is what it asks
    near = coverage.candidates[:LOOK_AT]
    return (
        _other_date(question, coverage, sources)
        or _other_number(question, near, sources)
        or _other_sense(question, near, sources)
        or _other_agent(question, near, sources)
    )


def _other_number(question: Question, near: Sequence[Candidate], sources: Sources) -> tuple[str, Evidence] | None:
    said = [number for one in near if one.share >= ABOUT for number in quantities(one.unit.text)]
    for asked in missing([one for one in question.quantities if measures(question.text, one)], said):
        dated = asked.kind == "date" or asked.year
        wanted = Wanted.DATE if dated else Wanted.NUMBER
        if question.wanted is wanted or (dated and not _AT.search(question.text[: asked.start])):
            continue  # a rival may be the answer, or "since 1990" may hold for a later date
        if asked.spelled and not asked.unit:
            continue
        least = SURE if question.wanted in (Wanted.DATE, Wanted.NUMBER) else ABOUT
        rest = _rest(question, asked, sources)
        for one in near[:2]:
            rivals = [n for n in quantities(one.unit.text) if comparable(asked, n) and (n.unit or not n.spelled)]
            if dated and (_of_another_event(question, one) or len({_order(asked, n) for n in rivals}) > 1):
                continue  # when it began or ended, or a time that the date may lie in
            if rivals and one.share / rest >= least:
                return _told(asked.text, rivals[0].text, one, sources)
    return None


def _of_another_event(question: Question, one: Candidate) -> bool:
    """Whether a sentence tells when something began or ended, of which the question does not speak."""
    verbs = [word.key for word in words(one.unit.text) if word.key in _STARTS or word.key in _ENDS]
    asked = {_group(word.key) for word in question.words} - {-1}
    return bool(verbs) and not any(key in question.keys or _group(key) in asked for key in verbs)


def _rest(question: Question, asked: Quantity, sources: Sources) -> float:
    """The share of the question's words that are not of a quantity in it."""
    weights = {word.key: sources.weight(word) for word in question.words}
    inside = {word.key for word in question.words if asked.start <= word.start < asked.end}
    total = sum(weights.values()) or 1.0
    return max(0.2, 1 - sum(weights[key] for key in inside) / total)


def _other_date(question: Question, coverage: Coverage, sources: Sources) -> tuple[str, Evidence] | None:
    """A date of the question that lies outside of the time in which its subject was there."""
    dates = [one for one in question.quantities if one.kind == "date" or one.year]
    dates = [one for one in dates if _AT.search(question.text[: one.start])]
    subject = _subject(question)
    if not dates or not subject or _LATER.search(question.text):
        return None
    candidates = list(coverage.candidates[:LOOK_AT])
    found = sources.search(" ".join([*(word.text for word in subject), _LIFE]), PASSAGES)
    shown = {one.data.get("passage") for one in (candidate.passage for candidate in candidates)}
    more = [one for one in found if one.data.get("passage") not in shown]
    if more:
        candidates += _cover_apart(question, more, sources)
    for asked in dates:
        if any(_says(one, asked, subject) for one in candidates):
            continue
        for one in candidates:
            for event in _events(one, question):
                told = _impossible(question, asked, event)
                if told:
                    return f"the premise does not hold: {told} ({place(one, sources)})", _piece(one)
    return None


def _cover_apart(question: Question, passages: Sequence[Evidence], sources: Sources) -> list[Candidate]:
    """Candidates of other passages; what is kept of the last coverage stays."""
    kept = sources.covered
    found = cover(question, passages, sources)
    sources.covered = kept
    return list(found.candidates)


def _impossible(question: Question, asked: Quantity, event: Event) -> str:
    apart = _order(asked, event.date)
    if not apart:
        return ""
    verb = event.verb.key
    mine = [word for word in question.words if word.key == verb or _group(word.key) == _group(verb) != -1]
    if mine and not same(asked, event.date):
        return f"the question says {asked.text!r}, the source {event.date.text!r}"
    if event.begins and apart < 0:
        return f"the question says {asked.text!r}, the source {event.verb.text!r} only in {event.date.text!r}"
    if not event.begins and apart > 0:
        return f"the question says {asked.text!r}, the source {event.verb.text!r} already in {event.date.text!r}"
    return ""


def _group(key: str) -> int:
    return _ALIKE.get(key, -1)


def _order(asked: Quantity, date: Quantity) -> int:
    """Below 0 when the one that is asked for is earlier, above 0 when it is later, 0 when that cannot be told."""
    a, b = (one.value if one.kind == "date" else (one.value[0], Decimal(0), Decimal(0)) for one in (asked, date))
    for x, y in zip(a, b, strict=True):
        if not x or not y:
            return 0
        if x != y:
            return -1 if x < y else 1
    return 0


def _says(one: Candidate, asked: Quantity, subject: Sequence[Word]) -> bool:
    """Whether a passage has the date beside the subject, so that something may have been then."""
    said = {word.key for word in words(one.unit.text)}
    near = any(word.key in said for word in subject) or one.share >= ABOUT
    return near and any(same(asked, other) for other in quantities(one.unit.text))


def _events(one: Candidate, question: Question) -> Iterator[Event]:
    """What a sentence says of when the subject of the question began or ended."""
    text = one.unit.text
    told = words(text)
    dates = [n for n in quantities(text) if n.kind == "date" or n.year]
    if not dates or text.rstrip().endswith("?"):
        return
    for at, verb in enumerate(told):
        if (verb.key not in _STARTS and verb.key not in _ENDS) or verb.text[:1].isupper():
            continue
        before = _clause([word for word in told[:at] if not any(n.start <= word.start < n.end for n in dates)], text)
        if not _is_subject(before, verb, question, one):
            continue
        after = [n for n in dates if n.start > verb.end and n.start - verb.end <= 60] or dates[:1]
        if _later(text, after[0]):
            continue
        yield Event(verb, verb.key in _STARTS, after[0])


def _later(text: str, date: Quantity) -> bool:
    """Whether a date is not that of the event: "after 1990", "until 1990"."""
    before = re.search(r"(\w+)\W*$", text[: date.start])
    return bool(before and before[1].lower() in ("after", "before", "until", "since", "to", "and", "between", "from"))


def _clause(told: Sequence[Word], text: str) -> list[Word]:
    """The words of the last clause of these."""
    cuts = [at for at in range(1, len(told)) if re.search(r"[,;:(]", text[told[at - 1].end : told[at].start])]
    return list(told[cuts[-1] if cuts else 0 :])


def _is_subject(before: Sequence[Word], verb: Word, question: Question, one: Candidate) -> bool:
    """Whether the words before a verb name what the question is about, and not a part of it or a namesake."""
    head = before[: next((at for at, word in enumerate(before) if fold(word.text) in _JOINS), len(before))]
    said = [word for word in head if carries(word)]
    if not said and before and fold(before[0].text) in _PRONOUNS:
        said = _before(one)
    if not said or said[-1].key not in question.keys:
        return False
    person = _group(verb.key) == _group(key_of("died")) or verb.key == key_of("born")
    if not any(word.text[:1].isupper() and word.start > 0 for word in said) and person:
        return bool(said) and said[0].text[:1].isupper() and said[0] == head[0]
    asked = {word.key for word in names(question)}
    there = {word.key for word in (*words(one.passage.text), *words(str(one.passage.data.get("title", ""))))}
    return asked <= there and sum(word.key not in question.keys for word in said) <= 2


def _before(one: Candidate) -> list[Word]:
    """The first telling words of the sentence before a candidate's: what a pronoun stands for."""
    source = one.passage.source
    if source is None:
        return []
    said = one.passage.text[: one.unit.start - source.start].rstrip()
    last = re.split(r"(?<=[.!?])\s+", said)[-1] if said else ""
    return content(last)[:3]


def _subject(question: Question) -> list[Word]:
    """What a question is about: its names, else its first telling word after the question word and the helping verb."""
    dates = question.quantities
    told = [word for word in question.words if not any(n.start <= word.start < n.end for n in dates)]
    named = [word for word in names(question) if word in told]
    return named or told[:1]


def _other_sense(question: Question, near: Sequence[Candidate], sources: Sources) -> tuple[str, Evidence] | None:
    if question.wanted not in (Wanted.REASON, Wanted.DATE) or not near:
        return None
    other = opposed(question.words, near[0].unit.text)
    if other is not None:
        weights = {word.text: sources.weight(word) for word in question.words}
        told = question.wanted is Wanted.REASON  # "when did it start" asks for it, and takes nothing for granted
        rest = max(0.2, 1 - weights[other[0]] / (sum(weights.values()) or 1.0)) if told else 1.0
        return _told(*other, near[0], sources) if near[0].share / rest >= SURE else None
    if question.wanted is not Wanted.REASON or near[0].share < SURE:
        return None
    if len(content(near[0].unit.text)) > 3 * len(question.words):
        return None
    word = contrary(question.text, near[0].unit.text)
    keys = set(denied(question.text)) ^ set(denied(near[0].unit.text))
    about = [one for one in near if one.share >= SURE and keys & {w.key for w in words(one.unit.text)}]
    if word and all(contrary(question.text, one.unit.text) for one in about):
        why = f"the premise does not hold: only one of question and source says {word!r}"
        return f"{why} ({place(near[0], sources)})", _piece(near[0])
    return None


def _other_agent(question: Question, near: Sequence[Candidate], sources: Sources) -> tuple[str, Evidence] | None:
    """Somebody else who did it: "did Paul build the tower" when it "was built by Ida" and nothing speaks of Paul."""
    asked = _DID.search(question.text)
    by = _BY.search(question.text)
    if question.wanted is Wanted.PERSON or not (asked or by):
        return None
    agent = words(asked[1] if asked else by[1])  # type: ignore[index]
    keys = {word.key for word in agent}
    rest = [word for word in question.words if word.key not in keys]
    if asked:
        verb = key_of(asked[2])
    else:
        before = [word for word in rest if by and word.end <= by.start()]
        verb = before[-1].key if before else ""
    if len(rest) < 2 or not verb:
        return None
    total = sum(sources.weight(word) for word in rest) or 1.0
    for one in near[:3]:
        told = words(one.unit.text)
        said = {word.key for word in told}
        if keys <= said:
            return None
        share = sum(sources.weight(word) for word in rest if word.key in said) / total
        rival = _agent_of(one.unit.text, told, verb, question)
        theirs = {word.key for word in words(rival)}
        slip = any(alike(mine, other) for mine in keys - theirs for other in theirs - keys)
        if rival and share >= SURE and keys - theirs and not slip:
            return _told((asked or by)[1].strip(), rival, one, sources)  # type: ignore[index]
    return None


def _agent_of(text: str, told: Sequence[Word], verb: str, question: Question) -> str:
    """Who did it by a sentence, by name; "" when it does not say so."""
    forms = {verb, *(key_of(form) for form in IRREGULAR_FORMS.get(verb, ()))}
    at = next((n for n, word in enumerate(told) if word.key in forms), None)
    if at is None:
        return ""
    by = _BY.search(text, told[at].end)
    if by and {word.key for word in words(by[1])} - question.keys:
        return by[1].strip(" .,")
    first = []
    for word in told[:at]:
        if not word.text[:1].isupper() or not carries(word):
            break
        first.append(word)
    if first and len(first) == at and {word.key for word in first} - question.keys:
        return text[first[0].start : first[-1].end]
    return ""


def alike(one: str, other: str) -> bool:
    """Whether two words are spelt nearly alike, so that one may be a slip.

    >>> alike("arpnet", "arpanet"), alike("meier", "roth")
    (True, False)
    """
    return SequenceMatcher(None, one, other).ratio() >= 0.8


def _told(asked: str, said: str, one: Candidate, sources: Sources) -> tuple[str, Evidence]:
    told = f"the premise does not hold: the question says {asked!r}, the source {said!r}"
    return f"{told} ({place(one, sources)})", _piece(one)


def _piece(one: Candidate) -> Evidence:
    return piece_of(one.passage, one.unit.start, one.unit.end)
