"""Results and goal -> the verdict that all reports draw from (docs/decision-and-verdict.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from strati.core.records import JSON
from strati.measure.journal import Journal
from strati.measure.results import Result, Results, load_results, statistics_of
from strati.measure.studies.repeats import repeat_row, second_statistics, widened
from strati.statistics import Interval, brier_score, expected_calibration_error, quality_interval
from strati.statistics.metric import Statistics
from strati.verdict.afterwards import afterwards, limits
from strati.verdict.decision import Decision, decide
from strati.verdict.limits import common, contenders
from strati.verdict.mistakes import by_label, confusions, disagreements
from strati.verdict.ranking import aurc_row
from strati.verdict.record import Choice, ComparedPair, Estimate, JudgedCandidate, Verdict
from strati.verdict.spending import spending
from strati.verdict.tests import Pair
from strati.verdict.words.headline import best_so_far, headline
from strati.verdict.words.limits import in_the_way, silent_reasons
from strati.verdict.words.questions import questions
from strati.verdict.words.race import limits_of, reason_of, retirements
from strati.verdict.words.reasons import reasons
from strati.verdict.words.summary import summary
from strati.verdict.words.unfinished import unfinished_reasons


def judge(journal: Journal) -> Verdict:
    """The verdict of a run, from its journal alone."""
    results = load_results(journal)
    decision = decide(
        contenders(results),
        results.metric,
        results.goal,
        results.groups,
        int(results.meta["seed"]),
        [result.name for result in results.candidates if result.raced_out and result.record.uses_llm],
        any(race.against is not None for result in results.candidates if (race := result.raced_out)),
        results.unfinished_llms,
        [name for name in results.unfinished if name not in results.unfinished_llms],
        common(results),
    )
    shown = _shown(results, decision)
    meta, sizes, spent = results.meta, journal.read("sizes") or {}, spending(journal)
    studied = afterwards(journal, results, decision)
    why = (
        *unfinished_reasons(results, spent, shown),
        *reasons(decision),
        *retirements(results),
        *silent_reasons(results),
    )
    more = decision.more
    return Verdict(
        strati=meta["strati"],
        run=results.run,
        created=meta["created"],
        seed=meta["seed"],
        task={key: value for key, value in meta["task"].items() if key != "goal"} | {"labels": list(results.labels)},
        goal=asdict(results.goal),
        data=meta["data"],
        candidates=tuple(_candidate(result, results, decision, _race(result, sizes)) for result in results.candidates),
        comparisons=tuple(map(_compared, decision.comparisons)),
        choice=Choice(
            name=decision.name,
            decision=decision.decision,
            needs_llm=decision.needs_llm,
            headline=headline(results, decision),
            best_so_far=best_so_far(results, decision),
            reasons=why,
            more_labels=decision.more_labels,
            more_labels_range=None if more is None else (more.low, more.high),
        ),
        summary=summary(results, decision, shown),
        frontier=journal.read("frontier"),
        questions=questions(results, decision, studied),
        **studied,
        per_class=by_label(results, shown),
        confusions=confusions(results, shown),
        disagreements=disagreements(journal, results),
        environment=meta["environment"],
        ledger=meta["ledger"],
        spending=spent,
        limits=limits(journal, results, limits_of(results, sizes)),
    )


def _compared(pair: Pair) -> ComparedPair:
    found = pair.result
    return ComparedPair(
        pair.a,
        pair.b,
        found.difference,
        found.low,
        found.high,
        found.p_noninferior,
        found.p_inferior,
        found.n,
        found.discordance,
        found.method,
    )


def _shown(results: Results, decision: Decision) -> Result | None:
    """The candidate whose errors are shown: the chosen one, else the best measured on the most examples."""
    if decision.name is not None:
        return results.result(decision.name)
    standings = sorted(decision.standings, key=lambda s: (-s.quality.value, -s.n))
    return results.result(standings[0].name) if standings else None


def _candidate(result: Result, results: Results, decision: Decision, race: dict[str, JSON] | None) -> JudgedCandidate:
    record = result.record
    standing = next((s for s in decision.standings if s.name == result.name), None)
    confidence, right = result.confidences(results.references, results.metric)
    calibration = {"ece": expected_calibration_error(confidence, right), "brier": brier_score(confidence, right)}
    others = tuple(_quality(result, results, name) for name in results.kind.metrics if name != results.metric.name)
    return JudgedCandidate(
        name=result.name,
        layers=record.layers,
        composed=record.composed or None,
        status=str(record.status),
        reason=reason_of(record, results.goal),
        uses_llm=record.uses_llm,
        model=", ".join(record.models) or None,
        quality=_quality(result, results, results.metric.name),
        other_metrics=others,
        completion=result.completion,
        calibration=calibration if len(confidence) else None,
        aurc=aurc_row(result, results),
        cost_per_1000=result.cost_per_1000,
        cost_parts=result.cost_parts,
        latency_ms=result.latency_ms,
        batched=not result.timed,
        seconds_per_answer=result.seconds_per_answer if result.timed else None,
        tokens_per_answer=result.tokens_per_answer,
        fit_seconds=record.fit_seconds,
        memory_mb=None if record.memory is None else record.memory / 2**20,
        model_bytes=record.model_bytes + record.stack_bytes,
        licence=", ".join(record.licences),
        private=record.private,
        silent=record.silent,
        failures=result.failures,
        repeats=repeat_row(result, results),
        settings=record.settings,
        forms=tuple(form.to_json() for form in record.forms),
        refit=_refit(result, results),
        obstacles=tuple(in_the_way(result, results, decision)),
        qualifies=standing.qualifies if standing else False,
        p=standing.p if standing else None,
        p_adjusted=standing.p_adjusted if standing else None,
        fingerprint=record.fingerprint,
        stack=f"stacks/{record.delivered}" if record.delivered else None,
        preview=record.preview,
        race=race,
    )


def _race(result: Result, sizes: Mapping[str, JSON]) -> dict[str, JSON] | None:
    """What is known of a slow rung from the race, with what its retirement saved; None for one that did not race."""
    race = result.record.race
    if race is None:
        return None
    saved = sizes["sample"] if result.retired and "sample" in sizes else 0
    seconds = None if race.seconds is None else saved * race.seconds
    return {**race.to_json(), "saved_answers": saved, "saved_seconds": seconds}


def _quality(result: Result, results: Results, name: str) -> Estimate | None:
    if not result.measured.any():
        return None
    metric = results.metric if name == results.metric.name else results.metric_named(name)
    statistics = (
        result.statistics if name == results.metric.name else statistics_of(metric, results.test, result.answers)
    )
    groups = results.groups_where(result.measured)

    def limits(rows: Statistics) -> Interval:
        seed = int(results.meta["seed"])
        return quality_interval(rows[result.measured], metric, 1 - results.goal.alpha, groups, seed)

    second = second_statistics(result, results) if name == results.metric.name else None
    return Estimate.of(name, widened(limits(statistics), None if second is None else limits(second)))


def _refit(result: Result, results: Results) -> dict[str, JSON] | None:
    if not result.record.refit_rows or not any(answer is not None for answer in result.refit):
        return None
    statistics = statistics_of(results.metric, results.test, result.refit)
    found = quality_interval(
        statistics, results.metric, 1 - results.goal.alpha, results.groups, int(results.meta["seed"])
    )
    estimate = Estimate.of(results.metric.name, found)._asdict()
    del estimate["metric"]
    return {**estimate, "rows": result.record.refit_rows, "certified": False}
