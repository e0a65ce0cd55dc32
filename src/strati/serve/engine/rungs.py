"""One input, every rung of a stack by itself: for trying, not for serving. Nothing is kept, no person is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from strati.core.context import Context
from strati.core.errors import StratiError
from strati.core.records import JSON, Case, State
from strati.serve.keys import Key
from strati.stack.layers.person import Person

if TYPE_CHECKING:
    from strati.serve.engine.stacks import Served
    from strati.serve.service import Service
    from strati.stack.stack import Stack, Stage


@dataclass(frozen=True, slots=True)
class Rung:
    """What one rung says to an input, and whether the stack as a whole would let it out."""

    stack: str
    rung: str
    answer: JSON
    confidence: float | None
    threshold: float | None
    delivered: bool
    reason: str
    seconds: float
    dollars: float
    alternatives: tuple[tuple[JSON, float], ...] = ()

    def to_json(self) -> dict[str, JSON]:
        return asdict(self)


async def compared(service: Service, key: Key, text: str, names: Sequence[str]) -> list[Rung]:
    """Every rung of the stacks, in order; the guards look at the input and at what each rung says, as in service."""
    found: list[Rung] = []
    refused = service.guards.incoming([text])
    if refused is not None:
        return [Rung(name, "guard", None, None, None, False, refused, 0.0, 0.0) for name in names]
    for name in names:
        served = service.stacks[name]
        if served.stack is None:
            found.append(Rung(name, name, None, None, None, False, served.hold, 0.0, 0.0))
            continue
        budget = service.money.of(key.id, key.dollars)
        ctx = Context(budget=budget, deadline=time.monotonic() + service.settings.timeout)
        found += await asyncio.to_thread(_rungs, served.stack, name, text, ctx, served.hold or service.alarm(name))
        found += await asyncio.to_thread(_beside, served, text, ctx)
    return [_guarded(service, rung) for rung in found]


def _guarded(service: Service, rung: Rung) -> Rung:
    """The rung, without its answer where the guards would not let it out."""
    refused = None if rung.answer is None else service.guards.outgoing(str(rung.answer))
    if refused is None:
        return rung
    return replace(rung, answer=None, confidence=None, delivered=False, reason=refused, alternatives=())


def stage_of(served: Served, rung: str) -> Stage | None:
    """The stage behind a rung, of the stack or of the ladder beside it."""
    stacks = [served.stack, *served.ladder] if served.stack else []
    return next((stage for stack in stacks if stack for stage in stack.stages if stage.name == rung), None)


def _beside(served: Served, text: str, ctx: Context) -> list[Rung]:
    """What the rungs say that were measured and are not in the stack."""
    found = []
    for stack in served.ladder:
        for rung in _rungs(stack, served.name, text, ctx, "measured beside it, not in the stack"):
            found.append(replace(rung, threshold=None))
    return found


def _rungs(stack: Stack, name: str, text: str, ctx: Context, hold: str) -> list[Rung]:
    found: list[Rung] = []
    case, out = Case("try", text), False
    for stage in stack.stages:
        if isinstance(stage.layer, Person):
            continue
        began = time.perf_counter()
        try:
            done = replace(stage, threshold=0.0).run([case], ctx)[0]
        except StratiError as error:
            found.append(Rung(name, stage.name, None, None, stage.threshold, False, str(error), 0.0, 0.0))
            continue
        rung = _rung(stage, name, done, time.perf_counter() - began, hold, out=out)
        out = out or rung.delivered
        found.append(rung)
        case = replace(case, evidence=done.evidence)
    return found


def _rung(stage: Stage, name: str, done: Case, seconds: float, hold: str, *, out: bool) -> Rung:
    answer, dollars = done.answer, done.usage.dollars
    if answer is None:
        reason = done.steps[-1].reason if done.steps else ""
        return Rung(name, stage.name, None, None, stage.threshold, False, reason, seconds, dollars)
    sure = answer.confidence if answer.confidence is not None else 0.0
    enough = done.state is State.ANSWERED and sure >= stage.threshold
    reason = "answers"
    if hold:
        reason = hold
    elif out:
        reason = "an earlier rung has answered"
    elif not enough:
        reason = f"only {100 * sure:.1f} % sure, needed are {100 * stage.threshold:.1f} %: it goes on"
        if stage.threshold > 1:
            reason = "never answers; what it says helps to judge the others"
    delivered = enough and not out and not hold
    return Rung(
        name,
        stage.name,
        answer.value,
        answer.confidence,
        stage.threshold,
        delivered,
        reason,
        seconds,
        dollars,
        answer.alternatives,
    )
