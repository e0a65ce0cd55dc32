"""A language model that costs money, in this process: it reserves the worst case, asks a script, and settles."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from strati.core.context import Context
from strati.core.errors import LayerDown
from strati.core.records import JSON, Usage
from strati.models.ask import Quote
from strati.models.contract import Choice, Generation, LanguageModel, ModelCard, Prompt
from strati.models.scripted import ScriptedModel
from tests import corpus

DOLLARS, WORST = 0.001, 0.0015


@dataclass
class Till:
    """What the other side counted: every call it was paid for, by prompt."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    calls: Counter[Prompt] = field(default_factory=Counter)

    @property
    def asked(self) -> int:
        return sum(self.calls.values())


@dataclass(frozen=True)
class PaidModel:
    """Every call costs `DOLLARS`, and may cost `WORST`.

    `trouble` is called with the number of the call, from 0, and the prompt, before the reply: "down" and "lost" end the
    call, the one before anything was billed, the other with nobody knowing; "retry" bills it twice.
    """

    trouble: Callable[[int, Prompt], str] = lambda number, prompt: ""
    name: str = "paid"
    concurrency: int = 4
    reply: Callable[[Prompt], str] = corpus.reply
    till: Till = field(default_factory=Till)
    ctx: Context | None = None

    @property
    def card(self) -> ModelCard:
        return ModelCard(self.name, "none", None, False, {}, (1.0, 2.0), remote=True)

    def fingerprint(self) -> str:
        return f"paid {self.name}"

    def within(self, ctx: Context) -> LanguageModel:
        return replace(self, ctx=ctx)

    def quote(self, prompt: Prompt, options: Sequence[str]) -> Quote:  # noqa: ARG002
        return Quote(Usage(calls=1, tokens_in=10, tokens_out=1, dollars=DOLLARS), WORST)

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        assert self.ctx is not None, "asked outside a run"
        while True:
            held = self.ctx.budget.reserve(WORST, self.name)
            with self.till.lock:
                number = self.till.asked
                self.till.calls[prompt] += 1
            trouble = self.trouble(number, prompt)
            if trouble == "down":
                held.settle(0.0)
                raise LayerDown("the server is away")
            if trouble == "lost":
                held.settle(None)
                raise LayerDown("the reply was lost on its way")
            paid = held.settle(DOLLARS)
            if trouble != "retry":
                break
        choice = ScriptedModel(self.reply).choose(prompt, options)
        return replace(choice, usage=Usage(calls=1, tokens_in=10, tokens_out=1, dollars=paid))

    def generate(
        self, prompt: Prompt, max_tokens: int, grammar: str | None = None, schema: JSON | None = None
    ) -> Generation:
        raise NotImplementedError

    def count_tokens(self, text: str) -> int:
        return len(text.split())
