"""Where answers are wrong: by label, in which pairs, and the tune examples on which candidates differ most."""

from __future__ import annotations

from collections import Counter

from strati.core.records import JSON, text_of
from strati.kinds.classify.per_class import ClassRow, per_class
from strati.measure.journal import Journal
from strati.measure.results import Result, Results, statistics_of
from strati.statistics import quality_interval
from strati.task.kind import Kind, ShowsWithInput

SHOWN_DISAGREEMENTS = 12
SHOWN_CONFUSIONS = 15
SHOWN_TEXT = 300


def by_label(results: Results, shown: Result | None) -> dict[str, JSON] | None:
    """Precision, recall and their limits for each label."""
    if shown is None or not results.labels:
        return None
    pairs = [(str(r), a["value"]) for r, a in zip(results.references, shown.answers, strict=True) if a is not None]
    rows = per_class([r for r, _ in pairs], [v for _, v in pairs], results.labels, 1 - results.goal.alpha)
    if results.groups is not None:
        rows = [_by_group(row, results, shown) for row in rows]
    return {"candidate": shown.name, "rows": [row._asdict() for row in rows]}


def _by_group(row: ClassRow, results: Results, shown: Result) -> ClassRow:
    """A label's row with limits that allow for groups: exact ones hold for independent examples only."""
    places = [
        place
        for place, (reference, answer) in enumerate(zip(results.references, shown.answers, strict=True))
        if answer is not None and str(reference) == row.label
    ]
    if not places or results.groups is None:
        return row
    metric = results.right_wrong
    statistics = statistics_of(metric, results.test, shown.answers)[places]
    groups = [results.groups[place] for place in places]
    found = quality_interval(statistics, metric, 1 - results.goal.alpha, groups, int(results.meta["seed"]))
    return row._replace(low=found.low, high=found.high)


def confusions(results: Results, shown: Result | None) -> dict[str, JSON] | None:
    """The commonest pairs of reference and wrong answer."""
    if shown is None or not results.labels:
        return None
    pairs = Counter(
        (str(r), str(a["value"]) if a["value"] is not None else "(no answer)")
        for r, a in zip(results.references, shown.answers, strict=True)
        if a is not None and a["value"] != r
    )
    rows = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:SHOWN_CONFUSIONS]
    return {
        "candidate": shown.name,
        "rows": [{"reference": r, "answer": a, "count": count} for (r, a), count in rows],
    }


def disagreements(journal: Journal, results: Results) -> list[dict[str, JSON]]:
    """Tune examples on which the rungs differ most, and no test example: errors on test stay unseen."""
    examples = {example.id: example for example in journal.examples("tune")}
    answers: dict[str, dict[str, JSON]] = {}
    for result in results.candidates:
        for unit in results.meta["units"]:
            for key, answer in journal.answers(result.name, f"tune/{unit}").items():
                answers.setdefault(key, {})[result.name] = answer["value"]
    show = results.kind.show
    rows = [
        (len({"" if value is None else show(value) for value in given.values()}), len(given), key)
        for key, given in answers.items()
        if key in examples
    ]
    rows.sort(key=lambda row: (-row[1], -row[0], row[2]))
    return [
        {
            "id": key,
            "text": str(examples[key].input)[:SHOWN_TEXT],
            "reference": _shown(results.kind, examples[key].reference, text_of(examples[key].input or "")),
            "answers": {
                name: None if value is None else _shown(results.kind, value, text_of(examples[key].input or ""))
                for name, value in answers[key].items()
            },
        }
        for kinds, _, key in rows
        if kinds > 1
    ][:SHOWN_DISAGREEMENTS]


def _shown(kind: Kind, value: JSON, text: str) -> str:
    return kind.show_with(value, text) if isinstance(kind, ShowsWithInput) else kind.show(value)
