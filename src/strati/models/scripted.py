"""Models that need no download: one that answers from a script, and an embedder that hashes characters.

For tests, demonstrations and trying out one's own layers. They are deterministic and count what they are asked.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from strati.core.errors import ModelError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Usage
from strati.models.contract import Choice, ContextOverflow, Generation, ModelCard, Prompt

Reply = str | Mapping[str, float]
"""The text of a reply, or a weight for each option."""


class ScriptedModel:
    """A language model that answers from a table or a function.

    Args:
        script: what to reply to `prompt.user`: a table from the user text, or a function of the prompt. A reply is a
            text, or weights by option; what the script does not know gets the `default`.
        name: its name; part of the fingerprint, so give two scripts two names.
        default: the reply where a table has none; None raises `ModelError`.
        context: words that fit; a longer prompt raises `ContextOverflow`.
        fail: called with the prompt before each reply; what it raises is raised.
        certainty: the probability of the option that a text reply names; the rest is shared by the others.

    >>> model = ScriptedModel({"a ball": "sport"})
    >>> model.choose(Prompt("a ball"), ["sport", "world"]).probabilities
    (0.9, 0.1)
    """

    def __init__(
        self,
        script: Mapping[str, Reply] | Callable[[Prompt], Reply],
        *,
        name: str = "scripted",
        default: Reply | None = None,
        context: int | None = None,
        fail: Callable[[Prompt], None] | None = None,
        certainty: float = 0.9,
    ) -> None:
        if not 0 < certainty <= 1:
            raise ModelError(f"certainty is {certainty}, expected a number above 0 and at most 1")
        self._script = script
        self._name = name
        self._default = default
        self._context = context
        self._fail = fail
        self._certainty = certainty
        self._lock = threading.Lock()
        self.calls = 0
        self.prompts: list[Prompt] = []

    @property
    def card(self) -> ModelCard:
        return ModelCard(self._name, "none", 0, True, {"kind": "scripted"})

    def fingerprint(self) -> str:
        return fingerprint("scripted.v1", name=self._name, context=self._context, certainty=self._certainty)

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """The script's weights, or `certainty` for the option its text names; equal shares when it names none."""
        start = time.perf_counter()
        if not options or len(set(options)) < len(options):
            raise ModelError(f"the options are {list(options)!r}, expected at least one and no two alike")
        reply, words = self._reply(prompt)
        if isinstance(reply, str):
            rest = (1 - self._certainty) / max(1, len(options) - 1)
            reply = {option: self._certainty if option == reply else rest for option in options if reply in options}
        weights = [max(0.0, float(reply.get(option, 0.0))) for option in options]
        total = sum(weights)
        shares = tuple(weight / total if total else 1 / len(options) for weight in weights)
        return Choice(tuple(round(share, 12) for share in shares), _usage(start, words, 1), 1.0 if total else 0.0)

    def generate(
        self,
        prompt: Prompt,
        max_tokens: int,
        grammar: str | None = None,  # noqa: ARG002
        schema: JSON | None = None,  # noqa: ARG002
    ) -> Generation:
        """The script's text (of weights: the heaviest option), cut after `max_tokens` words. Knows no grammars."""
        start = time.perf_counter()
        reply, words = self._reply(prompt)
        text = reply if isinstance(reply, str) else max(reply, key=lambda option: reply[option])
        kept = text.split(" ")[:max_tokens]
        return Generation(" ".join(kept), _usage(start, words, len(kept)), len(text.split(" ")) <= max_tokens)

    def stream(self, prompt: Prompt, max_tokens: int, schema: JSON | None = None) -> Generator[str, None, Generation]:
        """The script's text word by word."""
        whole = self.generate(prompt, max_tokens, schema=schema)
        yield from re.findall(r"\S+\s*|\s+", whole.text)
        return whole

    def count_tokens(self, text: str) -> int:
        """The number of words."""
        return len(text.split())

    def _reply(self, prompt: Prompt) -> tuple[Reply, int]:
        with self._lock:
            self.calls += 1
            self.prompts.append(prompt)
        if self._fail is not None:
            self._fail(prompt)
        parts = [prompt.system, prompt.prefix, prompt.user, *(text for shot in prompt.shots for text in shot)]
        words = sum(map(self.count_tokens, parts))
        if self._context is not None and words > self._context:
            raise ContextOverflow(words, self._context)
        reply = self._script(prompt) if callable(self._script) else self._script.get(prompt.user, self._default)
        if reply is None:
            raise ModelError(f"the script has no reply to {prompt.user!r} and no default")
        return reply, words


class ScriptedEmbedder:
    """Vectors of hashed character n-grams: texts with common pieces of words are similar. No download, no training.

    The hashing trick with signs of Weinberger et al., arXiv 0902.2206, section 2.
    """

    def __init__(self, dimensions: int = 64, n: int = 3, name: str = "hashed-characters") -> None:
        if dimensions < 1 or n < 1:
            raise ModelError(f"dimensions is {dimensions} and n is {n}, expected at least 1 each")
        self._dimensions = dimensions
        self._n = n
        self._name = name
        self.calls = 0

    @property
    def card(self) -> ModelCard:
        return ModelCard(self._name, "none", 0, True, {"kind": "scripted"})

    def fingerprint(self) -> str:
        return fingerprint("hashed-characters.v1", dimensions=self._dimensions, n=self._n)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of length 1 per text; shape (texts, dimensions)."""
        self.calls += 1
        rows = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            padded = f" {text.lower()} "
            for start in range(max(1, len(padded) - self._n + 1)):
                gram = padded[start : start + self._n].encode("utf-8", "replace")
                digest = hashlib.blake2b(gram, digest_size=8).digest()
                row[int.from_bytes(digest[:7]) % self._dimensions] += 1 if digest[7] & 1 else -1
            length = float(np.linalg.norm(row))
            if length > 0:
                row /= length
            else:
                row[0] = 1.0
        return rows


def _usage(start: float, words: int, out: int) -> Usage:
    return Usage(time.perf_counter() - start, 1, words, 0, out)
