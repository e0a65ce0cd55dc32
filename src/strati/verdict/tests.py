"""Where the candidates stand: all pairs compared, all tests made, nothing decided yet.

A candidate must be shown, against every other one, not to be worse by the margin or more, and to reach the goal's bar
where there is one. All of these must be shown for one candidate, so its p-value is the largest of them
(intersection-union test, Berger, Technometrics 24, 1982) and needs no correction; Holm's correction over candidates
makes it no likelier than alpha that any unfit candidate qualifies. One that breaks a limit, or gave no right answer at
all, never qualifies. On fewer than 30 examples all p-values are set to 1.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strati.measure.studies.repeats import widened
from strati.statistics import Comparison, Interval, bar_p_values, compare_both, holm, quality_interval
from strati.statistics.metric import Metric
from strati.task.task import Goal


class Bar(Enum):
    """What a candidate is tested against, where that is no other candidate."""

    BAR = "the goal's bar"


BAR = Bar.BAR
FEWEST = 30  # examples below which nothing is concluded: a handful says too little about traffic, whatever its p-value


class LimitKind(StrEnum):
    """Which limit of the goal."""

    COST = "cost"
    LATENCY = "latency"
    PRIVATE = "private"
    LICENCE = "licence"


class Limit(NamedTuple):
    """A limit of the goal that a candidate breaks: what it has (None: not known), and what is allowed.

    Dollars per 1,000 for `COST`, milliseconds for `LATENCY`, names for `LICENCE`.
    """

    kind: LimitKind
    value: float | tuple[str, ...] | None = None
    bound: float | tuple[str, ...] | None = None


@dataclass(frozen=True)
class Measured:
    """What one candidate did on the test examples.

    `statistics` has shape [n, k]; rows where `measured` (shape [n]) is False are ignored. A failure is measured, and
    wrong. `obstacles` are the goal's limits it breaks; `cost_per_1000` is in dollars, None when unknown.
    `second` are the statistics with second answers in place where it was asked twice, None where it was not.
    `always` is the one answer it gives to every example, None for any other candidate: such a one is a yardstick and
    never chosen.
    """

    name: str
    statistics: NDArray[np.float64]
    measured: NDArray[np.bool_]
    uses_llm: bool
    cost_per_1000: float | None
    obstacles: tuple[Limit, ...] = ()
    second: NDArray[np.float64] | None = None
    always: str | None = None


class Common(NamedTuple):
    """The commonest reference, and its share of the examples."""

    answer: str
    share: float


class Pair(NamedTuple):
    """Candidate `a` against candidate `b`."""

    a: str
    b: str
    result: Comparison


@dataclass(frozen=True)
class Standing:
    """Where one candidate stands.

    `p` is the largest p-value of the tests it must pass, `p_adjusted` the same after Holm; `p_misses` is the p-value
    that it misses the bar (1 without a bar). `against` is the candidate, or `BAR`, that it has not been shown to
    keep up with; None when it has.
    """

    name: str
    uses_llm: bool
    n: int
    quality: Interval
    cost_per_1000: float | None
    p: float
    p_adjusted: float
    p_misses: float
    qualifies: bool
    obstacles: tuple[Limit, ...]
    against: str | Bar | None
    always: str | None = None


class Field(NamedTuple):
    """All candidates that take part, compared: what the rules below look at."""

    standings: tuple[Standing, ...]
    results: Mapping[tuple[str, str], Comparison]
    goal: Goal
    n: int
    common: Common | None = None

    @property
    def drowned(self) -> bool:
        """Whether all answers but the commonest are rarer together than the margin: then the metric decides nothing."""
        return self.common is not None and 1 - self.common.share <= self.goal.margin

    @property
    def fit(self) -> list[Standing]:
        """Those that qualify."""
        return [standing for standing in self.standings if standing.qualifies]

    @property
    def within_limits(self) -> list[Standing]:
        """Those that break no limit, and could be chosen."""
        return [standing for standing in self.standings if not standing.obstacles and standing.always is None]

    def others(self, name: str) -> list[str]:
        """The names of all candidates but one."""
        return [standing.name for standing in self.standings if standing.name != name]


def measure(
    candidates: Sequence[Measured],
    metric: Metric,
    goal: Goal,
    groups: Sequence[Hashable] | None,
    seed: int,
    outraced: bool = False,
    common: Common | None = None,
) -> Field:
    """Compare all pairs and test all candidates.

    `common` is the commonest reference where the metric is the share of right answers; None where it is another one.

    `outraced` says that a race at level alpha showed others not to be better by the margin than one that is here: a
    candidate that is left alone has then kept up with all.
    """
    taking_part = [candidate for candidate in candidates if candidate.measured.any()]
    results: dict[tuple[str, str], Comparison] = {}
    for place, a in enumerate(taking_part):
        for b in taking_part[place + 1 :]:
            both = a.measured & b.measured
            ab, ba = compare_both(
                a.statistics[both], b.statistics[both], metric, goal.margin, goal.alpha, _where(groups, both), seed
            )
            results[a.name, b.name], results[b.name, a.name] = _unless_too_few(ab), _unless_too_few(ba)
    alone = goal.alpha if outraced else 1.0  # nothing to be tested against shows nothing
    drafts = [_draft(candidate, results, metric, goal, groups, seed, alone) for candidate in taking_part]
    adjusted = holm([draft.p for draft in drafts])
    standings = tuple(_settle(draft, p, goal.alpha) for draft, p in zip(drafts, adjusted, strict=True))
    return Field(standings, results, goal, len(candidates[0].measured) if candidates else 0, common)


def _draft(
    candidate: Measured,
    results: Mapping[tuple[str, str], Comparison],
    metric: Metric,
    goal: Goal,
    groups: Sequence[Hashable] | None,
    seed: int,
    alone: float,
) -> Standing:
    statistics, own = candidate.statistics[candidate.measured], _where(groups, candidate.measured)
    quality = quality_interval(statistics, metric, 1 - goal.alpha, own, seed)
    if candidate.second is not None:
        again = candidate.second[candidate.measured]
        quality = widened(quality, quality_interval(again, metric, 1 - goal.alpha, own, seed))
    compared = {b: result for (a, b), result in results.items() if a == candidate.name}
    tests: dict[str | Bar, float] = {b: result.p_noninferior for b, result in compared.items()}
    p_misses = 1.0
    if goal.at_least is not None:
        tests[BAR] = 1.0
    if goal.at_least is not None and len(statistics) >= FEWEST:
        tests[BAR], p_misses = bar_p_values(statistics, metric, goal.at_least, own, seed)
    lead: dict[str | Bar, float] = {
        b: result.difference for b, result in compared.items()
    }  # of equal p-values, the widest gap counts
    against = max(tests, key=lambda name: (tests[name], -lead.get(name, 0.0)), default=None)
    p = tests[against] if against is not None else alone
    return Standing(
        name=candidate.name,
        uses_llm=candidate.uses_llm,
        n=len(statistics),
        quality=quality,
        cost_per_1000=candidate.cost_per_1000,
        p=p,
        p_adjusted=1.0,
        p_misses=p_misses,
        qualifies=False,
        obstacles=candidate.obstacles,
        against=against,
        always=candidate.always,
    )


def _unless_too_few(result: Comparison) -> Comparison:
    return result if result.n >= FEWEST else result._replace(p_noninferior=1.0, p_inferior=1.0)


def _settle(draft: Standing, p_adjusted: float, alpha: float) -> Standing:
    shown = p_adjusted <= alpha
    return replace(
        draft,
        p_adjusted=p_adjusted,
        qualifies=shown and not draft.obstacles and draft.quality.value > 0 and draft.always is None,
        against=None if shown else draft.against,
    )


def _where(groups: Sequence[Hashable] | None, mask: NDArray[np.bool_]) -> list[Hashable] | None:
    return None if groups is None else [group for group, kept in zip(groups, mask, strict=True) if kept]
