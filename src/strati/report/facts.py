"""Looking things up in a verdict: what both reports ask of it. Nothing is computed that a verdict could hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from strati.core import figures

Record = Mapping[str, Any]

BATCHED = "asked in batches: at their price, not timed"
DECISIONS = {"use": "Use it", "none": "Nothing is good enough yet", "undecided": "Undecided"}


def record(verdict: Record, key: str) -> Record:
    """The record under a key; empty where there is none."""
    found = verdict.get(key)
    return found if isinstance(found, Mapping) else {}


def records(verdict: Record, key: str) -> Sequence[Record]:
    """The list of records under a key; empty where there is none."""
    return [entry for entry in verdict.get(key) or [] if isinstance(entry, Mapping)]


def texts(verdict: Record, key: str) -> list[str]:
    """The list of texts under a key, each on one line; empty where there is none."""
    return [figures.line(text) for text in verdict.get(key) or []]


def name_of(candidate: Record) -> str:
    """The name of a rung."""
    return figures.line(candidate.get("name"))


def chosen(verdict: Record) -> Record | None:
    """The rung that was chosen, or None."""
    name = record(verdict, "choice").get("name")
    return next((c for c in records(verdict, "candidates") if name is not None and c.get("name") == name), None)


def is_chosen(verdict: Record, candidate: Record) -> bool:
    """Whether a rung is the chosen one."""
    return chosen(verdict) is candidate


def headline(verdict: Record) -> str:
    """The decision in a sentence or two."""
    choice = record(verdict, "choice")
    return figures.line(choice.get("headline")) or f"{DECISIONS.get(str(choice.get('decision')), 'No decision')}."


def standing(verdict: Record, candidate: Record) -> str:
    """What became of a rung, in a word or two: `chosen`, `yes`, `no`, or why there is no such answer."""
    if is_chosen(verdict, candidate):
        return "chosen"
    status = str(candidate.get("status"))
    if candidate.get("qualifies"):
        return "yes"
    words_for = {"partial": "partial", "failed": "failed", "retired": "retired", "not_allowed": "not allowed"}
    return words_for.get(status, "undecided" if candidate.get("qualifies") is None else "no")


def llm_words(verdict: Record) -> str:
    """Whether an LLM is needed, in words."""
    answer = str(record(verdict, "choice").get("needs_llm"))
    return {"no": "No", "yes": "Yes, among those tried", "undecided": "Undecided"}.get(answer, "Not established")


def seal_words(verdict: Record) -> str:
    """The decision in two or three words."""
    choice = record(verdict, "choice")
    if choice.get("best_so_far"):
        return "Best so far"
    return DECISIONS.get(str(choice.get("decision")), "No decision")


def summary_rows(verdict: Record) -> list[tuple[str, str]]:
    """What a manager asks, with the answers; empty for a verdict that has none."""
    rows = records(verdict, "summary")
    return [(figures.line(row.get("question")), figures.line(row.get("answer"))) for row in rows]


def weakest(verdict: Record, most: int) -> list[Record]:
    """The labels of which fewest are found, worst first; those that occur."""
    rows = [row for row in records(record(verdict, "per_class"), "rows") if row.get("n")]
    return sorted(rows, key=lambda row: (figures.finite(row.get("recall")) or 0.0, str(row.get("label"))))[:most]


def metric_words(metric: Any) -> str:
    """The name of a metric as people say it."""
    name = figures.line(metric)
    return {"accuracy": "accuracy", "macro_f1": "macro-F1", "micro_f1": "micro-F1"}.get(name, name.replace("_", " "))


def metric_of(verdict: Record) -> str:
    """The name of the metric that decides."""
    return metric_words(record(verdict, "task").get("metric") or "quality")


def per_solved(verdict: Record, candidate: Record) -> float | None:
    """Dollars for each task that is solved, those that are not being paid as well; for programs only."""
    cost, quality = figures.finite(candidate.get("cost_per_1000")), record(candidate, "quality")
    solved = figures.finite(quality.get("value"))
    if record(verdict, "task").get("kind") != "code" or cost is None or not solved:
        return None
    return cost / 1000 / solved


def failures_words(candidate: Record) -> str:
    """The failures of a rung, most frequent first, in words."""
    counts = sorted(record(candidate, "failures").items(), key=lambda item: -(figures.finite(item[1]) or 0))
    return ", ".join(f"{figures.line(name).replace('_', ' ')} {figures.count(n)}" for name, n in counts if n)


def goal_lines(goal: Record) -> list[tuple[str, str]]:
    """What was asked for, as (what, how much) pairs; limits that were not set are left out."""
    bar, licences = figures.finite(goal.get("at_least")), texts(goal, "licences")
    lines = [
        ("Quality bar", None if bar is None else f"at least {figures.share(bar)}"),
        ("Margin", _given(goal, "margin", lambda x: f"{figures.share(x)[:-2]} points")),
        ("Risk of a wrong statement (alpha)", _given(goal, "alpha", figures.share)),
        ("Cost limit", _given(goal, "max_cost_per_1000", lambda x: f"{figures.money(x)} per 1,000 answers")),
        ("Time limit (p95)", _given(goal, "max_p95_ms", figures.milliseconds)),
        ("Inputs may leave this machine", None if goal.get("private") is None else figures.yes_no(not goal["private"])),
        ("Licences allowed", ", ".join(licences) or None),
        ("A wrong answer costs", _given(goal, "wrong_answer_costs", figures.money)),
        ("An answer by a person costs", _given(goal, "human_answer_costs", figures.money)),
        ("A person is wrong in", _given(goal, "human_error_rate", figures.share)),
        ("Volume", _given(goal, "volume_per_month", lambda x: f"{figures.count(x)} answers a month")),
        ("Horizon", _given(goal, "horizon_months", lambda x: f"{figures.count(x)} months")),
        ("A label costs", _given(goal, "label_costs", figures.money)),
        ("Trained anew every", _given(goal, "retrain_every_months", lambda x: f"{figures.count(x)} months")),
        ("Fresh labels for it", _given(goal, "labels_per_retraining", figures.count)),
        ("Machine price", _given(goal, "machine_per_hour", lambda x: f"{figures.money(x)} per hour")),
    ]
    return [(what, text) for what, text in lines if text is not None]


def monthly(verdict: Record, candidate: Record) -> str:
    """The price of a month at the stated volume: cost per 1,000 times thousands a month."""
    cost = figures.finite(candidate.get("cost_per_1000"))
    volume = figures.finite(record(verdict, "goal").get("volume_per_month"))
    return figures.MISSING if cost is None or volume is None else figures.money(cost * volume / 1000)


def spending_lines(verdict: Record) -> list[str]:
    """What the run itself has cost, in sentences; none for a run that costs nothing and may cost nothing."""
    spent = record(verdict, "spending")
    total, limit, lost = (figures.finite(spent.get(key)) for key in ("spent", "limit", "lost"))
    if not total and limit is None:
        return []
    allowed = "" if limit is None else f" of the {figures.money(limit)} allowed"
    lines = [f"{figures.money(total)}{allowed} paid to others, all calls of this run together."]
    if lost:
        lines.append(f"{figures.money(lost)} of it was set aside for replies not read yet, and may not have been paid.")
    rungs = [
        f"{name_of(rung)} {figures.money(rung.get('dollars'))} ({figures.count(rung.get('calls'))} calls)"
        for rung in records(spent, "rungs")
    ]
    return [*lines, f"By rung: {', '.join(rungs)}."] if rungs else lines


def _given(goal: Record, key: str, form: Any) -> str | None:
    return None if figures.finite(goal.get(key)) is None else str(form(goal[key]))


def repeats_words(data: Record) -> str:
    """How rows with the same input count; empty where there are none."""
    if data.get("repeats") == "traffic":
        return "each row counts: for traffic that repeats like this"
    left = figures.finite(data.get("left_out"))
    return f"{figures.count(left)} rows left out: one of each input counts" if left else ""
