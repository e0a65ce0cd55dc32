"""What the service keeps and hands around: a request, its outcome, an item for people, a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from strati.core.records import JSON, State, text_of


class Role(StrEnum):
    """What a key may do; each may all that the one before it may."""

    READER = "reader"
    REVIEWER = "reviewer"
    ADMIN = "admin"

    def may(self, needed: Role) -> bool:
        """Whether this role includes the other.

        >>> Role.ADMIN.may(Role.REVIEWER), Role.READER.may(Role.REVIEWER)
        (True, False)
        """
        order = list(Role)
        return order.index(self) >= order.index(needed)


class ItemKind(StrEnum):
    """Why a person looks at a case: no layer was sure, or it was drawn for the audit."""

    PENDING = "pending"
    AUDIT = "audit"


class Action(StrEnum):
    """What a reviewer did with an item."""

    ACCEPT = "accept"
    EDIT = "edit"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Request:
    """One question as it was taken in.

    `id` is also its ticket. `audited` was drawn at intake, before any layer saw the case. `same_as` is the client's own
    name for the request (Idempotency-Key), `digest` the hash of what it asked.
    """

    id: str
    key: str
    model: str
    input: str | Mapping[str, str]
    at: float
    audited: bool = False
    same_as: str | None = None
    digest: str = ""
    risk: float = 1.0

    @property
    def text(self) -> str:
        return text_of(self.input)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of a case as it is shown: who, what came of it, why, how long, how much."""

    layer: str
    outcome: str
    reason: str = ""
    proposed: JSON = None
    confidence: float | None = None
    seconds: float = 0.0
    dollars: float = 0.0
    failure: str | None = None

    def to_json(self) -> dict[str, JSON]:
        """What there is to say; `dataclasses.asdict` would take a tenth of a request's time."""
        found: dict[str, JSON] = {"layer": self.layer, "outcome": self.outcome}
        for name in ("reason", "proposed", "confidence", "seconds", "dollars", "failure"):
            value = getattr(self, name)
            if value not in (None, "") and (name == "proposed" or value != 0.0):
                found[name] = value
        return found


@dataclass(frozen=True, slots=True)
class Cited:
    """A place that an answer rests on; `base` and `document` are empty for what is in no knowledge base."""

    text: str
    place: str = ""
    base: str = ""
    document: str = ""
    start: int = 0
    end: int = 0
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of an answer: quoted, supported or disputed, and the numbers (from 1) of the places it rests on."""

    text: str
    state: str
    citations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: answered, pending (a person has it) or withheld (nobody will answer it)."""

    request: Request
    state: State
    answer: JSON = None
    confidence: float | None = None
    layer: str | None = None
    reason: str = ""
    alternatives: tuple[tuple[JSON, float], ...] = ()
    steps: tuple[StepRecord, ...] = ()
    evidence: tuple[Cited, ...] = ()
    sentences: tuple[Said, ...] = ()
    seconds: float = 0.0
    dollars: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    fingerprint: str = ""
    by: str | None = None

    @property
    def proposal(self) -> tuple[JSON, float | None]:
        """The last answer that a layer proposed, delivered or not, and its confidence."""
        for step in reversed(self.steps):
            if step.proposed is not None:
                return step.proposed, step.confidence
        return None, None


@dataclass(frozen=True, slots=True)
class Item:
    """A case that waits for a person, as leased to one.

    `proposal` is None where the reviewer may not see it (`blind`). `until` is when the lease ends, in seconds since
    1970; `lease` has to be shown when deciding.
    """

    ticket: str
    kind: ItemKind
    model: str
    input: str | Mapping[str, str]
    why: str
    created: float
    blind: bool
    lease: str
    until: float
    priority: float
    proposal: JSON = None
    confidence: float | None = None
    alternatives: tuple[tuple[JSON, float], ...] = ()
    steps: tuple[StepRecord, ...] = ()
    evidence: tuple[Cited, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return text_of(self.input)

    @property
    def why_covered(self) -> str:
        """Why it is held, without what was proposed: for who has not looked at the case yet."""
        values = {str(step.proposed) for step in self.steps if step.proposed is not None}
        if len(values) > 1:
            return "the layers disagree"
        if values and self.confidence is not None:
            return f"the stack has a proposal, but is only {100 * self.confidence:.0f} % sure"
        return "a check refused the answer of a layer" if values else self.why


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided: who, when, what, and what was on the screen (`seen`)."""

    number: int
    ticket: str
    reviewer: str
    action: Action
    answer: JSON
    comment: str
    seen: Mapping[str, JSON]
    at: float
    release_at: float
    released_at: float | None = None
    undone_at: float | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """An answer that a person gave and that is out: it cannot be undone any more."""

    ticket: str
    state: State
    answer: JSON
    reviewer: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a served stack stands with the audit: labels so far, wrong ones, the bound on the error, the alarm."""

    model: str
    fingerprint: str
    labels: int
    wrong: int
    upper: float | None
    limit: float | None
    alarm: str = ""
    history: tuple[int, ...] = field(default=(), repr=False)
