"""The questions a team should ask before shipping a language model, answered in plain words with the figure behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from strati.core.figures import difference, milliseconds, money, seconds, several, share, size
from strati.measure.results import Result, Results
from strati.statistics.metric import is_graded, rule_of
from strati.verdict.decision import Decision
from strati.verdict.words.race import reason_of
from strati.verdict.words.reasons import reasons
from strati.verdict.words.studies import (
    best_price,
    break_even_words,
    hints,
    last_step_words,
    price_total_words,
    price_words,
    seen_words,
    total_words,
)


def questions(results: Results, decision: Decision, studied: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
    """One entry per question: question, answer, evidence. `studied` are the fields of `strati.verdict.afterwards`."""
    found = studied or {}
    asked: list[tuple[str, Callable[[Results, Decision], tuple[str, str]]]] = [
        ("Does an LLM solve my problem?", _solves),
        ("Do I need one?", _needed),
        ("Is in-context learning enough, or is training worth it?", partial(_training, studied=found)),
        ("What would a smaller model of my own cost?", _own),
        ("Which is the smallest that will do?", _smallest),
        ("Open or closed: privacy, licence, reproducibility, price?", _open),
        ("What does it cost at my volume, training against inference?", partial(_cost, studied=found)),
        ("Is it fast enough?", _fast),
        ("How bad are its errors, and what guards are there?", _errors),
        ("May the data have been seen in training?", partial(_seen, studied=found)),
    ]
    rows = []
    for question, answer in asked:
        words, evidence = answer(results, decision)
        rows.append({"question": question, "answer": words, "evidence": evidence})
    return rows


def _measured(results: Results) -> list[Result]:
    return [result for result in results.candidates if result.complete and result.measured.any()]


def _llms(results: Results) -> list[Result]:
    return [result for result in _measured(results) if result.record.uses_llm]


def _retired(results: Results) -> list[Result]:
    """The language models that a race on tune retired."""
    return [result for result in results.candidates if result.retired and result.record.uses_llm]


def _behind(result: Result) -> bool:
    return result.record.race is not None and result.record.race.against is not None


def _needless(result: Result) -> bool:
    return result.record.race is not None and result.record.race.needless


def _raced_value(result: Result) -> float:
    return 0.0 if result.record.race is None else result.record.race.value or 0.0


def _raced(found: Sequence[Result], results: Results) -> str:
    return "; ".join(f"{result.name}, retired: {reason_of(result.record, results.goal)}" for result in found)


def _value(result: Result, results: Results) -> float:
    kept = result.statistics[result.measured]
    return float(results.metric.aggregate(kept.sum(axis=0)))


def _best(found: Sequence[Result], results: Results) -> Result | None:
    return max(found, key=lambda result: _value(result, results), default=None)


def _figure(result: Result, results: Results) -> str:
    return f"{result.name}: {share(_value(result, results))} on {int(result.measured.sum()):,} examples"


def _figures(found: Sequence[Result], results: Results) -> str:
    return "; ".join(_figure(result, results) for result in found)


def _solves(results: Results, decision: Decision) -> tuple[str, str]:
    llms = _llms(results)
    best = _best(llms, results)
    if best is None and (spare := _best_on_tune([r for r in _retired(results) if _needless(r)])) is not None:
        race = spare.record.race
        assert race is not None
        words = f"No better than {race.against} by the margin, as far as tried: the best on tune, {spare.name}, was"
        return f"{words} right on {share(race.value)} of {race.rows} rows.", _raced(_retired(results), results)
    if best is None and (retired := _retired(results)):
        all_were = "all were" if len(retired) > 1 else "it was"
        return f"None of those tried: {all_were} retired before test.", _raced(retired, results)
    if best is None and results.llms_began:
        return "Not known: no LLM was measured to the end.", "no LLM measured"
    if best is None:
        return "Not known: no LLM was tried. Pull one (strati models pull NAME) and run again.", "no LLM measured"
    bar = results.goal.at_least
    standing = next(s for s in decision.standings if s.name == best.name)
    if bar is not None:
        if standing.quality.low >= bar:
            return f"Yes: {best.name} reaches the bar of {share(bar)}.", _figures(llms, results)
        if standing.quality.high < bar:
            return f"Not one of those tried: the best, {best.name}, misses the bar of {share(bar)}.", _figures(
                llms, results
            )
        return f"Not shown: {best.name} is too near the bar of {share(bar)} to tell.", _figures(llms, results)
    if standing.qualifies:
        return f"As well as anything tried: {best.name} keeps up with every other candidate.", _figures(llms, results)
    others = [result for result in _measured(results) if not result.record.uses_llm]
    rival = _best(others, results)
    if rival is not None and _value(rival, results) > _value(best, results):
        words = f"The best of those tried, {best.name}, is behind {rival.name}, which is no LLM."
        pair = next((p for p in decision.comparisons if (p.a, p.b) == (best.name, rival.name)), None)
        evidence = _figures([best, rival], results)
        if pair is not None and pair.result.n:
            evidence += f"; paired: {difference(pair.result._asdict())} points on {pair.result.n:,}"
        return f"{words} The goal sets no bar of its own.", evidence
    return f"{best.name} is the best of those tried, but is not shown to be good enough.", _figures(llms, results)


def _needed(results: Results, decision: Decision) -> tuple[str, str]:
    if not _llms(results) and not _retired(results):
        return "Not known: no LLM was measured to compare with.", "no LLM measured"
    words = {
        "no": "No, among the LLMs tried: a candidate without one qualifies.",
        "yes": "Yes, among what was tried: every candidate without one is shown to fall short.",
        "undecided": "Not decided by these data.",
    }[decision.needs_llm]
    more = f" About {several(decision.more_labels, 'more label')} would decide." if decision.more_labels else ""
    return words + more, "; ".join(reasons(decision)[-2:])


def _training(results: Results, decision: Decision, studied: Mapping[str, Any]) -> tuple[str, str]:
    """Who is ahead with all labels, and from how many labels on."""
    words, evidence = _trained_or_not(results, decision)
    context = _best(_llms(results), results) or _best_on_tune(_retired(results))
    row = best_price(studied.get("label_price"), context.name) if context else None
    if row is None:
        return words, evidence
    last = last_step_words(studied.get("learning_curves") or [], row["trained"])
    totals = price_total_words(row, studied["label_price"])
    words += f" Label price: {price_words(row)}{f'; {totals}' if totals else ''}."
    return words + (f" More labels: {last}." if last else ""), evidence


def _best_on_tune(retired: Sequence[Result]) -> Result | None:
    """Of rungs retired in the race, the one that was best on tune."""
    return max(retired, key=_raced_value, default=None)


def _trained_or_not(results: Results, decision: Decision) -> tuple[str, str]:
    measured = _measured(results)
    context = _best([r for r in measured if r.record.uses_llm], results)
    trained = _best([r for r in measured if r.record.learns and not r.record.uses_llm], results)
    retired = _retired(results)
    if context is None and trained is not None and retired and all(_behind(r) for r in retired):
        fell = "is ahead of it by the margin" if any(map(_needless, retired)) else "kept up on tune"
        return f"Training is worth it here: no LLM tried {fell}.", _raced(retired, results)
    if context is None or trained is None:
        return "Not known: it takes both an LLM and a trained candidate to compare.", _figures(measured, results)
    pair = next((p for p in decision.comparisons if (p.a, p.b) == (trained.name, context.name)), None)
    if pair is None or not pair.result.n:
        return "Not known: no example was measured on both.", _figures([context, trained], results)
    gap = pair.result.difference
    evidence = f"{trained.name} against {context.name} on the {pair.result.n:,} examples that both answered: "
    evidence += f"{difference(pair.result._asdict())} points"
    if gap > results.goal.margin:
        return (
            f"Training is worth it here: {trained.name} is ahead by {100 * gap:.1f} points where both answered.",
            evidence,
        )
    if gap < -results.goal.margin:
        return f"In-context learning is ahead by {-100 * gap:.1f} points of anything trained on these labels.", evidence
    return "They are level within the margin: the cheaper one wins.", evidence


def _own(results: Results, decision: Decision) -> tuple[str, str]:
    """The best trained rung beside the best language model: quality, price, time, size."""
    measured = _measured(results)
    trained = [r for r in measured if r.record.learns and not r.record.uses_llm and not r.record.recorded]
    own = _best(trained, results)
    if own is None:
        return "Not known: nothing was trained on these labels.", "no trained candidate measured"
    evidence = "; ".join(
        f"{r.name}: {share(_value(r, results))}, {size(_size(r))}, {money(r.cost_per_1000)} per 1,000"
        for r in sorted(trained, key=_size)
        if r.cost_per_1000 is not None
    )
    words = f"{own.name}: one training of {seconds(own.record.fit_seconds or 0.0)}, {size(_size(own))}"
    if results.task.kind == "answer":
        words = f"{own.name}: it reads the base as it is, and your labels teach it only when to answer"
    if own.cost_per_1000 is not None:
        words += f", {money(own.cost_per_1000)} for 1,000 answers"
    llm = _best(_llms(results), results)
    if llm is not None and own.cost_per_1000 and llm.cost_per_1000:
        times = llm.cost_per_1000 / own.cost_per_1000
        words += f"; {llm.name} costs {money(llm.cost_per_1000)}, {times:,.0f} times as much"
        pair = next((p for p in decision.comparisons if (p.a, p.b) == (own.name, llm.name)), None)
        if pair is not None and pair.result.n:
            words += f"; {own.name} less {llm.name}: {difference(pair.result._asdict())} points where both answered"
    words += "."
    if results.task.kind == "classify" and not any("fine-tuned" in r.name for r in trained):
        words += " A small encoder of your own was not tried: strati improve RUN encoder measures one."
    return words, evidence


def _smallest(results: Results, decision: Decision) -> tuple[str, str]:
    fit = [standing.name for standing in decision.standings if standing.qualifies]
    if decision.drowned is not None:
        return "Not decided: the rare answers are rarer together than the margin.", "; ".join(reasons(decision)[:1])
    if not fit:
        return "None is shown to do yet.", "; ".join(reasons(decision)[:2])
    sizes = [(results.result(name), _size(results.result(name))) for name in fit]
    evidence = "; ".join(f"{result.name}: {size(total)}" for result, total in sizes)
    smallest = min(sizes, key=lambda pair: pair[1])[0]
    chosen = f" The verdict, {decision.name}, is the cheapest to run." if decision.name != smallest.name else ""
    beside = " (the base is beside each)" if results.task.kind == "answer" else ""
    which = f"the smallest on disk of the {len(fit)} that qualify{beside}"
    if len(fit) == 1:
        which = "the only one that qualifies"
    return f"{smallest.name} is {which}.{chosen}", evidence


def _size(result: Result) -> int:
    return result.record.model_bytes + result.record.stack_bytes


def _open(results: Results, decision: Decision) -> tuple[str, str]:
    name = decision.name
    alike: dict[str, list[str]] = {}
    for result in _measured(results):
        where = f"{', '.join(result.record.licences)}, {'here' if result.record.private else 'remote'}"
        alike.setdefault(where, []).append(result.name)
    evidence = "; ".join(f"{', '.join(names)}: {where}" for where, names in alike.items())
    if name is None:
        return "Nothing is chosen yet; what was tried is listed.", evidence
    record = results.result(name).record
    silent = ", ".join(record.silent)
    where = (
        f"where inputs go is not known: {silent} does not say what it uses"
        if silent
        else "inputs stay on this machine and the same files give the same answers"
        if record.private
        else "inputs leave this machine, and whoever runs the model may change it"
    )
    return f"The choice is open in that sense: licence {', '.join(record.licences)}; {where}.", evidence


def _cost(results: Results, decision: Decision, studied: Mapping[str, Any]) -> tuple[str, str]:
    volume = results.goal.volume_per_month
    costs = [(result, result.cost_per_1000) for result in _measured(results)]
    evidence = "; ".join(f"{r.name}: {money(c)}" for r, c in costs if c is not None)
    price = f"machine at {money(results.goal.machine_per_hour)} an hour"
    evidence = f"per 1,000 answers: {evidence}"
    if decision.name is None:
        recorded = all(result.record.recorded for result, _ in costs)
        return f"Per 1,000 answers as {'recorded' if recorded else f'listed ({price})'}.", evidence
    result = results.result(decision.name)
    cost = result.cost_per_1000
    if cost is None:
        return "What the chosen candidate costs is not on record.", evidence
    month = cost * volume / 1000
    fit = result.record.fit_seconds or 0.0
    training = fit / 3600 * results.goal.machine_per_hour
    words = f"{decision.name}: {money(month)} a month for {volume:,} answers; one training took {seconds(fit)} "
    words += f"({money(training)}), {price}."
    owned = studied.get("ownership")
    if owned is None:
        return words, evidence
    told = (words, total_words(owned, decision.name), break_even_words(owned))
    return " ".join(filter(None, told)), evidence


def _fast(results: Results, decision: Decision) -> tuple[str, str]:
    rows = [(result, result.latency_ms) for result in _measured(results)]
    evidence = "; ".join(f"{r.name}: p95 {milliseconds(found['p95'])}" for r, found in rows if found)
    limit = results.goal.max_p95_ms
    found = next((found for r, found in rows if r.name == decision.name), None)
    if not evidence:
        return "Not known: no times are on record.", "no time measured"
    if all(result.record.recorded for result, _ in rows):
        return "95 % of the answers arrived within the times listed, where and as they were recorded.", evidence
    if decision.name is None or not found:
        return "95 % of the answers arrive within the times listed, one at a time on this machine.", evidence
    words = f"95 % of the answers of {decision.name} arrive within {milliseconds(found['p95'])}"
    words += ", one at a time on this machine"
    if limit is None:
        return f"{words}. The goal sets no limit.", evidence
    return f"{words}; the limit is {milliseconds(limit)}.", evidence


def _errors(results: Results, decision: Decision) -> tuple[str, str]:
    measured = _measured(results)
    result = results.result(decision.name) if decision.name else _best(measured, results)
    if result is None:
        return "Nothing was measured.", ""
    confidence, right = result.confidences(results.references, results.metric)
    losses = result.losses(results.references, results.metric)
    wrong = float((losses[result.measured] > 0).sum())
    words = f"{result.name} is wrong on {wrong:,.0f} of {int(result.measured.sum()):,} test examples"
    graded = is_graded(results.metric)
    if graded and result.measured.any():
        wrong = float(losses[result.measured].sum())
        words = f"{result.name} loses {share(wrong / int(result.measured.sum()))} on average over "
        words += f"{int(result.measured.sum()):,} test examples ({rule_of(results.metric).words})"
    price = results.goal.wrong_answer_costs
    if price is not None and result.measured.any():
        monthly = wrong / int(result.measured.sum()) * results.goal.volume_per_month * price
        words += f", about {money(monthly)} a month at {money(price)} for each"
    sure = confidence >= 0.9
    guard = "its confidences are not on record"
    if len(confidence):
        some = len(confidence) < result.measured.sum()
        whole = f"the {several(len(confidence), 'answer')} that it gave" if some else "all"
        guard = f"answers with a confidence of .9 or more: {share(float(sure.mean()))} of {whole}"
        if sure.any():
            guard += f", {share(1 - float(right[sure].mean()))} {'lost on average' if graded else 'of them wrong'}"
    if result.record.recorded:
        return f"{words}. Recorded answers cannot be held back by a threshold: what answers them would have to.", guard
    return (
        f"{words}. A threshold on its confidence can send the rest to people: strati certify makes that a guarantee.",
        guard,
    )


def _seen(results: Results, decision: Decision, studied: Mapping[str, Any]) -> tuple[str, str]:  # noqa: ARG001
    llms = [*_llms(results), *_retired(results)]
    if not llms:
        return "No LLM took part; what was trained here saw the training rows only.", "split checked for duplicates"
    names = ", ".join(sorted({str(name) for result in llms for name in result.record.models or [result.name]}))
    found = seen_words(studied.get("contamination"))
    hinted = hints(studied.get("contamination"))
    words = "Not established."
    if hinted:
        words += f" {', '.join(hinted)} lost more than what was trained here: a hint at memory, no proof."
    elif found:
        words += " What was looked at gives no hint at memory, which proves nothing either way."
    words += (
        " If these data, or data like them, were public before a model was trained, its score may be flattered; your "
        "own unpublished examples are the remedy."
    )
    here = any(not result.record.recorded for result in llms)
    labels = results.task.kind == "classify"  # other kinds of answers have no names to make up
    more = "; --twins 50 asks again with made-up label names" if labels and here and not found else ""
    return words, "; ".join(found) or f"models with unknown training data: {names}{more}"
