"""Questions answered by batches of a server: reserved, written down, handed in once, waited for, read and settled.

The order of the steps is what makes it safe to die between any two of them. (1) Reservation and intent are one
transaction of the journal. (2) The file goes up, which costs nothing. (3) From here on the server may have the batch:
where its id is not known, it is looked for by the random name that it was given. (4) Its output is read, replies are
kept, the reservation is settled and the job closed, in that order; each step may be repeated.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from functools import cached_property

from strati.core.budget import NANO
from strati.core.context import Context
from strati.core.errors import BudgetReached, LayerDown, ModelError, StratiError
from strati.models.ask import Question
from strati.models.hosted.batches.endpoint import BatchEndpoint
from strati.models.hosted.batches.lines import read_lines
from strati.models.hosted.batches.output import settled
from strati.models.hosted.batches.part import Part, make_part
from strati.models.hosted.batches.state import Batch
from strati.models.hosted.caller import Caller
from strati.models.hosted.completion import Fault
from strati.models.hosted.pacing import sleep
from strati.models.hosted.prices import Prices, batch_prices
from strati.models.hosted.transport import HttpReply
from strati.models.jobs import Job, Jobs, KeepsJobs

FIRST_POLL, LONGEST_POLL, SLOWER = 1.0, 60.0, 1.3
"""Seconds between two looks at a batch: at first, at most, and how they grow."""
LOOK_AFTER = 3.0
"""Seconds before a batch that may have been made is looked for, so that the server's list has it."""
OVERDUE = 26 * 3600.0
"""Seconds after which a batch, promised within 24 hours, is not waited for any more."""
OUTAGE = 1800.0
"""Seconds for which nothing may be heard of a batch while it is waited for."""
MISSES = 12
"""Looks in a row (over a minute) at which the server does not know a batch, after which it counts as lost."""
TIMES = 2
"""How often a question is handed in: again when its batch ended before it was answered."""
LEAST = 20
"""Requests that are worth a batch of their own when the budget does not allow them all."""
TOO_MUCH = "token_limit_exceeded"
"""The code of a batch that is larger than what an account may have in the queue."""


