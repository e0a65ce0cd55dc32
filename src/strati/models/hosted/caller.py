"""Calls to one server: paced, repeated within bounds, and every attempt paid from the run's budget."""

from __future__ import annotations

import difflib
import json
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

from strati.core.budget import Close
from strati.core.context import Context
from strati.core.errors import LayerDown, ModelError
from strati.core.records import JSON, Usage
from strati.models.hosted.chat_request import Request
from strati.models.hosted.completion import BadRequest, Completion, Fault, UnknownModel, read, said
from strati.models.hosted.dialect import Dialect
from strati.models.hosted.kept_replies import Keep, not_kept
from strati.models.hosted.pacing import LONGEST_ASKED, Gate, RetryBudget, sleep, wait_before
from strati.models.hosted.prices import Prices
from strati.models.hosted.settings import HostedSettings
from strati.models.hosted.streamed_reply import LiveReply
from strati.models.hosted.token_bounds import at_most
from strati.models.hosted.transport import HttpReply, Lost, Transport, Unsent

ADAPTIONS = 8
LOOK_UP = 10.0
"""Seconds for the small questions beside the calls: the list of models, the tokens of a text."""


class Caller:
    """One server as all copies of a model share it. Thread safe."""

    def __init__(self, settings: HostedSettings, prices: Prices) -> None:
        self.settings = settings
        self.prices = prices
        self.dialect = Dialect(settings)
        self.served: dict[str, int] = {}
        self.uncounted = 0
        self._gate = Gate(settings.at_once)
        self.transport = Transport(proxies=not settings.loopback)
        self._lock = threading.Lock()
        self._reached = False
        self._tokenizes: bool | None = None if settings.stays else False

    def ask(
        self, request: Request, ctx: Context, keep: Keep = not_kept
    ) -> Generator[str, None, tuple[Completion, Usage]]:
        """One reply, and what all attempts at it took together; the seconds are left to the caller.

        A `live` request yields its pieces as they come. Nothing is asked again once a piece was yielded. Closing the
        generator closes the connection; what it may have cost at most is booked then.

        `keep`: how the reply is kept as its reservation is settled.

        Raises:
            Stopped: the run ended, or its budget does not allow another attempt.
            LayerDown: the faults outlasted the retries.
            ModelError: something the user has to put right.
            ContextOverflow: the server says that the prompt is too long.
            NoLogprobs: they were asked for, and the server does not tell them.
        """
        spent, start = Usage(), time.perf_counter()
        attempt = adaptions = 0

        def close(reply: HttpReply) -> Close | None:
            return keep(reply, replace(spent, seconds=time.perf_counter() - start))

        while True:
            body = self.dialect.body(request)
            try:
                completion, used = yield from self._attempt(body, at_most(request.messages), request.limit, ctx, close)
                RetryBudget.of(ctx).succeeded()
                return completion, spent + used
            except BadRequest as refused:
                adaptions += 1
                if adaptions > ADAPTIONS or not self.dialect.adapt(body, refused.error):
                    raise ModelError(str(refused)) from None
                if request.logprobs and not self.dialect.logprobs:
                    raise NoLogprobs(spent) from None
            except UnknownModel as unknown:
                raise self._unknown(str(unknown)) from None
            except _Failed as failed:
                attempt += 1
                spent += failed.usage
                if failed.begun:
                    raise LayerDown(
                        f"{failed.fault} (a part of the reply was there, so it is not asked again)"
                    ) from None
                self.wait_again(failed.fault, attempt, ctx)

    def count(self, text: str) -> int | None:
        """The tokens of a text where the server tells (llama.cpp and vLLM do), else None."""
        if self._tokenizes is False:
            return None
        asked = {"model": self.settings.model, "content": text, "prompt": text, "add_special_tokens": False}
        try:
            data = json.dumps(asked, ensure_ascii=False).encode()
            key = self.settings.key()
            reply = self.transport.send("POST", f"{self.settings.root}/tokenize", key, data, seconds=LOOK_UP).json
        except (Unsent, Lost, UnicodeEncodeError):
            return None
        found = reply.get("tokens") if isinstance(reply, dict) else None
        self._tokenizes = isinstance(found, list)
        return len(found) if isinstance(found, list) else None

    def close(self) -> None:
        self.transport.close()

    def _attempt(
        self, body: JSON, most_in: int, limit: int, ctx: Context, closing: Callable[[HttpReply], Close | None]
    ) -> Generator[str, None, tuple[Completion, Usage]]:
        """One attempt, its worst case set aside before and its price booked after, by `closing` where it succeeds."""
        settings, key = self.settings, self.settings.key()
        data = json.dumps(body, ensure_ascii=False).encode()
        worst = self.prices.worst(most_in, limit)
        with self._gate.passing(ctx) as entered:
            reserved = ctx.budget.reserve(worst, settings.name)
            paid: float | None = None
            close: Close | None = None
            begun = False
            try:
                seconds = settings.timeout
                if ctx.deadline is not None:
                    seconds = max(0.05, min(seconds, ctx.deadline - time.monotonic()))
                url = f"{settings.url}/chat/completions"
                with self.transport.opened("POST", url, key, data, seconds=seconds) as opened:
                    self._reached = True
                    live = LiveReply(opened, settings.host)
                    for piece in live:
                        begun = True
                        yield piece
                reply = live.whole
                paid = None if reply.status == 200 else 0.0
                completion = read(reply, settings, key)
                paid = None if completion.usage is None else self.prices.of(completion.usage)
                close = closing(reply)
            except Unsent as error:
                paid = 0.0
                if not self._reached:
                    raise ModelError(f"{error} (models.{settings.name}.url is {settings.url})") from None
                raise _Failed(Fault(str(error)), Usage(calls=1)) from None
            except Lost as error:
                self._reached = True
                ctx.check()
                if error.slow:
                    self._gate.overloaded(entered)
                raise _Failed(Fault(str(error)), Usage(calls=1, dollars=reserved.settle(None)), begun) from None
            except Fault as fault:
                paid = None if fault.lost else 0.0
                if fault.busy:
                    self._gate.overloaded(entered)
                raise _Failed(fault, Usage(calls=1, dollars=reserved.settle(paid)), begun) from None
            finally:
                booked = reserved.settle(paid, close)
            self._gate.succeeded()
        return completion, self.used(completion, most_in, booked)

    def used(self, completion: Completion, most_in: int, booked: float) -> Usage:
        """What a reply took; without the server's count, the most it can have been, and it is counted that we do so."""
        with self._lock:
            self.served[completion.model] = self.served.get(completion.model, 0) + 1
            self.uncounted += completion.usage is None
        if completion.usage is None:
            return Usage(calls=1, tokens_in=most_in, tokens_out=len(completion.text.encode()), dollars=booked)
        return replace(completion.usage, dollars=booked)

    def wait_again(self, fault: Fault, attempt: int, ctx: Context) -> None:
        """Wait before the next attempt, or raise `LayerDown` when there is to be none."""
        tried = f"{attempt} attempt{'s' if attempt > 1 else ''}"
        if not fault.again or attempt > self.settings.retries:
            raise LayerDown(f"{fault} (after {tried})")
        if fault.wait is not None and fault.wait > LONGEST_ASKED:
            raise LayerDown(f"{fault}; it asks to come back in {fault.wait:.0f} seconds")
        if not RetryBudget.of(ctx).take():
            raise LayerDown(f"{fault} (after {tried}; the run has used up its retries)")
        if fault.wait is not None:
            self._gate.shut(fault.wait)
        sleep(wait_before(attempt, fault.wait), ctx)

    def _unknown(self, words: str) -> ModelError:
        """A sentence for a model, or an address, that the server does not know."""
        settings = self.settings
        try:
            key = settings.key()
            reply = self.transport.send("GET", f"{settings.url}/models", key, seconds=LOOK_UP)
            listed: Any = reply.json["data"] if reply.status == 200 else None
            names = [str(entry["id"]) for entry in listed]
        except (Unsent, Lost, KeyError, TypeError):
            return ModelError(
                f"there is no chat completion at {settings.url}{words}: expected an address that ends like "
                f"https://api.openai.com/v1 in models.{settings.name}.url"
            )
        close = difflib.get_close_matches(settings.model, names, 3, 0.4) or names[:5]
        has = said({"message": ", ".join(close)}, key).removeprefix(": ") or "none"
        return ModelError(f"{settings.host} has no model {settings.model!r}; it has: {has}")


class NoLogprobs(Exception):
    """The server refuses to tell log probabilities; `usage` is what the attempts took."""

    def __init__(self, usage: Usage) -> None:
        super().__init__()
        self.usage = usage


class _Failed(Exception):
    """An attempt that failed, and what was booked for it; `begun` when a piece of the reply was handed on."""

    def __init__(self, fault: Fault, usage: Usage, begun: bool = False) -> None:
        super().__init__(str(fault))
        self.begun = begun
        self.fault = fault
        self.usage = usage
