"""Rules that find prompt injection and personal data in a text. Each has a name, so that a refusal can say which.

A rule asks for an instruction *to the model*, not for a trigger word: "ignore" alone is an everyday word, "ignore all
previous instructions" addressed to a reader is not. They are a first fence, fast and explainable, not a proof.
"""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple


class Found(NamedTuple):
    """Where a rule matched, in characters of the text it was given."""

    rule: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Rule:
    """A named pattern; `begun` is what the beginning of a match looks like that may still go on after a space."""

    name: str
    pattern: re.Pattern[str]
    begun: re.Pattern[str] | None = None

    def find(self, text: str) -> list[Found]:
        return [
            Found(self.name, match.start(), match.end(), match.group())
            for match in self.pattern.finditer(text)
            if _valid(self.name, match.group())
        ]


def _rule(name: str, pattern: str, begun: str | None = None) -> Rule:
    return Rule(
        name,
        re.compile(pattern, re.IGNORECASE),
        re.compile(rf"{begun}\Z", re.IGNORECASE) if begun is not None else None,
    )


_OWN = r"(?:your|the|all|any|these|those|previous|prior|above|earlier|preceding|foregoing|initial|original|system)"
_ORDERS = r"(?:instructions?|prompts?|directions?|directives?|guidelines?|system\s+messages?)"

INJECTION: tuple[Rule, ...] = (
    _rule(
        "ignore instructions",
        rf"\b(?:ignore|disregard|forget|override|bypass|discard)\s+(?:{_OWN}\s+){{1,4}}(?:of\s+(?:{_OWN}\s+){{1,2}})?{_ORDERS}\b"
        r"(?!\s+(?:on|in|from|for|of|that\s+came|printed)\b)",
    ),
    _rule(
        "reveal prompt",
        r"\b(?:reveal|show|print|repeat|output|display|leak|tell)\s+(?:me\s+|us\s+)?(?:your|the)\s+"
        r"(?:hidden\s+|secret\s+|initial\s+|full\s+|original\s+|entire\s+)*(?:system\s+(?:prompt|message|instructions?)|"
        r"hidden\s+(?:prompt|instructions?))\b",
    ),
    _rule(
        "new role",
        r"\b(?:you\s+are\s+now|from\s+now\s+on,?\s+you\s+(?:are|will\s+(?:act|behave|respond)))\s+(?:an?\s+|in\s+|as\s+)?"
        r"(?:\w+\s+){0,3}(?:DAN\b|jailbroken|unrestricted|unfiltered|developer\s+mode|evil|no\s+longer\s+bound)",
    ),
    _rule(
        "developer mode",
        r"\b(?:enable|enter|activate|switch\s+(?:in)?to)\s+(?:the\s+)?(?:developer|DAN|god|jailbreak)\s+mode\b",
    ),
    _rule("chat markup", r"<\|(?:im_start|im_end|system|endoftext|eot_id|start_header_id)\|>|\[/?INST\]|<<SYS>>"),
    _rule(
        "fake turn",
        r"(?:^|\n)\s*#{0,3}\s*(?:system|assistant)\s*:\s*(?:you\s+(?:are|must|will)|ignore|new\s+instructions?|override)\b",
    ),
    _rule(
        "send elsewhere",
        r"!\[[^\]]*\]\(\s*https?://[^)\s]+\?[^)\s]*=[^)]*\)",
        r"!\[[^\]]*(?:\](?:\([^)]*)?)?",
    ),
)

PERSONAL: tuple[Rule, ...] = (
    _rule("email address", r"\b[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.[a-z]{2,24}\b"),
    _rule("card number", r"\b[2-6](?:[ -]?\d){12,18}\b", r"\b[2-6](?:[ -]?\d){0,18}[ -]?"),
    _rule("IBAN", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){0,30} ?"),
    _rule("US social security number", r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b"),
)


# How long an IBAN is, by country (ISO 13616).
_LENGTHS = (
    "AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GR27 HR21 HU28 IE22 IS26 IT27 LI21 LT20 LU20 "
    "LV21 MC27 MT31 NL18 NO15 PL28 PT25 RO24 SA24 SE24 SI19 SK24 SM27 TR26 AE23 IL23 BR29 UA29 RS22"
)
_IBAN = {part[:2]: int(part[2:]) for part in _LENGTHS.split()}


def scan(text: str, rules: tuple[Rule, ...]) -> list[Found]:
    """Everything that the rules find, in order; look-alike letters and invisible characters do not hide it."""
    plain = normal(text)
    return sorted((found for rule in rules for found in rule.find(plain)), key=lambda found: found.start)


_WORD = re.compile(r"[^\s。！？]+\Z")  # not finished yet


def unfinished(text: str, rules: tuple[Rule, ...]) -> int:
    """From where on a text that still goes on may hold the beginning of what the rules look for.

    >>> text = "The card is 4111 1111 "
    >>> text[unfinished(text, PERSONAL) :], unfinished("It is red. ", PERSONAL)
    ('4111 1111 ', 11)
    """
    plain, ends = text, None
    if not text.isascii():
        shown = [normal(c) for c in text]
        plain, ends = "".join(shown), list(itertools.accumulate(map(len, shown)))
    begun = (_WORD, *(rule.begun for rule in rules if rule.begun is not None))
    at = min((match.start() for one in begun if (match := one.search(plain))), default=len(plain))
    return at if ends is None else len(text) if at == len(plain) else bisect.bisect_right(ends, at)


def normal(text: str) -> str:
    """The text without invisible characters, compatibility forms made plain. For scanning only."""
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFKC", text)
    return "".join(c for c in composed if unicodedata.category(c) != "Cf")


def _valid(name: str, text: str) -> bool:
    """Numbers have to pass their check digits, so that order numbers are no card numbers."""
    if name == "card number":
        digits = [int(c) for c in text if c.isdigit()]
        doubled = [d if i % 2 == 0 else (2 * d - 9 if d > 4 else 2 * d) for i, d in enumerate(reversed(digits))]
        return sum(doubled) % 10 == 0 and len(set(digits)) > 1
    if name == "IBAN":
        plain = text.replace(" ", "").upper()
        plain = plain[: _IBAN.get(plain[:2], 0)]  # what follows may be the next word
        if not plain:
            return False
        moved = plain[4:] + plain[:4]
        return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1
    return True
