"""The loop: makes the calls of a plan in order, writes each down, and stops before anything is changed.

The plan is fixed before the first call. What a tool returns is data: it may be filled into a later input where the plan
says so, and it can neither add a call nor change which tool is called.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from strati.core.context import Context
from strati.core.errors import UserError
from strati.core.records import JSON
from strati.serve.agent.journal import Journal, Run
from strati.serve.agent.plan import LONGEST
from strati.serve.agent.records import Call, Outcome, Plan, Result, Step
from strati.serve.agent.tools import Given, run_tool
from strati.serve.tools.tool import Tool

_PLACE = re.compile(r"\{(\d+)\}")


@dataclass(frozen=True, slots=True)
class Compared:
    """A step of an earlier run, made again: whether it gave the same."""

    step: Step
    again: Step

    @property
    def same(self) -> bool:
        return self.step.result.hash == self.again.result.hash


def with_apply(plan: Plan, given: Given) -> Plan:
    """The plan with the edits of a draft made at the end, once a person has approved; only where a draft was named."""
    last = next((n for n, call in enumerate(plan.calls, 1) if call.tool == "write"), None)
    if given.draft is None or last is None:
        return plan
    return replace(plan, calls=(*plan.calls, Call("apply", {"hash": f"{{{last}}}"})))


def run(
    question: str, plan: Plan, tools: Mapping[str, Tool], given: Given, journal: Journal, ctx: Context
) -> Iterator[tuple[str, Step]]:
    """Make the calls of a plan; yields the run's id with each step, as soon as it is on disk."""
    name = journal.begin(question, given, plan)
    with journal.alone(name):
        for step in _steps(plan, (), tools, ctx, None):
            journal.add(name, step)
            yield name, step


def go_on(
    earlier: Run, tools: Mapping[str, Tool], journal: Journal, ctx: Context, approved: str | None = None
) -> Iterator[tuple[str, Step]]:
    """Go on with a run where it was stopped, or with the call that a person approved, named by its hash.

    Raises `UserError` when nothing is left to do, or when what was approved is not what waits.
    """
    done = tuple(step for step in earlier.steps if step.result.outcome is not Outcome.WAITING)
    waiting = [step for step in earlier.steps if step.result.outcome is Outcome.WAITING]
    if approved is not None and (not waiting or waiting[0].call.hash != approved):
        found = f"the call {waiting[0].call.hash} waits" if waiting else "nothing waits"
        raise UserError(f"{approved!r} cannot be approved: {found} in the run {earlier.id}; --resume RUN names another")
    if len(done) == len(earlier.plan.calls):
        raise UserError(f"the run {earlier.id} is done, expected one that was stopped or waits")
    with journal.alone(earlier.id):
        for step in _steps(earlier.plan, done, tools, ctx, approved):
            journal.add(earlier.id, step)
            yield earlier.id, step


def replay(earlier: Run, tools: Mapping[str, Tool], ctx: Context) -> Iterator[Compared]:
    """Make the calls of an earlier run again, with the same inputs, and compare. What changes anything is left out."""
    for step in earlier.steps:
        tool = tools.get(step.call.tool)
        if step.result.outcome is Outcome.WAITING or tool is None or tool.changes:
            continue
        ctx.check()
        start = time.monotonic()
        result = run_tool(tool, step.call.arguments, ctx)
        yield Compared(step, Step(step.number, step.call, result, time.monotonic() - start))


def _steps(
    plan: Plan, done: tuple[Step, ...], tools: Mapping[str, Tool], ctx: Context, approved: str | None
) -> Iterator[Step]:
    results = [step.result for step in done]
    for number, call in enumerate(plan.calls, 1):
        if number <= len(done):
            continue
        ctx.check()
        start = time.monotonic()
        filled = replace(call, arguments=_filled(call, results))
        result = _made(filled, tools, ctx, approved)
        results.append(result)
        yield Step(number, filled, result, time.monotonic() - start)
        if result.outcome is Outcome.WAITING:
            return


def _made(call: Call, tools: Mapping[str, Tool], ctx: Context, approved: str | None) -> Result:
    tool = tools.get(call.tool)
    if tool is None:
        return Result(Outcome.FAILED, f"the tool {call.tool} is not available here")
    if not str(call.arguments.get(tool.main, "")).strip():
        return Result(Outcome.FAILED, "there is nothing to do it with: an earlier step gave nothing")
    if tool.changes and approved != call.hash:
        words = f"{call.tool} {call.arguments[tool.main]} changes a file: approve it with {call.hash}"
        return Result(Outcome.WAITING, words)
    return run_tool(tool, call.arguments, ctx)


def _filled(call: Call, results: list[Result]) -> dict[str, JSON]:
    """The arguments with earlier results in their places, in one pass: places in a result are left as they are.

    A call that changes something takes the hash of the proposal, nothing a tool has written.
    """
    if call.tool == "apply":
        number = int(_PLACE.findall(str(call.arguments["hash"]))[0])
        data = results[number - 1].data
        return {"hash": str(data["hash"]) if isinstance(data, dict) and data.get("hash") else ""}

    def result(match: re.Match[str]) -> str:
        number = int(match[1])
        return results[number - 1].text[:LONGEST] if 1 <= number <= len(results) else match[0]

    def filled(value: JSON) -> JSON:
        return _PLACE.sub(result, value)[: 2 * LONGEST] if isinstance(value, str) else value

    return {name: filled(value) for name, value in call.arguments.items()}
