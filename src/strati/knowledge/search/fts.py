"""A parsed query in the language of FTS5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strati.knowledge.search.query import Query, Term, telling


def match_of(query: Query, similar: Mapping[str, Sequence[str]] | None = None) -> str:
    """The MATCH expression; "" when the query has no words. `similar` adds spellings of a word beside it."""
    near = similar or {}
    required = [_one(term, near) for term in query.required]
    words = [_one(term, near) for term in telling(query.terms) if not (term.phrase or term.field)]
    if not required and not words:
        return ""
    found = " OR ".join(words)
    if required:
        must = " AND ".join(required)
        found = f"({must}) AND ({found} OR {must})" if words else must
    if query.without:
        found = f"({found}) NOT ({' OR '.join(_one(term, {}) for term in query.without)})"
    return found


def highlight_of(query: Query, similar: Mapping[str, Sequence[str]] | None = None) -> str:
    """What to mark in the text of a hit: any of the terms."""
    terms = [term for term in telling(query.terms) if term.field in ("", "text")]
    return " OR ".join(_one(term, similar or {}) for term in terms)


def _one(term: Term, similar: Mapping[str, Sequence[str]]) -> str:
    spellings = [term.text, *similar.get(term.text.lower(), ())]
    found = " OR ".join(f'"{text}"' for text in spellings)
    found = f"({found})" if len(spellings) > 1 else found
    return f"{term.field} : {found}" if term.field else found
