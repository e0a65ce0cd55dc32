"""The first screen: what to use, how good, how sure, what it costs, what next. No word of statistics but "sure"."""

from __future__ import annotations

from collections import Counter

from strati.core.figures import money, seconds, several, share
from strati.core.records import JSON
from strati.measure.results import Result, Results
from strati.verdict.decision import Decision
from strati.verdict.mistakes import by_label
from strati.verdict.tests import Standing
from strati.verdict.words.headline import PULL, best_so_far

FEWEST_OF_LABEL = 5  # examples of a label below which its recall is not quoted
TO_CERTIFY = 400


def summary(results: Results, decision: Decision, shown: Result | None) -> list[dict[str, JSON]]:
    """Five questions of whoever has to decide, each with its answer; `shown` is the candidate that they are about."""
    standing = next((one for one in decision.standings if shown is not None and one.name == shown.name), None)
    if shown is None or standing is None:
        return []
    rows = {
        "What to use": _what(results, decision, shown),
        "How good": _good(results, shown, standing),
        "How sure": _sure(results, decision, standing),
        "What it costs": _cost(results, shown),
        "What next": _next(results, decision),
    }
    return [{"question": question, "answer": answer} for question, answer in rows.items()]


def _what(results: Results, decision: Decision, shown: Result) -> str:
    if decision.drowned is not None:
        return f"Not decided. The figures below are of {shown.name}, the best measured."
    if best_so_far(results, decision):
        return f"{shown.name}, until something better is tried: no language model was, and your goal sets no bar."
    if decision.decision == "use":
        return f"{shown.name}{', of those measured so far' if results.unfinished else ''}."
    if decision.decision == "none":
        return f"Nothing that was tried. The figures below are of {shown.name}, the best of it."
    return f"Not decided yet. The figures below are of {shown.name}, the best so far."


def _good(results: Results, shown: Result, standing: Standing) -> str:
    value = share(standing.quality.value)
    name = results.metric.name
    words = f"right on {value}" if name == "accuracy" else f"{name.replace('_', '-')} {value}"
    words += f" of {standing.n:,} test examples" if name == "accuracy" else f" on {standing.n:,} test examples"
    counts = Counter(str(reference) for reference in results.references)
    if results.labels and len(counts) > 1:
        answer, count = counts.most_common(1)[0]
        words += f"; always answering {answer!r} is right on {share(count / len(results.references))}"
        words += _weakest(results, shown)
    return words[:1].upper() + words[1:] + "."


def _weakest(results: Results, shown: Result) -> str:
    table = by_label(results, shown)
    rows = [row for row in (table or {"rows": []})["rows"] if row["n"] >= FEWEST_OF_LABEL]
    if len(rows) < 2:
        return ""
    worst = min(rows, key=lambda row: (row["recall"], row["label"]))
    return f". Weakest: of {worst['n']:,} {worst['label']!r} it finds {share(worst['recall'])}"


def _sure(results: Results, decision: Decision, standing: Standing) -> str:
    low, high = share(standing.quality.low), share(standing.quality.high)
    words = f"On new examples like these, between {low} and {high} ({100 * (1 - results.goal.alpha):.0f} % sure)"
    if results.goal.at_least is not None:
        bar = results.goal.at_least
        where = (
            "above" if standing.quality.low >= bar else "below" if standing.quality.high < bar else "on both sides of"
        )
        words += f", {where} your bar of {share(bar)}"
    if decision.more_labels:
        words += f"; about {several(decision.more_labels, 'more labelled example')} would decide"
    return words + "."


def _cost(results: Results, shown: Result) -> str:
    cost = shown.cost_per_1000
    if cost is None:
        return "What an answer costs is not on record."
    volume = results.goal.volume_per_month
    words = f"{money(cost)} for 1,000 answers, {money(cost * volume / 1000)} a month for {volume:,}"
    fit = shown.record.fit_seconds or 0.0
    return words + (f"; one training takes {seconds(fit)}." if shown.record.learns and fit else ".")


def _range(decision: Decision) -> str:
    """The numbers of labels that fit what was measured, in words."""
    if decision.more is None:
        return ""
    low, high = decision.more.low, decision.more.high
    return (
        f" (anything from {low:,} to {high:,})"
        if high is not None
        else f" (from {low:,} on; perhaps no number will do)"
    )


def _next(results: Results, decision: Decision) -> str:
    recorded = all(result.record.recorded for result in results.candidates)
    if results.unfinished:
        return "The same command goes on with what is missing."
    if decision.drowned is not None:
        return "Run again with --metric macro_f1, or say what errors cost: strati certify --error-costs FILE."
    if not decision.llm_tried and not recorded:
        return f"To see whether a language model would do better: {PULL}."
    if decision.more_labels:
        return (
            f"Label about {several(decision.more_labels, 'more example')} like these{_range(decision)} and run again."
        )
    if decision.decision != "use":
        return "Try a better candidate, a wider margin or a lower bar: see the reasons."
    if recorded:
        return "Check the answers that are wrong; these were recorded, so nothing here can be tuned or certified."
    if len(results.meta["units"]) > 1:
        return f"To promise a quality, label at least {TO_CERTIFY} different inputs: then strati certify."
    return (
        f"strati certify {results.run} --at-least .95: sends what it is not sure of to people, and promises the rest."
    )
