"""Choosing a candidate's form on tune, and fitting it. Test, calibrate and sealed examples are never seen here."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from strati.core.context import Context
from strati.core.errors import LayerDown
from strati.core.records import Case, Example, Failure, Usage
from strati.core.threads import threads
from strati.data import Unit
from strati.measure.effort import Effort, shuffled
from strati.measure.records import FormRow
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack
from strati.statistics.metric import Metric

LEAST_ROWS = 12  # tune rows that a slow rung gets at least in each unit of cross-fitting


@dataclass(frozen=True, slots=True)
class Chosen:
    """A fitted stack, the tune cases as it ended them, the forms tried, and seconds of fitting it.

    `by_form` holds the tune cases of each form of a fast candidate, in the order of its forms.
    """

    stack: Stack
    cases: list[Case]
    forms: list[FormRow]
    seconds: float
    by_form: tuple[list[Case], ...] = ()


@dataclass(frozen=True)
class Tuner:
    """Fits the forms of a candidate on train and keeps the one with the best metric on tune.

    `units` is how many units there are: with several, a slow rung's tune rows are shared out among them.
    """

    metric: Metric
    ctx: Context
    effort: Effort
    units: int = 1

    def choose(self, candidate: Candidate, unit: Unit) -> Chosen:
        """The candidate fitted in its best form; of equals, the first."""
        tune = shuffled(unit.tune, self.ctx.seed)
        first = tune[: self.rows(candidate, choosing=True)]
        what = f"choosing among {len(candidate.forms)} settings on tune" if len(candidate.forms) > 1 else "fitting"
        self.ctx.begin(f"{candidate.name}: {what}", len(candidate.forms) * max(len(first), 1))
        tried: list[FormRow] = []
        fitted: list[tuple[Stack, list[Case]]] = []
        for stack, cases, took in self._fit_all(candidate, unit.train, first):
            tried.append(self._row(candidate.forms[len(tried)], cases, first, took))
            fitted.append((stack, cases))
        best = max(range(len(tried)), key=lambda i: (tried[i].tune or 0.0, -i))
        tried[best] = replace(tried[best], chosen=True)
        seconds = tried[best].seconds
        stack, cases = fitted[best]
        more = tune[: self.rows(candidate, choosing=False)]
        if len(more) > len(first):
            start = time.perf_counter()
            self.ctx.begin(f"{candidate.name}: calibrating on tune", len(more))
            stack, cases = self._fit(candidate, candidate.forms[best], unit.train, more)
            seconds += time.perf_counter() - start
        by_form = () if candidate.slow else tuple(cases for _, cases in fitted)
        return Chosen(stack, cases, tried, seconds, by_form)

    def _fit_all(
        self, candidate: Candidate, train: Sequence[Example], tune: Sequence[Example]
    ) -> Iterator[tuple[Stack, list[Case], float]]:
        """Every form fitted, with its tune cases and seconds; two at a time where the forms need no shared engine."""

        def fit(form: Form) -> tuple[Stack, list[Case], float]:
            start = time.perf_counter()
            stack, cases = self._fit(candidate, form, train, tune)
            return stack, cases, time.perf_counter() - start

        if candidate.slow or len(candidate.forms) == 1:
            yield from map(fit, candidate.forms)
            return
        with ThreadPoolExecutor(min(2, threads())) as pool:
            yield from pool.map(fit, candidate.forms)

    def _fit(
        self, candidate: Candidate, form: Form, train: Sequence[Example], tune: Sequence[Example]
    ) -> tuple[Stack, list[Case]]:
        self.ctx.check()
        told: list[int] = []

        def tick(count: int, usage: Usage) -> None:
            told.append(count)
            self.ctx.advance(count, usage)

        ctx = replace(self.ctx, tick=tick) if candidate.slow else self.ctx
        stack, cases = form.stack.fit_and_run(train, tune, ctx, self.metric.loss)
        if not told:
            self.ctx.advance(len(tune), sum((case.usage for case in cases), Usage()))
        raise_if_down(cases)
        return stack, cases

    def value(self, cases: Sequence[Case], tune: Sequence[Example]) -> float | None:
        """The metric on tune cases as a stack ended them; None of none."""
        scores = [
            self.metric.score(example.reference, case.answer.value if case.answer else None).statistics
            for example, case in zip(tune, cases, strict=True)
        ]
        return float(self.metric.aggregate(np.sum(scores, axis=0, dtype=float))) if scores else None

    def _row(self, form: Form, cases: Sequence[Case], tune: Sequence[Example], seconds: float) -> FormRow:
        return FormRow(dict(form.settings), self.value(cases, tune), len(tune), seconds)

    def rows(self, candidate: Candidate, *, choosing: bool) -> int:
        """How many tune examples a candidate sees: while its forms are compared, or for calibrating the chosen one."""
        if not candidate.slow:
            return self.effort.fast_tune_rows
        rows = self.effort.form_rows if choosing and len(candidate.forms) > 1 else self.effort.tune_rows
        return rows if self.units == 1 else max(LEAST_ROWS, rows // self.units)


def raise_if_down(cases: Sequence[Case]) -> None:
    """A layer that is down is not an answer: nothing is journaled, a later run asks again."""
    for case in cases:
        if case.failure is Failure.LAYER_DOWN:
            raise LayerDown(case.steps[-1].reason)


def raise_if_broken(cases: Sequence[Case]) -> None:
    """A layer whose code raises for every example is no candidate that is always wrong: it failed, and says how."""
    if cases and all(case.failure is Failure.LAYER_ERROR for case in cases):
        raise LayerDown(f"it raised for all {len(cases):,} tune examples: {cases[0].steps[-1].reason}")


def merged_forms(units: Sequence[Sequence[FormRow]]) -> tuple[FormRow, ...]:
    """Forms tried, averaged over the units of cross-fitting; `chosen` marks those chosen in most units."""
    rows = list(zip(*units, strict=True))
    times = [sum(row.chosen for row in form) for form in rows]
    return tuple(
        FormRow(
            form[0].settings,
            _mean([row.tune for row in form if row.tune is not None]),
            sum(row.n for row in form),
            sum(row.seconds for row in form),
            chosen == max(times),
        )
        for form, chosen in zip(rows, times, strict=True)
    )


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
