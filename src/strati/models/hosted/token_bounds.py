"""How many tokens a text may have, without its model's tokenizer: surely at most, surely at least, and about.

Tokenizers in use (byte-pair encoding and unigram models with byte fallback) give every byte at most one token, and no
token spans two words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MESSAGE = 16
"""Tokens that a chat template puts around a message, at most."""
TEMPLATE = 256
"""Tokens that a chat template adds by itself at most: a default system message, the date, headings."""
SLACK = 0.8
"""What is taken off the least count, for tokenizers that do join some words."""
WORD = re.compile(r"[^\W_]+")
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
UNSPACED_TOKEN = 6
"""Characters of a script without blanks that one token holds at most, but for rare ones."""

Messages = Sequence[Mapping[str, str]]


def at_most(messages: Messages) -> int:
    """No prompt of these messages has more tokens."""
    return TEMPLATE + sum(MESSAGE + len(message["content"].encode()) for message in messages)


def at_least(messages: Messages) -> int:
    """A prompt of these messages has at least about so many tokens; fewer mean that the server dropped some."""
    return int(SLACK * sum(_least(message["content"]) for message in messages))


def about(text: str) -> int:
    """An estimate: four bytes a token, and at least one token a word."""
    return max(_least(text), -(-len(text.encode("utf-8", "replace")) // 4))


def _least(text: str) -> int:
    unspaced = len(UNSPACED.findall(text))
    words = len(WORD.findall(UNSPACED.sub(" ", text) if unspaced else text))
    return words + unspaced // UNSPACED_TOKEN
