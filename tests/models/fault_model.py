"""The model of the fault server: a known distribution over the labels a prompt lists, told token by token."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

PIECE = re.compile(r" ?[^\W_]{1,6}|\s|_|[^\w\s]")
LISTED = re.compile(r"^- (.+)$", re.MULTILINE)
INLINE = re.compile(r"fits the text: (.*)\?$", re.MULTILINE)


def pieces(text: str) -> list[str]:
    """The tokens of a text; joined they give the text again."""
    return PIECE.findall(text)


def count_prompt(body: Mapping[str, Any]) -> int:
    """Tokens of a request: those of its messages and four around each."""
    return 3 + sum(4 + len(pieces(str(message["content"]))) for message in body["messages"])


def prompt_key(body: Mapping[str, Any]) -> str:
    """A short name of what is asked: the messages."""
    return hashlib.sha256(json.dumps(body.get("messages"), sort_keys=True).encode()).hexdigest()[:16]


def distribution(body: Mapping[str, Any], certainty: float) -> dict[str, float]:
    """The probability of each label listed: `certainty` for the one that shares most words with the text."""
    whole = "\n".join(str(message["content"]) for message in body["messages"])
    inline = INLINE.search(whole)
    labels = LISTED.findall(whole) or (inline.group(1).split(", ") if inline else [])
    if not labels:
        return {"hello": certainty, "I cannot tell": 1 - certainty}
    case = whole.rpartition("Text:")[2].lower()
    words = set(re.findall(r"\w+", case))
    number = int(hashlib.sha256(case.encode()).hexdigest()[:8], 16)

    def fit(place: int) -> tuple[int, int]:
        return len(words & set(re.findall(r"\w+", labels[place].lower()))), (number + place) % len(labels)

    best = max(range(len(labels)), key=fit)
    if len(labels) == 1:
        return {labels[0]: 1.0}
    rest = (1 - certainty) / (len(labels) - 1)
    return {label: certainty if place == best else rest for place, label in enumerate(labels)}


def pick(shares: Mapping[str, float], body: Mapping[str, Any]) -> str:
    """The likeliest reply at temperature 0; else one drawn, by the seed if the request has one."""
    if not body.get("temperature"):
        return max(shares, key=lambda reply: shares[reply])
    number = int(hashlib.sha256(f"{body.get('seed')}{prompt_key(body)}".encode()).hexdigest()[:8], 16) / 0x100000000
    for reply, share in shares.items():
        number -= share
        if number < 0:
            return reply
    return reply


def token_logprobs(tokens: Sequence[str], shares: Mapping[str, float], top: int) -> list[dict[str, Any]]:
    """What a server tells of each token of the reply, the end of the reply last: its logprob and the alternatives."""
    options = {(*pieces(reply), "<|end|>"): share for reply, share in shares.items()}
    told = []
    for place, token in enumerate((*tokens, "<|end|>")):
        here: dict[str, float] = {}
        for option, share in options.items():
            if option[:place] == tuple(tokens[:place]) and len(option) > place:
                here[option[place]] = here.get(option[place], 0.0) + share
        total = sum(here.values())
        ranked = sorted(here.items(), key=lambda item: -item[1])[: min(top, 20)]
        entry = _entry(token, here.get(token, 0.0) / total)
        told.append({**entry, "top_logprobs": [_entry(name, share / total) for name, share in ranked]})
    return told[:-1] if tokens else []


def _entry(token: str, share: float) -> dict[str, Any]:
    return {"token": token, "logprob": math.log(share) if share > 0 else -9999.0, "bytes": list(token.encode())}
