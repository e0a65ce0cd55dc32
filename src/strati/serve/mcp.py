"""`strati mcp`: stacks and bases as typed, read-only tools for agents, by the official SDK."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import strati
from strati.core.context import Context
from strati.core.errors import UserError
from strati.core.records import Case, State
from strati.serve.engine.bases import Asking, Base, place_of
from strati.serve.engine.stacks import Served
from strati.serve.engine.worker import outcome_of_case
from strati.serve.records import Outcome, Request
from strati.serve.service import new_id

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from strati.knowledge.base import KnowledgeBase

T = TypeVar("T")
SECONDS = 60.0
LONGEST = 20_000
TELL = """\
Certified models and documents of the user. `stacks` lists them. `answer` asks a stack: take its answer instead of \
guessing, and when the state is not "answered", say so and do not make one up. `ask` answers a question from the \
user's documents with exact places; `search` finds passages; `check` holds the claims of a text against the documents.\
"""


# What the tools return; the SDK makes output schemas of these (which it cannot of classes with slots).


@dataclass(frozen=True)
class StackInfo:
    """A stack: what it answers, and what its certificate promises."""

    name: str
    labels: list[str]
    certificate: str
    promise: str


@dataclass(frozen=True)
class Offered:
    """What there is to ask."""

    stacks: list[StackInfo]
    bases: list[str]


@dataclass(frozen=True)
class Place:
    """A place in a document, and what stands there."""

    text: str
    place: str
    document: str
    start: int
    end: int


@dataclass(frozen=True)
class Answered:
    """An answer, or why there is none. `state` is answered, pending or withheld."""

    state: str
    answer: str | None
    confidence: float | None
    layer: str | None
    reason: str
    sources: list[Place]


@dataclass(frozen=True)
class ClaimFound:
    """One claim of a text and what the documents say of it."""

    claim: str
    state: str
    reason: str
    sources: list[Place]


@dataclass(frozen=True)
class CheckedText:
    """`ok` when no claim is contradicted and none was looked for in vain."""

    ok: bool
    claims: list[ClaimFound]


class Tools:
    """What the tools do; each call runs in a thread, one at a time for each base."""

    def __init__(self, stacks: Sequence[Served], bases: Sequence[Base]) -> None:
        self._stacks = {served.name: served for served in stacks}
        self._bases = {base.name: base for base in bases}

    def stacks(self) -> Offered:
        """The stacks (certified models) and knowledge bases that can be asked, with what each certificate promises."""
        found = [StackInfo(s.name, list(s.labels), s.state, s.sentence) for s in self._stacks.values()]
        return Offered(found, list(self._bases))

    async def answer(self, stack: str, text: str) -> Answered:
        """Ask a certified stack about one text, for example which label it has.

        A state other than "answered" means that the stack is not sure enough: a person has to decide, do not guess."""
        served = self._stacks.get(stack)
        if served is None:
            raise _wrong(f"there is no stack {stack!r}, expected one of: {', '.join(self._stacks) or 'none'}")
        _must_fit(text)
        request = Request(new_id(), "mcp", stack, text, time.time())
        if served.hold or served.stack is None:
            return Answered(str(State.PENDING), None, None, None, served.hold, [])
        ctx = Context(deadline=time.monotonic() + SECONDS)
        case = (await asyncio.to_thread(served.stack.run, [Case(request.id, text)], ctx))[0]
        return _answered(outcome_of_case(request, case, served.fingerprint, 0.0))

    async def ask(self, base: str, question: str) -> Answered:
        """Answer a question from the user's documents, every sentence with its place.

        "withheld" means that the documents do not say it, which is an answer: do not make one up."""
        _must_fit(question)
        found = self._base(base)
        request = Request(new_id(), "mcp", base, question, time.time())
        asking = Asking(found.model, ctx=Context(deadline=time.monotonic() + SECONDS))
        return _answered(await _in(found, found.answer(request, asking)))

    async def search(self, base: str, query: str, k: int = 5) -> list[Place]:
        """Find passages in the user's documents by words and meaning, best first, with the place each stands at."""
        _must_fit(query)
        if not 1 <= k <= 50:
            raise _wrong(f"k is {k}, expected 1 to 50")
        hits = await _in(self._base(base), lambda one: one.search(query, k))
        return [Place(hit.text, place_of(hit), hit.document, hit.start, hit.end) for hit in hits]

    async def check(self, base: str, text: str) -> CheckedText:
        """Hold every claim of a text against the user's documents: supported, contradicted, not_found or
        not_checkable, with the place."""
        _must_fit(text)
        found = self._base(base)
        report = await _in(found, found.check(text))
        claims = [
            ClaimFound(
                one.text,
                str(one.state),
                one.reason,
                [Place(c.quote, c.place, c.document, c.start, c.end) for c in one.citations],
            )
            for one in report.claims
        ]
        return CheckedText(report.ok, claims)

    def _base(self, name: str) -> Base:
        base = self._bases.get(name)
        if base is None:
            raise _wrong(f"there is no base {name!r}, expected one of: {', '.join(self._bases) or 'none'}")
        return base


def server(stacks: Sequence[Served], bases: Sequence[Base]) -> MCPServer[Any]:
    """The MCP server: tools that read and change nothing."""
    from mcp.server import MCPServer
    from mcp.types import ToolAnnotations

    made: MCPServer[Any] = MCPServer(
        "strati", instructions=TELL, version=strati.__version__, log_level="ERROR", warn_on_duplicate_tools=True
    )
    tools = Tools(stacks, bases)
    offered: list[tuple[Callable[..., Any], bool]] = [
        (tools.stacks, True),
        (tools.answer, bool(stacks)),
        (tools.ask, bool(bases)),
        (tools.search, bool(bases)),
        (tools.check, bool(bases)),
    ]
    reads = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
    for function, there in offered:
        if there:
            made.add_tool(function, annotations=reads)
    return made


def _must_fit(text: str) -> None:
    if not text.strip():
        raise _wrong("the text is empty")
    if len(text) > LONGEST:
        raise _wrong(f"the text has {len(text):,} characters, expected at most {LONGEST:,}")


def _wrong(sentence: str) -> Exception:
    """An error that the agent is told in full; others are hidden by the SDK."""
    from mcp.server.mcpserver.exceptions import ToolError

    return ToolError(sentence)


async def _in(base: Base, work: Callable[[KnowledgeBase], T]) -> T:
    future = base.submit(work)
    if future is None:
        raise _wrong(f"too many questions wait for {base.name}: ask again later")
    try:
        return await asyncio.wait_for(asyncio.wrap_future(future), SECONDS)
    except UserError as error:
        raise _wrong(str(error)) from error
    except TimeoutError as error:
        raise _wrong(f"{base.name} did not answer within {SECONDS:g} seconds") from error


def _answered(outcome: Outcome) -> Answered:
    sources = [Place(c.text, c.place, c.document, c.start, c.end) for c in outcome.evidence]
    answer = None if outcome.answer is None else str(outcome.answer)
    return Answered(str(outcome.state), answer, outcome.confidence, outcome.layer, outcome.reason, sources)
