"""What a layer asks of a model: four small methods, and nothing about who provides it.

Adapters live at the edge, in `strati.models`; a layer is handed one and never imports a provider. One adapter owns one
engine and may be called from several threads.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from strati.core.records import JSON, Usage


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in the parts that matter for cost.

    `system` and `prefix` are the same for every case (instructions, label list, fixed shots), so an engine evaluates
    them once; `user` is the case with its own shots. An adapter joins them by the model's own chat template: one system
    message, and one user message `prefix + user`. `shots` are earlier (user, assistant) turns between the two, the
    same for every case or its own.
    """

    user: str
    system: str = ""
    prefix: str = ""
    shots: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The probability of each option, summing to 1, in the order of the options.

    `mass` is the probability the model gave to starting with any of the options at all, in [0, 1]: low means the model
    would rather have said something else. None where the engine cannot tell.
    `basis` says where the probabilities come from: "tokens" (the engine's own), or "samples": the shares of several
    replies, where a server gives no probabilities. `reply` is what the model wrote, where it wrote; when that is none
    of the options all probabilities are 0.
    """

    probabilities: tuple[float, ...]
    usage: Usage
    mass: float | None = None
    reply: str | None = None
    basis: str = "tokens"


@dataclass(frozen=True, slots=True)
class Generation:
    """Text that a model wrote. `finished` is false when the limit on tokens cut it off."""

    text: str
    usage: Usage
    finished: bool = True
    logprob: float | None = None


class ContextOverflow(Exception):
    """A prompt does not fit the model's context. It is reported, never cut silently.

    `usage` is what finding out took, where the model was asked; `reason` takes the place of the usual sentence.
    """

    def __init__(self, tokens: int, limit: int, usage: Usage | None = None, reason: str = "") -> None:
        super().__init__(reason or f"the prompt has {tokens} tokens, the model's context holds {limit}")
        self.tokens = tokens
        self.limit = limit
        self.usage = usage or Usage()


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a user must know about a model before choosing it.

    `private` is true when inputs stay with the user; `dollars_per_million` are prices for tokens in and out, for
    models behind a server; `remote` is true when it runs on another machine, whose time this one does not pay.
    """

    name: str
    licence: str
    size_bytes: int | None
    private: bool
    details: Mapping[str, str]
    dollars_per_million: tuple[float, float] | None = None
    remote: bool = False


@runtime_checkable
class LanguageModel(Protocol):
    """A language model, local or remote."""

    @property
    def card(self) -> ModelCard: ...

    def fingerprint(self) -> str:
        """Changes with the weights, the engine and its version, and settings that change answers."""
        ...

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """The probability of each option as the whole reply.

        Raises `ContextOverflow` when the prompt does not fit and `LayerDown` when the engine cannot answer at all.
        """
        ...

    def generate(
        self, prompt: Prompt, max_tokens: int, grammar: str | None = None, schema: JSON | None = None
    ) -> Generation:
        """The reply by greedy decoding, at most `max_tokens` tokens, under a GBNF grammar or a JSON schema if given.

        Raises `ContextOverflow` when the prompt does not fit and `LayerDown` when the engine cannot answer at all.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """How many tokens the model makes of a text."""
        ...


@runtime_checkable
class Streaming(Protocol):
    """A model whose reply can be read while it is written."""

    def stream(self, prompt: Prompt, max_tokens: int, schema: JSON | None = None) -> Generator[str, None, Generation]:
        """The reply piece by piece; the whole of it is what the generator returns.

        Closing the generator stops the model within a token. Raises like `generate`.
        """
        ...


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors of length 1, so that their dot product is the cosine similarity."""

    @property
    def card(self) -> ModelCard: ...

    def fingerprint(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text, in their order."""
        ...
