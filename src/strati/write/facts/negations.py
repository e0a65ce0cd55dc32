"""Negations: words that deny, and prefixes that turn a word round."""

from __future__ import annotations

import re
from collections.abc import Iterator

from strati.write.facts.fact import Fact, FactKind

# "or not", "whether or not" and "no matter" deny nothing.
_NEGATION = re.compile(
    r"\b(?:(?<!\bor )not|(?<!whether )or not(?!\s*(?:[.,;:?!)]|$))|never|no(?! matter)|none|nobody|nothing|nowhere"
    r"|neither|nor|without|cannot|hardly|scarcely|barely|seldom|no[ -]one"
    r"|(?:do|does|did|is|are|was|were|has|have|had|ca|can|could|wo|would|should|must|might|need|sha|ai|may|dare|ought)"
    r"(?:e?n['’`´]?t|\s?n['’`´]t)|\w{2,7}['’`´]t)\b|(?<=\w)n['’]t\b|\bn['’]t\b",
    re.IGNORECASE,
)
_PREFIXES = ("un", "in", "im", "ir", "il", "dis", "non", "mis")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LEAST = 4  # letters of a stem: below it "in" + "to" would be a negation


def negations(text: str) -> Iterator[Fact]:
    """Words that deny; "cannot", "can't" and "can not" are the same."""
    for found in _NEGATION.finditer(text):
        yield Fact(FactKind.NEGATION, found[0], "not", found.start(), found.end())


def turned(before: str, after: str) -> list[tuple[str, str]]:
    """Pairs of words that differ by a prefix of denial: one stands before the edit, the other after it.

    >>> turned("It is possible.", "It is impossible.")
    [('possible', 'impossible')]
    """
    old, new = _words(before), _words(after)
    gone, come = old - new, new - old
    pairs = [(word, prefix + word) for word in gone for prefix in _PREFIXES if prefix + word in come]
    pairs += [(prefix + word, word) for word in come for prefix in _PREFIXES if prefix + word in gone]
    pairs = [pair for pair in pairs if not (_apart(pair, before, after) or _apart(pair, after, before))]
    pairs += [(word, other) for word in gone for other in come if _less(word, other)]
    return sorted({pair for pair in pairs if min(map(len, pair)) >= _LEAST})


def denies(pair: tuple[str, str]) -> bool:
    """The second word of the pair is the denial of the first."""
    return pair[1].endswith(pair[0]) or pair[1].endswith("less")


def _words(text: str) -> set[str]:
    return {re.sub(r"^non-", "non", found[0].lower()) for found in _WORD.finditer(text)}


def _apart(pair: tuple[str, str], text: str, other: str) -> bool:
    """The text has the longer word in two ("in deed", "in the wall"): its prefix is no denial."""
    short, long = sorted(pair, key=len)
    prefix = rf"\b{re.escape(long[: -len(short)])}\b"
    parts = len(re.findall(prefix, text, re.IGNORECASE)) - len(re.findall(prefix, other, re.IGNORECASE))
    return parts > 0 and re.search(rf"\b{re.escape(short)}\b", text, re.IGNORECASE) is not None


def _less(word: str, other: str) -> bool:
    return any(a.endswith("ful") and b == a[:-3] + "less" for a, b in ((word, other), (other, word)))
