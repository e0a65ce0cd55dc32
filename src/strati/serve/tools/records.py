"""What the tools return: records with types, which JSON schemas are made of, and that can say themselves in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Protocol

from strati.core.records import JSON


class Returned(Protocol):
    """What a tool returns: `given` when it has what was asked for, `told` in words for people."""

    @property
    def given(self) -> bool: ...

    @property
    def told(self) -> str: ...


# What the tools return; the SDK of MCP makes output schemas of these (which it cannot of classes with slots).


@dataclass(frozen=True)
class Place:
    """A place in a document, and what stands there."""

    text: str
    place: str
    document: str
    start: int
    end: int


@dataclass(frozen=True)
class Passages:
    """Passages, best first; `note` says what to beware of in them."""

    passages: list[Place]
    note: str

    @property
    def given(self) -> bool:
        return bool(self.passages)

    @property
    def told(self) -> str:
        lines = [f"{one.place}: {short(one.text)}" for one in self.passages] or ["nothing found"]
        return "\n".join([*lines, self.note] if self.note else lines)


@dataclass(frozen=True)
class Answered:
    """An answer, or why there is none: `state` is answered or withheld."""

    state: str
    answer: str
    confidence: float
    reason: str
    sources: list[Place]

    @property
    def given(self) -> bool:
        return self.state == "answered"

    @property
    def told(self) -> str:
        if not self.given:
            return self.reason
        return "\n".join([self.answer, *(f"[{n}] {one.place}" for n, one in enumerate(self.sources, 1))])


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

    @property
    def given(self) -> bool:
        return bool(self.claims)

    @property
    def told(self) -> str:
        lines = [f"{one.state}: {one.claim} ({one.reason})" for one in self.claims]
        return "\n".join(lines) or "the text makes no claim"


@dataclass(frozen=True)
class TableFound:
    """An answer from tables with its query: `state` is answered, ambiguous (`rows` has both readings) or refused."""

    state: str
    answer: str
    confidence: float
    reason: str
    words: str
    sql: str
    columns: list[str]
    rows: list[list[str | int | float | bool | None]]

    @property
    def given(self) -> bool:
        return self.state == "answered"

    @property
    def told(self) -> str:
        return f"{self.answer}\n({self.words})" if self.given else self.reason or f"the question is {self.state}"


@dataclass(frozen=True)
class Labelled:
    """What one stack says of a text: `state` is answered, or pending, when it is not sure enough."""

    stack: str
    state: str
    answer: str | None
    confidence: float | None
    layer: str | None
    reason: str


@dataclass(frozen=True)
class StackInfo:
    """A stack: what it answers, and what its certificate promises."""

    name: str
    labels: list[str]
    certificate: str
    promise: str


@dataclass(frozen=True)
class Labels:
    """What the stacks say of a text; without a text, `stacks` lists them."""

    answers: list[Labelled]
    stacks: list[StackInfo]

    @property
    def given(self) -> bool:
        return any(one.answer is not None for one in self.answers) or (not self.answers and bool(self.stacks))

    @property
    def told(self) -> str:
        if not self.answers:
            return "\n".join(f"{one.name}: {', '.join(one.labels)} ({one.promise})" for one in self.stacks)
        return "\n".join(f"{one.stack}: {one.reason if one.answer is None else one.answer}" for one in self.answers)


@dataclass(frozen=True)
class EditMade:
    """One proposed change; `facts` are the facts it would change, which is why it was dropped."""

    start: int
    end: int
    before: str
    after: str
    reason: str
    facts: list[str]


@dataclass(frozen=True)
class Edited:
    """A text with the edits that keep its facts; `dropped` would change some. Nothing is written anywhere."""

    text: str
    edits: list[EditMade]
    dropped: list[EditMade]
    notes: list[str]
    file: str
    hash: str

    @property
    def given(self) -> bool:
        return bool(self.edits)

    @property
    def told(self) -> str:
        if not self.edits:
            return "nothing to correct was found"
        return f"{len(self.edits)} edits for {self.file}" if self.file else self.text


@dataclass(frozen=True)
class FactSaid:
    """One fact of the graph and the words it stands on; `weak`: two are only mentioned together."""

    head: str
    label: str
    tail: str
    weak: bool
    sources: list[Place]


@dataclass(frozen=True)
class Connected:
    """What the documents say of an entity, or the steps that connect it with another."""

    entity: str
    type: str
    aliases: list[str]
    other: str
    facts: list[FactSaid]
    note: str

    @property
    def given(self) -> bool:
        return bool(self.facts)

    @property
    def told(self) -> str:
        lines = [
            f"{one.head} - {one.label} - {one.tail}: {short(one.sources[0].text)} [{one.sources[0].place}]"
            for one in self.facts
            if one.sources
        ]
        return "\n".join([*lines, self.note] if self.note else lines)


@dataclass(frozen=True)
class AppliedEdits:
    """Edits that were made in a file, and the hash that undoes them."""

    file: str
    hash: str

    @property
    def given(self) -> bool:
        return True

    @property
    def told(self) -> str:
        return f"applied {self.hash} to {self.file}"


def record(found: Returned) -> dict[str, JSON]:
    """What a tool returned, as JSON has it."""
    found_in: dict[str, JSON] = asdict(found)  # type: ignore[call-overload]  # all are dataclasses
    return found_in


def short(text: str, most: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}..."
