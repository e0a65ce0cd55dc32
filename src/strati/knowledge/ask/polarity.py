"""Whether two sentences say the opposite: a negation on one side only, or words that exclude each other."""

from __future__ import annotations

from collections.abc import Iterable

from strati.knowledge.ask.words import Word, carries, key_of, words

_NEGATION_WORDS = (
    "not no never none nobody nothing neither nor without cannot can't won't don't doesn't didn't isn't aren't wasn't "
    "weren't hasn't haven't hadn't couldn't shouldn't wouldn't mustn't hardly nowhere unable fails failed refuse "
    "refused refuses declined lacks lacked nicht kein keine keinen nie niemals ohne ne pas jamais aucun sin nunca "
    "ninguna ningún"
)
_NEGATION = frozenset(_NEGATION_WORDS.split())
_CHINESE_NEGATION = "不没未无非"
_REACH = 4  # words after a negation among which the denied one stands
_IDIOMS = ("only", "longer", "later", "more", "less", "just", "until")
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

OPPOSITES: dict[str, set[str]] = {}
"""Words with the words that exclude them, as written in the list above."""
_OPPOSITES: dict[str, set[str]] = {}
for _pair in _PAIRS.split():
    _one, _other = _pair.split("/")
    OPPOSITES.setdefault(_one, set()).add(_other)
    OPPOSITES.setdefault(_other, set()).add(_one)
    _OPPOSITES.setdefault(key_of(_one), set()).add(key_of(_other))
    _OPPOSITES.setdefault(key_of(_other), set()).add(key_of(_one))


def denied(text: str) -> dict[str, str]:
    """What a text denies: the key of the word that follows each negation, with the negation.

    >>> denied("The fee is not refundable.")
    {'refundabl': 'not'}
    """
    found: dict[str, str] = {}
    told = words(text)
    for at, word in enumerate(told):
        low = word.text.lower().replace("’", "'")
        if low in _NEGATION or low.endswith("n't"):
            after = next((one for one in told[at + 1 : at + 1 + _REACH] if carries(one)), None)
            idiom = after is not None and low in ("no", "not") and after.text.lower() in _IDIOMS
            if after is not None and not idiom:
                found[after.key] = word.text
        elif low[:1] in _CHINESE_NEGATION and len(low) == 2:
            found[told[at + 1].key if at + 1 < len(told) else low[1]] = low[0]
    return found


def contrary(claim: str, source: str) -> str:
    """The negation that only one of two sentences has, before a word that both have; "" when there is none.

    >>> contrary("The fee is refundable.", "The fee is not refundable."), contrary("It is red.", "It is not far.")
    ('not', '')
    """
    one, other = denied(claim), denied(source)
    mine, theirs = {word.key for word in words(claim)}, {word.key for word in words(source)}
    for key, word in one.items():
        if key not in other and key in theirs:
            return word
    for key, word in other.items():
        if key not in one and key in mine:
            return word
    return ""


def unsaid(claim: str, source: str) -> str:
    """The negation of a claim before a word of a source that denies nothing; "" when there is none."""
    if denied(source):
        return ""
    theirs = {word.key for word in words(source)}
    return next((word for key, word in denied(claim).items() if key in theirs), "")


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
