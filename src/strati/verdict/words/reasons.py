"""Why a decision came out as it did, in plain words with figures."""

from __future__ import annotations

from strati.core.figures import difference, interval, money, probability, share
from strati.verdict.decision import SAME_COST, Decision
from strati.verdict.more_labels import Labels, Outlook
from strati.verdict.tests import BAR, FEWEST, Field, Standing
from strati.verdict.words.limits import limit_words


def reasons(decision: Decision) -> tuple[str, ...]:
    """Why it was decided so, one sentence each."""
    field, labels = decision.field, decision.labels
    if not field.standings:
        return ("no candidate has a measured example",)
    if field.drowned:
        return (*_why_drowned(field), *(_scores(standing) for standing in field.standings))
    found = {"use": _why_use, "none": _why_none, "undecided": _why_undecided}[decision.decision](field, decision.name)
    waits = f"whether an LLM is needed is open until these are measured too: {', '.join(decision.missing)}"
    found.append(waits if decision.missing else _why_llm(decision))
    return (*found, *_more(field, labels))


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
    reasons = [f"{s.name} breaks a limit: {limit_words(s.obstacles)}" for s in field.standings if s.obstacles]
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
        return f"{name} breaks a limit: {limit_words(standing.obstacles)}"
    if not quality.value > 0:
        return f"{name} gave no right answer on {standing.n} examples"
    if standing.against is BAR or standing.against is None:
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
    pair = None if standing.against in (None, BAR) else field.results.get((standing.name, standing.against))
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


def _why_llm(decision: Decision) -> str:
    field, needs_llm = decision.field, decision.needs_llm
    with_llm = [standing.name for standing in field.standings if standing.uses_llm]
    fit_without = [standing.name for standing in field.fit if not standing.uses_llm]
    if not with_llm and decision.retired_llms:
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
    if decision.decision == "none":
        return "no candidate will do, with an LLM among those tried or without one"
    return "whether an LLM is needed, among the LLMs tried, is not shown either way"


def _more(field: Field, labels: Labels) -> tuple[str, ...]:
    """What more labels would do, in a sentence; none where nothing is open."""
    need, more = labels.need, labels.more
    if labels.outlook is Outlook.NO_RIGHT_ANSWER:
        return ("more labels would not help: check the labels and what the candidates answer",)
    if labels.outlook is Outlook.FAR_SIDE:
        return (
            "more labels would not settle it: as measured, every candidate within the limits lies on the far side of "
            "the margin or the bar; a wider margin, a looser limit or a better candidate would",
        )
    if need is None:
        return ()
    if labels.outlook is Outlook.TOO_NEAR:
        near = f"{need.name} lies so near the line that over a million are needed"
        return (f"more labels would not settle it: {near}",)
    if more is None:
        return (
            f"no new labels are needed: measure on about {max(1, need.total - need.now):,} more of the {field.n:,} "
            f"examples there are ({need.name} was compared on {need.now:,})",
        )
    told = (
        f"from {more.low:,} to {more.high:,} fit"
        if more.high is not None
        else f"{more.low:,}, or more than can be told, fit"
    )
    return (
        f"about {more.about:,} more labelled test examples would settle it (power 80 %, {need.name} as seen so far); "
        f"{told} what was measured on {need.now:,}",
    )


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _others(count: int) -> str:
    return "the other candidate" if count == 1 else f"any of the {count} other candidates"