class Batcher:
    """The batches of one model on one server, as all copies of the model share it. Thread safe: one at a time."""

    def __init__(self, caller: Caller) -> None:
        self.settings = caller.settings
        self._caller = caller
        self._endpoint = BatchEndpoint(caller)
        self._lock = threading.RLock()
        self._checked = False
        self._most: int | None = None  # requests that the account may have in the queue, once that is known

    @cached_property
    def rates(self) -> Prices:
        """What tokens cost in a batch."""
        return batch_prices(self.settings, self._caller.prices)

    @property
    def prices(self) -> Prices:
        """What tokens are expected to cost, as the model is used."""
        return self.rates if self.settings.batch else self._caller.prices

    def tried(self, ctx: Context) -> bool:
        """Whether some reply has shown what the server takes. Raises `ModelError` when it has no batch endpoints."""
        with self._lock:
            if not self._checked:
                self._endpoint.check(ctx)
                self._checked = True
        return bool(self._caller.served)

    def take_up(self, model: str, ctx: Context) -> None:
        """See the open jobs of a model through, by its fingerprint."""
        jobs = jobs_of(ctx)
        with self._lock:
            for job in jobs.open(model):
                self._resume(job, jobs, ctx)

    def hand_in(self, model: str, questions: Sequence[Question], ctx: Context) -> None:
        """Hand questions in and wait; those that no batch answered are left to the ordinary way of asking."""
        jobs, todo = jobs_of(ctx), list(questions)
        with self._lock:
            for _ in range(TIMES):
                if not self._all(model, todo, jobs, ctx):
                    break
                todo = [question for question in todo if not jobs.knows(question.key)]
        ctx.begin(f"{self.settings.name}: reading {len(questions):,} replies", len(questions))

    def _all(self, model: str, todo: list[Question], jobs: Jobs, ctx: Context) -> bool:
        """Hand questions in, part after part; whether some batch ended early, so that another try may help."""
        early, place = False, 0
        while place < len(todo):
            part = make_part(todo[place:], self._caller, self.rates, ctx.budget.left, self._most)
            if not part.wanted or (part.poor and len(part.wanted) < LEAST):
                break
            ended = self._send(model, part, jobs, ctx)
            if ended is not None and ended.code == TOO_MUCH and part.questions > 1:
                self._most = max(1, len(part.wanted) // 2)
                continue
            if ended is not None and ended.status == "failed":
                settings = self.settings
                raise ModelError(f"{settings.host} did not accept the batch of models.{settings.name}: {ended.why}")
            if ended is not None and ended.status == "cancelled":
                raise LayerDown(f"the batch {ended.id} was cancelled at {self.settings.host}")
            early |= ended is None or ended.status != "completed"
            place += part.questions
        return early

    def _send(self, model: str, part: Part, jobs: Jobs, ctx: Context) -> Batch | None:
        """One part through all steps; the batch as it ended, None when the server lost it."""
        nonce, created, dollars = secrets.token_hex(8), time.time(), sum(want.most for want in part.wanted) / NANO

        def enter(what: str, amount: int) -> int:
            return jobs.begin(nonce, model, created, part.wanted, what, amount) or 0

        try:
            ctx.budget.reserve(dollars, self.settings.name, enter)
        except BudgetReached:  # another thread was quicker: what is asked in the ordinary way finds that out again
            return None
        if not dollars:
            enter("", 0)
        job = next(job for job in jobs.open(model) if job.nonce == nonce)
        try:
            file = self._endpoint.upload(f"strati-{nonce}.jsonl", part.file(nonce), ctx)
        except StratiError:
            self._drop(job, jobs, ctx)
            raise
        jobs.uploaded(nonce, file)
        return self._see_through(job, file, self._create(job, file, jobs, ctx), jobs, ctx)

    def _create(self, job: Job, file: str, jobs: Jobs, ctx: Context) -> Batch:
        """Make the batch, once: after a fault it is looked for before another attempt."""
        attempt = 0
        while True:
            try:
                return self._endpoint.create(file, job.nonce, ctx)
            except Fault as fault:
                attempt += 1
                self._caller.wait_again(fault, attempt, ctx)
            except ModelError:
                self._drop(job, jobs, ctx, file)
                raise
            found = self._look(job.nonce, file, ctx)
            if found is not None:
                return found

    def _look(self, nonce: str, file: str, ctx: Context) -> Batch | None:
        sleep(LOOK_AFTER, ctx)
        return self._endpoint.find(nonce, file, ctx)

    def _resume(self, job: Job, jobs: Jobs, ctx: Context) -> None:
        """See through what an earlier process, or an earlier attempt of this one, left."""
        if job.file is None:
            self._drop(job, jobs, ctx)
            return
        if job.batch is not None:
            self._see_through(job, job.file, Batch.unseen(job.batch), jobs, ctx)
            return
        found = self._look(job.nonce, job.file, ctx)
        if found is None:
            self._drop(job, jobs, ctx, job.file)
        else:
            self._see_through(job, job.file, found, jobs, ctx)

    def _see_through(self, job: Job, file: str, found: Batch, jobs: Jobs, ctx: Context) -> Batch | None:
        """Wait for a batch, read it, settle it; None when the server lost it, which counts as paid."""
        jobs.handed_in(job.nonce, found.id)
        batch = self._wait(job, found, ctx)
        lines: dict[str, HttpReply] = {}
        silent_paid = batch is None or batch.status == "completed"
        for output in (batch.output, batch.errors) if batch else ():
            data = self._endpoint.content(output, ctx) if output else b""
            silent_paid |= data is None
            lines = {**read_lines(data or b""), **lines}
        wanted = jobs.wanted(job.nonce)
        replies, paid = settled(job.nonce, wanted, lines, self.settings, self.rates, silent_paid=silent_paid)
        jobs.receive(replies)
        if job.entry is not None:
            ctx.budget.adopt(job.entry, job.reserved).settle(paid / NANO)
        jobs.close(job.nonce)
        for name in (file, *((batch.output, batch.errors) if batch else ())):
            self._endpoint.delete(name)
        return batch

    def _wait(self, job: Job, batch: Batch, ctx: Context) -> Batch | None:
        """Look at a batch until it has ended; tell how far it is. A run that ends leaves it to the next one."""
        pause, misses, seen = FIRST_POLL, 0, time.monotonic()
        if not self.settings.batch and not batch.ended:
            self._endpoint.cancel(batch.id, ctx)
        tell = _Teller(self.settings.name, ctx)
        while not batch.ended:
            tell(batch)
            sleep(pause, ctx)
            pause = min(LONGEST_POLL, pause * SLOWER)
            try:
                found = self._endpoint.get(batch.id, ctx)
            except Fault as fault:  # a look costs nothing, and a day is long
                if time.monotonic() - seen > OUTAGE:
                    minutes = f"{OUTAGE / 60:.0f} minutes"
                    raise LayerDown(f"{fault}; the batch {batch.id} was not seen for {minutes}") from None
                continue
            seen, misses = time.monotonic(), misses + 1 if found is None else 0
            if misses == MISSES:
                return None
            batch = found or batch
            if not batch.ended and time.time() - job.created > OVERDUE:
                raise LayerDown(
                    f"the batch {batch.id} at {self.settings.host} has not ended after {OVERDUE / 3600:.0f} hours: "
                    f"batch = false in models.{self.settings.name} cancels it"
                )
        return batch

    def _drop(self, job: Job, jobs: Jobs, ctx: Context, file: str | None = None) -> None:
        """A job that was never handed in: nothing was paid."""
        if job.entry is not None:
            ctx.budget.adopt(job.entry, job.reserved).settle(0.0)
        jobs.close(job.nonce)
        self._endpoint.delete(file)


class _Teller:
    """Tells how far a batch is, when that has changed."""

    def __init__(self, name: str, ctx: Context) -> None:
        self._name = name
        self._ctx = ctx
        self._told = ""

    def __call__(self, batch: Batch) -> None:
        words = f"{self._name}: batch, {batch.answered:,} of {batch.total:,} {batch.status}"
        if words != self._told:
            self._ctx.begin(words, 0)
        self._told = words


def jobs_of(ctx: Context) -> Jobs:
    """The jobs of the run's journal."""
    if not isinstance(ctx.memo, KeepsJobs):
        raise ModelError("batches need the journal of a run, expected one as the context's memo")
    return ctx.memo.jobs
