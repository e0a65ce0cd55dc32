"""What became of rungs in the race on tune, and how much the others answered, in words."""

from __future__ import annotations

from collections.abc import Mapping

from strati.core.figures import count, difference, interval, milliseconds, money, share
from strati.core.records import JSON
from strati.measure.records import CandidateRecord, RetiredFor, Retirement
from strati.measure.results import Results
from strati.task.task import Goal


def reason_of(record: CandidateRecord, goal: Goal) -> str | None:
    """Why a candidate got no further; None where nothing is to be said."""
    return record.reason if record.retirement is None else _words(record.retirement, goal)


def retirements(results: Results) -> list[str]:
    """One reason for each rung that takes no part because a race on tune ended it."""
    return [
        f"{result.name} was retired and takes no part: {reason_of(result.record, results.goal)}"
        for result in results.candidates
        if result.retired
    ]


def limits_of(results: Results, sizes: Mapping[str, JSON]) -> dict[str, JSON]:
    """How much was asked of the rungs, with a note in words."""
    limits = dict(results.meta["limits"])
    return {**limits, **sizes, "note": "; ".join(part for part in (*_notes(results, sizes), limits["note"]) if part)}


def _notes(results: Results, sizes: Mapping[str, JSON]) -> list[str]:
    retired = [result.name for result in results.candidates if result.retired]
    slow = [result.name for result in results.candidates if result.record.slow and not result.retired]
    total = len(results.test)
    if not sizes:
        return [] if slow else ["every rung answered all test examples"]
    notes = []
    if slow and sizes["sample"] < total:
        how = "" if results.meta["limits"]["sample"] else ", sized by power from what tune shows"
        notes.append(
            f"slow rungs ({', '.join(slow)}) answered one common random subset of {count(sizes['sample'])} of "
            f"{count(total)} test examples{how}"
        )
    elif slow or not retired:
        notes.append("every rung answered all test examples")
    if retired:
        tests = sizes.get("race_tests")
        over = f"{tests} test{'' if tests == 1 else 's'}"
        risk = f"risk of retiring any wrongly at most {results.goal.alpha:g}, over {over}"
        notes.append(f"a race on tune retired {', '.join(retired)} ({risk})")
    if sizes.get("no_race"):
        notes.append(sizes["no_race"])
    return notes


def _words(ended: Retirement, goal: Goal) -> str:
    on = f"on {ended.rows} tune rows"
    estimate = {"value": ended.value, "difference": ended.value, "low": ended.low, "high": ended.high}
    margin = f"the margin of {100 * goal.margin:.1f} points"
    if ended.why is RetiredFor.NEEDLESS:
        beside = f"not needed beside {ended.against}, which costs less"
        return f"{beside}: not better by {margin}, {difference(estimate)} points {on}"
    if ended.why is RetiredFor.INFERIOR:
        return f"worse than {ended.against} by more than {margin}: {difference(estimate)} points {on}"
    if ended.why is RetiredFor.BAR:
        return f"misses the bar of {share(goal.at_least)}: {interval(estimate)} {on}"
    if ended.why is RetiredFor.COST:
        seen = f"costs at least {money(ended.low)} per 1,000 as seen {on}"
        return f"{seen}, over the limit of {money(goal.max_cost_per_1000)}"
    if ended.why is RetiredFor.LATENCY:
        late = f"{share(ended.value)} of its answers {on} took longer than {milliseconds(goal.max_p95_ms)}"
        return f"{late}, the limit for 95 % of them"
    return f"licence {', '.join(ended.licences)} is not among those allowed ({', '.join(goal.licences)})"
