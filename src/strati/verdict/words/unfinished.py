"""What a verdict says of candidates that were planned and are not measured to the end."""

from __future__ import annotations

from strati.core.figures import count, difference, money
from strati.core.records import JSON
from strati.measure.results import Result, Results
from strati.statistics import compare_both
from strati.verdict.tests import FEWEST


def unfinished_reasons(results: Results, spent: dict[str, JSON], shown: Result | None) -> list[str]:
    """Why some candidates are not measured to the end, how they stand so far, and what to do, in words.

    `shown` is the candidate chosen, or the best; what others answered until now is compared with it. That comparison
    decides nothing: who looks after every answer and stops when it suits errs more often than an interval says.
    """
    short_of_money = {result.name for result in results.candidates if result.record.short_of_money}
    short = [name for name in results.unfinished if name in short_of_money]
    rest = [name for name in results.unfinished if name not in short_of_money]
    found = []
    if short:
        found.append(
            f"not measured to the end for want of money: {', '.join(short)}; {money(spent['spent'])} of the "
            f"{money(spent['limit'] or 0.0)} allowed is spent, the same command with a larger --max-dollars goes on"
        )
    if rest:
        found.append(f"not measured to the end yet: {', '.join(rest)}; the same command goes on from here")
    begun = [result for result in results.candidates if result.name in results.unfinished]
    return found + [words for result in begun if shown and (words := _so_far(result, shown, results))]


def _so_far(result: Result, shown: Result, results: Results) -> str | None:
    both = result.measured & shown.measured
    if both.sum() < FEWEST:
        return None
    groups = results.groups_where(both)
    goal, seed = results.goal, int(results.meta["seed"])
    ours, theirs = result.statistics[both], shown.statistics[both]
    found, _ = compare_both(ours, theirs, results.metric, goal.margin, goal.alpha, groups, seed)
    told = f"{difference(found._asdict())} points against {shown.name} on {count(found.n)} examples"
    return f"so far {result.name} is at {told}; that decides nothing yet"
