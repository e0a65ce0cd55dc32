"""The probability of each option from the token log probabilities that a server tells of one written reply.

The reply is followed token by token. Where the options still possible part, the alternatives that the server lists for
that place give the other options their share: the chance that the model would have gone that way. It is the walk of
`prefix_tree` along one path, with only what a server tells. Where that leaves something open, the choice made here
never adds to the confidence in the option that was written:

- an alternative that fits several options is shared equally among them;
- an option that no listed alternative fits gets what the list leaves over, at most the least listed probability;
- where the written option is also the beginning of others and the server does not tell how likely the end was, the end
  counts as likely as each continuation: it was at least that likely, since the likeliest token is written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strati.models.hosted.written_reply import Found, Options

ROUNDING = 1e-6
"""Probability left over in a list even where its entries sum to 1: log probabilities come rounded."""
TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it was written, and the probability of each token at its place, itself among them."""

    text: str
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Walked:
    """The probability of each option, summing to 1, and that of starting with any of them."""

    probabilities: tuple[float, ...]
    mass: float


def read_tokens(content: Any) -> list[Token]:
    """The tokens of `choices[0].logprobs.content`; none where it does not have the documented shape.

    Tokens that are parts of one character are joined, and then have no alternatives.
    """
    found: list[Token] = []
    parts, share = b"", 1.0
    try:
        for entry in content or []:
            parts += _bytes(entry)
            share *= _share(entry)
            text = _decoded(parts)
            if text is None:
                continue
            alone = parts == _bytes(entry)
            found.append(Token(text, _shares(entry) if alone else {text: share}))
            parts, share = b"", 1.0
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return []
    return found


def walk(tokens: Sequence[Token], reply: str, found: Found, options: Options) -> Walked | None:
    """Follow a reply that names an option; None where the tokens are not those of the reply."""
    place = "".join(token.text for token in tokens).find(reply)
    if place < 0 or not tokens:
        return None
    start = place + found.start
    weights = [0.0] * len(options.texts)
    alive, mass, text, passed = frozenset(range(len(weights))), 1.0, "", 0
    for token in tokens:
        passed += len(token.text)
        if passed <= start:
            continue
        going = options.matching(text + token.text) & alive
        if found.option not in going:
            return None
        mass *= _branch(token, text, alive, going, mass, options, weights)
        text += token.text
        alive = going
        if len(alive) == 1:
            break
    for option in alive:
        weights[option] += mass / len(alive)
    weights[found.option] *= 1 + TIE
    total = math.fsum(weights)
    if total <= 0:
        return None
    return Walked(tuple(weight / total for weight in weights), min(1.0, total))


def _branch(
    token: Token,
    text: str,
    alive: frozenset[int],
    going: frozenset[int],
    mass: float,
    options: Options,
    weights: list[float],
) -> float:
    """Give the options left behind at this token their share; returns the probability of the way taken."""
    begun = options.begun(text + token.text)
    taken = 0.0
    seen = set(going)
    for other, share in token.shares.items():
        if options.begun(text + other) == begun:
            taken += share
            continue
        fits = options.matching(text + other) & alive
        if not fits or fits == alive:  # another reply, or one that does not choose yet, such as a quotation mark
            continue
        seen |= fits
        for option in fits:
            weights[option] += mass * share / len(fits)
    unseen = alive - seen
    if unseen:
        rest = max(ROUNDING, 1 - math.fsum(token.shares.values()))
        rest = min(rest, len(unseen) * max(ROUNDING, min(token.shares.values())))
        for option in unseen:
            weights[option] += mass * rest / len(unseen)
    return taken


def _shares(entry: Mapping[str, Any]) -> dict[str, float]:
    """The probability of the token and of its alternatives, but for parts of characters."""
    shares: dict[str, float] = {}
    for told in (entry, *(entry.get("top_logprobs") or [])):
        text = _decoded(_bytes(told))
        if text is not None:
            shares.setdefault(text, _share(told))
    return shares


def _share(told: Mapping[str, Any]) -> float:
    logprob = float(told["logprob"])
    if math.isnan(logprob):
        raise ValueError("a log probability is no number")
    return math.exp(min(0.0, logprob))


def _bytes(told: Mapping[str, Any]) -> bytes:
    raw, text = told.get("bytes"), told["token"]
    return bytes(raw) if isinstance(raw, list) else str.encode(text)


def _decoded(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None
