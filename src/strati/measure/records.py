"""What a run knows of its candidates: records between the rooms, JSON in the journal alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Self

from strati.core.records import JSON
from strati.stack.candidate import Candidate


class Status(StrEnum):
    """How far a candidate got."""

    PARTIAL = "partial"  # not measured to the end
    MEASURED = "measured"
    RECORDED = "recorded"  # measured elsewhere, its answers read from a file
    RETIRED = "retired"  # a race on tune ended it
    FAILED = "failed"

    @property
    def done(self) -> bool:
        """Whether the decision waits for nothing more of it."""
        return self in (Status.MEASURED, Status.RECORDED, Status.RETIRED)


@dataclass(frozen=True, slots=True)
class FormRow:
    """One form of a candidate that was tried: its metric on `n` tune examples, and the seconds of fitting it."""

    settings: Mapping[str, JSON]
    tune: float | None
    n: int
    seconds: float = 0.0
    chosen: bool = False

    def to_json(self) -> dict[str, JSON]:
        row = {"settings": dict(self.settings), "tune": self.tune, "n": self.n, "chosen": self.chosen}
        return {**row, "seconds": self.seconds}


class RetiredFor(StrEnum):
    """Why a race on tune ended a rung."""

    INFERIOR = "inferior"  # worse than another by the margin
    NEEDLESS = "needless"  # dearer than another, and not better by the margin
    BAR = "bar"
    COST = "cost"
    LATENCY = "latency"
    LICENCE = "licence"


@dataclass(frozen=True, slots=True)
class Retirement:
    """What was shown of a rung that a race ended, with limits that hold at every moment of looking.

    Attributes:
        why: which test was passed.
        rows: tune rows it rests on.
        value, low, high: the difference to `against` in the metric, the share of right answers, dollars per 1,000, or
            the share of answers that took too long.
        against: the rung it is compared with.
        licences: those that are not allowed, where it was never asked anything.
    """

    why: RetiredFor
    rows: int = 0
    value: float | None = None
    low: float | None = None
    high: float | None = None
    against: str | None = None
    licences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RaceRecord:
    """How a slow rung did in the race on tune.

    Attributes:
        rows: tune rows it answered; `value`, `low`, `high` and `method` are its share of right answers on them.
        against, difference: the rung it was compared with, if any, and how far it is ahead of that one.
        alpha: the level of that test.
        needless: retired because it is not needed beside a cheaper one.
        seconds: of an answer, on the mean.
        called_back: it was not needed, and raced on because the cheaper one was not chosen after all.
    """

    rows: int = 0
    value: float | None = None
    low: float | None = None
    high: float | None = None
    method: str = ""
    against: str | None = None
    difference: float | None = None
    alpha: float | None = None
    needless: bool = False
    seconds: float | None = None
    called_back: bool = False

    def to_json(self) -> dict[str, JSON]:
        found = asdict(self)
        return found if self.called_back else {key: found[key] for key in found if key != "called_back"}


@dataclass(frozen=True, slots=True)
class CandidateRecord:
    """What is known of one candidate so far.

    Attributes:
        candidate: the fingerprint of what was measured.
        status, reason: how far it got, and why no further, in words; of a retired rung `retirement` says why.
        uses_llm, slow, recorded, learns, private, remote, costs_known: what kind of candidate it is.
        models, silent, licences, model_bytes: what it uses; `silent` names code that does not say what it uses.
        forms, settings: the forms tried on tune, and the settings of the one chosen.
        apart: the metric of a fast rung on tune rows that do not race.
        race: how it did in the race; None where it did not race.
        fit_seconds, latency, cold, memory: seconds and bytes, as measured; `latency` of single answers.
        stack, stack_bytes, fingerprint, preview: the saved stack's folder, its size, and what people can read of it.
        refit_rows: rows that it was fitted on anew; None where it was not.
        taught, taught_rows: the folder of the rung fitted on every row outside calibrate, which is what is delivered,
            and how many those are; None where what was measured is delivered.
        notes: what its models noted about their calls, by what each note is about.
        calibrate: how many calibrate inputs it answered; None before it was asked.
        composed: the rungs it is composed of.
        composable: whether it can be a step of a composed stack.
    """

    candidate: str = ""
    status: Status = Status.PARTIAL
    reason: str | None = None
    layers: tuple[str, ...] = ()
    uses_llm: bool = False
    slow: bool = False
    recorded: bool = False
    learns: bool = False
    private: bool = True
    remote: bool = False
    costs_known: bool = True
    models: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    model_bytes: int = 0
    forms: tuple[FormRow, ...] = ()
    settings: Mapping[str, JSON] = field(default_factory=dict)
    apart: float | None = None
    race: RaceRecord | None = None
    retirement: Retirement | None = None
    fit_seconds: float | None = None
    latency: tuple[float, ...] = ()
    cold: float | None = None
    memory: float | None = None
    stack: str | None = None
    stack_bytes: int = 0
    fingerprint: str | None = None
    preview: tuple[str, ...] = ()
    refit_rows: int | None = None
    taught: str | None = None
    taught_rows: int | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    calibrate: int | None = None
    composed: tuple[str, ...] = ()
    composable: bool = True

    @classmethod
    def of(cls, candidate: Candidate) -> Self:
        """A candidate before anything is measured."""
        return cls(
            candidate.fingerprint(),
            layers=tuple(candidate.layer_names),
            uses_llm=candidate.uses_llm,
            slow=candidate.slow,
            recorded=candidate.recorded,
            learns=candidate.learns,
            composable=candidate.composable,
            private=candidate.private,
            remote=candidate.remote,
            costs_known=candidate.costs_known,
            models=tuple(card.name for card in candidate.cards),
            silent=tuple(candidate.silent),
            licences=tuple(sorted({card.licence for card in candidate.cards}) or [candidate.licence]),
            model_bytes=sum(card.size_bytes or 0 for card in candidate.cards),
        )

    @property
    def complete(self) -> bool:
        """Whether it finished all it was asked; only then does it take part in the decision."""
        return self.status in (Status.MEASURED, Status.RECORDED)

    @property
    def delivered(self) -> str | None:
        """The folder of the stack that is composed, certified and handed out; None where it could not be saved."""
        return self.taught or self.stack

    @property
    def short_of_money(self) -> bool:
        """Whether it was stopped because the run's limit of money allows no further call."""
        return self.status is Status.PARTIAL and self.reason is not None

    @property
    def tuned(self) -> float | None:
        """The best metric of any form on tune."""
        return max((form.tune for form in self.forms if form.tune is not None), default=None)

    def to_json(self) -> dict[str, JSON]:
        """As the journal keeps it."""
        body = {each.name: getattr(self, each.name) for each in fields(self)}
        body = {name: list(value) if isinstance(value, tuple) else value for name, value in body.items()}
        race = None if self.race is None else self.race.to_json()
        retirement = None if self.retirement is None else asdict(self.retirement)
        forms = [form.to_json() for form in self.forms]
        return {**body, "status": str(self.status), "forms": forms, "race": race, "retirement": retirement}

    @classmethod
    def from_json(cls, record: Mapping[str, JSON]) -> Self:
        """From a journal, of an earlier version too: what that one did not know is as at the beginning."""
        known = {each.name for each in fields(cls)}
        body = {name: value for name, value in record.items() if name in known and value is not None}
        body = {name: tuple(value) if isinstance(value, list) else value for name, value in body.items()}
        if isinstance(body.get("notes"), tuple):  # an earlier version kept sentences alone
            body["notes"] = {note: note for note in body["notes"]}
        race, ended = body.pop("race", None), body.pop("retirement", None)
        forms = tuple(FormRow(**form) for form in body.pop("forms", ()))
        status = Status(body.pop("status", Status.PARTIAL))
        body["race"] = None if race is None else RaceRecord(**race)
        if ended is not None:
            why, licences = RetiredFor(ended["why"]), tuple(ended["licences"])
            body["retirement"] = Retirement(**{**ended, "why": why, "licences": licences})
        return cls(**body, status=status, forms=forms)
