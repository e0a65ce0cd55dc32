"""Everyday words that stand for each other in questions and documents: a short list of ours, English only.

They count when it is weighed whether a passage speaks of what is asked; the check of what a text claims knows nothing
of them, because "end" and "terminate" are close enough to find a clause, and not to swear by it.
"""

from __future__ import annotations

from strati.knowledge.ask.words import key_of

_GROUPS = (
    "end ending terminate termination terminated cancel cancellation expire expiry cease",
    "start begin beginning commence commencement launch open",
    "pay payment paid fee cost price charge rent amount",
    "buy purchase acquire acquisition",
    "sell sale",
    "agreement contract lease licence license deal",
    "allow permit permitted authorise authorize may",
    "forbid prohibit prohibited ban disallow",
    "company firm business corporation enterprise organisation organization",
    "worker employee staff personnel",
    "boss manager supervisor head director",
    "tenant lessee renter",
    "landlord lessor",
    "customer client buyer",
    "supplier vendor seller provider",
    "build construct built construction erect",
    "make create produce manufacture",
    "find discover detect",
    "help assist support aid",
    "use utilise utilize employ",
    "need require requirement necessary must demand",
    "show display present",
    "change modify alter amend amendment",
    "remove delete erase",
    "get obtain receive",
    "give provide supply deliver",
    "keep retain store hold",
    "send transmit forward",
    "choose select pick",
    "answer reply respond response",
    "ask request inquire",
    "fix repair correct",
    "big large huge",
    "small little tiny",
    "fast quick rapid",
    "car vehicle automobile",
    "doctor physician",
    "film movie",
    "illness disease sickness",
    "kill murder assassinate",
    "marry wed spouse married",
    "movement motion",
    "rule law regulation",
    "notice notification",
    "maximum most limit",
    "minimum least",
    "yearly annual annually",
    "monthly month",
    "per each",
)
_GROUP: dict[str, int] = {}
for _number, _words in enumerate(_GROUPS):
    for _word in _words.split():
        _GROUP.setdefault(key_of(_word), _number)
CLOSE = 0.8  # what an equivalent counts against the word itself


def sense(key: str) -> str:
    """A mark for the group of a word's key, or "".

    >>> sense(key_of("ended")) == sense(key_of("terminate")) != ""
    True
    """
    number = _GROUP.get(key)
    return "" if number is None else f"~{number}"


def others(word: str) -> tuple[str, ...]:
    """The other words of a word's group.

    >>> "terminate" in others("ended")
    True
    """
    number = _GROUP.get(key_of(word))
    return () if number is None else tuple(one for one in _GROUPS[number].split() if key_of(one) != key_of(word))
