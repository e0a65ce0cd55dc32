"""The decision: which candidate to use, whether a language model is needed, and what would settle what is open.

A candidate *qualifies* when its tests are passed (see `strati.verdict.tests`) and it breaks no limit of the goal. The
cheapest that qualifies is used.

Measured times differ a little from run to run, so candidates whose cost per 1,000 answers is within a cent of the
cheapest count as equally cheap and the first of them in the ladder, the simplest, is chosen.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from strati.statistics.metric import Metric
from strati.task.task import Goal
from strati.verdict.more_labels import Labels, More, more_labels
from strati.verdict.tests import Common, Field, Measured, Pair, Standing, measure

SAME_COST = 0.01  # dollars per 1,000 answers

__all__ = ["Common", "Decision", "Measured", "Pair", "Standing", "choose", "decide", "llm_needed"]


@dataclass(frozen=True)
class Decision:
    """The outcome: which candidate, whether a language model is needed, and what would settle what is open.

    Attributes:
        field: all candidates that take part, compared.
        labels: what more labels would do.
        retired_llms: language models that a race on tune retired: tried, and no part of the field.
        missing: candidates not measured to the end that the need of a language model waits for.
    """

    name: str | None
    decision: Literal["use", "none", "undecided"]
    needs_llm: Literal["yes", "no", "undecided"]
    field: Field
    labels: Labels
    retired_llms: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def standings(self) -> tuple[Standing, ...]:
        return self.field.standings

    @property
    def comparisons(self) -> tuple[Pair, ...]:
        return tuple(Pair(a, b, result) for (a, b), result in self.field.results.items())

    @property
    def llm_tried(self) -> bool:
        return bool(self.retired_llms) or any(standing.uses_llm for standing in self.standings)

    @property
    def drowned(self) -> Common | None:
        """The commonest answer, where all others are rarer together than the margin."""
        return self.field.common if self.field.drowned else None

    @property
    def more(self) -> More | None:
        """How many more labelled test examples would settle what is undecided; None where none would, or none need."""
        return self.labels.more

    @property
    def more_labels(self) -> int | None:
        return None if self.more is None else self.more.about


def decide(
    candidates: Sequence[Measured],
    metric: Metric,
    goal: Goal,
    groups: Sequence[Hashable] | None = None,
    seed: int = 0,
    retired_llms: Sequence[str] = (),
    outraced: bool = False,
    open_llms: Sequence[str] = (),
    open_others: Sequence[str] = (),
    common: Common | None = None,
) -> Decision:
    """Decide among candidates given in ladder order, simplest first, each with a name of its own.

    Two candidates are compared on the examples that both measured; one with no measured example takes no part. `groups`
    names the group of each example; `retired_llms` those language models that a race on tune retired: they were tried,
    and take no part; `outraced` whether it showed any rung not to be better by the margin than one that is here.
    `open_llms` and `open_others` name candidates with and without a language model that are not measured to the end:
    while there is one with a model it is not said that none is needed, and while there is one without, not that one is.
    Where no language model was tried nothing is said of the need of one. `common` as in `verdict.tests.measure`: where
    all other answers are rarer together than the margin, nothing is decided.
    The same input and seed give the same decision.
    """
    field = measure(candidates, metric, goal, groups, seed, outraced, common)
    name, decision = choose(field)
    tried = bool(retired_llms) or any(standing.uses_llm for standing in field.standings)
    needs_llm = llm_needed(field)
    missing = {"no": open_llms, "yes": open_others}.get(needs_llm, ())
    if missing or not tried or field.drowned:
        needs_llm = "undecided"
    labels = more_labels(field, decision, needs_llm, missing)
    return Decision(name, decision, needs_llm, field, labels, tuple(retired_llms), tuple(missing))


def choose(field: Field) -> tuple[str | None, Literal["use", "none", "undecided"]]:
    """The cheapest candidate that qualifies; "none" when every candidate is shown not to; else "undecided"."""
    if field.drowned:
        return None, "undecided"
    if field.fit:
        costs = [float("inf") if s.cost_per_1000 is None else s.cost_per_1000 for s in field.fit]
        cheapest = min(costs)
        return next(s.name for s, cost in zip(field.fit, costs, strict=True) if cost <= cheapest + SAME_COST), "use"
    if any(one.obstacles or one.always is None for one in field.standings) and all(
        shut_out(field, standing) for standing in field.within_limits
    ):
        return None, "none"
    return None, "undecided"


def shut_out(field: Field, standing: Standing) -> bool:
    """Whether a candidate is shown not to qualify: it misses the bar or, without a bar, is worse than some other.

    The second is a union over the others, hence Bonferroni; the first is one test. Which of the two is looked at
    depends on the goal alone, so the risk stays at alpha.
    """
    if field.goal.at_least is not None:
        return standing.p_misses <= field.goal.alpha
    others = field.others(standing.name)
    p_values = [field.results[standing.name, other].p_inferior for other in others]
    return len(others) * min(p_values, default=1.0) <= field.goal.alpha if others else False


def llm_needed(field: Field) -> Literal["yes", "no", "undecided"]:
    """Whether a language model is needed, among those tried; says nothing of whether one was tried.

    "no" when a candidate without one qualifies. "yes" when one with a model qualifies and every candidate without is
    worse than it by more than the margin, or misses the bar: all must be shown (intersection-union, no correction);
    the choice of the model to compare with, and of the way to fail where there is a bar, are corrected by Bonferroni.
    """
    if any(not standing.uses_llm for standing in field.fit):
        return "no"
    with_llm = [standing for standing in field.standings if standing.uses_llm]
    without = [standing for standing in field.standings if not standing.uses_llm]
    if not without:
        return "undecided"
    for model in with_llm:
        p = max(_p_worse(field, standing, model) for standing in without)
        if model.qualifies and len(with_llm) * p <= field.goal.alpha:
            return "yes"
    return "undecided"


def _p_worse(field: Field, standing: Standing, model: Standing) -> float:
    p = field.results[standing.name, model.name].p_inferior
    return p if field.goal.at_least is None else 2 * min(p, standing.p_misses)
