"""Signs that the data may have been in a model's training: the drop on twins, and on text after its cut-off.

A drop is no proof: made-up label names are hard for a small model, and later texts can be harder. So the drop after a
cut-off is set against that of a candidate trained here, which saw the training rows only, on the same examples: what
the language model loses beyond it hints at memory. No drop is no proof either. Whatever comes out, whether the data
were seen stays "not established" (Golchin and Surdeanu, arXiv 2308.08493, section 3, and Sainz et al., arXiv
2310.18018, say why).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from strati.core.records import JSON
from strati.measure.journal import Journal
from strati.measure.results import Result, Results, statistics_of
from strati.measure.studies.twins import KINDS
from strati.statistics import Interval, contrast_interval, paired_interval
from strati.statistics.metric import Statistics

NOTE = "Not established: neither a drop nor its absence shows whether a model was trained on these data."
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?$")


def twin_split(kind: str) -> str:
    """The split under which the journal keeps the answers to twins of a kind."""
    return f"twin/{kind}"


def after_cutoff(time: str | None, cutoff: str) -> bool | None:
    """Whether a text is later than a cut-off such as "2024", "2024-06" or "2024-06-01"; None where that is not known.

    >>> after_cutoff("2024-07-01", "2024-06"), after_cutoff("2024-06-30T12:00", "2024-06"), after_cutoff(None, "2024")
    (True, False, None)
    """
    if not time or not _DATE.match(cutoff):
        return None
    return time[: len(cutoff)] > cutoff


def contamination(journal: Journal, results: Results) -> dict[str, JSON] | None:
    """Drops on twins and after cut-offs; None where neither was measured."""
    done = [result for result in results.candidates if result.complete]
    twins = {(result.name, kind): journal.answers(result.name, twin_split(kind)) for result in done for kind in KINDS}
    rows = [
        _twin_row(result, kind, _asked(twins[result.name, kind], results), results)
        for result in done
        for kind in KINDS
        if twins[result.name, kind]
    ]
    later = _after_rows(journal, results, done)
    if not rows and not later:
        return None
    return {"note": NOTE, "twins": rows, "after_cutoff": later}


def _asked(answers: Mapping[str, JSON], results: Results) -> list[JSON]:
    return [answers.get(example.id) for example in results.test]


def _twin_row(result: Result, kind: str, twins: Sequence[JSON], results: Results) -> dict[str, JSON]:
    mask = result.measured & _there(twins)
    first, second = result.statistics[mask], statistics_of(results.metric, results.test, twins)[mask]
    found = paired_interval(
        second, first, results.metric, _confidence(results), results.groups_where(mask), _seed(results)
    )
    changed = sum(
        one["value"] != two["value"] for one, two, kept in zip(result.answers, twins, mask, strict=True) if kept
    )
    return {
        "candidate": result.name,
        "uses_llm": result.record.uses_llm,
        "kind": kind,
        "quality": _value(first, results),
        "twin_quality": _value(second, results),
        "changed": changed / int(mask.sum()) if mask.any() else None,
        **_difference(found),
    }


def _after_rows(journal: Journal, results: Results, done: Sequence[Result]) -> list[dict[str, JSON]]:
    kept = journal.read("cutoffs") or {"times": {}, "cutoffs": {}}
    trained = [r for r in done if not r.record.uses_llm and r.record.learns]
    control = max(trained, key=lambda r: _value(r.statistics[r.measured], results) or 0.0, default=None)
    found = []
    for result in done:
        cutoff = kept["cutoffs"].get(result.name)
        if cutoff is None:
            continue
        sides = [after_cutoff(kept["times"].get(example.id), cutoff) for example in results.test]
        known = np.array([side is not None for side in sides])
        later = np.array([side is True for side in sides])
        if known.any():
            found.append(_after_row(result, control, cutoff, later, known, results))
    return found


def _after_row(
    result: Result,
    control: Result | None,
    cutoff: str,
    later: NDArray[np.bool_],
    known: NDArray[np.bool_],
    results: Results,
) -> dict[str, JSON]:
    mask = result.measured & known
    after, before = _sides(result, later, mask)
    interval = contrast_interval(
        [(1.0, after), (-1.0, before)], results.metric, _confidence(results), results.groups_where(mask), _seed(results)
    )
    row: dict[str, JSON] = {
        "candidate": result.name,
        "cutoff": cutoff,
        "n_after": int((mask & later).sum()),
        "n_before": int((mask & ~later).sum()),
        "after": _value(after, results),
        "before": _value(before, results),
        **_difference(interval),
        "control": control.name if control else None,
        "beyond_control": None,
    }
    if control is not None:
        both = mask & control.measured
        mine, its = _sides(result, later, both), _sides(control, later, both)
        parts = [(1.0, mine[0]), (-1.0, mine[1]), (-1.0, its[0]), (1.0, its[1])]
        beyond = contrast_interval(
            parts, results.metric, _confidence(results), results.groups_where(both), _seed(results)
        )
        row["beyond_control"] = _difference(beyond)
    return row


def _sides(result: Result, later: NDArray[np.bool_], mask: NDArray[np.bool_]) -> tuple[Statistics, Statistics]:
    """Statistics of the examples after, and of those before; zeros in the rows of the other side."""
    inside = later[mask][:, None]
    rows = result.statistics[mask]
    return np.where(inside, rows, 0.0), np.where(inside, 0.0, rows)


def _difference(found: Interval) -> dict[str, JSON]:
    return {"difference": found.value, "low": found.low, "high": found.high, "n": found.n, "method": found.method}


def _value(statistics: Statistics, results: Results) -> float | None:
    value = float(results.metric.aggregate(statistics.sum(axis=0))) if len(statistics) else float("nan")
    return None if np.isnan(value) else value


def _there(answers: Sequence[JSON]) -> NDArray[np.bool_]:
    return np.array([answer is not None for answer in answers], dtype=bool)


def _confidence(results: Results) -> float:
    return 1 - results.goal.alpha


def _seed(results: Results) -> int:
    return int(results.meta["seed"])
