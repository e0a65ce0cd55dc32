"""Language models behind an OpenAI-compatible server: hosted ones, vLLM, Ollama, llama.cpp."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

from strati.asking import Quote
from strati.context import Context
from strati.errors import ModelError
from strati.identity import fingerprint
from strati.model import Choice, ContextOverflow, Generation, LanguageModel, ModelCard, Prompt
from strati.models.caller import Caller, NoLogprobs
from strati.models.completion import Completion
from strati.models.hosted_settings import HostedSettings
from strati.models.prices import find_prices
from strati.models.token_bounds import about, at_least, at_most
from strati.models.token_walk import walk
from strati.models.written_reply import Found, Options
from strati.records import JSON, Usage

SAMPLING = 0.7
"""Temperature of replies whose agreement stands for confidence, as in Wang et al., arXiv 2203.11171, section 3.1."""
ROOM = 8
"""Tokens for a reply beside the longest option: a lead such as "Label:", quotation marks."""
MESSAGE_GUESS, TEMPLATE_GUESS = 4, 3
"""Tokens that chat templates put around a message and a chat, for what a call is expected to cost."""
LONG = 2000
"""Bytes from which on the server's tokenizer, where it has one, is asked how long a prompt is."""


class OpenAICompatible:
    """A model behind `POST {url}/chat/completions`.

    Its probabilities come from the token log probabilities of one reply, where the server tells them; else from the
    agreement of several (`Choice.basis` is then "samples"). A reply that is none of the options gives every option 0.

    It spends the budget of the context it works `within`; by itself it has none, so only a free model answers. It may
    be used from several threads, and copies made by `within` share its connections, pace and knowledge of the server.

    Raises `ModelError` for settings that make no sense, and when nothing says what the model costs.
    """

    def __init__(self, settings: HostedSettings) -> None:
        self.settings = settings
        self._caller = Caller(settings, find_prices(settings))
        self._ctx = Context()

    @classmethod
    def of(cls, name: str, values: Mapping[str, JSON]) -> Self:
        """From the section `[models.NAME]` of a strati.toml."""
        return cls(HostedSettings.of(name, values))

    def __repr__(self) -> str:
        return f"OpenAICompatible({self.settings.name!r}, {self.settings.url!r}, {self.settings.model!r})"

    @property
    def concurrency(self) -> int:
        """How many calls it may have in flight."""
        return self.settings.at_once

    def within(self, ctx: Context) -> LanguageModel:
        """The same model, spending `ctx.budget` and giving up when `ctx` is cancelled or its time is over."""
        bound = copy.copy(self)
        bound._ctx = ctx
        return bound

    @property
    def card(self) -> ModelCard:
        settings, prices = self.settings, self._caller.prices
        details = {
            "kind": "openai-compatible",
            "host": settings.host,
            "model": settings.model,
            "prices": prices.source,
            "confidence": self._confidence(),
        }
        if settings.cutoff:
            details["cutoff"] = settings.cutoff
        for number, note in enumerate(self.notes, 1):
            details[f"note {number}"] = note
        licence = settings.licence or ("unknown" if settings.stays else "closed")
        dollars = (prices.input.base, prices.output.base)
        return ModelCard(settings.name, licence, None, settings.stays, details, dollars, not settings.loopback)

    @property
    def notes(self) -> list[str]:
        """What a reader of the results should know about the calls so far, in sentences."""
        settings, caller = self.settings, self._caller
        found = []
        others = sorted(name for name in list(caller.served) if name and name != settings.model)
        if others:
            found.append(f"{settings.name}: asked for {settings.model}, the server answered as {', '.join(others)}")
        if caller.uncounted:
            found.append(
                f"{settings.name}: {caller.uncounted} replies came without a count of tokens; "
                "the most they can have been is booked"
            )
        return found

    def fingerprint(self) -> str:
        """Changes with the address, the model's name and the settings that change answers; weights can't be seen."""
        settings = self.settings
        return fingerprint(
            "openai-compatible.v1",
            url=settings.url,
            model=settings.model,
            logprobs=settings.logprobs,
            samples=settings.samples,
            reasoning_tokens=settings.reasoning_tokens,
            extra=dict(settings.extra),
        )

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """The probability of each option as the whole reply; all 0, with the reply, when it is none of them."""
        start = time.perf_counter()
        known = Options(options)
        messages = as_messages(prompt)
        limit = self._room(options)
        spent = Usage()
        if self._caller.dialect.logprobs:
            try:
                completion, spent = self._ask(messages, limit, 0.0, 0, logprobs=True)
                choice = self._by_tokens(completion, known)
                if choice is not None:
                    return replace(choice, usage=_timed(spent, start))
            except NoLogprobs as without:
                spent = without.usage
        choice, used = self._by_samples(messages, limit, known)
        return replace(choice, usage=_timed(spent + used, start))

    def quote(self, prompt: Prompt, options: Sequence[str]) -> Quote:
        """What `choose` is expected to take, and the most it may cost, before anything is sent.

        Expected: every reply is one of the options, and the server gives log probabilities unless it is known not to.
        """
        messages, prices = as_messages(prompt), self._caller.prices
        tokens = TEMPLATE_GUESS + sum(MESSAGE_GUESS + self.count_tokens(message["content"]) for message in messages)
        written = round(sum(map(about, options)) / len(options)) + 1
        by_tokens = self._caller.dialect.logprobs
        once = Usage(0.0, 1, tokens, 0, written + self.settings.reasoning_tokens)
        usage = sum((once for _ in range(1 if by_tokens else self.settings.samples)), Usage())
        most = prices.worst(at_most(messages), self._room(options))
        times = 1 if self.settings.logprobs else self.settings.samples
        return Quote(replace(usage, dollars=usage.calls * prices.of(once)), most * times)

    def generate(self, prompt: Prompt, max_tokens: int, grammar: str | None = None) -> Generation:
        """The reply at temperature 0. Raises `ModelError` for a grammar: servers take none in a common form."""
        if max_tokens < 1:
            raise ModelError(f"max_tokens is {max_tokens}, expected at least 1")
        if grammar is not None:
            raise ModelError(f"{self.settings.name} is behind a server, which takes no grammar: expected none")
        start = time.perf_counter()
        limit = max_tokens + self.settings.reasoning_tokens
        done, spent = self._ask(as_messages(prompt), limit, 0.0, 0, logprobs=False)
        return Generation(done.text, _timed(spent, start), done.finish in ("stop", ""))

    def count_tokens(self, text: str) -> int:
        """As the server counts, where it tells; else an estimate."""
        found = self._caller.count(text)
        return about(text) if found is None else found

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._caller.close()

    def _room(self, options: Sequence[str]) -> int:
        """Tokens that a reply with one of the options may have."""
        return ROOM + max(len(option.encode()) for option in options) + self.settings.reasoning_tokens

    def _ask(
        self, messages: list[dict[str, str]], limit: int, temperature: float, seed: int, *, logprobs: bool
    ) -> tuple[Completion, Usage]:
        """One reply to a prompt that the server has read as a whole."""
        start = time.perf_counter()
        context, least = self.settings.context, at_least(messages)
        if context is not None and least + limit > context:
            raise ContextOverflow(least, context - limit)
        done, spent = self._caller.ask(
            messages, limit, self._ctx, temperature=temperature, seed=seed, logprobs=logprobs
        )
        if done.usage is not None and done.finish != "content_filter":
            self._must_be_whole(messages, least, done.usage.tokens_in, spent, start)
        return done, spent

    def _must_be_whole(
        self, messages: list[dict[str, str]], least: int, counted: int, spent: Usage, start: float
    ) -> None:
        """Raise when the server counted far fewer tokens than the prompt has: it dropped some and said nothing."""
        text = "\n".join(message["content"] for message in messages)
        if counted >= least and len(text.encode()) >= LONG and counted < len(text.encode()):
            exact = self._caller.count(text)
            least = least if exact is None else int(0.95 * exact)
        if counted < least:
            reason = f"the server read {counted} tokens of a prompt of at least {least}: it dropped the rest silently"
            raise ContextOverflow(least, counted, _timed(spent, start), f"{reason} (with Ollama, raise num_ctx)")

    def _by_tokens(self, done: Completion, options: Options) -> Choice | None:
        """From the log probabilities of one reply; None where there are none."""
        found = _found(done, options)
        if found is None:
            if done.tokens or not done.text:
                return _none(done, len(options.texts))
        elif len(options.texts) == 1:
            return Choice((1.0,), Usage(), None, done.text)
        walked = walk(done.tokens, done.text, found, options) if found and done.tokens else None
        if found and walked:
            return Choice(walked.probabilities, Usage(), walked.mass, done.text)
        if self.settings.logprobs and not done.tokens:
            raise ModelError(
                f"models.{self.settings.name}.logprobs is true and {self.settings.host} gives no log probabilities: "
                "expected false, or no such key"
            )
        if not done.tokens:
            self._caller.dialect.ignores_logprobs()
        return None

    def _by_samples(self, messages: list[dict[str, str]], limit: int, options: Options) -> tuple[Choice, Usage]:
        """From the agreement of several replies.

        Each option counts one nth of a reply beforehand, n being the number of options (a Dirichlet prior of weight
        1), so even replies that all agree leave some doubt.
        """
        count, size = self.settings.samples, len(options.texts)
        spent, votes, replies = Usage(), [0.0] * size, []
        for number in range(count):
            temperature = SAMPLING if count > 1 else 0.0
            done, used = self._ask(messages, limit, temperature, number + 1, logprobs=False)
            spent += used
            replies.append(done)
            found = _found(done, options)
            if found is not None:
                votes[found.option] += 1 - 1e-6 * number  # of equals, the one that was drawn first
        usable = round(sum(votes))
        if not usable:
            return _none(replies[0], size, "samples"), spent
        weights = [vote + 1 / size for vote in votes]
        total = sum(weights)
        shares = tuple(weight / total for weight in weights)
        return Choice(shares, Usage(), usable / count, replies[0].text, "samples"), spent

    def _confidence(self) -> str:
        if self._caller.dialect.logprobs:
            return "token log probabilities" + ("" if self.settings.logprobs else ", if the server gives them")
        return f"agreement of {self.settings.samples} replies"


def as_messages(prompt: Prompt) -> list[dict[str, str]]:
    """A prompt as chat messages: one system message, the shots as earlier turns, one user message."""
    messages = [{"role": "system", "content": prompt.system}] if prompt.system else []
    for user, reply in prompt.shots:
        messages += [{"role": "user", "content": user}, {"role": "assistant", "content": reply}]
    return [*messages, {"role": "user", "content": prompt.prefix + prompt.user}]


def _found(done: Completion, options: Options) -> Found | None:
    """The option of a reply; none when the reply was cut where another option would go on."""
    found = options.find(done.text)
    if found and done.finish == "length" and len(options.matching(done.text[found.start : found.end])) > 1:
        return None
    return found


def _none(done: Completion, options: int, basis: str = "tokens") -> Choice:
    """A reply that is none of the options: nothing is known of any of them."""
    why = {"length": "(cut at the limit of tokens) ", "content_filter": "(withheld by a content filter) "}
    return Choice((0.0,) * options, Usage(), 0.0, why.get(done.finish, "") + done.text, basis)


def _timed(usage: Usage, start: float) -> Usage:
    return replace(usage, seconds=time.perf_counter() - start)
