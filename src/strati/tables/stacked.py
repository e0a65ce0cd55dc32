"""A question answered by a saved stack: its layers, its checks, its thresholds; else it waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from strati.core.context import Context
from strati.core.errors import DataError, StackError
from strati.core.records import JSON, Case, Outcome, State
from strati.stack.stack import Stack
from strati.tables.answer import Badge, Standing, TableAnswer, answer_of
from strati.tables.chart import chart_of
from strati.tables.engine import Result
from strati.tables.layers import ApprovedQueries, QuestionParser
from strati.tables.sql_words import words_of_sql


def by_stack(question: str, stack: Stack, sources: Sequence[str | Path] = (), withheld: str = "") -> TableAnswer:
    """The answer that a stack delivers, else what it proposes to the person who has to answer.

    Args:
        question: in plain English.
        stack: one of the kind `query`; it opens its own tables.
        sources: where given, they have to be those tables.
        withheld: why nothing is delivered, such as a certificate that is void.

    Raises:
        StackError: the stack answers no questions on tables.
        DataError: it answers from other tables than `sources`.
    """
    _refuse_others(stack, sources)
    if not question.strip():
        return TableAnswer(question, Standing.REFUSED, reason="the question is empty")
    case = stack.run([Case("question", question)], Context())[0]
    last = next((step for step in reversed(case.steps) if step.proposed is not None), None)
    if last is not None and last.outcome is not Outcome.VETOED:
        made = _told(question, case, last.layer, last.proposed, stack)
        if case.state is State.ANSWERED and not withheld:
            parser = any(stage.name == last.layer and isinstance(stage.layer, QuestionParser) for stage in stack.stages)
            words, reason = (last.reason, "") if parser else (made.words, last.reason)
            return replace(made, confidence=last.confidence or 0.0, words=words, reason=reason)
        made = replace(made, answer=None, confidence=last.confidence or 0.0, chart=None)
    else:
        made = TableAnswer(question, Standing.PENDING)
    reason = withheld or "; ".join(f"{step.layer}: {step.reason}" for step in case.steps)
    return replace(made, state=Standing.PENDING, reason=reason, usage=case.usage)


def _refuse_others(stack: Stack, sources: Sequence[str | Path]) -> None:
    paths = next((stage.layer.held.paths for stage in stack.stages if hasattr(stage.layer, "held")), None)
    if paths is None:
        raise StackError(f"the stack {stack.name} answers no questions on tables: expected one of the kind query")
    given = {str(Path(source).absolute()) for source in sources}
    if given and given != set(paths):
        names = ", ".join(Path(path).name for path in paths)
        raise DataError(f"the stack {stack.name} answers from {names} alone: leave SOURCE out, or name the same")


def _told(question: str, case: Case, layer: str, value: JSON, stack: Stack) -> TableAnswer:
    columns, rows = tuple(value["columns"]), tuple(map(tuple, value["rows"]))
    kinds = {stage.name: type(stage.layer) for stage in stack.stages}
    badge = Badge.APPROVED if kinds.get(layer) is ApprovedQueries else Badge.GENERATED
    return TableAnswer(
        question, Standing.ANSWERED, answer_of(Result(columns, (), rows)), columns, rows, value["sql"],
        words_of_sql(value["sql"]), badge=badge, usage=case.usage, chart=chart_of(columns, rows),
    )  # fmt: skip
