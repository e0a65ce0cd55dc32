"""Layers that answer questions on tables: approved queries, the parser, a language model. A value is a query's outcome.

A delivered value is `{"sql": ..., "columns": [...], "rows": [...], "snapshot": ...}`: the query that ran, what it gave
and what the tables held.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.errors import ModelError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Evidence, Example, Failure, Usage
from strati.models.ask import write
from strati.models.contract import ContextOverflow, LanguageModel, Prompt
from strati.stack.contract import Resource
from strati.stack.explain import Explanation
from strati.tables.allowed import Refused, validated
from strati.tables.answer import LEAST_SURE, answer_of, same_answer, width_of
from strati.tables.approved import Approved, filled, nearest
from strati.tables.engine import QueryFailed, Result
from strati.tables.held import Held, Holding, opened, to_settings
from strati.tables.parse.confidence import confidence
from strati.tables.parse.parser import too_long
from strati.tables.parse.second_look import differing
from strati.tables.schema import Schema, Table, Type

ROWS = 1000  # rows of a result that are kept with an answer
_EXAMPLES = 3  # values of a column that a model sees


def question_of(case: Case) -> str:
    """The question of a case: its text, or its column `question`."""
    if isinstance(case.input, str):
        return case.input
    return case.input.get("question", case.text)


def value_of(sql: str, result: Result, snapshot: str, wide: int | None = None) -> JSON:
    """The value that a layer delivers for a query; `wide` columns of it are the answer, by default all."""
    rows = [list(row[:wide]) for row in result.rows[:ROWS]]
    return {"sql": sql, "columns": list(result.columns[:wide]), "rows": rows, "snapshot": snapshot}


def _resource(held: Holding) -> Resource:
    return Resource("snapshot", "tables", held.schema.snapshot)


@dataclass(frozen=True)
class ApprovedQueries:
    """Answers with an approved query that asks the same but for values; gives the nearest ones as evidence.

    Attributes:
        held: the tables.
        approved: the queries; `fit` takes those of training examples whose reference is a query.
        shots: how many of the nearest go on as evidence, for a language model to follow.
    """

    held: Held
    approved: tuple[Approved, ...] = ()
    shots: int = 3
    name: str = "approved"
    kind: ClassVar[str] = "approved_queries.v1"
    answers_from_train: ClassVar[bool] = True

    def settings(self) -> dict[str, JSON]:
        return {"approved": [[one.question, one.sql] for one in self.approved], "shots": self.shots}

    def fingerprint(self) -> str:
        return fingerprint(self.kind, snapshot=self.held.schema.snapshot, **self.settings())

    def resources(self) -> Sequence[Resource]:
        return (_resource(self.held),)

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        known = [
            Approved(
                Case.of(one).text if isinstance(one.input, str) else one.input.get("question", ""), one.reference["sql"]
            )
            for one in train
            if isinstance(one.reference, dict) and one.reference.get("sql")
        ]
        return replace(self, approved=(*self.approved, *known))

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        done = []
        for case in cases:
            ctx.check()
            done.append(self._one(case))
            ctx.tick(1, done[-1].steps[-1].usage)
        return done

    def _one(self, case: Case) -> Case:
        started = perf_counter()
        question = question_of(case)
        near = nearest(question, self.approved, self.shots)
        found = [Evidence("example", one.question, score, data={"label": one.sql}) for one, score in near if score > 0]
        case = case.with_evidence(*found)
        for index in self.held.parser.indexes:
            hit = filled(question, self.approved, index)
            if hit is None:
                continue
            try:
                checked = validated(hit[1], self.held.schema)
                result = self.held.run(checked.sql)
            except (Refused, QueryFailed):
                continue
            same = hit[0].question.casefold().strip() == question.casefold().strip()
            answer = Answer(
                value_of(checked.sql, result, self.held.schema.snapshot), 0.99 if same else 0.95, self.name,
                features={"near": near[0][1] if near else 0.0, "filled": 0.0 if same else 1.0},
            )  # fmt: skip
            return case.answered(answer, _spent(started), f"approved query for {hit[0].question!r}")
        return case.passed(self.name, "no approved query asks the same", _spent(started))

    def explain(self, case: Case, ctx: Context) -> Explanation:  # noqa: ARG002
        return _query(case)

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {**self.settings(), **to_settings(self.held)}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        known = tuple(Approved(question, sql) for question, sql in settings["approved"])
        return cls(opened(settings, folder), known, settings["shots"], settings["name"])


def _query(case: Case) -> Explanation:
    """The query that ran, and what it asks in words."""
    assert case.answer is not None
    sql, words = case.answer.value["sql"], case.steps[-1].reason
    return Explanation(f"{words}: {sql}" if words else sql, {"kind": "query", "sql": sql, "words": words})


def _spent(started: float) -> Usage:
    return Usage(seconds=perf_counter() - started)


@dataclass(frozen=True)
class QuestionParser:
    """Reads a question by its words, without a model: the twelve shapes.

    Attributes:
        held: the tables.
        strict: leave a question open whose words were not all understood; without it the likeliest reading is
            proposed, with a low confidence.
    """

    held: Held
    strict: bool = True
    name: str = "parser"
    kind: ClassVar[str] = "question_parser.v1"
    answers_from_train: ClassVar[bool] = True

    def fingerprint(self) -> str:
        return fingerprint(self.kind, snapshot=self.held.schema.snapshot, strict=self.strict)

    def resources(self) -> Sequence[Resource]:
        return (_resource(self.held),)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        done = []
        for case in cases:
            ctx.check()
            done.append(self._one(case))
            ctx.tick(1, done[-1].steps[-1].usage)
        return done

    def _one(self, case: Case) -> Case:
        started = perf_counter()
        question = question_of(case)
        readings = self.held.parser.readings(question)
        fitting = [one for one in readings if not self.strict or (not one.unused and one.score >= LEAST_SURE)]
        for best in fitting[:3]:
            try:
                checked = validated(best.sql, self.held.schema)
                result = self.held.run(checked.sql)
            except (Refused, QueryFailed):
                continue
            wide = width_of(result, best.reading)
            value = value_of(checked.sql, result, self.held.schema.snapshot, wide)
            second = next((one.score for one in readings if one.sql != best.sql), 0.0)
            features = {
                "score": best.score,
                "margin": best.score - second,
                "unused": float(len(best.unused)),
                "notes": float(len(best.notes)),
            }
            answered = answer_of(result, best.reading)
            features["differs"] = float(bool(differing(question.casefold(), best.reading, answered)))
            sure = confidence(question, best, answered)
            answer = Answer(value, sure, self.name, features=features)
            return case.answered(answer, _spent(started), best.words)
        unknown = self.held.parser.unknown(question) if not fitting else []
        told = f"no column or value like {unknown[0]!r}" if unknown else "no reading that uses every word"
        told = too_long(question) or told
        return case.passed(self.name, told, _spent(started))

    def explain(self, case: Case, ctx: Context) -> Explanation:  # noqa: ARG002
        return _query(case)

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {"strict": self.strict, **to_settings(self.held)}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(opened(settings, folder), settings["strict"], settings["name"])


SYSTEM = (
    "You write one DuckDB SELECT query that answers the question from the tables given. "
    "Use only these tables and columns, in double quotes where a name is not plain. Reply with the SQL only."
)


def schema_text(schema: Schema, tables: Sequence[Table] | None = None) -> str:
    """The tables as a model reads them: columns, types, some values, and how they can be joined."""
    parts = []
    for table in tables or schema.tables:
        lines = [f"  {_named(c.name)} {_TYPES[c.type]}{_values(c.values, c.type)}" for c in table.columns if not c.of]
        parts.append(f"CREATE TABLE {_named(table.name)} (\n" + ",\n".join(lines) + "\n);")
    links = [f"-- {link.table}.{link.column} = {link.to_table}.{link.to_column}" for link in schema.links]
    return "\n".join([*parts, *links])


_TYPES = {
    Type.INTEGER: "BIGINT", Type.NUMBER: "DOUBLE", Type.BOOLEAN: "BOOLEAN", Type.DATE: "DATE",
    Type.TIMESTAMP: "TIMESTAMP", Type.TEXT: "VARCHAR",
}  # fmt: skip


def _named(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


def _values(values: Sequence[str], type_: Type) -> str:
    if type_ is not Type.TEXT or not values:
        return ""
    short = [" ".join(value.split())[:30].replace("'", "''") for value in values[:_EXAMPLES]]
    return " -- such as " + ", ".join(f"'{value}'" for value in short)


@dataclass(frozen=True)
class SqlModel:
    """A language model that writes the query, shown the tables with sample values and the nearest approved queries.

    What it writes must pass the allow-list before it runs. A query that fails or finds nothing goes back once, with
    the reason.

    Attributes:
        model: the language model.
        held: the tables.
        repair: whether to ask once more.
    """

    model: LanguageModel
    held: Holding
    repair: bool = True
    max_tokens: int = 256
    name: str = "sql model"
    kind: ClassVar[str] = "sql_model.v1"
    batch: ClassVar[int] = 1

    def settings(self) -> dict[str, JSON]:
        return {"repair": self.repair, "max_tokens": self.max_tokens}

    def fingerprint(self) -> str:
        words = fingerprint("prompt", system=SYSTEM, schema=schema_text(self.held.schema))
        return fingerprint(
            self.kind,
            model=self.model.fingerprint(),
            words=words,
            snapshot=self.held.schema.snapshot,
            **self.settings(),
        )

    def resources(self) -> Sequence[Resource]:
        return (_resource(self.held),)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        done = []
        for case in cases:
            done.append(self._one(case, ctx))
            ctx.tick(1, done[-1].steps[-1].usage)
        return done

    def _one(self, case: Case, ctx: Context) -> Case:
        question = question_of(case)
        shots = [
            (one.text, str(one.data["label"])) for one in case.evidence if one.kind == "example" and "label" in one.data
        ]
        schema = self.held.schema
        usage = Usage()
        told = f"{schema_text(schema)}\n\n"
        turns: list[tuple[str, str]] = [(f"Question: {q}", f"```sql\n{sql}\n```") for q, sql in reversed(shots)]
        ask = f"Question: {question}"
        reason, tries = "", 2 if self.repair else 1
        for attempt in range(tries):
            prompt = Prompt(ask, system=f"{SYSTEM}\n\n{told}", shots=tuple(turns))
            try:
                prompt.user.encode()
                made = write(self.model, prompt, self.max_tokens, ctx)
            except ContextOverflow as error:
                return case.failed(self.name, Failure.CONTEXT_OVERFLOW, str(error), usage + error.usage)
            except UnicodeEncodeError:
                return case.failed(
                    self.name, Failure.LAYER_ERROR, "the text holds half of a character (a lone surrogate)"
                )
            usage += made.usage
            sql = sql_in(made.text)
            result, reason = self._tried(sql)
            if result is not None and (result.rows or attempt == tries - 1):
                return self._answered(case, sql, result, usage, attempt, shots)
            reason = reason or "the query found no row"
            turns = [*turns, (ask, f"```sql\n{sql}\n```")]
            ask = f"That query is wrong: {reason}. Write a corrected query for: {question}"
        return case.failed(self.name, Failure.UNUSABLE_REPLY, f"no query that may run: {reason}", usage)

    def _tried(self, sql: str) -> tuple[Result | None, str]:
        try:
            return self.held.run(validated(sql, self.held.schema).sql), ""
        except (Refused, QueryFailed) as error:
            return None, str(error)

    def _answered(
        self, case: Case, sql: str, result: Result, usage: Usage, attempt: int, shots: Sequence[tuple[str, str]]
    ) -> Case:
        checked = validated(sql, self.held.schema)
        value = value_of(checked.sql, result, self.held.schema.snapshot)
        near = max((one.score for one in case.evidence if one.kind == "example"), default=0.0)
        agreed = any(same_result(step.proposed, value) for step in case.steps if step.proposed is not None)
        features = {
            "repaired": float(attempt),
            "empty": float(not result.rows),
            "nearest": near,
            "flags": float(len(checked.flags)),
            "agreed": float(agreed),
        }
        sure = 0.45 + 0.25 * agreed + 0.2 * min(near, 1.0) - 0.15 * attempt - 0.2 * (not result.rows)
        answer = Answer(value, max(0.05, min(0.95, sure)), self.name, features=features)
        return case.answered(
            answer, usage, f"{len(shots)} approved queries shown" + (", repaired once" if attempt else "")
        )

    def explain(self, case: Case, ctx: Context) -> Explanation:  # noqa: ARG002
        return _query(case)

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        model = {"model": self.model.card.name, "model_fingerprint": self.model.fingerprint()}
        return {**self.settings(), **model, **to_settings(self.held)}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:
        model = resources.get(settings["model"])
        if not isinstance(model, LanguageModel):
            raise ModelError(f"the stack needs the model {settings['model']}: strati models pull {settings['model']}")
        if model.fingerprint() != settings["model_fingerprint"]:
            raise ModelError(f"the model {settings['model']} is not the one that the stack was made with")
        return cls(model, opened(settings, folder), settings["repair"], settings["max_tokens"], settings["name"])


def sql_in(text: str) -> str:
    """The query in a model's reply: what stands in its first code block, or from SELECT on.

    >>> sql_in("Sure:\\n```sql\\nSELECT 1;\\n```\\nDone.")
    'SELECT 1'
    """
    block = re.search(r"```(?:sql|SQL)?\s*\n?(.*?)(?:```|$)", text, re.S)
    found = block[1] if block and block[1].strip() else text
    start = re.search(r"\b(?:WITH|SELECT)\b", found, re.I)
    return (found[start.start() :] if start else found).strip().split(";")[0].strip()


def same_result(a: JSON, b: JSON) -> bool:
    """Whether two delivered values have the same rows, in whatever order, columns in whatever order.

    >>> same_result({"rows": [[1, "a"], [2, "b"]]}, {"rows": [["b", 2.0], ["a", 1]]})
    True
    """
    if not isinstance(a, dict) or not isinstance(b, dict):
        return bool(a == b)
    one, two = ([sorted(row, key=_order) for row in value.get("rows", [])] for value in (a, b))
    return same_answer(one, two)


def _order(cell: JSON) -> tuple[str, str]:
    number = isinstance(cell, int | float) and not isinstance(cell, bool)
    return ("", f"{cell:.9g}") if number else (type(cell).__name__, str(cell))
