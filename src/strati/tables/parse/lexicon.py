"""The words that the parser knows, from `words.toml`: cues, adjectives and the columns they speak of, synonyms."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any


class Cue(StrEnum):
    """What a phrase asks for."""

    COUNT = "count"
    MUCH = "much"
    SUM = "sum"
    AVG = "average"
    MEDIAN = "median"
    MAX = "most"
    MIN = "least"
    FIRST = "first"
    LAST = "last"
    COMMON = "most common"
    RARE = "least common"
    GT = "more than"
    GE = "at least"
    LT = "less than"
    LE = "at most"
    EQ = "equal to"
    ORMORE = "or more"
    ORLESS = "or less"
    BETWEEN = "between"
    AND = "and"
    OR = "or"
    TO = "to"
    FROM = "from"
    BEFORE = "before"
    AFTER = "after"
    SINCE = "since"
    UNTIL = "until"
    IN = "in"
    NOT = "not"
    WITHOUT = "without"
    BY = "by"
    PER = "per"
    TIME = "over time"
    SHARE = "share"
    PART = "fraction"
    DIFF = "difference"
    MORE = "more"
    LESS = "fewer"
    THAN = "than"
    COMPARE = "compare"
    WHICH = "which"
    WHO = "who"
    WHERE = "where"
    WHEN = "when"
    LIST = "list"
    DISTINCT = "distinct"
    IS = "is"
    HOW = "how"
    OF = "of"
    FOR = "for"
    ALL = "all"
    THERE = "there"
    WITH = "with"


_WORDS: Mapping[str, Any] = tomllib.loads((files("strati.tables.parse") / "words.toml").read_text(encoding="utf-8"))

PHRASES: Mapping[tuple[str, ...], Cue] = {
    tuple(phrase.split()): Cue(cue) for cue, phrases in _WORDS["cues"].items() for phrase in phrases
}
HARMLESS = frozenset(_WORDS["harmless"]["words"])
ROW_NOUNS = frozenset(_WORDS["harmless"]["rows"])
PERSON_NOUNS = frozenset(_WORDS["harmless"]["persons"])
UNIT_NOUNS = frozenset(_WORDS["harmless"]["units"])
PLACE_WORDS = tuple(_WORDS["headers"]["places"])
PERSON_WORDS = tuple(_WORDS["headers"]["people"])
UNIT_WORDS = frozenset(_WORDS["headers"]["units"])
ADDITIVE = frozenset(_WORDS["headers"]["additive"])
NOT_ADDITIVE = frozenset(_WORDS["headers"]["not_additive"])
YEAR_WORDS = frozenset(_WORDS["headers"]["years"])
AMOUNT_WORDS = frozenset(_WORDS["headers"]["amounts"])
CONCEPTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    name: (tuple(words["more"]), tuple(words["less"])) for name, words in _WORDS["concepts"].items()
}
ADJECTIVES: Mapping[str, tuple[str, int]] = {
    word: (concept, sign) for concept, forms in _WORDS["adjectives"].items() for word, sign in forms.items()
}
VERBS: Mapping[str, str] = {word: concept for concept, words in _WORDS["verbs"].items() for word in words}
IRREGULAR: Mapping[str, str] = _WORDS["irregular"]
ABBREVIATIONS: Mapping[str, str] = _WORDS["abbreviations"]
SCALES: Mapping[str, float] = _WORDS["scales"]
PLURALS: Mapping[str, str] = _WORDS["plurals"]
ROOTS: Mapping[str, str] = _WORDS["roots"]
SYNONYMS: tuple[frozenset[str], ...] = tuple(frozenset(group.split()) for group in _WORDS["synonyms"]["groups"])


@lru_cache(maxsize=4096)
def adjective(word: str) -> tuple[str, int, str] | None:
    """The concept of an adjective, its direction and its degree: "", "er" or "est".

    >>> adjective("oldest"), adjective("cheaper"), adjective("table")
    (('old', 1, 'est'), ('expensive', -1, 'er'), None)
    """
    degree, stem = "", word
    if word in IRREGULAR:
        degree, stem = ("est" if word.endswith("est") else "er"), IRREGULAR[word]
    if stem in ADJECTIVES:
        return (*ADJECTIVES[stem], degree)
    for ending in ("est", "er"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            for stem in _positive(word[: -len(ending)]):
                if stem in ADJECTIVES:
                    return (*ADJECTIVES[stem], ending)
    return None


def _positive(cut: str) -> tuple[str, ...]:
    """What an adjective may be without its ending: larg -> large, bigg -> big, heavi -> heavy."""
    single = cut[:-1] if cut[-1:] == cut[-2:-1] else cut
    return (cut, cut + "e", single, cut[:-1] + "y" if cut[-1] == "i" else cut)


@lru_cache(maxsize=4096)
def synonyms(word: str) -> frozenset[str]:
    """Words that may stand for this one in a header, itself among them where there are any."""
    return frozenset(other for group in SYNONYMS if word in group for other in group)
