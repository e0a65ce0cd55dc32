"""What a model behind a server is asked for a choice: chat messages, room for the reply, one reply or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strati.core.records import JSON
from strati.models.contract import Prompt
from strati.models.hosted.settings import HostedSettings

SAMPLING = 0.7
"""Temperature of replies whose agreement stands for confidence, as in Wang et al., arXiv 2203.11171, section 3.1."""
ROOM = 8
"""Tokens for a reply beside the longest option: a lead such as "Label:", quotation marks."""


@dataclass(frozen=True, slots=True)
class Request:
    """One reply that is wanted: at most `limit` tokens. What goes on the wire depends on what the server takes.

    `live`: piece by piece, as it is written.
    """

    messages: list[dict[str, str]]
    limit: int
    temperature: float = 0.0
    seed: int = 0
    logprobs: bool = False
    schema: JSON | None = None
    live: bool = False


def as_messages(prompt: Prompt) -> list[dict[str, str]]:
    """A prompt as chat messages: one system message, the shots as earlier turns, one user message."""
    messages = [{"role": "system", "content": prompt.system}] if prompt.system else []
    for user, reply in prompt.shots:
        messages += [{"role": "user", "content": user}, {"role": "assistant", "content": reply}]
    return [*messages, {"role": "user", "content": prompt.prefix + prompt.user}]


def room(options: Sequence[str], settings: HostedSettings) -> int:
    """Tokens that a reply with one of the options may have."""
    return ROOM + max(len(option.encode()) for option in options) + settings.reasoning_tokens


def with_logprobs(prompt: Prompt, options: Sequence[str], settings: HostedSettings) -> Request:
    """The one request of a choice by token log probabilities; its seed, 0, is that of no sample."""
    return Request(as_messages(prompt), room(options, settings), logprobs=True)


def samples(prompt: Prompt, options: Sequence[str], settings: HostedSettings) -> list[Request]:
    """The requests of a choice by agreement, with the seeds 1, 2 ...; a single one is asked at temperature 0."""
    messages, limit, count = as_messages(prompt), room(options, settings), settings.samples
    temperature = SAMPLING if count > 1 else 0.0
    return [Request(messages, limit, temperature, number + 1) for number in range(count)]
