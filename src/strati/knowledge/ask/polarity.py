"""Whether two sentences say the opposite: a negation on one side only, or words that exclude each other."""

from __future__ import annotations

import re
from collections.abc import Iterable

from strati.knowledge.ask.words import Word, key_of, words

_NEGATION_WORDS = (
    "not no never none nobody nothing neither nor without cannot can't won't don't doesn't didn't isn't aren't wasn't "
    "weren't hasn't haven't hadn't couldn't shouldn't wouldn't mustn't hardly nowhere unable fails failed refuse "
    "refused refuses declined lacks lacked nicht kein keine keinen nie niemals ohne ne pas jamais aucun sin nunca "
    "ninguna ningún"
)
_NEGATION = frozenset(_NEGATION_WORDS.split())
_CHINESE_NEGATION = re.compile("[不没未无非]")
_PAIRS = (
    "increase/decrease rise/fall increase/fall rise/decline increase/decline grow/shrink gain/lose win/lose "
    "before/after first/last above/below more/less more/fewer most/least most/fewest higher/lower high/low "
    "larger/smaller largest/smallest big/small early/late earlier/later earliest/latest accept/reject "
    "approve/reject allow/forbid allow/prohibit permit/prohibit permitted/prohibited include/exclude "
    "open/closed alive/dead true/false success/failure succeed/fail support/oppose agree/disagree begin/end start/end "
    "start/stop enable/disable possible/impossible legal/illegal lawful/unlawful required/optional mandatory/optional "
    "north/south east/west northern/southern eastern/western northeast/southwest male/female man/woman men/women "
    "father/mother son/daughter husband/wife brother/sister buy/sell bought/sold borrow/lend arrive/depart enter/leave "
    "positive/negative profit/loss maximum/minimum major/minor strong/weak hot/cold fast/slow old/new older/younger "
    "exclusive/non-exclusive exclusive/nonexclusive ascending/descending import/export inside/outside all/none "
    "always/never everyone/nobody public/private internal/external majority/minority guilty/innocent"
)

_OPPOSITES: dict[str, set[str]] = {}
for _pair in _PAIRS.split():
    _one, _other = _pair.split("/")
    _OPPOSITES.setdefault(key_of(_one), set()).add(key_of(_other))
    _OPPOSITES.setdefault(key_of(_other), set()).add(key_of(_one))


def negated(text: str) -> bool:
    """Whether a sentence denies what it says: an odd number of negations ("not uncommon" is read as denied).

    >>> negated("The fee is not refundable."), negated("The fee is refundable.")
    (True, False)
    """
    low = text.lower().replace("’", "'")
    if _CHINESE_NEGATION.search(low):
        return bool(len(_CHINESE_NEGATION.findall(low)) % 2)
    tokens = re.findall(r"[\w']+", low)
    not_only = len(re.findall(r"\bnot only\b|\bno longer than\b|\bno later than\b|\bno more than\b|\bno less than\b|"
                              r"\bwhether or not\b|\bno\. ?\d", low))  # fmt: skip
    count = sum(token in _NEGATION or token.endswith("n't") for token in tokens)
    return bool(max(0, count - not_only) % 2)


def negation_of(text: str) -> str:
    """The word that denies, for the reason; "" when there is none."""
    found = next((token for token in re.findall(r"[\w'’]+", text) if token.lower().replace("’", "'") in _NEGATION), "")
    chinese = _CHINESE_NEGATION.search(text)
    return found or (chinese[0] if chinese else "")


def opposed(claim: Iterable[Word], source: str) -> tuple[str, str] | None:
    """A word of the claim and one of the source that exclude each other, when the source has not the claim's own."""
    other = {word.key: word.text for word in words(source)}
    for word in claim:
        if word.key in other:
            continue
        for key in _OPPOSITES.get(word.key, ()):
            if key in other:
                return word.text, other[key]
    return None
