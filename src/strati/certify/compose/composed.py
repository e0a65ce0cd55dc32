"""Composed stacks among the candidates of a bench: a cheap rung where it is sure, a dear one for the rest.

Found from answers that are there already: no model is asked. The threshold is chosen on tune, the measurement is on the
test examples that both rungs answered, so a composed stack is judged like any other candidate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from strati.certify.compose.assembly import assemble
from strati.certify.compose.composing import Composition, compose
from strati.certify.compose.frontier import FEWEST, frontier
from strati.certify.compose.rung_answers import Part, read_part, rungs_to_compose
from strati.core.errors import DataError, StratiError
from strati.core.identity import fingerprint
from strati.core.lock import raise_if_full
from strati.core.records import JSON
from strati.measure.journal import Journal
from strati.measure.records import CandidateRecord, FormRow, Status
from strati.measure.results import Result, Results, load_results
from strati.stack.folder import save_stack, stack_folder_name


@dataclass(frozen=True)
class Pair:
    """Two rungs and the confidence from which the first one's answer is delivered; accuracy and dollars on tune."""

    names: tuple[str, str]
    composition: Composition
    threshold: float
    accuracy: float
    cost: float


def add_composed(journal: Journal, stacks: Path, resources: Mapping[str, object]) -> None:
    """Add the best pair of rungs, where tune says it is worth a look, and the frontier, to a finished run.

    What was composed when fewer rungs were measured (the money had run out, say) is dropped first.
    """
    for name, record in journal.candidates().items():
        if record.composed:
            journal.forget_candidate(name)
    results = load_results(journal)
    found = rungs_to_compose(journal, results)
    if len(results.meta["units"]) != 1 or not found:
        return
    try:
        tune = read_part(journal, results, [result.name for result in found], "tune")
    except DataError:
        return
    journal.write("frontier", frontier(tune, results))
    pair = best_pair(tune, results.goal.margin)
    if pair is not None:
        _write(journal, results, pair, stacks, resources)


def worth_asking(journal: Journal) -> list[str]:
    """Rungs that a race retired and that, below another, promise more than any rung alone.

    They saw few rows, so what a pair gains on tune has to be above the margin by a standard error.
    """
    results = load_results(journal)
    found = rungs_to_compose(journal, results, unasked=True)
    retired = {result.name for result in found if result.retired}
    if len(results.meta["units"]) != 1 or not retired:
        return []
    try:
        tune = read_part(journal, results, [result.name for result in found], "tune")
    except DataError:
        return []
    pair = best_pair(tune, results.goal.margin)
    if pair is None or retired.isdisjoint(pair.names):
        return []
    rows = np.all([rung.asked for rung in tune.rungs if rung.name in pair.names], axis=0).sum()
    top = max(_alone(tune, place, pair.names)[0] for place in range(len(tune.rungs)))
    gain = pair.accuracy - top
    enough = gain - (max(gain, 0.0) / rows) ** 0.5 > results.goal.margin
    return [name for name in pair.names if name in retired] if enough else []


def best_pair(tune: Part, margin: float) -> Pair | None:
    """The pair that is right most often on tune, cheapest first among equals; None where no pair beats its parts.

    A pair takes part where it could change the decision: where the best single rung on tune is a language model and the
    pair is right more often, or as often at a lower cost; or where it is right more often than a best rung without one
    by more than the margin. All of it on the tune examples that both were asked.
    """
    best: Pair | None = None
    order = sorted(range(len(tune.rungs)), key=lambda place: tune.rungs[place].cost)
    for i, first in enumerate(order):
        for second in order[i + 1 :]:
            if not tune.rungs[second].uses_llm:
                continue
            pair = _pair(tune.only((first, second)))
            if pair is not None and (best is None or (-pair.accuracy, pair.cost) < (-best.accuracy, best.cost)):
                best = pair
    if best is None:
        return None
    rivals = [(*_alone(tune, place, best.names), rung.uses_llm) for place, rung in enumerate(tune.rungs)]
    top = max(accuracy for accuracy, _, _ in rivals)
    if any(accuracy >= top and not uses_llm for accuracy, _, uses_llm in rivals):
        return best if best.accuracy > top + margin else None
    cheapest = min(cost for accuracy, cost, _ in rivals if accuracy >= top)
    return best if best.accuracy > top or (best.accuracy >= top and best.cost < cheapest) else None


def _pair(part: Part) -> Pair | None:
    """The best threshold for two rungs: candidates are the first one's confidences."""
    composition = compose(part)
    confidence = composition.confidences(part)
    both = part.available().all(axis=1)
    if int(both.sum()) < FEWEST:
        return None
    right = _right(part)[both]
    sure = np.where(np.isnan(confidence[both, 0]), -1.0, confidence[both, 0])
    cuts = np.unique(sure)
    thresholds = np.concatenate([(cuts[1:] + cuts[:-1]) / 2, [2.0]])
    delivered = sure[None, :] >= thresholds[:, None]
    accuracy = np.where(delivered, right[:, 0], right[:, 1]).mean(axis=1)
    cost = part.rungs[0].cost + part.rungs[1].cost * (1 - delivered.mean(axis=1))
    best = min(range(len(thresholds)), key=lambda k: (-accuracy[k], cost[k]))
    if not delivered[best].any():
        return None
    names = (part.rungs[0].name, part.rungs[1].name)
    return Pair(names, composition, float(thresholds[best]), float(accuracy[best]), float(cost[best]))


