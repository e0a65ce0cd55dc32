"""What composed stacks could do, estimated on tune: share answered automatically against cost, at the goal's X."""

from __future__ import annotations

from collections.abc import Sequence

from strati.certify.compose.composing import compose
from strati.certify.compose.rung_answers import Part
from strati.certify.method import Economics, Estimate, Scored, evaluate, front, orders
from strati.core.records import JSON
from strati.measure.results import Results

POINTS = 60  # of the frontier, in the verdict
FEWEST = 30  # tune examples that all rungs of a stack were asked
AT_LEAST = 0.95  # quality of automatic answers that the frontier aims at, where the goal sets none


def frontier(tune: Part, results: Results) -> dict[str, JSON]:
    """Settings of all orders of rungs whose answers on tune are wrong at most 1 - X of the time, cheap to dear.

    `points` are those that no other beats in both cost and share answered; `best` is the place of the one with the
    least total cost (where people have no price: with the fewest answers left to people). `alone` has, for each rung by
    itself, the setting that answers most.
    """
    at_least = results.goal.at_least or AT_LEAST
    economics = Economics.of(results.goal)
    scored = compose(tune, together=False).scored(tune, results.labels)
    fronts = {order: front(scored, order, 1 - at_least, economics) for order in orders(scored)}
    good = {
        order: [e for e in found if e.n and e.error <= 1 - at_least and useful(e)] for order, found in fronts.items()
    }
    every = [estimate for found in good.values() for estimate in found]
    best = min(every, key=lambda e: (e.total, e.cost), default=None)
    kept = thinned(widest(every), POINTS)
    if best is not None and best not in kept:
        kept = sorted([*kept, best], key=lambda e: (e.cost, e.share))
    singles = [
        max(found, key=lambda e: (e.share, -e.error)) for order, found in good.items() if len(order) == 1 and found
    ]
    return {
        "at_least": at_least,
        "estimated_on": "tune",
        "examples": len(tune),
        "priced": economics.priced,
        "best": None if best is None else kept.index(best),
        "points": [_point(estimate, scored, economics.priced) for estimate in kept],
        "alone": [_point(estimate, scored, economics.priced) for estimate in singles],
    }


def useful(estimate: Estimate) -> bool:
    """Whether enough was seen of it, and no stage only adds cost because no confidence reaches its threshold."""
    return estimate.rows >= FEWEST and max(estimate.setting.thresholds) <= 1


def widest(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Those that no other beats in both cost and share answered automatically, cheap to dear."""
    most, kept = 0.0, []
    for found in sorted(estimates, key=lambda e: (e.cost, -e.share, e.error, len(e.setting.rungs))):
        if found.share > most:
            most = found.share
            kept.append(found)
    return kept


def thinned(estimates: Sequence[Estimate], most: int) -> list[Estimate]:
    """At most so many, evenly spaced, with both ends."""
    if len(estimates) <= most:
        return list(estimates)
    return [estimates[round(step * (len(estimates) - 1) / (most - 1))] for step in range(most)]


def _point(estimate: Estimate, scored: Scored, priced: bool) -> dict[str, JSON]:
    setting = estimate.setting
    given = evaluate(setting, scored).rung.tolist()
    asked = [
        1 - sum(given.count(rung) for rung in setting.rungs[:place]) / len(given) for place in range(len(setting.rungs))
    ]
    return {
        "rungs": [scored.names[place] for place in setting.rungs],
        "thresholds": list(setting.thresholds),
        "asked": asked,
        "n": estimate.rows,
        "automatic": estimate.share,
        "people": estimate.people,
        "error": estimate.error,
        "cost_per_1000": 1000 * estimate.cost,
        "total_per_1000": 1000 * estimate.total if priced else None,
    }
