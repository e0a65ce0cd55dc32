"""A parsed query in the language of FTS5."""

from __future__ import annotations

from collections.abc import Iterable

from strati.knowledge.folding import RUN, pairs
from strati.knowledge.search.query import Query, Term, telling

Spellings = dict[str, tuple[str, ...]]


def words_of(query: Query) -> list[Term]:
    """The single words in any field: they may be in a passage, and rank it."""
    return [term for term in telling(query.terms) if not (term.phrase or term.field)]


def expression(query: Query, words: Iterable[Term], near: Spellings, refining: Iterable[Term] = ()) -> str:
    """Passages that hold every phrase and field of the query and, where there are none, one of `words`.

    With `refining`, they must hold one of those as well. "" when nothing is asked for. Every term occurs once, so that
    BM25 counts it once.
    """
    required = [one(term, near) for term in query.required]
    found = any_of(words, near)
    more = any_of(refining, near)
    parts = [*required, *([f"({found})"] if found and not required else []), *([f"({more})"] if more else [])]
    whole = " AND ".join(parts)
    if whole and query.without:
        whole = f"({whole}) NOT ({any_of(query.without, {})})"
    return whole


def highlighted(query: Query, near: Spellings) -> str:
    """What to mark in the text of a hit: any of the terms."""
    return any_of((term for term in telling(query.terms) if term.field in ("", "text")), near, fields=False)


def any_of(terms: Iterable[Term], near: Spellings, fields: bool = True) -> str:
    return " OR ".join(one(term, near, fields) for term in terms)


def quoted(text: str) -> str:
    """A word or words in a row, as the index has them; a last character of a script without blanks may go on.

    >>> quoted("early end"), quoted("书面通知"), quoted("书"), quoted("第3条书面")
    ('"early end"', '"书面 面通 通知"', '"书" *', '"第 3 条书 书面"')
    """
    runs = list(RUN.finditer(text))
    if not runs:
        return f'"{text}"'
    ends = runs[-1].end() == len(text)
    parts: list[str] = []
    at = 0
    for run in runs:
        goes_on = ends and run is runs[-1]
        parts += [text[at : run.start()], pairs(run[0], last=not goes_on)]
        at = run.end()
    words = " ".join(" ".join([*parts, text[at:]]).split())
    return f'"{words}"' + (" *" if ends and len(runs[-1][0]) == 1 else "")


def one(term: Term, near: Spellings, fields: bool = True) -> str:
    """One term with its other spellings."""
    spellings = [term.text, *near.get(term.text, ())]
    found = " OR ".join(map(quoted, spellings))
    found = f"({found})" if len(spellings) > 1 else found
    return f"{term.field} : {found}" if term.field and fields else found
