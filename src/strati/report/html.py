"""The verdict as one HTML file: no network, no scripts, every text escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from strati.core import figures
from strati.core.records import JSON
from strati.report import composed, facts
from strati.report.chart import chart, marks_of, sunk
from strati.report.curves import curves_drawing, levels, risk_drawing
from strati.report.markup import Html, join, tag
from strati.report.spark import ends_of, spark
from strati.report.total import composed_words, cost_range, missing
from strati.verdict.label_price import Reached
from strati.verdict.words.studies import KIND_WORDS, break_even_words

if TYPE_CHECKING:
    from jinja2 import Environment

PARTS = ("opening", "ladder", "composed", "questions", "mistakes", "cost", "total", "labels", "seen", "data")
CONTENTS = {
    "short": "In short",
    "chart": "Chart",
    "ladder": "Ladder",
    "composed": "Composed",
    "why": "Why",
    "questions": "Questions",
    "comparisons": "Comparisons",
    "mistakes": "Mistakes",
    "cost": "Cost",
    "total": "Total cost",
    "labels": "Labels",
    "seen": "Memory",
    "data": "Data",
    "reproduce": "Reproduce",
    "methods": "Method",
}
SHORT = 20
Record = facts.Record


def render_html(verdict: Mapping[str, Any]) -> str:
    """A verdict (the contents of `verdict.json`) as one self-contained HTML page."""
    return _rendered("report.html", verdict)


def render_part(name: str, verdict: Mapping[str, Any]) -> str:
    """One part of the page alone, by the name of its template; empty where the verdict has nothing for it."""
    return _rendered(f"{name}.html", verdict).strip()


def _rendered(template: str, verdict: Mapping[str, Any]) -> str:
    text = _pages().get_template(template).render(v=verdict)
    return figures.clean(text)  # no text of a user may steer a terminal, or turn the reading direction around


@cache
def _pages() -> Environment:
    """The templates. A misspelt name is an error; a key that a verdict does not have is nothing."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    class Pages(Environment):
        def getattr(self, obj: Any, attribute: str) -> Any:
            if obj is None or isinstance(obj, Mapping):
                return self.getitem(obj, attribute)
            return super().getattr(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if obj is None:
                return None
            return obj.get(argument) if isinstance(obj, Mapping) else super().getitem(obj, argument)

    made = Pages(
        loader=PackageLoader("strati.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: "" if value is None else value,
    )
    made.filters |= FILTERS
    made.globals |= NAMES | {"style": Html(files("strati.report").joinpath("style.css").read_text("utf-8"))}
    return made


def unbroken(text: str) -> Html:
    """A heading whose short names with hyphens stay on one line."""
    parts = [tag("span", word, class_="whole") if "-" in word and len(word) < SHORT else word for word in text.split()]
    return join(*(join(" ", part) for part in parts))


def between(quality: Record) -> str:
    """The interval of the key figure, without its value."""
    low, high = figures.finite(quality.get("low")), figures.finite(quality.get("high"))
    if low is None or high is None:
        return ""
    return f"{figures.interval(quality).partition('(')[2].rstrip(')')} %"


def memory(candidate: Record) -> float | None:
    """Its memory in bytes."""
    found = figures.finite(candidate.get("memory_mb"))
    return None if found is None else found * 1e6


def undrawn(verdict: Record, drawn: Sequence[int]) -> str:
    """The names of the rungs that the chart does not show."""
    rungs = facts.records(verdict, "candidates")
    return ", ".join(facts.name_of(rung) for number, rung in enumerate(rungs, 1) if number not in drawn)


def other_metrics(candidate: Record) -> list[str]:
    """The metrics that do not decide, with their intervals."""
    return [
        f"{facts.metric_words(m.get('metric'))} {figures.interval(m)}"
        for m in facts.records(candidate, "other_metrics")
    ]


def rung_ends(verdict: Record) -> tuple[float, float]:
    """The ends of the drawings in the table of rungs."""
    qualities = [facts.record(c, "quality") for c in facts.records(verdict, "candidates")]
    return ends_of([(quality.get("value"), quality.get("low")) for quality in qualities])


def label_ends(rows: Sequence[Record]) -> tuple[float, float]:
    """The ends of the drawings in the table of labels."""
    return ends_of([(row.get("recall"), row.get("low")) for row in rows])


def scale(ends: tuple[float, float]) -> str:
    """The heading of a column of drawings."""
    return f"{ends[0] * 100:.0f} to 100 %"


def cell_spark(estimate: Record | None, ends: tuple[float, float], line: Any = None, kind: str = "") -> Html:
    """An estimate drawn for a cell, with the goal's bar."""
    found, bar = estimate or {}, figures.finite(line)
    return spark(found.get("value"), found.get("low"), found.get("high"), ends, [] if bar is None else [bar], kind)


def pair_spark(pair: Record, pairs: Sequence[Record], margin: Any) -> Html:
    """A difference drawn for a cell, on the scale of all pairs of the table, with 0 and the margin."""
    band = figures.finite(margin)
    ends = [abs(x) for c in pairs for key in ("low", "high", "difference") if (x := figures.finite(c.get(key)))]
    reach = max([*ends, band or 0.0, 0.01])
    lines = [0.0] if band is None else [0.0, -band]
    return spark(pair.get("difference"), pair.get("low"), pair.get("high"), (-reach, reach), lines)


def worst_first(verdict: Record) -> list[Record]:
    """The labels, worst recall first."""
    rows = facts.records(facts.record(verdict, "per_class"), "rows")
    return sorted(rows, key=lambda row: 1.0 if (recall := figures.finite(row.get("recall"))) is None else recall)


def answers_of(entry: Record) -> list[tuple[str, list[str], bool | None]]:
    """What the rungs answered to an example: answer, rungs, and whether it is right where that is known."""
    reference = entry.get("reference")
    grouped: dict[str, list[str]] = {}
    for name, answer in facts.record(entry, "answers").items():
        grouped.setdefault(figures.answer_text(answer), []).append(figures.line(name))
    return [
        (answer, names, None if reference is None else answer == figures.answer_text(reference))
        for answer, names in grouped.items()
    ]


def filled(entries: Sequence[tuple[str, JSON]]) -> list[tuple[str, str]]:
    """Names and values without those that have no value."""
    return [(name, text) for name, value in entries if (text := figures.line(value))]


def counted(value: Any) -> str:
    """A number of things; empty where it is not known."""
    return "" if value is None else figures.count(value)


def packages(environment: Record | None) -> str:
    """The versions of packages, in a line."""
    found = facts.record(environment or {}, "packages")
    return ", ".join(f"{figures.line(name)} {figures.line(version)}" for name, version in found.items())


FILTERS: dict[str, Callable[..., Any]] = {
    name: getattr(figures, name)
    for name in (
        *("answer_text", "count", "difference", "interval", "milliseconds", "moment", "money", "points"),
        *("probability", "ratio", "seconds", "settings_text", "share", "shorten", "size", "yes_no"),
    )
} | {"count_of": lambda found: figures.count(len(found))}
NAMES: dict[str, Any] = {
    "parts": PARTS,
    "contents": CONTENTS,
    "decisions": facts.DECISIONS,
    "batched": facts.BATCHED,
    "missing": figures.MISSING,
    "reached": Reached,
    "kind_words": KIND_WORDS,
    "standing_of": facts.standing,
    "spark": cell_spark,
    "missing_prices": missing,
    **{
        made.__name__: made
        for made in (
            *(facts.chosen, facts.is_chosen, facts.headline, facts.llm_words, facts.seal_words, facts.summary_rows),
            *(
                facts.metric_of,
                facts.failures_words,
                facts.goal_lines,
                facts.monthly,
                facts.spending_lines,
                facts.per_solved,
            ),
            *(facts.repeats_words, chart, marks_of, sunk, risk_drawing, curves_drawing, levels, cost_range),
            *(composed.composed_drawing, composed.marks_in_words, composed.shown_points, composed.setting_words),
            *(composed.best_point, composed.best_words, composed_words, break_even_words, unbroken, between, memory),
            *(undrawn, other_metrics, rung_ends, label_ends, scale, pair_spark, worst_first, answers_of, filled),
            *(counted, packages),
        )
    },
}
