"""Results and goal -> the verdict: a JSON-ready mapping that all reports draw from (docs/decision-and-verdict.md)."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from strati.core.figures import difference, probability
from strati.core.records import JSON
from strati.measure.journal import Journal
from strati.measure.results import Result, Results, load_results, statistics_of
from strati.measure.studies.repeats import repeat_row, second_statistics, widened
from strati.statistics import Interval, brier_score, expected_calibration_error, quality_interval
from strati.statistics.metric import Statistics
from strati.verdict.afterwards import afterwards, limits
from strati.verdict.decision import Decision, decide
from strati.verdict.headline import best_so_far, headline
from strati.verdict.limits import common, contenders, obstacles, silent_reasons
from strati.verdict.mistakes import by_label, confusions, disagreements
from strati.verdict.questions import questions
from strati.verdict.race_results import limits_of, race_of, retirements
from strati.verdict.ranking import aurc_row
from strati.verdict.spending import spending
from strati.verdict.summary import summary
from strati.verdict.tests import BAR, Standing
from strati.verdict.unfinished import unfinished_reasons

FORMAT = 1


def judge(journal: Journal) -> dict[str, JSON]:
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
    verdict = {
        "format": FORMAT,
        "strati": meta["strati"],
        "run": results.run,
        "created": meta["created"],
        "seed": meta["seed"],
        "task": {key: value for key, value in meta["task"].items() if key != "goal"} | {"labels": list(results.labels)},
        "goal": asdict(results.goal),
        "data": meta["data"],
        "candidates": [
            _candidate(result, results, decision) | {"race": race_of(result, sizes)} for result in results.candidates
        ],
        "comparisons": [
            {
                "a": pair.a,
                "b": pair.b,
                "difference": pair.result.difference,
                "low": pair.result.low,
                "high": pair.result.high,
                "p": pair.result.p_noninferior,
                "p_inferior": pair.result.p_inferior,
                "n": pair.result.n,
                "discordance": pair.result.discordance,
                "method": pair.result.method,
            }
            for pair in decision.comparisons
        ],
        "choice": {
            "name": decision.name,
            "decision": decision.decision,
            "needs_llm": decision.needs_llm,
            "headline": headline(results, decision),
            "best_so_far": best_so_far(results, decision),
            "reasons": [
                *unfinished_reasons(results, spent, shown),
                *decision.reasons,
                *retirements(results),
                *silent_reasons(results),
            ],
            "more_labels": decision.more_labels,
            "more_labels_range": None if decision.more is None else [decision.more.low, decision.more.high],
        },
        "summary": summary(results, decision, shown),
        "frontier": journal.read("frontier"),
        "questions": questions(results, decision, studied),
        **studied,
        "per_class": by_label(results, shown),
        "confusions": confusions(results, shown),
        "disagreements": disagreements(journal, results),
        "environment": meta["environment"],
        "ledger": meta["ledger"],
        "spending": spent,
        "limits": limits(journal, results, limits_of(results, sizes)),
    }
    cleaned: dict[str, JSON] = _clean(verdict)
    return cleaned


def _shown(results: Results, decision: Decision) -> Result | None:
    """The candidate whose errors are shown: the chosen one, else the best measured on the most examples."""
    if decision.name is not None:
        return results.result(decision.name)
    standings = sorted(decision.standings, key=lambda s: (-s.quality.value, -s.n))
    return results.result(standings[0].name) if standings else None


def _candidate(result: Result, results: Results, decision: Decision) -> dict[str, JSON]:
    record = result.record
    standing = next((s for s in decision.standings if s.name == result.name), None)
    confidence, right = result.confidences(results.references, results.metric)
    return {
        "name": result.name,
        "layers": list(record.layers),
        "composed": list(record.composed) or None,
        "status": str(record.status),
        "reason": record.reason,
        "uses_llm": record.uses_llm,
        "model": ", ".join(record.models) or None,
        "quality": _quality(result, results, results.metric.name),
        "other_metrics": [
            _quality(result, results, name) for name in results.kind.metrics if name != results.metric.name
        ],
        "completion": result.completion,
        "calibration": {
            "ece": expected_calibration_error(confidence, right),
            "brier": brier_score(confidence, right),
        }
        if len(confidence)
        else None,
        "aurc": aurc_row(result, results),
        "cost_per_1000": result.cost_per_1000,
        "cost_parts": result.cost_parts,
        "latency_ms": result.latency_ms,
        "batched": not result.timed,
        "seconds_per_answer": result.seconds_per_answer if result.timed else None,
        "tokens_per_answer": result.tokens_per_answer,
        "fit_seconds": record.fit_seconds,
        "memory_mb": None if record.memory is None else record.memory / 2**20,
        "model_bytes": record.model_bytes + record.stack_bytes,
        "licence": ", ".join(record.licences),
        "private": record.private,
        "silent": list(record.silent),
        "failures": result.failures,
        "repeats": repeat_row(result, results),
        "settings": dict(record.settings),
        "forms": [form.to_json() for form in record.forms],
        "refit": _refit(result, results),
        "obstacles": [
            *([f"retired: {record.reason}"] if result.retired else []),
            *([] if result.retired else obstacles(result, results.goal)),
            *_not_shown(standing, decision, results.goal.alpha),
        ],
        "qualifies": standing.qualifies if standing else False,
        "p": standing.p if standing else None,
        "p_adjusted": standing.p_adjusted if standing else None,
        "fingerprint": record.fingerprint,
        "stack": f"stacks/{record.stack}" if record.stack else None,
        "preview": list(record.preview),
    }


def _not_shown(standing: Standing | None, decision: Decision, alpha: float) -> list[str]:
    """Which test a candidate has not passed, in words."""
    if standing is None or standing.qualifies:
        return []
    if standing.always is not None:
        return [f"always answers {standing.always!r}: a yardstick, never a choice"]
    if standing.against is None:
        return []
    holm = ""
    if standing.p <= alpha < standing.p_adjusted:
        holm = f", by Holm's correction alone (p {probability(standing.p)}, then {probability(standing.p_adjusted)})"
    if standing.against == BAR:
        return [f"not shown to reach the bar{holm}"]
    pair = next(p for p in decision.comparisons if (p.a, p.b) == (standing.name, standing.against))
    if not pair.result.n:
        return [f"no example was measured on both it and {standing.against}"]
    return [f"not shown to keep up with {standing.against}: {difference(pair.result._asdict())} points{holm}"]


def _quality(result: Result, results: Results, name: str) -> dict[str, JSON] | None:
    if not result.measured.any():
        return None
    metric = results.metric if name == results.metric.name else results.metric_named(name)
    statistics = (
        result.statistics if name == results.metric.name else statistics_of(metric, results.test, result.answers)
    )
    groups = results.groups and [g for g, kept in zip(results.groups, result.measured, strict=True) if kept]

    def limits(rows: Statistics) -> Interval:
        seed = int(results.meta["seed"])
        return quality_interval(rows[result.measured], metric, 1 - results.goal.alpha, groups, seed)

    second = second_statistics(result, results) if name == results.metric.name else None
    return {"metric": name, **_interval(widened(limits(statistics), None if second is None else limits(second)))}


def _refit(result: Result, results: Results) -> dict[str, JSON] | None:
    if not result.record.refit_rows or not any(answer is not None for answer in result.refit):
        return None
    statistics = statistics_of(results.metric, results.test, result.refit)
    found = quality_interval(
        statistics, results.metric, 1 - results.goal.alpha, results.groups, int(results.meta["seed"])
    )
    return {**_interval(found), "rows": result.record.refit_rows, "certified": False}


def _interval(found: Interval) -> dict[str, JSON]:
    return {"value": found.value, "low": found.low, "high": found.high, "n": found.n, "method": found.method}


def _clean(value: JSON) -> JSON:
    """NaN and infinities become null, numpy numbers and tuples plain ones."""
    if isinstance(value, dict):
        return {key: _clean(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
