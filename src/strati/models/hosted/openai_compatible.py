"""Language models behind an OpenAI-compatible server: hosted ones, vLLM, Ollama, llama.cpp."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Self

from strati.core.context import Context
from strati.core.errors import ModelError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Usage
from strati.models.ask import Question, Quote
from strati.models.contract import Choice, ContextOverflow, Generation, LanguageModel, ModelCard, Prompt
from strati.models.hosted.batches.batching import Batcher
from strati.models.hosted.batches.lines import as_reply
from strati.models.hosted.caller import Caller, NoLogprobs
from strati.models.hosted.chat_request import Request, as_messages, room, samples, with_logprobs
from strati.models.hosted.choice_reading import by_agreement, by_tokens
from strati.models.hosted.completion import Completion, read
from strati.models.hosted.kept_replies import Keep, KeptReplies, not_kept
from strati.models.hosted.prices import find_prices
from strati.models.hosted.settings import HostedSettings
from strati.models.hosted.token_bounds import about, at_least, at_most
from strati.models.hosted.written_reply import Options
from strati.models.jobs import Received

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
        self._batcher = Batcher(self._caller)
        self._ctx = Context()
        self._kept: KeptReplies | None = None

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

    def of_key(self, key: str) -> LanguageModel:
        """The same model; it takes the replies that are kept for an answer, and keeps the rest as it asks for them."""
        bound = copy.copy(self)
        bound._kept = KeptReplies(key, self._ctx)
        return bound

    @property
    def batches(self) -> bool:
        """Whether questions are handed in as batches."""
        return self.settings.batch

    def take_up(self, ctx: Context) -> None:
        """See batches of an earlier process through; without `batch` what they have not done is cancelled."""
        self._batcher.take_up(self.fingerprint(), ctx)

    def tried(self, ctx: Context) -> bool:
        """Whether the server is known well enough to hand questions in. Raises `ModelError` without batch endpoints."""
        return self._batcher.tried(ctx)

    def hand_in(self, questions: Sequence[Question], ctx: Context) -> None:
        """Have questions answered by batches (see `batches.batching`); replies wait in the journal."""
        self._batcher.hand_in(self.fingerprint(), questions, ctx)

    @property
    def card(self) -> ModelCard:
        settings, prices = self.settings, self._batcher.prices
        details = {
            "kind": "openai-compatible",
            "host": settings.host,
            "model": settings.model,
            "prices": prices.source,
            "confidence": self._confidence(),
        }
        if settings.cutoff:
            details["cutoff"] = settings.cutoff
        for number, note in enumerate(self.notes.values(), 1):
            details[f"note {number}"] = note
        licence = settings.licence or ("unknown" if settings.stays else "closed")
        dollars = (prices.input.base, prices.output.base)
        return ModelCard(settings.name, licence, None, settings.stays, details, dollars, not settings.loopback)

    @property
    def notes(self) -> dict[str, str]:
        """What a reader of the results should know about the calls so far: sentences, by what each is about."""
        settings, caller = self.settings, self._caller
        found = {}
        others = sorted(name for name in list(caller.served) if name and name != settings.model)
        if others:
            told = f"{settings.name}: asked for {settings.model}, the server answered as {', '.join(others)}"
            found[f"{settings.name}: served as"] = told
        if caller.uncounted:
            found[f"{settings.name}: uncounted"] = (
                f"{settings.name}: {caller.uncounted} of its replies came without a count of tokens; "
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
        spent = Usage()
        kept = self._kept.found if self._kept else {}
        if 0 in kept or (self._caller.dialect.logprobs and 1 not in kept):  # where only samples are, they are the way
            try:
                completion, spent = self._ask(with_logprobs(prompt, options, self.settings))
                choice = self._by_tokens(completion, known)
                if choice is not None:
                    return replace(choice, usage=_timed(spent, start))
            except NoLogprobs as without:
                spent = without.usage
        choice, used = self._by_samples(prompt, known)
        return replace(choice, usage=_timed(spent + used, start))

    def quote(self, prompt: Prompt, options: Sequence[str]) -> Quote:
        """What `choose` is expected to take, and the most it may cost, before anything is sent.

        Expected: every reply is one of the options, and the server gives log probabilities unless it is known not to.
        """
        messages, prices = as_messages(prompt), self._batcher.prices
        tokens = TEMPLATE_GUESS + sum(MESSAGE_GUESS + self.count_tokens(message["content"]) for message in messages)
        written = round(sum(map(about, options)) / len(options)) + 1
        by_tokens = self._caller.dialect.logprobs
        once = Usage(0.0, 1, tokens, 0, written + self.settings.reasoning_tokens)
        usage = sum((once for _ in range(1 if by_tokens else self.settings.samples)), Usage())
        most = prices.worst(at_most(messages), room(options, self.settings))
        times = 1 if self.settings.logprobs else self.settings.samples
        return Quote(replace(usage, dollars=usage.calls * prices.of(once)), most * times)

    def generate(
        self, prompt: Prompt, max_tokens: int, grammar: str | None = None, schema: JSON | None = None
    ) -> Generation:
        """The reply at temperature 0, under a JSON schema (`response_format`) where one is given.

        Raises `ModelError` for a grammar: servers take none in a common form.
        """
        if max_tokens < 1:
            raise ModelError(f"max_tokens is {max_tokens}, expected at least 1")
        if grammar is not None:
            raise ModelError(f"{self.settings.name} is behind a server, which takes no grammar: expected none")
        start = time.perf_counter()
        limit = max_tokens + self.settings.reasoning_tokens
        done, spent = self._ask(Request(as_messages(prompt), limit, schema=schema))
        return Generation(done.text, _timed(spent, start), done.finish in ("stop", ""))

    def stream(self, prompt: Prompt, max_tokens: int, schema: JSON | None = None) -> Generator[str, None, Generation]:
        """The reply of `generate` piece by piece, as the server sends it (server-sent events).

        A server that does not stream gives it in one piece. Closing the generator closes the connection, at which
        servers stop; the most that the reply can have cost is booked then. A stream that breaks off after its first
        piece raises `LayerDown` and is not asked again.
        """
        if max_tokens < 1:
            raise ModelError(f"max_tokens is {max_tokens}, expected at least 1")
        start, begun = time.perf_counter(), False
        limit = max_tokens + self.settings.reasoning_tokens
        asking = self._asking(Request(as_messages(prompt), limit, schema=schema, live=True))
        with closing(asking):
            while True:
                try:
                    piece = next(asking)
                except StopIteration as end:
                    done, spent = end.value
                    break
                begun = True
                yield piece
        if not begun and done.text:
            yield done.text
        return Generation(done.text, _timed(spent, start), done.finish in ("stop", ""))

    def sample(self, prompt: Prompt, max_tokens: int, *, seed: int, temperature: float) -> Generation:
        """A reply drawn at random; whether the same seed gives the same one is up to the server."""
        if max_tokens < 1 or not 0 < temperature <= 2:
            raise ModelError(f"max_tokens is {max_tokens} and temperature {temperature}, expected above 0, at most 2")
        start = time.perf_counter()
        limit = max_tokens + self.settings.reasoning_tokens
        done, spent = self._ask(Request(as_messages(prompt), limit, temperature, seed))
        return Generation(done.text, _timed(spent, start), done.finish in ("stop", ""))

    def count_tokens(self, text: str) -> int:
        """As the server counts, where it tells; else an estimate."""
        found = self._caller.count(text)
        return about(text) if found is None else found

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._caller.close()

    def _ask(self, request: Request) -> tuple[Completion, Usage]:
        """One reply to a prompt that the server has read as a whole."""
        asking = self._asking(request)
        while True:
            try:
                next(asking)
            except StopIteration as end:
                answer: tuple[Completion, Usage] = end.value
                return answer

    def _asking(self, request: Request) -> Generator[str, None, tuple[Completion, Usage]]:
        """`_ask`, with the pieces of a live request as they come."""
        start = time.perf_counter()
        context, least = self.settings.context, at_least(request.messages)
        if context is not None and least + request.limit > context:
            raise ContextOverflow(least, context - request.limit)
        kept = self._kept.found.get(request.seed) if self._kept else None
        if kept is None:
            done, spent = yield from self._caller.ask(request, self._ctx, self._keeping(request))
        else:
            done, spent = self._read(kept, request)
        if done.usage is not None and done.finish != "content_filter":
            self._must_be_whole(request.messages, least, done.usage.tokens_in, spent, start)
        return done, spent

    def _keeping(self, request: Request) -> Keep:
        return not_kept if self._kept is None else self._kept.keep(request.seed, self.settings.key())

    def _read(self, kept: Received, request: Request) -> tuple[Completion, Usage]:
        """A reply that a batch brought, or that an earlier process paid, as if it came now."""
        done = read(as_reply(kept.reply), self.settings, None)
        used = self._caller.used(done, at_most(request.messages), kept.dollars)
        if not kept.calls:
            return done, replace(used, batched=1)
        return done, replace(used, calls=kept.calls, seconds=kept.seconds)

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
        choice = by_tokens(done, options)
        if choice is None and not done.tokens:
            if self.settings.logprobs:
                raise ModelError(
                    f"models.{self.settings.name}.logprobs is true and {self.settings.host} gives no log "
                    "probabilities: expected false, or no such key"
                )
            self._caller.dialect.ignores_logprobs()
        return choice

    def _by_samples(self, prompt: Prompt, options: Options) -> tuple[Choice, Usage]:
        """From the agreement of several replies."""
        spent, replies = Usage(), []
        for request in samples(prompt, options.texts, self.settings):
            done, used = self._ask(request)
            spent += used
            replies.append(done)
        return by_agreement(replies, options), spent

    def _confidence(self) -> str:
        if self._caller.dialect.logprobs:
            return "token log probabilities" + ("" if self.settings.logprobs else ", if the server gives them")
        return f"agreement of {self.settings.samples} replies"


def _timed(usage: Usage, start: float) -> Usage:
    """With the time since `start`, and that of replies that an earlier process waited for."""
    return replace(usage, seconds=usage.seconds + time.perf_counter() - start)
