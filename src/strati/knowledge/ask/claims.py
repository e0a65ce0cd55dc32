"""What a text claims, piece by piece: sentences and clauses, each with its place, and whether it can be checked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from strati.knowledge.ask.units import units
from strati.knowledge.ask.words import content, fold, words

_SUBJECT = (
    r"(?=(?:the|it|he|she|they|we|its|his|her|their|this|these|those|a|an|each|all|both|no|there|one|some|many)\b|"
    r"[A-Z])"
)
_CLAUSE = re.compile(rf";\s+|,?\s+(?:but|while|whereas|although)\s+{_SUBJECT}|,\s+and\s+{_SUBJECT}")
_LEAST_WORDS = 4  # words that a clause has on both sides of its cut
_PRONOUN = re.compile(
    r"^\W*(?:(?:and|but|so|then|also|however|in addition|moreover|there),?\s+)?(it|he|she|they|this|that|these|those|"
    r"its|his|her|their|such|both|the former|the latter|er|sie|es|dies|diese|il|elle|ils|elles|esto)\b(?!\s+is\s+(?:"
    r"clear|known|possible|important)\s+that)",
    re.IGNORECASE,
)
_POINTING_WORDS = "this that these those such its his her their both dies diese"
_POINTING = frozenset(_POINTING_WORDS.split())
_MARKUP = re.compile(r"^\s*(?:#{1,6}\s+|[-*+•]\s+|\d{1,3}[.)]\s+|>\s+)+")
_NO_PROSE = re.compile(
    r"\A---\n.*?\n---(?=\n|\Z)|^(```|~~~).*?(?:^\1|\Z)", re.DOTALL | re.MULTILINE
)  # front matter, code
_OPINION = re.compile(
    r"^\W*(?:I|we)\s+(?:think|believe|feel|hope|guess|suggest|would|recommend)\b|\b(?:in my opinion|please)\b",
    re.IGNORECASE,
)
_SPEECH = re.compile(
    r"^\W*(?:hello|hi|dear|thanks|thank you|sincerely|best regards|note|todo|see also)\b.{0,40}$", re.I
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|does|do|did|can|could|may|might|must|shall|will|would|should)\b|"
    r"\b[a-z]{2,}(?:s|ed|es|en)\b|\b(?:ist|sind|war|hat|wird|est|sont|es|son|fue)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A piece of a text that says one thing: `whole[start:end]`.

    `before` is the sentence before it where a pronoun of the claim stands for something said there. `why_not` says, in
    a sentence, why it cannot be checked, or "".
    """

    text: str
    start: int
    end: int
    before: str = ""
    why_not: str = ""


def claims(text: str, *, clauses: bool = True) -> list[Claim]:
    """All claims of a text in order; headings, questions and greetings among them are marked as not checkable.

    >>> [(one.text, one.why_not != "") for one in claims("The fee is 5 euros. Is it due? It is due in May.")]
    [('The fee is 5 euros.', False), ('Is it due?', True), ('It is due in May.', False)]
    """
    found: list[Claim] = []
    before = ""
    for unit in units(_NO_PROSE.sub(_blank, text)):
        marked = _MARKUP.match(unit.text)
        start = unit.start + (marked.end() if marked else 0)
        sentence = text[start : unit.end]
        if not sentence.strip():
            continue
        if marked and "#" in marked[0]:
            found.append(Claim(sentence, start, unit.end, "", "a heading claims nothing"))
            before = ""
            continue
        pieces = _clauses(sentence) if clauses else [(0, len(sentence))]
        said = before
        for first, last in pieces:
            found.append(_claim(text, start + first, start + last, said))
            said = text[start : start + last]
        before = sentence
    return found


def _blank(found: re.Match[str]) -> str:
    """As much white space as there was text, so that places stay."""
    return re.sub(r"[^\n]", " ", found[0])


def _claim(text: str, start: int, end: int, before: str) -> Claim:
    piece = text[start:end]
    pronoun = _PRONOUN.match(piece)
    why = _why_not(piece)
    if not pronoun:
        return Claim(piece, start, end, "", why)
    if not why and not content(before) and fold(pronoun[1]) not in _POINTING:
        why = f"{pronoun[1]!r} stands for something that is not named before it"
    return Claim(piece, start, end, before, why)


def _why_not(piece: str) -> str:
    if piece.rstrip("\"'”’) ").endswith(("?", "？")):
        return "a question claims nothing"
    told = content(piece)
    if not told:
        return "there is no word in it that could be looked for"
    if _OPINION.search(piece) or _SPEECH.search(piece):
        return "an opinion, a wish or a greeting"
    short = len(words(piece)) < 4 and not re.search(r"[.!。！]", piece)
    if short and piece.isascii() and not _VERB.search(piece):
        return "a heading or a fragment claims nothing"
    return ""


def _clauses(sentence: str) -> list[tuple[int, int]]:
    """A sentence cut where a clause of its own begins; never inside quotation marks or brackets."""
    pieces: list[tuple[int, int]] = []
    first = 0
    for found in _CLAUSE.finditer(sentence):
        left, right = sentence[first : found.start()], sentence[found.end() :]
        if min(len(words(left)), len(words(right))) < _LEAST_WORDS or _open(sentence[: found.start()]):
            continue
        if not (_VERB.search(left) and _VERB.search(right)):
            continue
        pieces.append((first, found.start()))
        first = found.end()
    pieces.append((first, len(sentence)))
    return pieces


def _open(text: str) -> bool:
    return text.count("(") > text.count(")") or text.count('"') % 2 == 1 or text.count("“") > text.count("”")
