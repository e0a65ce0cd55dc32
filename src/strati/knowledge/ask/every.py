"""The layer that answers for each document by itself: "Which agreements can be ended for convenience?"

One cited line for each document that has what is asked, however many there are, and how many of them say nothing of it.
Other questions pass through.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Evidence, Usage
from strati.knowledge.ask.clauses import Clause, asked_for
from strati.knowledge.ask.coverage import cover, with_senses
from strati.knowledge.ask.equivalents import sense
from strati.knowledge.ask.gate import gap_of
from strati.knowledge.ask.polarity import denied
from strati.knowledge.ask.question import LONGEST, Question, Wanted, fits, names, read
from strati.knowledge.ask.sources import Sources, piece_of
from strati.knowledge.ask.span import best_span
from strati.knowledge.ask.units import Unit, units
from strati.knowledge.ask.words import Word, content, key_of, words

MOST = 200  # documents that are shown
PASSAGES = 12  # passages of one document that are read
SHARE = 0.7  # share of the condition's words that a document's best sentence must hold, where no clause is known
OWN = 0.5  # the same within the sentence alone
REST = 0.5  # share of the words beside a known clause that its passage must hold
CLEAR = 0.8  # the confidence of a line in which a known clause stands
SHORT = 8  # words: what has fewer is a heading, and taken only where there is nothing else
LONG = 320  # characters of a line's quote; a longer sentence is cut around what is asked

_NOUNS = (
    r"(?:agreement|contract|lease|licen[cs]e agreement|document|file|report|polic(?:y|ies)|letter|memo(?:randum)?|"
    r"note|paper|article|invoice|source|deal|stud(?:y|ies)|minutes|e-?mail|statement|manual|proposal|offer|book|"
    r"transcript|record|page|order|amendment|deed|treat(?:y|ies)|law|form|guide|text)s?"
)
_OF = r"(?:of (?:the |these |those |our |my |your |all )*)?"
_NO_VERB = r"(?!(?:is|are|was|were|do|does|did|has|have|had|can|may|must|will|would|should|the|an?)\b)"
_LISTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^\W*(?:in |from |of |for |under |by |according to |with )?(?:which|what) {_OF}"
        rf"(?:{_NO_VERB}\w+ ){{0,2}}?{_NOUNS}\b",
        rf"^\W*(?:please )?(?:list|name|show|find|give)\s+(?:me )?(?:all |every |each |any |the |which )*{_OF}"
        rf"(?:\w+ ){{0,2}}?{_NOUNS}\b",
        rf"^\W*(?:do|does|is|are|can|may|has|have) (?:any|each|every|all|some|one|none) {_OF}(?:\w+ )??{_NOUNS}\b",
        rf"^\W*(?:for|in) (?:each|every|all) {_OF}{_NOUNS}\b,?",
        rf"^\W*what do (?:the |all |our |these |my )+{_NOUNS}\b",
        rf"^\W*(?=(?:who|what|where|when|how)\b.*\bin (?:each|every|all) {_OF}{_NOUNS}\W*$)",
    )
)
_DETAIL = re.compile(
    r",?\s+and\s+(?=(?:(?:with|by|for|at|on|in|to|of|from|under|within|after)\s+)?"
    r"(?:what|which|how|when|where|who|whom|why)\b)",
    re.IGNORECASE,
)
_LAST = re.compile(rf"\s+in (?:each|every|all) {_OF}{_NOUNS}\W*$", re.IGNORECASE)
_GENERAL_WORDS = (
    "cannot can say something anything speak need require demand give contain include provide mention allow permit "
    "have name state clause provision section term rule kind any right hold set regulate deal cover exist side party "
    "parties agreement contract document without"
)
_GENERAL = frozenset(map(key_of, _GENERAL_WORDS.split()))  # what a question of contracts says beside its matter


class Listed(NamedTuple):
    """A question for each document: what it has to say, and what else is asked of those that do ("" for nothing)."""

    condition: str
    detail: str


class Line(NamedTuple):
    """What one document says: pieces of it, the first the sentence that has what is asked, and how near it comes."""

    name: str
    pieces: tuple[Evidence, ...]
    score: float


def listed(text: str) -> Listed | None:
    """A question for each document taken apart; None for any other.

    >>> listed("Which agreements can be ended for convenience, and with what notice?")
    Listed(condition='can be ended for convenience', detail='with what notice')
    >>> listed("When does the agreement end?") is None
    True
    """
    found = next((match for pattern in _LISTS if (match := pattern.match(text))), None)
    if found is None:
        return None
    rest = text[found.end() :].strip(" ?.!")
    parts = _DETAIL.split(rest, maxsplit=1)
    condition = _LAST.sub("", parts[0]) if found.re is _LISTS[-1] else parts[0]
    condition = " ".join(condition.split())
    return Listed(condition, parts[1] if len(parts) > 1 else "") if content(condition) else None


@dataclass
class EveryDocument:
    """Answers questions for each document with one cited line for each that has what is asked."""

    sources: Sources
    name: str = field(default="documents", init=False)
    kind: ClassVar[str] = "every_document.v1"
    answers_from_train: ClassVar[bool] = True

    def fingerprint(self) -> str:
        filters = repr(self.sources.filters)
        return fingerprint(self.kind, snapshot=self.sources.snapshot, filters=filters)

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return self.sources.save()

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(Sources.load(settings, resources))

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        return [self._one(case, ctx) for case in cases]

    def _one(self, case: Case, ctx: Context) -> Case:
        ctx.check()
        asked = listed(case.text[:LONGEST])
        if asked is None or gap_of(case) is not None:
            return case.passed(self.name, "the question is not for each document")
        start = time.perf_counter()
        count = len(self.sources.here.documents(self.sources.filters))
        question = read(asked.condition)
        known = asked_for(asked.condition)
        unknown = [
            word for word in names(question)
            if word.key not in _GENERAL and not _of_a_clause(word, question.text, known)
            and not self.sources.holding(word.text.lower())
        ]  # fmt: skip
        lines = self.lines(asked) if count > 1 and not unknown else []
        usage = Usage(time.perf_counter() - start)
        if not lines:
            return case.passed(self.name, f"none of {count} documents was found to say so", usage)
        told = f"{len(lines)} of {count} documents say so; in the others nothing was found"
        told = f"all {count} documents say so" if len(lines) == count else told
        shown = lines[:MOST]
        told += f"; {MOST} are shown" if len(lines) > MOST else ""
        citations = [
            replace(
                one, data={**one.data, "sentence": n, "said": _said(line), "state": "quoted", "why": told, "list": 1}
            )
            for n, line in enumerate(shown)
            for one in line.pieces
        ]
        text = "\n".join(map(_said, shown))
        sure = sum(line.score for line in shown) / len(shown)
        return case.answered(Answer(text, sure, self.name, citations=tuple(citations)), usage, told)

    def lines(self, asked: Listed) -> list[Line]:
        """The documents that have what is asked, by name."""
        clauses = asked_for(asked.condition)
        question = read(asked.condition)
        text = " ".join([asked.condition, asked.detail, *(one.words for one in clauses)])
        found = []
        for passages in self.sources.by_document(text, PASSAGES).values():
            line = self._by_clause(question, clauses, passages) if clauses else self._by_words(question, passages)
            if line is not None:
                found.append(self._with_detail(line, asked.detail) if asked.detail else line)
        return sorted(found, key=lambda line: line.name)

    def _by_clause(self, question: Question, clauses: Sequence[Clause], passages: Sequence[Evidence]) -> Line | None:
        """The first sentence in which the clauses stand; words of the question beside them must be near."""
        rest = [
            word for word in question.words
            if word.key not in _GENERAL and not _of_a_clause(word, question.text, clauses)
        ]  # fmt: skip
        weights = {word.key: self.sources.weight(word) for word in rest}
        total = sum(weights.values())
        heading: Line | None = None
        for passage in passages:
            said = {word.key for word in words(passage.text)}
            near = sum(weight for key, weight in weights.items() if key in said)
            if total and near < REST * total:
                continue
            for unit in units(passage.text, passage.source.start if passage.source else 0, _kind(passage)):
                spans = [found for one in clauses if (found := one.said.search(unit.text))]
                if len(spans) < len(clauses):
                    continue
                first, last = min(span.start() for span in spans), max(span.end() for span in spans)
                line = Line(str(passage.data["name"]), (_cut(passage, unit, first, last),), CLEAR)
                if len(unit.text.split()) >= SHORT:
                    return line
                heading = heading or line
        return heading

    def _by_words(self, question: Question, passages: Sequence[Evidence]) -> Line | None:
        kept = self.sources.covered
        best = next(iter(cover(question, passages, self.sources).candidates), None)
        self.sources.covered = kept
        if best is None or best.share < SHARE or best.own < OWN:
            return None
        mine, theirs = set(denied(question.text)), set(denied(best.unit.text))
        if (mine ^ theirs) & question.keys:
            return None  # it says that it is not so
        held = [word for word in words(best.unit.text) if word.key in question.keys]
        first, last = (held[0].start, held[-1].end) if held else (0, len(best.unit.text))
        return Line(str(best.passage.data["name"]), (_cut(best.passage, best.unit, first, last),), best.share)

    def _with_detail(self, line: Line, detail: str) -> Line:
        """The line with what else is asked of it: in its sentence, else in one beside it."""
        question = read(detail)
        if question.wanted not in (Wanted.DATE, Wanted.NUMBER):
            return line
        piece = line.pieces[0]
        if fits(question.wanted, piece.text, question.keys, ()) == 1.0:
            return line
        passage = self.sources.passage_of(piece)
        if passage is None or passage.source is None or piece.source is None:
            return line
        for unit in self._beside(passage, piece):
            held = [word for word in words(unit.text) if word.key in question.keys]
            if held and fits(question.wanted, unit.text, question.keys, ()) == 1.0:
                span = best_span(question, unit.text) or (held[0].start, held[0].end)
                at = min(span[0], *(word.start for word in held)), max(span[1], *(word.end for word in held))
                return line._replace(pieces=(piece, _cut(passage, unit, *at)))
        return line

    def _beside(self, passage: Evidence, piece: Evidence) -> list[Unit]:
        """The sentences of a passage, the one that a piece is of first, then those after it, then those before it."""
        if passage.source is None or piece.source is None:
            return []
        every = units(passage.text, passage.source.start, _kind(passage))
        at = next((n for n, unit in enumerate(every) if unit.start <= piece.source.start < unit.end), 0)
        return list(islice((*every[at:], *reversed(every[:at])), 6))


def _of_a_clause(word: Word, text: str, clauses: Sequence[Clause]) -> bool:
    """Whether a word of a question is how it asks for a clause."""
    about = with_senses(other.key for one in clauses for other in words(one.words))
    spans = [span for one in clauses for span in one.asked.finditer(text)]
    return (
        word.key in about
        or sense(word.key) in about
        or any(span.start() < word.end and word.start < span.end() for span in spans)
    )


def _kind(passage: Evidence) -> str:
    return str(passage.data.get("kind", "text"))


def _cut(passage: Evidence, unit: Unit, first: int, last: int) -> Evidence:
    """A sentence of a passage, or where it is long the clauses around a place in it."""
    text = unit.text
    if len(text) <= LONG:
        return piece_of(passage, unit.start, unit.end)
    room = max(0, LONG - (last - first)) // 2
    start, end = max(0, first - room), min(len(text), max(last, first + 1) + room)
    end = min(end, start + 2 * LONG)
    before = [found.end() for found in re.finditer(r"[,;:]\s+", text[start:first])]
    start += before[0] if start and before else 0
    if start and not before:
        start += len(text[start:first]) - len(text[start:first].split(" ", 1)[-1]) if " " in text[start:first] else 0
    after = [found.start() for found in re.finditer(r"[,;:]\s", text[last:end])]
    if end < len(text):
        end = last + after[-1] if after else max(last, text.rfind(" ", last, end))
    return piece_of(passage, unit.start + start, unit.start + end)


def _said(line: Line) -> str:
    return f"{line.name}: " + " … ".join(" ".join(one.text.split()) for one in line.pieces)
