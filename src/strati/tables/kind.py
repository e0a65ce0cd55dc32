"""The kind `query`: a question on tables, right when the query gives what the reference gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import DataError, TaskError
from strati.core.records import JSON
from strati.statistics.metric import Metric, Share
from strati.tables.allowed import Refused, validated
from strati.tables.engine import QueryFailed
from strati.tables.held import hold
from strati.tables.layers import ApprovedQueries, QuestionParser, SqlModel, same_result, sql_in
from strati.task.kind import NOTHING, BadRow, Resources, Space, Unusable

if TYPE_CHECKING:
    from strati.data.doctor.finding import DataFinding
    from strati.data.doctor.look import Look
    from strati.stack.candidate import Candidate
    from strati.task.task import Task


class QueryKind:
    """Questions on tables. The reference is a query (`sql`, `query`) or the answer itself (`answer`).

    A delivered value is right when its rows are those of the reference, in whatever order (execution match).

    >>> QueryKind().reference({"answer": [3, "a"]})
    {'rows': [[3], ['a']]}
    """

    name = "query"
    metrics = ("execution_match",)
    inputs = ("question",)
    references = ("sql", "query", "answer")
    scored_once = True

    def reference(self, cells: Mapping[str, object]) -> JSON:
        for name in ("sql", "query"):
            found = cells.get(name)
            if found is None or found == "":
                continue
            if not isinstance(found, str):
                raise BadRow(f"the query is a {type(found).__name__}, expected text")
            if not re.search(r"\bselect\b", found, re.I):
                raise BadRow(f"{found[:60]!r} is no query, expected a SELECT")
            return {"sql": found}
        answer = cells.get("answer")
        if answer is None:
            return None
        listed = answer if isinstance(answer, list) else [answer]
        rows = [list(one) if isinstance(one, list) else [_number(one)] for one in listed]
        return {"rows": [[_number(cell) for cell in row] for row in rows]}

    def space(self, task: Task, seen: Iterable[JSON]) -> Space:  # noqa: ARG002
        return Space()

    def stratum(self, reference: JSON) -> str:  # noqa: ARG002
        return "question"

    def metric(self, name: str, space: Space, resources: Resources = NOTHING) -> Metric:  # noqa: ARG002
        if name not in self.metrics:
            raise TaskError(f"the metric is {name!r}, expected one of: {', '.join(self.metrics)}")
        tables = resources.tables
        return Share("execution_match", lambda value, reference: loss(value, reference, tables), show=self.show)

    def same(self, a: JSON, b: JSON) -> bool:
        """The same rows."""
        return same_result(a, b)

    def read(self, text: str, space: Space) -> JSON:  # noqa: ARG002
        """A person's answer: a query, or the value itself."""
        if not text.strip():
            raise Unusable("the reply is empty, expected a query or an answer")
        if re.match(r"\s*(```|with\b|select\b)", text, re.I):
            return {"sql": sql_in(text)}
        return {"rows": [[_number(line.strip())] for line in text.splitlines() if line.strip()]}

    def show(self, value: JSON) -> str:
        if not isinstance(value, dict):
            return str(value)
        rows = value.get("rows")
        if rows is None:
            return str(value.get("sql", ""))[:200]
        shown = "; ".join(", ".join(map(str, row)) for row in rows[:3])
        more = f" ... {len(rows)} rows" if len(rows) > 3 else ""
        return f"{shown[:160]}{more}" or "no row"

    def ladder(self, task: Task, space: Space, resources: Resources) -> list[Candidate]:  # noqa: ARG002
        from strati.stack.candidate import Candidate
        from strati.stack.stack import Stack, Stage
        from strati.tables.checks import QueryCheck

        if not resources.tables:
            raise TaskError("the kind query needs tables, found none: --tables FILE")
        held = hold(resources.tables)
        check = (QueryCheck(held),)
        parser = Stage(QuestionParser(held), check)
        approved = Stage(ApprovedQueries(held), check)
        rungs = [
            Candidate.of(Stack((approved,), "approved")),
            Candidate.of(Stack((parser,), "parser")),
            Candidate.of(Stack((approved, parser), "approved, parser")),
        ]
        for model in resources.models:
            alone = Stage(SqlModel(model, held, repair=False), check)
            shown = Stage(SqlModel(model, held), check)
            name = model.card.name
            rungs += [
                Candidate.of(Stack((alone,), f"{name} alone")),
                Candidate.of(Stack((approved, shown), f"approved, {name}")),
                Candidate.of(Stack((approved, parser, shown), f"approved, parser, {name}")),
            ]
        return rungs

    def checks(self) -> Sequence[Callable[[Look], Iterable[DataFinding]]]:
        return ()


def _number(cell: object) -> JSON:
    """A cell of a data file: text that is a number counts as one."""
    if isinstance(cell, str) and re.fullmatch(r"[+-]?\d{1,15}(\.\d+)?", cell.strip()):
        value = float(cell)
        return int(value) if value == int(value) else value
    return cell


def loss(value: JSON, reference: JSON, tables: Sequence[Path] = ()) -> float:
    """0 when a value has the rows of the reference, else 1; `tables` are those that a query as reference runs on.

    >>> loss({"rows": [[3]]}, {"rows": [[3.0]]})
    0.0
    """
    if not isinstance(value, dict) or not isinstance(reference, dict):
        return 1.0
    expected = reference.get("rows")
    if expected is None:
        expected = _rows(str(reference.get("sql", "")), str(value.get("snapshot", "")), tuple(tables))
    if expected is None:
        return 1.0
    found = value.get("rows")
    if found is None:
        return 1.0
    wide = {len(row) for row in expected}
    if "rows" in reference and wide == {1}:  # an answer given without a query: what stands beside it does not count
        found = [row[:1] for row in found]
    return 0.0 if same_result({"rows": found}, {"rows": expected}) else 1.0


@lru_cache(maxsize=4096)
def _rows(sql: str, snapshot: str, tables: tuple[Path, ...]) -> list[list[JSON]] | None:
    """The rows of a reference query; None where it may not or cannot run.

    Raises `DataError` where the tables are not those that the answer came from: right and wrong would mean nothing.
    """
    if not tables:
        raise DataError("a reference that is a query runs on the tables of the run, found none: strati bench it again")
    held = hold(tables)
    if held.schema.snapshot != snapshot:
        named = ", ".join(path.name for path in tables)
        raise DataError(
            f"the answer comes from other tables than {named} is now (changed, or not the same file), so it cannot be "
            "scored: expected the tables of the run as they were"
        )
    try:
        result = held.run(validated(sql, held.schema).sql)
    except (Refused, QueryFailed):
        return None
    return [list(row) for row in result.rows]