def _alone(tune: Part, place: int, names: tuple[str, str]) -> tuple[float, float]:
    """(accuracy, cost) of one rung on the tune examples that both rungs of a pair, and it, were asked."""
    asked = np.all([rung.asked for rung in tune.rungs if rung.name in names], axis=0)
    rows = np.logical_and(asked, tune.rungs[place].asked)
    if not rows.any():
        return 0.0, float("inf")
    return float(_right(tune)[rows, place].mean()), tune.rungs[place].cost


def _right(part: Part) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Shape [n, L]: 1 where a rung's answer is the reference."""
    rows = [
        [
            0.0 if answer is None else 1.0 - part.loss(answer.value, ref)
            for answer, ref in zip(r.answers, part.references, strict=True)
        ]
        for r in part.rungs
    ]
    return np.array(rows).T


def _write(journal: Journal, results: Results, pair: Pair, stacks: Path, resources: Mapping[str, object]) -> None:
    """The pair as a measured candidate with answers of its own on tune and test."""
    parts = [results.result(name) for name in pair.names]
    name = " > ".join(pair.names)
    for split, part in ((f"tune/{results.meta['units'][0]}", "tune"), ("test", "test")):
        examples = read_part(journal, results, pair.names, part)
        confidence = pair.composition.confidences(examples)
        given = [journal.answers(rung, split) for rung in pair.names]
        both = [all(asked) for asked in zip(*(rung.asked for rung in examples.rungs), strict=True)]
        rows = {
            key: _joined(given[0][key], given[1][key], sure, pair.threshold)
            for key, sure, asked in zip(examples.ids, confidence, both, strict=True)
            if asked
        }
        journal.replace_answers(name, split, rows)
    journal.write_candidate(
        name, len(results.meta["candidates"]), _record(pair, parts, name, stacks, resources, results.task.inputs)
    )


def _joined(first: JSON, second: JSON, sure: np.ndarray[tuple[int], np.dtype[np.float64]], threshold: float) -> JSON:
    """What the pair did to one case, from what each rung did."""
    if first["value"] is not None and sure[0] >= threshold:
        return {**first, "confidence": float(sure[0])}
    usage = {key: first["usage"][key] + second["usage"][key] for key in first["usage"]}
    reason = f"confidence {sure[0]:.3f} is below the threshold {threshold:.3f}"
    passed = [{**step, "outcome": "passed", "reason": reason} for step in first["steps"]]
    confidence = None if second["value"] is None else float(sure[1])
    return {**second, "confidence": confidence, "usage": usage, "steps": [*passed, *second["steps"]]}


def _record(
    pair: Pair,
    parts: list[Result],
    name: str,
    stacks: Path,
    resources: Mapping[str, object],
    inputs: Sequence[str],
) -> CandidateRecord:
    records = [part.record for part in parts]
    thresholds = (pair.threshold, 0.0)
    settings: dict[str, JSON] = {"answers alone from a confidence of": round(pair.threshold, 3)}
    form = FormRow(settings, pair.accuracy, pair.composition.combiners[1].rows, seconds=0.0, chosen=True)
    folder, stack_fingerprint = stack_folder_name([name])[0], None
    try:
        folders = [stacks / str(record.stack) for record in records]
        stack = assemble(pair.composition, thresholds, folders, resources, name, people=False)
        save_stack(stack, stacks / folder, inputs)
        stack_fingerprint = stack.fingerprint()
    except StratiError as error:
        raise_if_full(error, stacks)
        folder = ""
    return replace(
        records[1],
        candidate=fingerprint("composed.v1", parts=[record.candidate for record in records]),
        composed=pair.names,
        layers=tuple(layer for record in records for layer in record.layers),
        uses_llm=any(record.uses_llm for record in records),
        slow=True,
        learns=any(record.learns for record in records),
        private=all(record.private for record in records),
        costs_known=all(record.costs_known for record in records),
        models=tuple(sorted({model for record in records for model in record.models})),
        licences=tuple(sorted({licence for record in records for licence in record.licences})),
        model_bytes=sum(record.model_bytes for record in records),
        settings=settings,
        forms=(form,),
        fit_seconds=sum(record.fit_seconds or 0.0 for record in records),
        latency=(),
        cold=None,
        memory=None,
        stack_bytes=sum(record.stack_bytes for record in records),
        stack=folder or None,
        fingerprint=stack_fingerprint,
        preview=(),
        refit_rows=None,
        taught=None,
        taught_rows=None,
        race=None,
        retirement=None,
        reason=None,
        status=Status.MEASURED,
    )
