"""What a question asks for: the kind of its answer, its telling words, and what makes it no question for documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from strati.knowledge.ask.equivalents import sense
from strati.knowledge.ask.quantities import Quantity, quantities
from strati.knowledge.ask.words import Word, content, fold, words

LONGEST = 4000  # characters: what is longer is no question


class Wanted(StrEnum):
    """What kind of answer a question wants."""

    PERSON = "person"
    DATE = "date"
    NUMBER = "number"
    PLACE = "place"
    REASON = "reason"
    YES_NO = "yes or no"
    OTHER = "other"


_WANTED = (
    (Wanted.DATE, r"when\b|(?:in |on |since |until |by )?(?:what|which) (?:year|date|day|month|decade|century|time)\b|"
                  r"wann\b|quand\b|cuándo\b|seit wann\b|什么时候|哪一年|何时"),
    (Wanted.NUMBER, r"how (?:many|much|long|old|far|tall|large|big|often|fast|high|wide|deep|heavy)\b|"
                    r"(?:what|which) (?:percent|percentage|number|amount|share|proportion|population|price|fee|cost|"
                    r"rate|notice|size|age|distance|length|height|speed|temperature)\b|"
                    r"wie ?viele?\b|combien\b|cuánt[oa]s?\b|多少|几"),
    (Wanted.PERSON, r"who(?:m|se)?\b|wer\b|wem\b|qui\b|quién(?:es)?\b|谁"),
    (Wanted.PLACE, r"where\b|(?:in |at |to |from )?(?:what|which) (?:city|country|state|place|location|region|county|"
                   r"town|continent|area)\b|wo\b|woher\b|où\b|dónde\b|哪里|在哪"),
    (Wanted.REASON, r"why\b|warum\b|pourquoi\b|por qué\b|为什么"),
)  # fmt: skip
_FIRST = [(kind, re.compile(rf"^\W*(?:{pattern})", re.IGNORECASE)) for kind, pattern in _WANTED]
_INSIDE = [(kind, re.compile(rf"(?:^|\W)(?:{pattern})", re.IGNORECASE)) for kind, pattern in _WANTED[:4]]
_YES_NO = re.compile(
    r"^\W*(?:is|are|was|were|does|do|did|has|have|had|can|could|may|must|will|would|should|ist|sind|hat|kann|darf|muss)\b",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"\bhow\s+(long|far|old|often|big|large|tall|high|deep|wide|thick|heavy|fast|quickly|soon|late|early|expensive)\b",
    re.IGNORECASE,
)
_OTHER_MEDIUM = re.compile(
    r"\b(?:show|draw|display|plot|play|sing|sketch|paint)\b.{0,30}\b(?:picture|photo|image|chart|graph|video|song|audio|"
    r"map|diagram|drawing|logo|recording)s?\b",
    re.IGNORECASE,
)
_VAGUE_WORDS = "it this that they he she them him her one thing stuff something anything everything"
_VAGUE = frozenset(_VAGUE_WORDS.split())
_COMMON_ENDING = re.compile(
    r"(?:ed|ing|ly|tion|sion|ment|ness|able|ible|ize|ise|ive|ous|ful|less|ity|ence|ance|ship|ism|ical|ually|ers?|ies|es)$"
)
_CALENDAR_WORDS = (
    "january february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday"
)
_CALENDAR = frozenset(_CALENDAR_WORDS.split())


@dataclass(frozen=True, slots=True)
class Question:
    """A question, taken apart. `words` are its telling words in order, `quantities` the numbers and dates it names."""

    text: str
    wanted: Wanted
    words: tuple[Word, ...]
    quantities: tuple[Quantity, ...]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(word.key for word in self.words)

    @property
    def measures(self) -> frozenset[int]:
        """Where words such as "long" in "how long" start: they ask for a figure, and need not stand in a source."""
        return frozenset(found.start(1) for found in _MEASURED.finditer(self.text))


def read(text: str) -> Question:
    """A question taken apart.

    >>> found = read("When did the lease end?")
    >>> str(found.wanted), [word.text for word in found.words]
    ('date', ['lease', 'end'])
    """
    wanted = next((kind for kind, pattern in _FIRST if pattern.search(text)), None)
    if wanted is None and _YES_NO.search(text):
        wanted = Wanted.YES_NO
    if wanted is None:
        wanted = next((kind for kind, pattern in _INSIDE if pattern.search(text)), Wanted.OTHER)
    return Question(text, wanted, tuple(content(text)), tuple(quantities(text)))


def no_question(question: Question) -> str:
    """Why documents cannot answer this at all, in a sentence; "" when they may."""
    if not question.words:
        named = [word.text for word in words(question.text) if fold(word.text) in _VAGUE]
        if named:
            return f"the question does not say what {named[0]!r} stands for: name it"
        return "the question holds no word that could be looked for"
    if _OTHER_MEDIUM.search(question.text):
        return "the question asks for something to see or hear; the sources are text"
    return ""


def names(question: Question) -> list[Word]:
    """The words that look like a name: a capital inside the sentence, a digit or sign inside the word, or in quotes.

    In a question that is all lower case every word counts that does not end like an ordinary one.
    """
    text = question.text
    capitals = [word for word in question.words if word.text[:1].isupper() and not _begins(text, word)]
    shouted = text.upper() == text
    plain = not any(char.isupper() for char in text[1:])
    found = []
    for word in question.words:
        if not word.text[:1].isalpha() or len(word.text) < 2 or fold(word.text) in _CALENDAR:
            continue
        odd = any(c.isdigit() for c in word.text) or any(c.isupper() for c in word.text[1:])
        quoted = text[max(0, word.start - 1) : word.start] in {'"', "“", "'", "‘", "«"}
        if sense(word.key):
            continue
        lower = (plain or shouted) and len(word.text) >= 4 and not _COMMON_ENDING.search(fold(word.text))
        if quoted or lower or (not shouted and (odd or word in capitals)):
            found.append(word)
    return found


def _begins(text: str, word: Word) -> bool:
    """Whether a word is the first of a sentence, where a capital says nothing."""
    before = text[: word.start].rstrip()
    return not before or before[-1] in ".?!:"


def fits(wanted: Wanted, sentence: str, asked: frozenset[str], named: Sequence[Quantity]) -> float:
    """How well a sentence holds an answer of the wanted kind: 1 it has one, 0 it has none, .5 it cannot be told."""
    if wanted in (Wanted.DATE, Wanted.NUMBER):
        said = {one.value for one in named}
        found = [one for one in quantities(sentence) if one.value not in said]
        if wanted is Wanted.DATE:
            return 1.0 if any(one.kind in ("date", "time") or one.year for one in found) else 0.0
        return 1.0 if any(one.kind == "number" and not one.year for one in found) else 0.0
    if wanted in (Wanted.PERSON, Wanted.PLACE):
        new = [w for w in content(sentence) if w.text[:1].isupper() and w.key not in asked and w.start > 0]
        return 1.0 if new else 0.2
    if wanted is Wanted.REASON:
        because = re.search(
            r"\b(?:because|since|due to|so that|in order to|therefore|as a result|caused?|reason|"
            r"to (?:avoid|prevent))\b",
            sentence,
            re.IGNORECASE,
        )
        return 1.0 if because else 0.4
    return 0.5
