"""Asking a model one thing: remembered, so that nothing is asked twice, paid from the run's budget, and timed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Protocol, Self, TypeVar, cast, runtime_checkable

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Usage
from strati.models.contract import Choice, Generation, LanguageModel, Prompt, Streaming

WAVES = 128  # cases per place in the queue: a stack with a remote model is given concurrency x WAVES cases at once
T = TypeVar("T")
R = TypeVar("R")


@runtime_checkable
class Remote(Protocol):
    """A model behind a server. It spends the run's money and has to hear when the run ends."""

    @property
    def concurrency(self) -> int:
        """How many calls it may have in flight."""
        ...

    def within(self, ctx: Context) -> LanguageModel:
        """The same model, spending `ctx.budget` and giving up when `ctx` is cancelled or its time is over."""
        ...


@dataclass(frozen=True, slots=True)
class Quote:
    """What one call is expected to take, and the most dollars it may cost, retries not counted."""

    usage: Usage
    most: float


@runtime_checkable
class Keyed(Protocol):
    """A model for which replies may be kept before they are asked for: a batch brought them, or a process died."""

    def of_key(self, key: str) -> LanguageModel:
        """The same model; it takes what is kept for the answer under that key, and asks for the rest.

        The seconds of its choices have those in that kept replies took.
        """
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What a model will be asked; its answer will be remembered under `key`."""

    key: str
    prompt: Prompt
    options: tuple[str, ...]

    @classmethod
    def of(cls, model: LanguageModel, prompt: Prompt, options: Sequence[str], again: int = 0) -> Self:
        """`again` as in `choose`."""
        repeat = {"again": again} if again else {}
        parts = {"user": prompt.user, "system": prompt.system, "prefix": prompt.prefix, "shots": prompt.shots}
        key = fingerprint("choose.v1", model=model.fingerprint(), prompt=parts, options=list(options), **repeat)
        return cls(key, prompt, tuple(options))


@runtime_checkable
class Quoting(Protocol):
    """A model that knows what a call will cost before it is made."""

    def quote(self, prompt: Prompt, options: Sequence[str]) -> Quote: ...


def concurrency(model: LanguageModel) -> int:
    """How many calls at once a model is best given: 1 for one that runs here."""
    return max(1, model.concurrency) if isinstance(model, Remote) else 1


def choose(model: LanguageModel, prompt: Prompt, options: Sequence[str], ctx: Context, again: int = 0) -> Choice:
    """The model's choice among options, from the run's memo if it was made before.

    `again` numbers further calls with the same prompt: a model that is not deterministic may answer otherwise.

    Raises:
        ContextOverflow: the prompt does not fit.
        LayerDown: the model cannot answer at all.
        Stopped: the run ended, or its budget does not allow the call.
    """
    key = Question.of(model, prompt, options, again).key
    with _turns.alone(f"{id(ctx.memo)} {key}"):
        return _recalled(key, ctx) or _asked(key, model, prompt, options, ctx)


def write(
    model: LanguageModel, prompt: Prompt, max_tokens: int, ctx: Context, schema: JSON | None = None
) -> Generation:
    """The text that a model writes, from the run's memo if the same was asked before.

    Args:
        model: a model behind a server spends the money of `ctx.budget`.
        prompt: what it is told.
        max_tokens: the length of its reply at most.
        ctx: once it is cancelled or its time is over, a model that streams is stopped within a token.
        schema: a JSON schema for the reply.

    Raises:
        ContextOverflow: the prompt does not fit.
        LayerDown: the model cannot answer at all.
        Stopped: the run ended, or its budget does not allow the call.
    """
    parts = {"user": prompt.user, "system": prompt.system, "prefix": prompt.prefix, "shots": prompt.shots}
    form = {} if schema is None else {"schema": schema}
    key = fingerprint("generate.v1", model=model.fingerprint(), prompt=parts, tokens=max_tokens, **form)
    with _turns.alone(f"{id(ctx.memo)} {key}"):
        known = ctx.memo.recall(key)
        if known is not None:
            reply, usage = known
            return Generation(reply["text"], usage, reply["finished"])
        ctx.check()
        start = perf_counter()
        bound = _bound(model, "within", ctx)
        if isinstance(bound, Streaming) and not isinstance(bound, Remote):  # a server's count of tokens is surest whole
            made = _read_on(bound.stream(prompt, max_tokens, schema), ctx)
        else:
            made = bound.generate(prompt, max_tokens, **form)
        usage = replace(made.usage, seconds=perf_counter() - start)
        ctx.memo.remember(key, {"text": made.text, "finished": made.finished}, usage)
        return replace(made, usage=usage)


def _read_on(pieces: Generator[str, None, Generation], ctx: Context) -> Generation:
    """The whole reply; raises `Stopped` between two pieces once the run ends."""
    with closing(pieces):
        while True:
            try:
                next(pieces)
            except StopIteration as end:
                whole: Generation = end.value
                return whole
            ctx.check()


def _recalled(key: str, ctx: Context) -> Choice | None:
    known = ctx.memo.recall(key)
    if known is None:
        return None
    reply, usage = known
    return Choice(tuple(reply["probabilities"]), usage, reply["mass"], reply.get("reply"), reply.get("basis", "tokens"))


def _asked(key: str, model: LanguageModel, prompt: Prompt, options: Sequence[str], ctx: Context) -> Choice:
    ctx.check()
    start = perf_counter()
    bound = _bound(model, "within", ctx)
    keyed = _bound(bound, "of_key", key)
    choice = keyed.choose(prompt, options)
    seconds = perf_counter() - start
    if keyed is not bound:  # kept replies took their seconds before
        seconds = max(seconds, choice.usage.seconds)
    usage = replace(choice.usage, seconds=seconds)
    reply: dict[str, JSON] = {"probabilities": list(choice.probabilities), "mass": choice.mass}
    if choice.reply is not None:
        reply["reply"] = choice.reply
    if choice.basis != "tokens":
        reply["basis"] = choice.basis
    ctx.memo.remember(key, reply, usage)
    return replace(choice, usage=usage)


def _bound(model: LanguageModel, method: str, to: object) -> LanguageModel:
    """The model as a method of `Remote` or `Keyed` gives it; the model itself where it has none.

    Asked by name: isinstance takes 50 microseconds for a protocol, twice a call, which is more than asking the memo.
    """
    found = getattr(model, method, None)
    return model if found is None else cast(LanguageModel, found(to))


def each(function: Callable[[T], R], items: Sequence[T], at_once: int) -> Iterator[R]:
    """`map` with several calls in flight; results in order. The first error ends it, after those in flight are done."""
    if at_once <= 1 or len(items) <= 1:
        yield from map(function, items)
        return
    stop = threading.Event()

    def call(item: T) -> R:
        if stop.is_set():
            raise _Skipped
        try:
            return function(item)
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(min(at_once, len(items))) as pool:
        futures = [pool.submit(call, item) for item in items]  # started in order: what was skipped comes after an error
        try:
            for future in futures:
                yield future.result()
        finally:
            stop.set()


class _Skipped(Exception):
    """A call that was not made, because an earlier one failed."""


class _Turns:
    """Two threads that ask the same thing take turns, so that the second finds the first one's reply."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        with self._lock:
            turn, users = self._held.get(key, (threading.Lock(), 0))
            self._held[key] = (turn, users + 1)
        try:
            with turn:
                yield
        finally:
            with self._lock:
                turn, users = self._held.pop(key)
                if users > 1:
                    self._held[key] = (turn, users - 1)


_turns = _Turns()
