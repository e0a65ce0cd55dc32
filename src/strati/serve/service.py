"""The service: takes a request in, sees it through guards, limits, stack and people, and says what came of it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TypeVar

from strati.core.context import Context
from strati.core.errors import Stopped, UserError
from strati.core.records import JSON, State
from strati.serve.audit import Audit
from strati.serve.engine.bases import Asking, Base, embedder_for
from strati.serve.engine.desk import Desk
from strati.serve.engine.stacks import Served
from strati.serve.engine.uploads import Uploads
from strati.serve.engine.worker import Job, Worker
from strati.serve.errors import ClientGone, Refused
from strati.serve.guards.intake import Guards
from strati.serve.guards.stream import by_sentence
from strati.serve.keys import Key, Keys, Sessions
from strati.serve.limits import Money, Rates, tokens_of
from strati.serve.metrics import Gauge, Metrics
from strati.serve.queue.batches import labels_kept, remember_labels
from strati.serve.queue.reviews import Reviews
from strati.serve.records import Outcome, Released, Request, StepRecord
from strati.serve.settings import Settings
from strati.serve.store.database import Database
from strati.serve.store.outcomes import Outcomes

log = logging.getLogger("strati.serve")
TICK = 0.2  # seconds between looks at what people decided
SOON = 0.05  # seconds after which a client that went away is looked for
Gone = Callable[[], Awaitable[None]]
Hear = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """What a client asks: `conversation` is everything it sent, `input` what the model is to answer."""

    model: str
    input: str | Mapping[str, str]
    conversation: tuple[str, ...] = ()
    same_as: str | None = None
    digest: str = ""
    wait: float = 0.0
    risk: float = 1.0


class Service:
    """Everything behind the API and the pages. `start` and `stop` frame its life in an event loop.

    Args:
        settings: see `Settings`.
        stacks: what is served, loaded.
        bases: knowledge bases, opened.
        desk: tables, opened.
    """

    def __init__(
        self,
        settings: Settings,
        stacks: Sequence[Served] = (),
        bases: Sequence[Base] = (),
        desk: Desk | None = None,
    ) -> None:
        self.settings = settings
        self.desk = desk
        self.database = Database(settings.folder)
        self.keys = Keys(self.database)
        self.sessions = Sessions(self.database)
        self.rates = Rates(settings.rate, settings.tokens)
        self.money = Money(self.database, settings.dollars)
        self.outcomes = Outcomes(self.database)
        self.stacks = {served.name: served for served in stacks}
        self.bases = {base.name: base for base in bases}
        self.uploads = Uploads(
            self.database,
            settings.folder / "uploads",
            lambda name: self.bases[name].folder,
            lambda folder: embedder_for(folder, settings.catalogs),
            settings.upload,
        )
        self.reviews = Reviews(self.database, settings.lease, settings.grace, self.labels)
        self.audit = Audit(self.database, settings.audit, settings.confidence, self._limit)
        self.guards = Guards(settings.injection, settings.personal, settings.guards == "closed")
        self.metrics = Metrics(self.gauges)
        self.draining = False
        self.began = time.time()
        self.people_waiting = self.reviews.count()
        self._alarms: dict[str, str] = {}
        self.workers = {name: self._worker(served) for name, served in self.stacks.items()}
        self._waiters: dict[str, set[asyncio.Future[None]]] = {}
        self._running: dict[tuple[str, str], asyncio.Future[Outcome]] = {}
        self._version = -1
        self._labels_seen = -1
        self._task: asyncio.Task[None] | None = None
        for name, served in self.stacks.items():
            remember_labels(self.reviews, name, served.labels)
        self._judge()

    def _worker(self, served: Served) -> Worker:
        return Worker(
            served,
            self.outcomes.put,
            self.guards.outgoing,
            lambda: self._alarms.get(served.name, ""),
            self.settings.waiting,
        )

    def labels(self, model: str) -> Sequence[str]:
        """The answers that a model can give, where they are known; also of one whose batches wait here."""
        served = self.stacks.get(model)
        return served.labels if served else labels_kept(self.reviews, model)

    def _limit(self, model: str) -> float | None:
        served = self.stacks.get(model)
        return served.limit if served else None

    # Life

    async def start(self) -> None:
        self._task = asyncio.create_task(self._housekeeping())

    def drain(self) -> None:
        """Take nothing new; who waits for a person is told that the case is pending."""
        self.draining = True
        for ticket in list(self._waiters):
            self._wake(ticket)

    async def stop(self) -> None:
        """Finish what was taken in, then end."""
        self.drain()
        if self._task is not None:
            self._task.cancel()
        await asyncio.to_thread(self.uploads.close)
        for worker in self.workers.values():
            await asyncio.to_thread(worker.close)
        for base in self.bases.values():
            await asyncio.to_thread(base.close)
        if self.desk is not None:
            await asyncio.to_thread(self.desk.close)
        self.database.close()

    async def _housekeeping(self) -> None:
        while True:
            try:
                self.look()
            except Exception:
                log.exception("housekeeping failed")
            await asyncio.sleep(TICK)

    def look(self) -> list[Released]:
        """Release what is due, wake who waits for it, judge new audit labels."""
        released = self.reviews.release()
        for one in released:
            found = self.outcomes.get(one.ticket)
            self.metrics.released(found.request.model if found else "")
            self._wake(one.ticket)
        version = self.database.version()
        if released or version != self._version:
            self._version = version
            self.people_waiting = self.reviews.count()
            for ticket in list(self._waiters):
                found = self.outcomes.get(ticket)
                if found is not None and found.state is not State.PENDING:
                    self._wake(ticket)
            self._judge()
        return released

    def _judge(self) -> None:
        last = self.database.db.execute(
            "SELECT (SELECT coalesce(max(number), 0) FROM audit) + (SELECT coalesce(sum(cleared_at), 0) FROM alarms)"
        ).fetchone()[0]
        if last == self._labels_seen:
            return
        self._labels_seen = last
        for name, served in self.stacks.items():
            alarm = self.audit.standing(name, served.fingerprint).alarm
            if alarm and not self._alarms.get(name):
                log.error("audit alarm", extra={"model": name})
            self._alarms[name] = alarm

    def _wake(self, ticket: str) -> None:
        for waiter in self._waiters.get(ticket, ()):
            if not waiter.done():
                waiter.set_result(None)

    # Asking

    async def ask(self, key: Key, question: Question, gone: Gone | None = None, hear: Hear | None = None) -> Outcome:
        """See a question through: the outcome is on disk when this returns.

        `hear` is told of each sentence of an answer from a base as soon as it has passed its checks.

        Raises:
            Refused: it is not taken (limits, unknown model, another body under the same idempotency key).
            ClientGone: nobody waits for the answer any more.
        """
        self._must_take(key, question)
        if question.same_as is None:
            outcome = await self._ask(key, question, gone, hear)
        else:
            outcome = await self._once(key, question, gone)
        if outcome.state is State.PENDING and question.wait > 0:
            outcome = await self.wait(outcome, question.wait, gone)
        return outcome

    async def wait(self, outcome: Outcome, seconds: float, gone: Gone | None = None) -> Outcome:
        """Wait for a person's answer; the outcome as it is when the time is over, or the service ends."""
        ticket = outcome.request.id
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(ticket, set()).add(waiter)
        watcher = asyncio.ensure_future(gone()) if gone else None
        try:
            found = self.outcomes.get(ticket)
            if self.draining or (found is not None and found.state is not State.PENDING):
                return found or outcome
            both = {waiter, watcher} if watcher else {waiter}
            await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if watcher is not None and watcher.done() and not waiter.done():
                raise ClientGone
            return self.outcomes.get(ticket) or outcome
        finally:
            if watcher is not None:
                watcher.cancel()
            self._waiters[ticket].discard(waiter)
            if not self._waiters[ticket]:
                del self._waiters[ticket]

    def _must_take(self, key: Key, question: Question) -> None:
        if self.draining:
            raise Refused(503, "shutting_down", "the service is shutting down", retry_after=5)
        self.must_know(key, question.model)
        length = sum(map(len, question.conversation)) or len(str(question.input))
        if length > self.settings.text:
            raise Refused(
                413,
                "context_length_exceeded",
                f"the input has {length:,} characters, expected at most {self.settings.text:,}",
                "messages",
            )
        tokens = sum(map(tokens_of, question.conversation)) or tokens_of(str(question.input))
        wait, which = self.rates.take(key, tokens)
        if wait:
            raise Refused(429, "rate_limit_exceeded", f"this key is limited to {which}", retry_after=wait)
        if self.people_waiting >= self.settings.people:
            raise Refused(
                429,
                "people_queue_full",
                f"{self.people_waiting:,} cases wait for people, which is the most that may",
                retry_after=60,
            )

    def must_know(self, key: Key, model: str) -> None:
        """Raises `Refused` when there is no such model, or the key is not for it: both look the same from outside."""
        if (model not in self.stacks and model not in self.bases) or not key.may_use(model):
            known = [name for name in (*self.stacks, *self.bases) if key.may_use(name)]
            shown = ", ".join(known) or "none"
            raise Refused(
                404, "model_not_found", f"the model {model!r} is not served to this key, which has: {shown}", "model"
            )

    async def _once(self, key: Key, question: Question, gone: Gone | None) -> Outcome:
        """The same request twice is one request: the second gets what the first got."""
        assert question.same_as is not None
        running = self._running.get((key.id, question.same_as))
        if running is not None:
            return _same(await asyncio.shield(running), question)
        known = self.outcomes.same(key.id, question.same_as)
        if known is not None:
            return _same(known, question)
        mine: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._running[key.id, question.same_as] = mine
        try:
            outcome = await self._ask(key, question, gone)
        except BaseException as error:
            mine.set_exception(error if isinstance(error, Exception) else ClientGone())
            mine.exception()  # nobody may be waiting for it
            raise
        else:
            mine.set_result(outcome)
            return outcome
        finally:
            del self._running[key.id, question.same_as]

    async def _ask(self, key: Key, question: Question, gone: Gone | None, hear: Hear | None = None) -> Outcome:
        request = Request(
            new_id(),
            key.id,
            question.model,
            question.input,
            time.time(),
            question.model in self.stacks and self.audit.draw(),
            question.same_as,
            question.digest,
            question.risk,
        )
        refused = self.guards.incoming(question.conversation or (request.text,))
        if refused is not None:
            outcome = held_back(request, refused)
            self.outcomes.put([outcome])
        elif question.model in self.stacks:
            outcome = await self._ask_stack(key, request, gone)
        else:
            outcome = await self._ask_base(key, request, gone, hear)
        if outcome.state is State.PENDING:
            self.people_waiting += 1
        self.metrics.told(outcome)
        return outcome

    async def _ask_stack(self, key: Key, request: Request, gone: Gone | None) -> Outcome:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome | None] = loop.create_future()
        worker = self.workers[request.model]

        def done(outcome: Outcome | None) -> None:
            loop.call_soon_threadsafe(_settle, future, outcome)

        job = Job(request, self.money.of(key.id, key.dollars), done, time.monotonic() + self.settings.timeout)
        if not worker.put(job):
            raise Refused(
                429,
                "queue_full",
                f"{worker.depth:,} requests wait for {request.model}, which is the most that may",
                retry_after=worker.retry_after(),
            )
        try:
            found = await self._patiently(future, gone, self.settings.timeout + 0.25)
        except (ClientGone, asyncio.CancelledError):
            job.cancelled.set()
            raise
        if found is not None:
            return found
        job.cancelled.set()
        reason = f"{request.model} did not answer within {self.settings.timeout:g} seconds"
        late = replace(
            held_back(request, reason, "time", State.PENDING), fingerprint=self.stacks[request.model].fingerprint
        )
        self.outcomes.put([late])
        return self.outcomes.get(request.id) or late

    async def _ask_base(self, key: Key, request: Request, gone: Gone | None, hear: Hear | None) -> Outcome:
        base, loop = self.bases[request.model], asyncio.get_running_loop()
        cancelled = threading.Event()
        deadline = time.monotonic() + self.settings.timeout
        ctx = Context(deadline=deadline, cancelled=cancelled, budget=self.money.of(key.id, key.dollars))
        asking = Asking(base.model, None, ctx)
        if hear is not None:  # sentences that passed their checks, as soon as the guards let them out
            tell = by_sentence(self.guards.stream(), _from_thread(loop, hear))
            asking = Asking(base.model, lambda sentence: tell(sentence.text), ctx)
        try:
            found = await self.with_base(base, base.answer(request, asking), gone)
        except UserError as error:
            raise Refused(400, "invalid_request", str(error)) from error
        except Stopped as error:
            raise Refused(504, "timeout", str(error), retry_after=5) from error
        finally:
            cancelled.set()
        if found.state is State.ANSWERED:
            refused = self.guards.outgoing(str(found.answer))
            if refused is not None:
                found = replace(held_back(request, refused), steps=found.steps, seconds=found.seconds)
        self.outcomes.put([found])
        return found

    async def with_base(self, base: Base, work: Callable[..., T], gone: Gone | None = None) -> T:
        """Have a base's thread do something. Raises `Refused` when too much waits or it takes too long."""
        return await self.patiently(base.submit(work), base.name, gone)

    async def patiently(self, future: Future[T] | None, name: str, gone: Gone | None = None) -> T:
        """What another thread makes; None instead of a future means that too much waits for it already."""
        if future is None:
            raise Refused(429, "queue_full", f"too many questions wait for {name}", retry_after=2)
        wrapped = asyncio.wrap_future(future)
        found = await self._patiently(wrapped, gone, self.settings.timeout)
        if found is None and not wrapped.done():
            raise Refused(
                504, "timeout", f"{name} did not answer within {self.settings.timeout:g} seconds", retry_after=5
            )
        return wrapped.result()

    async def _patiently(self, future: asyncio.Future[T], gone: Gone | None, seconds: float) -> T | None:
        """The result of a future; None when the time is over. Raises `ClientGone` when nobody waits any more."""
        done, _ = await asyncio.wait({future}, timeout=min(SOON, seconds))
        if not done:
            watcher = asyncio.ensure_future(gone()) if gone else None
            both: set[asyncio.Future[object]] = {future, watcher} if watcher else {future}  # type: ignore[arg-type]
            try:
                await asyncio.wait(both, timeout=max(0.0, seconds - SOON), return_when=asyncio.FIRST_COMPLETED)
                if watcher is not None and watcher.done() and not future.done():
                    raise ClientGone
            finally:
                if watcher is not None:
                    watcher.cancel()
        return future.result() if future.done() else None

    # Looking

    def alarm(self, model: str) -> str:
        return self._alarms.get(model, "")

    def gauges(self) -> Iterator[Gauge]:
        """What /metrics and the page Live show of this moment."""
        yield Gauge("strati_people_waiting", "Cases that wait for people.", "", self.people_waiting)
        yield Gauge("strati_dollars", "Money paid for models, or lost with a process.", "", self.money.spent())
        for name, worker in self.workers.items():
            yield Gauge("strati_queue_depth", "Requests taken and not finished.", name, worker.depth)
            yield Gauge("strati_circuit_open", "1 while a layer is down.", name, float(worker.breaker.open))
            found = self.audit.standing(name, self.stacks[name].fingerprint)
            yield Gauge("strati_audit_labels", "Labels of the blind audit.", name, found.labels)
            yield Gauge("strati_audit_wrong", "Automatic answers that the audit found wrong.", name, found.wrong)
            if found.upper is not None:
                yield Gauge("strati_audit_error_upper", "Time-uniform bound of the error rate.", name, found.upper)
            yield Gauge("strati_audit_alarm", "1 while an alarm sends everything to people.", name, bool(found.alarm))


def new_id() -> str:
    """A name for a request that nobody can guess; later ones sort later."""
    return f"a-{int(time.time() * 1000):011x}{secrets.token_hex(8)}"


def held_back(request: Request, reason: str, layer: str = "guard", state: State = State.WITHHELD) -> Outcome:
    """The outcome of a request that no layer answers."""
    step = StepRecord(layer, "vetoed" if state is State.WITHHELD else "pending", reason)
    return Outcome(request, state, reason=reason, steps=(step,))


def _from_thread(loop: asyncio.AbstractEventLoop, hear: Hear) -> Hear:
    """The same, to be called from the thread of a base."""

    def heard(text: str) -> None:
        loop.call_soon_threadsafe(hear, text)

    return heard


def _settle(future: asyncio.Future[JSON], value: JSON) -> None:
    if not future.done():
        future.set_result(value)


def _same(outcome: Outcome, question: Question) -> Outcome:
    if outcome.request.digest != question.digest:
        raise Refused(
            422, "idempotency_key_reused", "this Idempotency-Key was used for another request", "Idempotency-Key"
        )
    return outcome
