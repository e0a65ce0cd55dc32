"""What a benchmark is about to do, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from strati.core.errors import UserError
from strati.core.records import JSON
from strati.data import Splits
from strati.measure.effort import Effort
from strati.stack.candidate import Candidate
from strati.task.kind import NOTHING, Kind, Resources, Space, kind_of
from strati.task.task import Task


@dataclass(frozen=True, repr=False)
class Outcome:
    """A finished or interrupted benchmark.

    `verdict` is the mapping described in docs/decision-and-verdict.md; `stopped` says why the run ended early, if so;
    `out_of_money` is true when a larger `max_dollars` would let it go on.
    """

    run: str
    journal: Path
    verdict: dict[str, JSON]
    stopped: str | None = None
    out_of_money: bool = False

    def __repr__(self) -> str:
        choice = self.verdict["choice"]
        stopped = f", stopped: {self.stopped}" if self.stopped else ""
        return f"<Outcome of run {self.run}: {choice['headline']}{stopped}>"

    def _repr_html_(self) -> str:
        """The headline and a table of the candidates, for notebooks."""
        rows = self.rows()
        head = "".join(f"<th>{escape(name)}</th>" for name in (rows[0] if rows else ()))
        body = "".join(f"<tr>{''.join(map(_cell, row.values()))}</tr>" for row in rows)
        headline = escape(str(self.verdict["choice"]["headline"]))
        return f"<p><b>{headline}</b></p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def rows(self) -> list[dict[str, JSON]]:
        """One row for each candidate: name, quality with its interval, cost per 1,000, p95, and what became of it."""
        return [
            {
                "candidate": row["name"],
                "chosen": row["name"] == self.verdict["choice"]["name"],
                "quality": (row["quality"] or {}).get("value"),
                "low": (row["quality"] or {}).get("low"),
                "high": (row["quality"] or {}).get("high"),
                "n": (row["quality"] or {}).get("n"),
                "cost_per_1000": row["cost_per_1000"],
                "p95_ms": (row["latency_ms"] or {}).get("p95"),
                "uses_llm": row["uses_llm"],
                "qualifies": row["qualifies"],
                "status": row["status"],
            }
            for row in self.verdict["candidates"]
        ]

    def to_frame(self) -> Any:
        """`rows` as a pandas data frame.

        Raises:
            UserError: pandas is not installed; strati does not need it otherwise.
        """
        try:
            import pandas
        except ImportError:
            raise UserError("to_frame needs pandas, which is not installed: pip install pandas") from None
        return pandas.DataFrame(self.rows())


def _cell(value: JSON) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"<td>{escape(text)}</td>"


@dataclass(frozen=True)
class Plan:
    """What a benchmark is about to do, before anything is measured."""

    run: str
    task: Task
    space: Space
    splits: Splits
    candidates: tuple[Candidate, ...]
    data: dict[str, JSON]
    effort: Effort
    seed: int
    resources: Resources = NOTHING

    @property
    def kind(self) -> Kind:
        return kind_of(self.task.kind)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.space.labels
