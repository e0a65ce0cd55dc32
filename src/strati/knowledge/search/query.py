"""What a query asks for: words, "phrases", field:word, -word. Words are folded as the index folds them.

A word of a script without blanks that is longer than two characters is searched by its overlapping pairs.

>>> parsed = parse('title:lease "early termination" fees -draft')
>>> [(term.text, term.field, term.phrase) for term in parsed.terms], [term.text for term in parsed.without]
([('lease', 'title', False), ('early termination', '', True), ('fees', '', False)], ['draft'])
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from strati.knowledge.folding import RUN, WORD, pairs, plainly

FIELDS = ("title", "heading", "text")
_TERM = re.compile(r"""(?P<sign>-?)(?:(?P<field>title|heading|text):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))""")
_LONGEST = 64  # terms: what comes after does not tell more

# Words that most passages hold: they order nothing, and cost most of the time. A query of these alone keeps them.
_STOPWORDS = (
    "a an and are as at be been but by can could did do does for from had has have he her his how i if in into is it "
    "its may me might must my no not of on or our shall she should so some such than that the their them then there "
    "these they this those to was we were what when where which while who whom whose why will with would you your"
)
STOPWORDS = frozenset(_STOPWORDS.split())


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or several that must follow each other (`phrase`), in one field or in any ("")."""

    text: str
    field: str = ""
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. `meaning` is the text an embedder reads: everything that was asked for, without signs."""

    terms: tuple[Term, ...]
    without: tuple[Term, ...] = ()
    meaning: str = ""

    @property
    def required(self) -> tuple[Term, ...]:
        """Phrases and fields must be there; single words may be."""
        return tuple(term for term in self.terms if term.phrase or term.field)


def parse(text: str) -> Query:
    """Never fails: signs without sense are read as blanks."""
    terms: list[Term] = []
    without: list[Term] = []
    said: list[str] = []
    for found in _TERM.finditer(text):
        quoted = found["phrase"]
        asked = quoted if quoted is not None else found["word"]
        words = WORD.findall(plainly(asked))
        if not words:
            continue
        if not found["sign"]:
            said += WORD.findall(asked)
        phrase = len(words) > 1 and (quoted is not None or found["field"] is not None)
        together = phrase or quoted is not None
        pieces = [" ".join(words)] if together else [piece for word in words for piece in _pieces(word)]
        made = [Term(piece, found["field"] or "", quoted is not None) for piece in pieces]
        (without if found["sign"] else terms).extend(made)
    kept = tuple(dict.fromkeys(terms))[:_LONGEST]
    return Query(kept, tuple(dict.fromkeys(without)), " ".join(dict.fromkeys(said[:_LONGEST])) or text.strip())


def _pieces(word: str) -> Iterator[str]:
    """A word, or the terms of its runs without blanks and what stands between them."""
    at = 0
    for run in RUN.finditer(word):
        yield from filter(None, [word[at : run.start()]])
        yield from pairs(run[0], last=False).split()
        at = run.end()
    yield from filter(None, [word[at:]])


def telling(terms: Sequence[Term]) -> list[Term]:
    """The terms without stop words, or all when nothing else is left."""
    kept = [term for term in terms if term.phrase or term.field or term.text.lower() not in STOPWORDS]
    return kept or list(terms)
