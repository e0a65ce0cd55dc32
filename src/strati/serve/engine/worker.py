"""The thread that owns a stack: takes what waits, runs it together, keeps what came of it before anybody is told."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.errors import BudgetReached, Stopped, StratiError
from strati.core.records import Case, Evidence, Failure, State, Step
from strati.core.records import Outcome as StepOutcome
from strati.serve.engine.breaker import Breaker, Retries
from strati.serve.engine.stacks import Served
from strati.serve.records import Cited, Outcome, Request, StepRecord

log = logging.getLogger("strati.serve")
TOGETHER = 64  # most cases run at once: a slow layer asks for fewer


@dataclass(eq=False)
class Job:
    """A request on its way; `done` is called once, from the worker's thread, with its outcome or None (cancelled)."""

    request: Request
    budget: Budget
    done: Callable[[Outcome | None], None]
    deadline: float
    cancelled: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.perf_counter)


@dataclass
class Worker:
    """Owns one stack.

    Args:
        served: the stack.
        keep: puts outcomes on disk; returns for each whether it counts.
        check: why an answer may not go out, or None: the guards on output.
        alarm: why everything has to go to people, or "": the audit's alarm.
        waiting: most jobs in the queue.
    """

    served: Served
    keep: Callable[[Sequence[Outcome]], list[bool]]
    check: Callable[[str], str | None] = lambda text: None
    alarm: Callable[[], str] = lambda: ""
    waiting: int = 256
    breaker: Breaker = field(default_factory=Breaker)
    retries: Retries = field(default_factory=Retries)
    seconds_each: float = 0.0  # of a case, a moving average

    def __post_init__(self) -> None:
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name=f"stack {self.served.name}", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> int:
        """Jobs taken and not finished."""
        return self._waiting

    def put(self, job: Job) -> bool:
        """Take a job; false, and nothing is done, when too many wait."""
        with self._lock:
            if self._waiting >= self.waiting:
                return False
            self._waiting += 1
        self._queue.put(job)
        return True

    def retry_after(self) -> int:
        """Seconds until the queue is likely to have room."""
        return max(1, min(60, round(self.seconds_each * self._waiting + 0.5)))

    def close(self) -> None:
        """Finish what waits, then end."""
        self._queue.put(None)
        self._thread.join(timeout=30)

    def _loop(self) -> None:
        together = min(TOGETHER, self.served.stack.batch if self.served.stack else TOGETHER)
        while True:
            job = self._queue.get()
            if job is None:
                return
            jobs, ended = [job], False
            while len(jobs) < together and not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    ended = True
                    break
                jobs.append(more)
            self._work(jobs)
            if ended:
                return

    def _work(self, jobs: list[Job]) -> None:
        began = time.perf_counter()
        try:
            live = [job for job in jobs if not job.cancelled.is_set()]
            for group in _by_budget(live):
                self._finish(group, self._answer(group))
            for job in jobs:
                if job.cancelled.is_set() and job not in live:
                    job.done(None)
        except Exception:
            log.exception("the worker failed")
            for job in jobs:
                job.done(None)
        finally:
            with self._lock:
                self._waiting -= len(jobs)
            each = (time.perf_counter() - began) / len(jobs)
            self.seconds_each = each if not self.seconds_each else 0.9 * self.seconds_each + 0.1 * each

    def _answer(self, jobs: Sequence[Job]) -> list[Case]:
        cases = [Case(job.request.id, job.request.input) for job in jobs]
        why = self.served.hold or self.alarm()
        if not why and not self.breaker.allows():
            why = f"a layer of this stack is down ({self.breaker.reason})"
        stack = self.served.stack
        if why or stack is None:
            return [case.pending("people", why) for case in cases]
        self.retries.earned()
        done = self._run(cases, jobs)
        if all(_is_down(case) for case in done) and self.retries.take():
            done = self._run(cases, jobs)
        down = next((case for case in done if _is_down(case)), None)
        if down is None:
            self.breaker.worked()
        else:
            self.breaker.failed(down.steps[-1].reason)
        return done

    def _run(self, cases: Sequence[Case], jobs: Sequence[Job]) -> list[Case]:
        ctx = Context(budget=jobs[0].budget, deadline=min(job.deadline for job in jobs), cancelled=_All(jobs))
        stack = self.served.stack
        assert stack is not None
        try:
            return stack.run(cases, ctx)
        except BudgetReached as error:
            return [case.failed("budget", Failure.BUDGET, str(error)).pending("people", str(error)) for case in cases]
        except Stopped as error:
            reason = f"the stack did not answer in time ({error})"
            return [case.failed("time", Failure.TIMEOUT, reason).pending("people", reason) for case in cases]
        except StratiError as error:
            return [case.failed("stack", Failure.LAYER_DOWN, str(error)) for case in cases]

    def _finish(self, jobs: Sequence[Job], cases: Sequence[Case]) -> None:
        outcomes = [self._outcome(job, case) for job, case in zip(jobs, cases, strict=True)]
        wanted = [not job.cancelled.is_set() for job in jobs]
        kept = iter(self.keep([one for one, yes in zip(outcomes, wanted, strict=True) if yes]))
        for job, outcome, yes in zip(jobs, outcomes, wanted, strict=True):
            job.done(outcome if yes and next(kept) else None)

    def _outcome(self, job: Job, case: Case) -> Outcome:
        outcome = outcome_of_case(job.request, case, self.served.fingerprint, time.perf_counter() - job.began)
        if outcome.state is not State.ANSWERED:
            return outcome
        reason = self.check(str(outcome.answer))
        if reason is None:
            return outcome
        step = StepRecord("guard", "vetoed", reason)
        return replace(
            outcome, state=State.WITHHELD, answer=None, layer=None, reason=reason, steps=(*outcome.steps, step)
        )


