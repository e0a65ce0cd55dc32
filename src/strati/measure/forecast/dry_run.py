"""Rehearsing a candidate: its own code runs, and its language models are asked nothing; what they would be is counted.

Because the stack that is rehearsed is the one that will be measured, the calls are those that will be made: prompts are
rendered with the real shots, the same question of two forms is counted once, and a reply that the journal has is
used instead of being asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from strati.core.context import Context, Memo
from strati.core.records import JSON, Case, Example, Usage
from strati.models.ask import Quote, Quoting
from strati.models.contract import Choice, Generation, LanguageModel, ModelCard, Prompt
from strati.stack.contract import Adaptive, Layer, Trainable
from strati.stack.models_of import with_models
from strati.stack.stack import Stack

MESSAGE_TOKENS = 4  # what a chat template adds to each message, where the model does not tell
REPLY_TOKENS = 4  # and what a reply may have beyond its longest option
SHOWN = 2  # questions of each model kept whole, to time it

Fitted = dict[tuple[str, int], tuple[Sequence[Example], Layer]]
Question = tuple[LanguageModel, Prompt, tuple[str, ...] | int]  # options to choose among, or most tokens to write


class Rehearsal:
    """The memo of a rehearsal: knows what the journal knows, collects what would be asked, writes nothing.

    Attributes:
        asked: the calls of the present phase by their keys; see `phase`.
        questions: the first `shown` questions to each model, by its fingerprint.
    """

    def __init__(self, known: Memo | None = None, shown: int = SHOWN) -> None:
        self.shown = shown
        self._known = known
        self._replies: dict[str, tuple[JSON, Usage]] = {}
        self._stand_ins: dict[int, Rehearsed] = {}
        self._fitted: Fitted = {}
        self.asked: dict[str, Quote] = {}
        self.quoted = Quote(Usage(), 0.0)
        self.questions: dict[str, list[Question]] = {}

    def phase(self) -> dict[str, Quote]:
        """Begin a new phase: what earlier ones asked is forgotten. Returns the calls that the phase will collect."""
        self.asked, self._replies = {}, {}
        return self.asked

    def stack(self, stack: Stack) -> Stack:
        """The stack with stand-ins for its language models; its other layers are fitted once on the same rows."""
        swapped = with_models(stack, self._stand_in)
        stages = (
            replace(stage, layer=_FitOnce(stage.layer, self._fitted))
            if isinstance(stage.layer, Trainable) and not isinstance(stage.layer, Adaptive | Stack)
            else stage
            for stage in swapped.stages
        )
        return replace(swapped, stages=tuple(stages))

    def recall(self, key: str) -> tuple[JSON, Usage] | None:
        found = self._replies.get(key)
        return self._known.recall(key) if found is None and self._known is not None else found

    def remember(self, key: str, reply: JSON, usage: Usage) -> None:
        self._replies[key] = (reply, usage)
        self.asked[key] = self.quoted

    def _stand_in(self, model: LanguageModel) -> LanguageModel:
        return self._stand_ins.setdefault(id(model), Rehearsed(model, self))


class Rehearsed:
    """Stands in for a language model: same name, same fingerprint; counts each call and answers with equal shares."""

    def __init__(self, model: LanguageModel, rehearsal: Rehearsal) -> None:
        self._model = model
        self._rehearsal = rehearsal
        self._counts: dict[str, int] = {}
        self._before: tuple[str, str] | None = None

    @property
    def card(self) -> ModelCard:
        return self._model.card

    def fingerprint(self) -> str:
        return self._model.fingerprint()

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        quote = self._rehearsal.quoted = self._quote(prompt, options)
        self._show(prompt, tuple(options))
        return Choice((1.0 / len(options),) * len(options), quote.usage)

    def generate(
        self,
        prompt: Prompt,
        max_tokens: int,
        grammar: str | None = None,  # noqa: ARG002
        schema: JSON | None = None,  # noqa: ARG002
    ) -> Generation:
        quote = self._rehearsal.quoted = self._priced(prompt, max_tokens, max_tokens)
        self._show(prompt, max_tokens)
        return Generation("", quote.usage)

    def _show(self, prompt: Prompt, asked: tuple[str, ...] | int) -> None:
        shown = self._rehearsal.questions.setdefault(self.fingerprint(), [])
        if len(shown) < self._rehearsal.shown:
            shown.append((self._model, prompt, asked))

    def count_tokens(self, text: str) -> int:
        if text not in self._counts:
            self._counts[text] = self._model.count_tokens(text)
        return self._counts[text]

    def _quote(self, prompt: Prompt, options: Sequence[str]) -> Quote:
        if isinstance(self._model, Quoting):
            return self._model.quote(prompt, options)
        lengths = [self.count_tokens(option) for option in options]
        return self._priced(prompt, round(sum(lengths) / len(lengths)), max(lengths) + REPLY_TOKENS)

    def _priced(self, prompt: Prompt, expected: int, longest: int) -> Quote:
        """By the price on the card; a reply may be as long as the longest one."""
        messages = [prompt.system, *(text for shot in prompt.shots for text in shot)]
        tokens = sum(self.count_tokens(text) + MESSAGE_TOKENS for text in messages if text)
        tokens += self.count_tokens(prompt.prefix) + self.count_tokens(prompt.user) + MESSAGE_TOKENS
        price_in, price_out = self.card.dollars_per_million or (0.0, 0.0)
        dollars, most = ((tokens * price_in + out * price_out) / 1e6 for out in (expected, longest))
        return Quote(Usage(0.0, 1, tokens, self._cached(prompt), expected, dollars), most)

    def _cached(self, prompt: Prompt) -> int:
        """An engine on this machine keeps the beginning that prompts have in common; elsewhere it is not counted on."""
        same, self._before = self._before == (prompt.system, prompt.prefix), (prompt.system, prompt.prefix)
        if not same or not self.card.private or self.card.dollars_per_million:
            return 0
        return self.count_tokens(prompt.system) + self.count_tokens(prompt.prefix)


@dataclass(frozen=True)
class _FitOnce:
    """A layer that several forms share is fitted for the first of them."""

    layer: Layer
    fitted: Fitted

    @property
    def name(self) -> str:
        return self.layer.name

    def fingerprint(self) -> str:
        return self.layer.fingerprint()

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Layer:
        key = (self.layer.fingerprint(), id(train))
        if key not in self.fitted and isinstance(self.layer, Trainable):
            self.fitted[key] = (train, self.layer.fit(train, tune, ctx))  # the rows are kept, so the id stays theirs
        return self.fitted[key][1]

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        return self.layer.run(cases, ctx)
