"""Why a decision came out as it did, in plain words with figures, and how many more labels would settle it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from strati.core.figures import difference, interval, money, probability, share
from strati.statistics import labels_needed
from strati.verdict.tests import BAR, FEWEST, Field, Standing

SAME_COST = 0.01  # dollars per 1,000 answers
TOO_MANY = 1_000_000
SPREAD_Z = 1.2816  # of the middle 80 %


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


def explain(
    field: Field,
    name: str | None,
    decision: str,
    needs_llm: str,
    retired_llms: Sequence[str] = (),
    missing: Sequence[str] = (),
) -> tuple[More | None, tuple[str, ...]]:
    """How many more labels would help, or None, and the reasons; `missing` is what the need of a model waits for."""
    if not field.standings:
        return None, ("no candidate has a measured example",)
    if field.drowned:
        return None, (*_why_drowned(field), *(_scores(standing) for standing in field.standings))
    reasons = {"use": _why_use, "none": _why_none, "undecided": _why_undecided}[decision](field, name)
    waits = f"whether an LLM is needed is open until these are measured too: {', '.join(missing)}"
    reasons.append(waits if missing else _why_llm(field, decision, needs_llm, retired_llms))
    if decision == "none" or (decision == "use" and (needs_llm != "undecided" or missing)):
        return None, tuple(reasons)
    if decision == "undecided" and len(field.standings) == 1 and field.goal.at_least is None:
        return None, tuple(reasons)
    if not any(standing.quality.value > 0 for standing in field.standings):
        return None, (*reasons, "more labels would not help: check the labels and what the candidates answer")
    if decision == "use" and len({standing.uses_llm for standing in field.standings}) == 1:
        return None, tuple(reasons)
    more_labels, sentence = _more(field, _need_for_llm(field) if decision == "use" else _need(field))
    return more_labels, (*reasons, sentence)


def _why_drowned(field: Field) -> list[str]:
    assert field.common is not None
    return [
        f"always answering {field.common.answer!r} is right on {share(field.common.share)}: all other answers together "
        f"({share(1 - field.common.share)}) are rarer than the margin of {_points(field.goal.margin)}, so a candidate "
        'that never gives them would keep up; compare macro_f1 (metric = "macro_f1"), set a smaller margin, or say '
        "what each error costs (strati certify --error-costs)"
    ]


def _scores(standing: Standing) -> str:
    return f"{standing.name} scores {interval(standing.quality._asdict())} on {standing.n:,} examples"


def _why_use(field: Field, name: str | None) -> list[str]:
    chosen = next(standing for standing in field.fit if standing.name == name)
    reasons = [_about(chosen, field)]
    if len(field.standings) == 1:
        reasons.append(f"{chosen.name} is the only candidate that was measured")
    reasons.append(_about_cost(chosen, field.fit))
    return reasons + [_why_not(field, standing) for standing in field.standings if not standing.qualifies]


def _about_cost(chosen: Standing, fit: list[Standing]) -> str:
    if chosen.cost_per_1000 is None:
        return f"what {chosen.name} costs is not known"
    cost = f"{money(chosen.cost_per_1000)} per 1,000 answers"
    if len(fit) == 1:
        return f"no other candidate qualifies; it costs {cost}"
    known = {standing.name: standing.cost_per_1000 for standing in fit if standing.cost_per_1000 is not None}
    alike = [name for name, price in known.items() if price <= min(known.values()) + SAME_COST and name != chosen.name]
    if alike:
        return f"it costs {cost}, the same within a cent as {', '.join(alike)}, and comes first in the ladder"
    return f"it is the cheapest of {len(fit)} that qualify, at {cost}"


def _about(chosen: Standing, field: Field) -> str:
    shown = []
    others = len(field.standings) - 1
    if others:
        shown.append(f"not worse than {_others(others)} by {_points(field.goal.margin)} or more")
    if field.goal.at_least is not None:
        shown.append(f"above the bar of {share(field.goal.at_least)}")
    quality = chosen.quality
    if not shown:
        scores = f"{chosen.name} scores {interval(quality._asdict())} on {chosen.n:,} examples"
        return (
            f"{scores}; no other stays: those that a race on tune retired against it were worse by more than the "
            "margin, or dearer and not better by it"
        )
    return (
        f"{chosen.name} scores {interval(quality._asdict())} on {chosen.n:,} examples and is shown to be "
        f"{' and '.join(shown)} (p {probability(chosen.p)}, {probability(chosen.p_adjusted)} after Holm)"
    )


def _why_none(field: Field, _: str | None) -> list[str]:
    reasons = [f"{s.name} breaks a limit: {'; '.join(s.obstacles)}" for s in field.standings if s.obstacles]
    bar = field.goal.at_least
    for standing in field.within_limits:
        if bar is not None:
            missing = bar - standing.quality.value
            reasons.append(
                f"{standing.name} misses the bar of {share(bar)} by {_points(missing)}: it scores "
                f"{share(standing.quality.value)}, at most {share(standing.quality.high)} "
                f"(p {probability(standing.p_misses)})"
            )
        else:
            best = min(field.others(standing.name), key=lambda other: field.results[standing.name, other].p_inferior)
            reasons.append(against(field, standing.name, best, "is worse than"))
    return reasons


def _why_undecided(field: Field, _: str | None) -> list[str]:
    if len(field.standings) == 1 and field.goal.at_least is None:
        name = field.standings[0].name
        return [f"{name} is the only candidate and the goal sets no bar, so there is nothing to measure it against"]
    reasons = [_why_not(field, standing) for standing in field.standings]
    if max(standing.n for standing in field.standings) < FEWEST:
        reasons.insert(0, f"nothing is concluded from fewer than {FEWEST} examples")
    return reasons


def _why_not(field: Field, standing: Standing) -> str:
    name, quality = standing.name, standing.quality
    if standing.always is not None:
        return (
            f"{name} always answers {standing.always!r}: a yardstick, never a choice; it scores {share(quality.value)}"
        )
    if standing.obstacles:
        return f"{name} breaks a limit: {'; '.join(standing.obstacles)}"
    if not quality.value > 0:
        return f"{name} gave no right answer on {standing.n} examples"
    if standing.against == BAR or standing.against is None:
        scores = f"it scores {interval(quality._asdict())}"
        return (
            f"{name} is not shown to reach the bar of {share(field.goal.at_least)}: {scores}{rests_on(field, standing)}"
        )
    others = len(field.standings) - 1
    worse = others * field.results[name, standing.against].p_inferior <= field.goal.alpha
    words = against(field, name, standing.against, "is worse than" if worse else "is not shown to keep up with")
    return words + ("" if worse else rests_on(field, standing))


def rests_on(field: Field, standing: Standing) -> str:
    """Why a candidate does not qualify though its figures by themselves look as if it did; "" where they do not."""
    alpha = field.goal.alpha
    if standing.p <= alpha < standing.p_adjusted:
        return (
            f"; by itself it would pass (p {probability(standing.p)}), with Holm's correction for "
            f"{len(field.standings)} candidates it does not ({probability(standing.p_adjusted)})"
        )
    pair = field.results.get((standing.name, standing.against or ""))
    if pair is not None and pair.n and standing.p > alpha and pair.low > -field.goal.margin:
        few = " on fewer than 30 examples nothing is concluded" if pair.n < FEWEST else " the exact test decides"
        return f"; the limits look as if it passed, but{few} (p {probability(standing.p)})"
    return ""


def against(field: Field, a: str, b: str, words: str) -> str:
    result = field.results[a, b]
    if result.n == 0:
        return f"{a} {words} {b}: no example was measured on both"
    return (
        f"{a} {words} {b}: {difference(result._asdict())} points on {result.n:,} examples, "
        f"margin {_points(field.goal.margin)}"
    )


def _why_llm(field: Field, decision: str, needs_llm: str, retired: Sequence[str]) -> str:
    with_llm = [standing.name for standing in field.standings if standing.uses_llm]
    fit_without = [standing.name for standing in field.fit if not standing.uses_llm]
    if not with_llm and retired:
        every = "every LLM tried was retired on tune"
        return f"{every}; {fit_without[0]} does without one" if fit_without else every
    if not with_llm:
        return "no LLM was measured, so whether one is needed, or would do better, is not known"
    if needs_llm == "no":
        return f"no LLM is needed, compared with the LLMs tried: shown for {', '.join(fit_without)}"
    if needs_llm == "yes":
        return "an LLM is needed: every candidate without one is shown to fall short of one among the LLMs tried"
    if len(with_llm) == len(field.standings):
        return "whether an LLM is needed is open: no candidate without one was measured"
    if decision == "none":
        return "no candidate will do, with an LLM among those tried or without one"
    return "whether an LLM is needed, among the LLMs tried, is not shown either way"


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


def _more(field: Field, need: Need | None) -> tuple[More | None, str]:
    if need is None:
        return None, (
            "more labels would not settle it: as measured, every candidate within the limits lies on the far side of "
            "the margin or the bar; a wider margin, a looser limit or a better candidate would"
        )
    if need.total > TOO_MANY:
        return (
            None,
            f"more labels would not settle it: {need.name} lies so near the line that over a million are needed",
        )
    if need.now < field.n and need.total <= field.n:
        return None, (
            f"no new labels are needed: measure on about {max(1, need.total - need.now):,} more of the {field.n:,} "
            f"examples there are ({need.name} was compared on {need.now:,})"
        )
    now = max(need.now, field.n)
    more = max(1, need.total - now)
    low = more if need.least is None else min(more, max(1, need.least - now))
    high = None if need.most is None or need.most > TOO_MANY else max(more, need.most - now)
    told = f"from {low:,} to {high:,} fit" if high is not None else f"{low:,}, or more than can be told, fit"
    return More(more, low, high), (
        f"about {more:,} more labelled test examples would settle it (power 80 %, {need.name} as seen so far); {told} "
        f"what was measured on {need.now:,}"
    )


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _others(count: int) -> str:
    return "the other candidate" if count == 1 else f"any of the {count} other candidates"
