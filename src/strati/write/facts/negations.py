"""Negations: words that deny, and prefixes that turn a word round."""

from __future__ import annotations

import re
from collections.abc import Iterator

from strati.write.facts.fact import Fact, FactKind

# "or not", "whether or not" and "no matter" deny nothing.
_NEGATION = re.compile(
    r"\b(?:(?<!\bor )not|(?<!whether )or not(?!\s*(?:[.,;:?!)]|$))|never|no(?! matter)|none|nobody|nothing|nowhere"
    r"|neither|nor|with\s?out|cannot|hardly|scarcely|barely|seldom|no[ -]?one"
    r"|(?:do|does|did|is|are|was|were|has|have|had|ca|can|could|wo|would|should|must|might|need|sha|ai|may|dare|ought)"
    r"(?:e?n['’`´]?t|\s?n['’`´]t)|\w{2,7}['’`´]t)\b|(?<=\w)n['’]t\b|\bn['’]t\b",
    re.IGNORECASE,
)
_PREFIXES = ("un", "in", "im", "ir", "il", "dis", "non", "mis")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LEAST = 4  # letters of a stem: below it "in" + "to" would be a negation


_NEUTRAL = re.compile(r"\bor not(?=\s*(?:[.,;:?!)]|$))|\bwhether or not\b|\bno matter\b", re.IGNORECASE)
_ANY = re.compile(r"\b(?:any\w*|either|ever|or|at all|something|some)\b", re.IGNORECASE)
_DOUBLE = frozenset(["no", "none", "nobody", "nothing", "nowhere", "neither", "nor", "never", "no-one"])
# Words that deny in their own way: what is not done is prevented, avoided, missing.
_REPHRASED = re.compile(
    r"\b(?:prevent|avoid|lack|fail|refus|stop|unlike|instead|rather|rarely|few|little|miss|absen|except|forbid|forbad"
    r"|ban|exclud|reject|den[iy]|too|far from|only|free of|reduc|regulat|limit|unless|until|bad|poor|wors|hard"
    r"|difficult|wrong|hate|ignor|weak|scarce|short of)\w*\b|\w{3,}(?:less|free)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:un|dis|non-?|im|in|il|ir)[^\W\d_]{4,}", re.IGNORECASE)


def neutral(text: str) -> int:
    """How often a text has a denial that denies nothing: "or not" at an end, "whether or not", "no matter"."""
    return len(_NEUTRAL.findall(text))


def doubled(fact: Fact) -> bool:
    """A word that only repeats a denial beside another one: "do not ... no", "never ... nor"."""
    return fact.text.lower().replace(" ", "-") in _DOUBLE


def loosened(before: str, after: str) -> int:
    """How many more words such as "any" and "or" the second text has: what a second denial is put right with."""
    return len(_ANY.findall(after)) - len(_ANY.findall(before))


def otherwise(before: str, after: str) -> int:
    """How many words the second text has, and the first has not, that say a denial in another way.

    >>> otherwise("People do not know of this.", "People are unaware of this.")
    1
    """
    old, new = _words(before), _words(after)
    found = {one.lower() for one in [*_REPHRASED.findall(after), *_DENIED.findall(after)]}
    return sum(word in new and not any(word[:5] == other[:5] for other in old) for word in found)


def misspelled(fact: Fact, text: str) -> bool:
    """The text has this denial with an error: "cannto", "whithout", "dosent", "donot"."""
    from rapidfuzz.distance import OSA

    word = re.sub(r"\W", "", fact.text.lower())
    there = {re.sub(r"\W", "", found.lower()) for found in re.findall(r"[\w'’]+", text)}
    if word == "not" and any(one in _BROKEN or _GLUED.fullmatch(one) for one in there):
        return True
    return len(word) >= 5 and any(word != one and OSA.distance(word, one) <= 1 for one in there if len(one) >= 5)


_GLUED = re.compile(r"(?:do|did|does|is|are|was|were|has|have|had|could|will|would|should|must|may|might)not")
_BROKEN = frozenset(["nto", "ont", "noot", "nott", "canot", "cannt"])


def only(before: str, after: str) -> int:
    """How often "not only" became something else with its "only" gone as well ("not only A but B", "A and B")."""
    return len(_ONLY.findall(before)) - len(_ONLY.findall(after))


_ONLY = re.compile(r"\b(?:only|just|merely|simply)\b", re.IGNORECASE)


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
