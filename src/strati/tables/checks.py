"""Checks of a proposed query's outcome: may the query run, is there anything in what it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Case
from strati.stack.contract import Finding, Resource
from strati.tables.allowed import Refused, validated
from strati.tables.held import Held, opened, to_settings


@dataclass(frozen=True)
class QueryCheck:
    """Vetoes what no allowed query gave, and results of nothing; gives features of what is suspicious.

    Features: `rows_log` (how many rows), `empty`, `nulls` (share of cells without a value), `paired` (every row of one
    table with every row of another).
    """

    held: Held
    name: str = "query"
    kind: ClassVar[str] = "query_check.v1"

    def fingerprint(self) -> str:
        return fingerprint(self.kind, snapshot=self.held.schema.snapshot)

    def resources(self) -> Sequence[Resource]:
        return (Resource("snapshot", "tables", self.held.schema.snapshot),)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Finding]:
        ctx.check()
        return [self._one(case.answer.value if case.answer else None) for case in cases]

    def _one(self, value: JSON) -> Finding:
        if not isinstance(value, dict) or not isinstance(value.get("sql"), str):
            return Finding(veto=True, reason="the value is no outcome of a query")
        try:
            checked = validated(value["sql"], self.held.schema)
        except Refused as refusal:
            return Finding(veto=True, reason=str(refusal))
        cells = [cell for row in value.get("rows", []) for cell in row]
        nulls = sum(cell is None for cell in cells) / len(cells) if cells else 0.0
        if cells and nulls == 1.0:
            return Finding(veto=True, reason="all that the query gave is without a value")
        features = {
            "rows_log": _log(len(value.get("rows", []))),
            "empty": float(not cells),
            "nulls": nulls,
            "paired": float(bool(checked.flags)),
        }
        return Finding(features=features, reason="; ".join(checked.flags))

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return to_settings(self.held)

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(opened(settings, folder), settings["name"])


def _log(count: int) -> float:
    return float(count.bit_length())
