"""How many more labelled examples would settle what is open, as far as what was measured tells."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import NamedTuple

from strati.statistics import labels_needed
from strati.verdict.tests import FEWEST, Field, Standing

TOO_MANY = 1_000_000
SPREAD_Z = 1.2816  # of the middle 80 %


class Outlook(Enum):
    """What more labels would do."""

    NOTHING_OPEN = auto()
    NO_RIGHT_ANSWER = auto()  # no candidate gave one: more labels would not help
    FAR_SIDE = auto()  # as measured, no number of labels would do
    TOO_NEAR = auto()  # it would take more than `TOO_MANY`
    AT_HAND = auto()  # the examples there are would do, if all were measured
    MORE = auto()


class Need(NamedTuple):
    """Examples that a question needs in all, and how many it has; `name` is the candidate it is about.

    `least` and `most` are what it would need if the difference lay at the 10 % and the 90 % limit of what was measured;
    None: then no number would do.
    """

    name: str
    total: int
    now: int
    least: int | None = None
    most: int | None = None


class More(NamedTuple):
    """How many more labels, about, and between which numbers; `high` None means: perhaps no number would do."""

    about: int
    low: int
    high: int | None


class Labels(NamedTuple):
    """What more labels would do; `need` where it was computed, `more` where new labels would settle it."""

    outlook: Outlook
    need: Need | None = None
    more: More | None = None


NOTHING_OPEN = Labels(Outlook.NOTHING_OPEN)


def more_labels(field: Field, decision: str, needs_llm: str, missing: Sequence[str] = ()) -> Labels:
    """What more labels would do; `missing` names the candidates that the need of a model waits for."""
    if not field.standings or field.drowned:
        return NOTHING_OPEN
    if decision == "none" or (decision == "use" and (needs_llm != "undecided" or missing)):
        return NOTHING_OPEN
    if decision == "undecided" and len(field.standings) == 1 and field.goal.at_least is None:
        return NOTHING_OPEN
    if not any(standing.quality.value > 0 for standing in field.standings):
        return Labels(Outlook.NO_RIGHT_ANSWER)
    if decision == "use" and len({standing.uses_llm for standing in field.standings}) == 1:
        return NOTHING_OPEN
    return _labels(field, _need_for_llm(field) if decision == "use" else _need(field))


def _labels(field: Field, need: Need | None) -> Labels:
    if need is None:
        return Labels(Outlook.FAR_SIDE)
    if need.total > TOO_MANY:
        return Labels(Outlook.TOO_NEAR, need)
    if need.now < field.n and need.total <= field.n:
        return Labels(Outlook.AT_HAND, need)
    now = max(need.now, field.n)
    more = max(1, need.total - now)
    low = more if need.least is None else min(more, max(1, need.least - now))
    high = None if need.most is None or need.most > TOO_MANY else max(more, need.most - now)
    return Labels(Outlook.MORE, need, More(more, low, high))


def _need(field: Field) -> Need | None:
    """What the most promising candidate needs to qualify or, when none can, what showing that needs."""
    needs = [need for standing in field.within_limits if (need := _to_qualify(field, standing))]
    if needs:
        return min(needs, key=lambda need: need.total)
    shut = [_to_shut_out(field, standing) for standing in field.within_limits]
    known = [need for need in shut if need is not None]
    return max(known, key=lambda need: need.total) if known and len(known) == len(shut) else None


def _need_for_llm(field: Field) -> Need | None:
    """What settles whether a language model is needed: a candidate without one qualifies, or all fall short."""
    without = [standing for standing in field.standings if not standing.uses_llm]
    needs = [need for standing in without if not standing.obstacles and (need := _to_qualify(field, standing))]
    models = [standing for standing in field.fit if standing.uses_llm]
    for model in models:
        shut = [_pair_need(field, standing.name, model.name, worse=True) for standing in without]
        known = [need for need in shut if need is not None]
        if known and len(known) == len(shut):
            needs.append(max(known, key=lambda need: need.total))
    return min(needs, key=lambda need: need.total, default=None)


def _to_qualify(field: Field, standing: Standing) -> Need | None:
    needs = [_pair_need(field, standing.name, other, worse=False) for other in field.others(standing.name)]
    if field.goal.at_least is not None:
        needs.append(_bar_need(field, standing, above=True))
    known = [need for need in needs if need is not None]
    return max(known, key=lambda need: need.total) if known and len(known) == len(needs) else None


def _to_shut_out(field: Field, standing: Standing) -> Need | None:
    if field.goal.at_least is not None:
        return _bar_need(field, standing, above=False)
    needs = [_pair_need(field, standing.name, other, worse=True) for other in field.others(standing.name)]
    return min((need for need in needs if need is not None), key=lambda need: need.total, default=None)


def _pair_need(field: Field, a: str, b: str, worse: bool) -> Need | None:
    """Examples on which the difference seen so far would show that a keeps up with b, or that it does not."""
    result = field.results[a, b]
    if result.n == 0:
        return None
    # the interval, not the raw discordance: it covers every metric and is never of zero width
    variance = _variance(result.high - result.low, result.n, 2 * field.goal.alpha)
    sign = -1 if worse else 1
    margin, alpha = sign * field.goal.margin, _alpha(field)

    def needed(gap: float) -> int | None:
        return labels_needed(variance + gap**2, margin, gap, alpha)

    return _need_of(a, sign * result.difference, variance, result.n, needed)


def _bar_need(field: Field, standing: Standing, above: bool) -> Need | None:
    gap = standing.quality.value - (field.goal.at_least or 0.0)
    variance = _variance(standing.quality.high - standing.quality.low, standing.n, field.goal.alpha)
    alpha = _alpha(field) if above else field.goal.alpha

    def needed(gap: float) -> int | None:
        return labels_needed(variance + gap * gap, 0.0, gap, alpha)

    return _need_of(standing.name, gap if above else -gap, variance, standing.n, needed)


def _need_of(name: str, gap: float, variance: float, n: int, needed: Callable[[float], int | None]) -> Need | None:
    """What is needed at the gap as measured, and at both ends of the middle 80 % of what it may be."""
    total = needed(gap)
    if total is None:
        return None
    spread = SPREAD_Z * math.sqrt(max(variance, 0.0) / n)
    ends = [needed(gap + spread), needed(gap - spread)]
    least, most = (None if end is None else max(end, FEWEST) for end in ends)
    return Need(name, max(total, FEWEST), n, least, most)


def _variance(width: float, n: int, tails: float) -> float:
    from scipy.special import ndtri

    return n * (width / (2 * float(ndtri(tails / 2)))) ** 2


def _alpha(field: Field) -> float:
    """The level that the first candidate to qualify must reach under Holm."""
    return field.goal.alpha / len(field.standings)