class _All(threading.Event):
    """Set when every job of a batch was cancelled: the others still want their answers."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        super().__init__()
        self._jobs = jobs

    def is_set(self) -> bool:
        return all(job.cancelled.is_set() for job in self._jobs)


def outcome_of_case(request: Request, case: Case, fingerprint: str, seconds: float) -> Outcome:
    """What came of a request, from the case at its end. A case that no layer may answer is for people."""
    answer, usage, last = case.answer, case.usage, case.steps[-1]
    return Outcome(
        request,
        State.ANSWERED if case.state is State.ANSWERED else State.PENDING,
        answer.value if answer else None,
        answer.confidence if answer else None,
        answer.layer if answer else None,
        last.reason if answer else why_held(case),
        answer.alternatives if answer else (),
        tuple(map(step_record, case.steps)),
        tuple(_cited(one) for one in (answer.citations if answer and answer.citations else case.evidence)),
        (),
        seconds,
        usage.dollars,
        usage.tokens_in,
        usage.tokens_out,
        fingerprint,
    )


def step_record(step: Step) -> StepRecord:
    """A step as it is kept and shown."""
    return StepRecord(
        step.layer,
        str(step.outcome),
        step.reason,
        step.proposed,
        step.confidence,
        step.usage.seconds,
        step.usage.dollars,
        str(step.failure) if step.failure else None,
    )


def why_held(case: Case) -> str:
    """Why a case waits for a person, in a sentence: who proposed what, how sure, or what failed."""
    proposals = [(step.proposed, step.confidence, step.layer) for step in case.steps if step.proposed is not None]
    failed = next((step for step in reversed(case.steps) if step.failure), None)
    values = list(dict.fromkeys(str(value) for value, _, _ in proposals))
    if len(values) > 1:
        shown = ", ".join(f"{value} {sure:.2f}" if sure is not None else f"{value}" for value, sure, _ in proposals)
        return f"the layers disagree: {shown}"
    vetoed = next((step for step in reversed(case.steps) if step.outcome is StepOutcome.VETOED), None)
    if vetoed is not None:
        return f"a check refused the answer of {vetoed.layer}: {vetoed.reason}"
    if failed is not None:
        return failed.reason
    value, sure, layer = proposals[-1] if proposals else (None, None, "")
    if sure is not None:
        return f"{layer} proposes {value}, but is only {100 * sure:.0f} % sure"
    return case.steps[-1].reason


def _cited(evidence: Evidence) -> Cited:
    source = evidence.source
    if source is None:
        return Cited(evidence.text, score=evidence.score)
    name = str(evidence.data.get("name", ""))
    place = f"{name}, {source.locator}" if name and source.locator else name or source.locator
    base = str(evidence.data.get("base", ""))
    return Cited(evidence.text, place, base, source.document, source.start, source.end, evidence.score)


def _is_down(case: Case) -> bool:
    return any(step.failure is Failure.LAYER_DOWN for step in case.steps) and case.state is not State.ANSWERED


def _by_budget(jobs: Sequence[Job]) -> list[list[Job]]:
    """Jobs that share a budget run together."""
    groups: dict[int, list[Job]] = {}
    for job in jobs:
        groups.setdefault(id(job.budget), []).append(job)
    return list(groups.values())
