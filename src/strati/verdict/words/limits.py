"""The limits of the goal that a candidate breaks, and other things that stand in its way, in words."""

from __future__ import annotations

from collections.abc import Iterable

from strati.core.figures import difference, milliseconds, money, probability
from strati.measure.results import Result, Results
from strati.verdict.decision import Decision
from strati.verdict.limits import obstacles
from strati.verdict.tests import BAR, Limit, LimitKind, Standing
from strati.verdict.words.race import reason_of


def limit_words(limits: Iterable[Limit]) -> str:
    """Broken limits, one after the other."""
    return "; ".join(map(_words, limits))


def _words(limit: Limit) -> str:
    value, bound = limit.value, limit.bound
    if limit.kind is LimitKind.PRIVATE:
        return "inputs would leave this machine, the goal says private"
    if isinstance(value, tuple) and isinstance(bound, tuple):
        return f"licence {', '.join(value)} is not among those allowed ({', '.join(bound)})"
    if limit.kind is LimitKind.COST:
        if value is None:
            return f"its cost is not known, the limit is {money(bound)} per 1,000"
        return f"{money(value)} per 1,000 is over the limit of {money(bound)}"
    if value is None:
        return f"its p95 is not known, the limit is {milliseconds(bound)}"
    return f"p95 of {milliseconds(value)} is over the limit of {milliseconds(bound)}"


def in_the_way(result: Result, results: Results, decision: Decision) -> list[str]:
    """Why a candidate does not qualify; nothing for one that does."""
    standing = next((s for s in decision.standings if s.name == result.name), None)
    first = (
        [f"retired: {reason_of(result.record, results.goal)}"]
        if result.retired
        else map(_words, obstacles(result, results.goal))
    )
    return [*first, *_not_shown(standing, decision)]


def _not_shown(standing: Standing | None, decision: Decision) -> list[str]:
    """Which test a candidate has not passed."""
    if standing is None or standing.qualifies:
        return []
    if standing.always is not None:
        return [f"always answers {standing.always!r}: a yardstick, never a choice"]
    if standing.against is None:
        return []
    holm = ""
    if standing.p <= decision.field.goal.alpha < standing.p_adjusted:
        holm = f", by Holm's correction alone (p {probability(standing.p)}, then {probability(standing.p_adjusted)})"
    if standing.against is BAR:
        return [f"not shown to reach the bar{holm}"]
    result = decision.field.results[standing.name, standing.against]
    if not result.n:
        return [f"no example was measured on both it and {standing.against}"]
    return [f"not shown to keep up with {standing.against}: {difference(result._asdict())} points{holm}"]


def silent_reasons(results: Results) -> list[str]:
    """What cannot be known of candidates whose code does not say what it uses."""
    found = {name: result.name for result in results.candidates for name in result.record.silent}
    if not found:
        return []
    names = ", ".join(dict.fromkeys(found.values()))
    private = ", and whether it sends inputs elsewhere though the goal is private" if results.goal.private else ""
    return [
        f"{names}: code of yours that does not say what it uses; whether it asks a language model{private}, is not "
        "known here"
    ]
