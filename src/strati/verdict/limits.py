"""What a run has measured so far -> what the decision looks at, and the rung that would be chosen without slow ones."""

from __future__ import annotations

from collections import Counter

from strati.measure.journal import Journal
from strati.measure.results import Result, Results, load_results
from strati.measure.studies.repeats import second_statistics
from strati.task.task import Goal
from strati.verdict.decision import decide
from strati.verdict.tests import Common, Limit, LimitKind, Measured


def contenders(results: Results) -> list[Measured]:
    """All candidates as the decision takes them; one that is not measured to the end has no measured example."""
    return [
        Measured(
            result.name,
            result.statistics,
            result.measured & result.complete,
            result.record.uses_llm,
            result.cost_per_1000,
            tuple(obstacles(result, results.goal)),
            second_statistics(result, results),
            always(result, results),
        )
        for result in results.candidates
    ]


def chosen_so_far(journal: Journal, slow: bool) -> str | None:
    """The candidate that would be chosen among those measured, or among the fast ones of them; None for nobody.

    Stacks composed by an earlier start of the run do not count: they are composed anew at its end.
    """
    results = load_results(journal)
    single = [result for result in results.candidates if not result.record.composed]
    wanted = {result.name for result in single if slow or not result.record.slow}
    taking_part = [one for one in contenders(results) if one.name in wanted]
    seed = int(results.meta["seed"])
    found = decide(taking_part, results.metric, results.goal, results.groups, seed, common=common(results))
    return found.name


def always(result: Result, results: Results) -> str | None:
    """The one answer that a candidate gives to every example, where references differ; None where answers differ."""
    if not results.labels or len({str(reference) for reference in results.references}) < 2:
        return None
    found = {answer["value"] for answer in result.answers if answer is not None}
    return str(next(iter(found))) if len(found) == 1 and None not in found else None


def common(results: Results) -> Common | None:
    """The commonest reference on test, where the metric is the share of right answers and references differ."""
    counts = Counter(str(reference) for reference in results.references)
    if not results.labels or results.metric.name != "accuracy" or len(counts) < 2:
        return None
    answer, count = counts.most_common(1)[0]
    return Common(answer, count / len(results.references))


def obstacles(result: Result, goal: Goal) -> list[Limit]:
    """The limits of the goal that a candidate breaks."""
    found = []
    cost, latency = result.cost_per_1000, result.latency_ms
    if goal.max_cost_per_1000 is not None and (cost is None or cost > goal.max_cost_per_1000):
        found.append(Limit(LimitKind.COST, cost, goal.max_cost_per_1000))
    if goal.max_p95_ms is not None:
        p95 = latency["p95"] if latency else None
        if p95 is None or p95 > goal.max_p95_ms:
            found.append(Limit(LimitKind.LATENCY, p95, goal.max_p95_ms))
    if goal.private and not result.record.private and not result.record.recorded:
        found.append(Limit(LimitKind.PRIVATE))
    if goal.licences:
        bad = tuple(name for name in result.record.licences if name not in (*goal.licences, "yours"))
        if bad:
            found.append(Limit(LimitKind.LICENCE, bad, tuple(goal.licences)))
    return found
