"""Names that a document gives: `Acme Ltd. (the "Company")`, `"Product" means ...`, `large language model (LLM)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from strati.kinds.extract.lists import word_set

_QUOTE = "[\"“”„«»]|''|``"
_PARENS = re.compile(r"[(\[]([^()\[\]]{1,260})[)\]]")
_QUOTED = re.compile(
    rf"(?:{_QUOTE})\s*(?:the\s+)?([^\"“”„«»\n]{{1,60}}?)[\s,.]*(?:{_QUOTE})|(?<![\w])['‘]\s*(?:the\s+)?([A-Z][^'’\n]{{1,40}}?)\s*['’](?!\w)"
)
_LEAD = word_set(
    "the a an this that these each every both all any together collectively individually jointly hereinafter "
    "hereafter herein referred to as called known being such also and or in individual respectively sometimes "
    "further agreement of them with its affiliates subsidiaries successors assigns for purposes hereof short simply "
    "under defined is are may be shall will it collective well their our his her date said whether one more which "
    "from time im folgenden nachfolgend genannt kurz die der das ci-après le la dénommée dénommé"
)
_MEANS = re.compile(
    rf"(?:{_QUOTE})\s*([^\"“”„«»\n]{{1,60}}?)[\s,.]*(?:{_QUOTE})(?:\s*\([^()]{{0,80}}\))?"
    r"(?:\s*,?\s*(?:as used herein|when used [^,]{0,40}),?)?\s*:?\s+(?:(?:shall|will)\s+)?"
    r"(?:means?|have\s+the\s+meanings?|has\s+the\s+meaning|is\s+defined\s+as|"
    r"refers\s+to|bedeutet|bezeichnet)\b\s*:?\s*"
)
_CALLED = re.compile(
    r"(?:,\s*)?(?:\b(?:hereinafter|hereafter|herein|collectively|referred|known|called|defined)\s+)+(?:(?:to|as|called|the)\s+)*"
    rf"(?:{_QUOTE})\s*(?:the\s+)?([^\"“”„«»\n]{{1,60}}?)[\s,.]*(?:{_QUOTE})"
)
_ACRONYM = re.compile(r"\(([A-Z][A-Za-z&-]{0,7}[A-Z]s?|[A-Z]{2,8}s?)\)")
_ROLE = word_set(
    "company corporation licensor licensee seller buyer purchaser vendor supplier provider customer client "
    "consultant contractor party parties distributor manufacturer reseller lender borrower landlord tenant lessor "
    "lessee agent bank owner operator sponsor talent athlete employer employee franchisor franchisee trust fund "
    "partner shipper transporter recipient guarantor issuer subscriber affiliate holder investor parent subsidiary "
    "publisher author artist developer assignor assignee trustee adviser advisor manager administrator servicer "
    "host user undersigned transferor transferee executive"
)
_PAPERS = word_set("agreement contract lease amendment plan policy deed addendum memorandum report note letter")


# What stands before a name that only says what another is: "a division of Acme Ltd".
PART_OF = re.compile(
    r"\b(?:division|subsidiary|affiliate|unit|branch|member|part|shareholder|behalf)\s+of\s+(?:the\s+)?$", re.I
)


class Definition(NamedTuple):
    """`text[start:end]` is the name that is given; it stands for what ends at `before`, or for the words from `after`
    on. `whole` is the span of the parenthesis or the beginning of the sentence that gives it."""

    name: str
    start: int
    end: int
    before: int
    after: int
    whole: tuple[int, int]
    acronym: bool = False


def is_role(name: str) -> bool:
    """Whether a name is a role of a party: "Licensor", "the Company".

    >>> is_role("Company"), is_role("Services")
    (True, False)
    """
    words = name.lower().split()
    return bool(words) and words[-1] in _ROLE and len(words) <= 3


def is_paper(name: str) -> bool:
    """Whether a name stands for a document: "Agreement", "License Agreement"."""
    words = name.lower().split()
    return bool(words) and words[-1] in _PAPERS


def definitions(text: str, start: int, end: int) -> Iterator[Definition]:
    """All names that `text[start:end]` gives, by place.

    >>> text = 'Acme Ltd. (the "Company") sells widgets ("Goods").'
    >>> [(one.name, text[: one.before]) for one in definitions(text, 0, len(text))]
    [('Company', 'Acme Ltd.'), ('Goods', 'Acme Ltd. (the "Company") sells widgets')]
    """
    for match in _PARENS.finditer(text, start, end):
        inside = list(_QUOTED.finditer(text, match.start(1), match.end(1)))
        if not inside:
            continue
        lead = re.findall(r"[^\W\d_]+", text[match.start(1) : inside[0].start()].lower())
        if not set(lead) <= _LEAD:
            continue
        for one in inside:
            group = 1 if one[1] else 2
            name = " ".join((one[group] or "").split())
            if _usable(name):
                yield Definition(name, *one.span(group), _before(text, match.start()), -1, match.span())
    for match in _CALLED.finditer(text, start, end):
        name = " ".join(match[1].split())
        if _usable(name):
            yield Definition(name, *match.span(1), _before(text, match.start()), -1, match.span())
    for match in _MEANS.finditer(text, start, end):
        name = " ".join(match[1].split())
        if _usable(name):
            yield Definition(name, *match.span(1), -1, match.end(), match.span())
    for match in _ACRONYM.finditer(text, start, end):
        spelt = _spelt_out(text, match.start(), match[1].removesuffix("s"))
        if spelt is not None:
            yield Definition(match[1], *match.span(1), _before(text, match.start()), spelt, match.span(), True)


def _usable(name: str) -> bool:
    return bool(re.search(r"[^\W\d_]", name)) and len(name.split()) <= 7 and not name.islower()


def _before(text: str, at: int) -> int:
    while at and (text[at - 1].isspace() or text[at - 1] in ",;"):
        at -= 1
    return at


def _spelt_out(text: str, at: int, short: str) -> int | None:
    """Where the words begin, right before `at`, whose first letters spell the acronym.

    >>> _spelt_out("a large language model (LLM)", 23, "LLM")
    2
    """
    letters = [c.lower() for c in short if c.isalnum()]
    words = list(re.finditer(r"[^\W_]+", text[max(0, at - 120) : at]))
    offset = max(0, at - 120)
    found = len(letters) - 1
    for word in reversed(words[-2 * len(letters) - 2 :]):
        if word[0][0].lower() == letters[found]:
            found -= 1
            if found < 0:
                return offset + word.start()
        elif word[0].lower() not in ("of", "the", "and", "for", "in", "on", "to", "a", "de", "der", "und"):
            return None
    return None
