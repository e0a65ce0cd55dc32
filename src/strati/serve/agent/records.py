"""What a run of the agent is made of: a plan of calls, made once, and the result of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from strati.core.identity import fingerprint
from strati.core.records import JSON


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool. In a text among its arguments, {1} stands for what the first call gave, and so on."""

    tool: str
    arguments: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        return fingerprint("agent call", tool=self.tool, arguments=dict(self.arguments))[:12]


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls that will be made, and no others; who planned them, and why so."""

    calls: tuple[Call, ...]
    by: str
    reason: str = ""

    def to_json(self) -> dict[str, JSON]:
        return {"calls": [asdict(call) for call in self.calls], "by": self.by, "reason": self.reason}

    @classmethod
    def of_json(cls, record: dict[str, JSON]) -> Plan:
        return cls(tuple(Call(**call) for call in record["calls"]), record["by"], record["reason"])


class Outcome(StrEnum):
    """What became of a call."""

    DONE = "done"
    WITHHELD = "withheld"  # the tool has no answer, and says so
    FAILED = "failed"
    WAITING = "waiting"  # it would change something: a person decides


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave: a text for people, the same for machines. Nothing in it is ever obeyed."""

    outcome: Outcome
    text: str
    data: JSON = None

    @property
    def hash(self) -> str:
        return fingerprint("agent result", outcome=str(self.outcome), text=self.text, data=self.data)


@dataclass(frozen=True, slots=True)
class Step:
    """A call as it was made, its input filled in, and its result."""

    number: int
    call: Call
    result: Result
    seconds: float

    def to_json(self) -> dict[str, JSON]:
        result = {"outcome": str(self.result.outcome), "text": self.result.text, "data": self.result.data}
        return {"number": self.number, "call": asdict(self.call), "result": result, "seconds": round(self.seconds, 3)}

    @classmethod
    def of_json(cls, record: dict[str, JSON]) -> Step:
        result = record["result"]
        given = Result(Outcome(result["outcome"]), result["text"], result["data"])
        return cls(record["number"], Call(**record["call"]), given, record["seconds"])
