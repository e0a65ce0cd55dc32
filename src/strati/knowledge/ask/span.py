"""The few words of a sentence that answer: a date, a number, a name, or what stands nearest to the question's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from strati.knowledge.ask.quantities import quantities
from strati.knowledge.ask.question import Question, Wanted
from strati.knowledge.ask.words import Word, carries, words

_NAME = re.compile(r"(?:[A-Z][\w'’.&-]*)(?:\s+(?:(?:of|the|de|la|von|van|and|&)\s+)?[A-Z0-9][\w'’.&-]*)*")
_LONGEST = 6  # words of a span without a kind


def best_span(question: Question, sentence: str) -> tuple[int, int] | None:
    """Start and end in the sentence, or None when nothing stands out.

    >>> from strati.knowledge.ask.question import read
    >>> text = "The lease ends on 12 May 2023 in Bern."
    >>> [text[a:b] for a, b in [best_span(read("When does the lease end?"), text)]]
    ['12 May 2023']
    """
    spans = list(_spans(question, sentence))
    told = words(sentence)
    asked = [word for word in told if word.key in question.keys]
    if not spans:
        spans = list(_runs(question, told))
    if not spans:
        return None

    def distance(span: tuple[int, int]) -> float:
        middle = (span[0] + span[1]) / 2
        return sum(min(abs((word.start + word.end) / 2 - middle), 80) for word in asked)

    return min(spans, key=lambda span: (distance(span), span))


def _spans(question: Question, sentence: str) -> Iterator[tuple[int, int]]:
    said = {one.value for one in question.quantities}
    if question.wanted is Wanted.DATE:
        yield from (
            (q.start, q.end) for q in quantities(sentence) if (q.kind == "date" or q.year) and q.value not in said
        )
    elif question.wanted is Wanted.NUMBER:
        yield from ((q.start, q.end) for q in quantities(sentence) if q.kind == "number" and q.value not in said)
    elif question.wanted in (Wanted.PERSON, Wanted.PLACE):
        for found in _NAME.finditer(sentence):
            inside = [word for word in words(found[0]) if carries(word)]
            if inside and not any(word.key in question.keys for word in inside):
                end = found.end() - (found[0][-1:] in ".,'’")
                yield found.start(), end


def _runs(question: Question, told: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Runs of words that the question does not have, without the function words at their ends."""
    run: list[Word] = []
    for word in [*told, None]:
        if word is not None and word.key not in question.keys and len(run) < _LONGEST:
            if run or carries(word):
                run.append(word)
            continue
        while run and not carries(run[-1]):
            run.pop()
        if run:
            yield run[0].start, run[-1].end
        run = []
