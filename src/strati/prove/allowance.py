"""No surprise spending: what a run will cost is told before it begins, and a run that costs money has to be allowed."""

from __future__ import annotations

import math
from contextlib import nullcontext
from pathlib import Path

from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.errors import TaskError
from strati.core.figures import money
from strati.measure.forecast.forecast import UNCOUNTED, Forecast, Forecaster
from strati.measure.forecast.pace import Pace
from strati.measure.journal import Journal
from strati.measure.plan import Plan
from strati.prove.studies import Studies, extra_calls
from strati.stack.models_of import all_in_reach


def foresee(
    planned: Plan, runs: Path, ctx: Context, only_paid: bool = False, studies: Studies | None = None
) -> Forecast:
    """What a run would ask, pay and take from here on. Spends nothing and writes nothing.

    `only_paid` leaves out the candidates that cost nothing.
    """
    path = runs / f"{planned.run}.db"
    metric = planned.kind.metric(planned.task.metric, planned.space, planned.resources)
    candidates = [candidate for candidate in planned.candidates if candidate.paid or not only_paid]
    with Journal(path, read_only=True) if path.exists() else nullcontext() as journal:
        spent = 0.0 if journal is None else Budget(0.0, journal).spent
        found = Forecaster(planned.splits, metric, planned.effort, ctx, journal, Pace(runs), planned.task.goal)
        asked = studies or Studies()
        rungs = [
            found.rung(candidate).more(sum(extra_calls(candidate, found.sample, asked).values()))
            for candidate in candidates
        ]
        return Forecast(planned.run, tuple(rungs), spent)


def refuse_unasked_spending(planned: Plan, runs: Path, ctx: Context, studies: Studies | None = None) -> None:
    """Raise `TaskError` for a run that would cost money nobody has allowed, with the amount that would do."""
    if not any(candidate.paid for candidate in planned.candidates):
        return
    blind = [c.name for c in planned.candidates if c.paid and not all(all_in_reach(form.stack) for form in c.forms)]
    if blind:
        raise TaskError(
            f"{', '.join(blind)} would be paid for, and {UNCOUNTED}: say --max-dollars AMOUNT to allow it, or keep the "
            "model in a field of the layer"
        )
    found = foresee(planned, runs, ctx, only_paid=True, studies=studies)
    names = [rung.name for rung in found.rungs if rung.most > 0]
    if names:
        enough = allowing(found.most)
        raise TaskError(
            f"{', '.join(names)} would be paid for, expected about {money(found.dollars)}, at most "
            f"{money(found.most)}: say --max-dollars {enough} to allow it"
        )


def allowing(dollars: float) -> str:
    """A limit in whole cents that allows an amount.

    >>> allowing(1.0912), allowing(0.0004), allowing(2)
    ('1.10', '0.01', '2.00')
    """
    return f"{math.ceil(dollars * 100 - 1e-9) / 100:.2f}"
