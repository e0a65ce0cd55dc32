"""The rungs in the HTML report: the ladder, its details, the forms tried, the comparisons, the rules."""

from __future__ import annotations

from collections.abc import Sequence

from strati.core import figures
from strati.report.facts import (
    BATCHED,
    Record,
    chosen,
    failures_words,
    is_chosen,
    metric_of,
    metric_words,
    name_of,
    record,
    records,
    standing,
    texts,
)
from strati.report.markup import Child, Html, join, tag
from strati.report.races import races
from strati.report.ranking import ranking
from strati.report.spark import ends_of, spark
from strati.report.tables import Column, Row, bullets, fold, note, section, table


def ladder(verdict: Record) -> Html:
    """Every rung with its quality, price, time, and what stands in its way."""
    candidates = records(verdict, "candidates")
    qualities = [record(c, "quality") for c in candidates]
    ends = ends_of([(quality.get("value"), quality.get("low")) for quality in qualities])
    columns = [
        Column("Rung", "rung"),
        Column(f"{metric_of(verdict).capitalize()} on test", "number"),
        Column(f"{ends[0] * 100:.0f} to 100 %", "picture"),
        Column("Per 1,000", "number"),
        Column("p95", "number"),
        Column("LLM"),
        Column("Qualifies"),
        Column("What stands in the way", "prose"),
    ]
    rows = [Row(_rung(verdict, number, c, ends), _kind(verdict, c)) for number, c in enumerate(candidates, 1)]
    return section(
        "The ladder",
        "ladder",
        table("Candidates, simplest first", columns, rows),
        note(figures.line(record(verdict, "limits").get("note"))),
        races(candidates),
        _refits(candidates),
        ranking(verdict),
        _details(candidates),
        _forms(candidates),
        _previews(candidates),
    )


def comparisons(verdict: Record) -> Html:
    """Differences to the chosen rung, and every ordered pair."""
    every = records(verdict, "comparisons")
    rung = chosen(verdict)
    mine = [c for c in every if rung is not None and c.get("a") == rung.get("name")]
    shown = (
        _pairs(verdict, f"{name_of(rung)} minus each other rung, in percentage points", mine, short=True)
        if rung is not None and mine
        else None
    )
    whole = (
        _pairs(verdict, "Every ordered pair: the first minus the second, in percentage points", every)
        if every
        else None
    )
    return section(
        "Compared pair by pair",
        "comparisons",
        tag("p", "The same test examples, answered by both. Above 0 the first of the pair is better.")
        if every
        else None,
        shown,
        fold(f"All {figures.count(len(every))} ordered pairs", whole, in_print=False) if whole else None,
    )


def _rung(verdict: Record, number: int, candidate: Record, ends: tuple[float, float]) -> list[Child]:
    quality = record(candidate, "quality")
    goal = figures.finite(record(verdict, "goal").get("at_least"))
    lines = [] if goal is None else [goal]
    mark = "chosen" if is_chosen(verdict, candidate) else ""
    return [
        join(tag("span", number, class_="rank"), _name(candidate)),
        figures.interval(quality),
        spark(quality.get("value"), quality.get("low"), quality.get("high"), ends, lines, _shade(candidate)),
        figures.money(candidate.get("cost_per_1000")),
        figures.milliseconds(record(candidate, "latency_ms").get("p95")),
        figures.yes_no(candidate.get("uses_llm")),
        tag("span", standing(verdict, candidate), class_=f"standing {mark}".strip()),
        bullets(texts(candidate, "obstacles"), "tight"),
    ]


def _name(candidate: Record) -> Html:
    model = figures.line(candidate.get("model"))
    below = [
        ", ".join(texts(candidate, "layers")),
        f"model {model}" if model and model not in name_of(candidate) else "",
        BATCHED if candidate.get("batched") else "",
    ]
    small = " · ".join(part for part in below if part)
    return tag("span", tag("bdi", name_of(candidate)), tag("small", small) if small else None, class_="name")


def _shade(candidate: Record) -> str:
    return "llm" if candidate.get("uses_llm") else ""


def _kind(verdict: Record, candidate: Record) -> str | None:
    return "chosen" if is_chosen(verdict, candidate) else None


def _refits(candidates: Sequence[Record]) -> Html:
    columns = [
        Column("Rung"),
        Column("On test, uncertified", "number"),
        Column("Fitted on rows", "number"),
        Column("n", "number"),
    ]
    rows = [
        Row([name_of(c), figures.interval(refit), figures.count(refit.get("rows")), figures.count(refit.get("n"))])
        for c in candidates
        if (refit := record(c, "refit"))
    ]
    if not rows:
        return join()
    return join(
        tag("h3", "Fitted again on all training rows"),
        note("Uncertified: these figures decided nothing."),
        table("Refit on all training rows", columns, rows),
    )


def _details(candidates: Sequence[Record]) -> Html:
    measured = ["n", "Interval", "Other metrics", "Answered", "Failures", "ECE", "Brier", "AURC", "p", "p adjusted"]
    taken = [
        "p50",
        "p99",
        "Cold start",
        "Tokens in",
        "cached",
        "out",
        "Fit",
        "Memory",
        "On disk",
        "Licence",
        "Stays here",
    ]
    set_as = {"Interval": "text", "Failures": "text", "Licence": "text", "Stays here": "text"}
    return fold(
        "More about each rung: other metrics, calibration, times, memory, licence",
        *(
            table(
                caption,
                [Column("Rung"), *(Column(title, set_as.get(title, "number")) for title in titles)],
                [Row([name_of(c), *cells(c)]) for c in candidates],
            )
            for caption, titles, cells in (
                ("Quality and confidence on test", measured, _measured),
                ("Time per answer, size and terms", taken, _taken),
            )
        ),
    )


def _measured(candidate: Record) -> list[Child]:
    quality, calibration = record(candidate, "quality"), record(candidate, "calibration")
    others = [f"{metric_words(m.get('metric'))} {figures.interval(m)}" for m in records(candidate, "other_metrics")]
    return [
        figures.count(quality.get("n")),
        figures.line(quality.get("method")) or figures.MISSING,
        bullets(others, "tight") or figures.MISSING,
        figures.share(candidate.get("completion")),
        failures_words(candidate) or "none",
        figures.ratio(calibration.get("ece")),
        figures.ratio(calibration.get("brier")),
        _aurc(record(candidate, "aurc")),
        figures.probability(candidate.get("p")),
        figures.probability(candidate.get("p_adjusted")),
    ]


def _aurc(found: Record) -> str:
    if not found:
        return figures.MISSING
    return (
        f"{figures.ratio(found.get('value'))} ({figures.ratio(found.get('low'))} to {figures.ratio(found.get('high'))})"
    )


def _taken(candidate: Record) -> list[Child]:
    latency, tokens = record(candidate, "latency_ms"), record(candidate, "tokens_per_answer")
    memory = figures.finite(candidate.get("memory_mb"))
    return [
        figures.milliseconds(latency.get("p50")),
        figures.milliseconds(latency.get("p99")),
        figures.milliseconds(latency.get("cold")),
        figures.count(tokens.get("in")),
        figures.count(tokens.get("cached")),
        figures.count(tokens.get("out")),
        figures.seconds(candidate.get("fit_seconds")),
        figures.size(None if memory is None else memory * 1e6),
        figures.size(candidate.get("model_bytes")),
        figures.line(candidate.get("licence")) or figures.MISSING,
        "does not say" if candidate.get("silent") else figures.yes_no(candidate.get("private")),
    ]


def _forms(candidates: Sequence[Record]) -> Html:
    columns = [
        Column("Rung"),
        Column("Settings", "prose"),
        Column("On tune", "number"),
        Column("n", "number"),
        Column("Took", "number"),
        Column("Chosen"),
    ]
    rows = [
        Row([name_of(c), *_form(form)], "chosen" if form.get("chosen") else None)
        for c in candidates
        for form in records(c, "forms")
    ]
    explained = note("Chosen on the tune split alone; the test examples played no part.")
    tried = "Prompt and setting forms tried, rung by rung"
    return fold(tried, explained, table("Forms tried", columns, rows)) if rows else join()


def _form(form: Record) -> list[Child]:
    return [
        figures.settings_text(record(form, "settings")),
        figures.share(form.get("tune")),
        figures.count(form.get("n")),
        figures.seconds(form.get("seconds")),
        "chosen" if form.get("chosen") else "",
    ]


def _previews(candidates: Sequence[Record]) -> Html:
    shown = [
        join(tag("h4", name_of(c)), tag("pre", "\n".join(figures.clean(text) for text in c["preview"]), dir="auto"))
        for c in candidates
        if texts(c, "preview")
    ]
    return fold("What the readable rungs look like", shown) if shown else join()


def _pairs(verdict: Record, caption: str, rows: Sequence[Record], short: bool = False) -> Html:
    margin = figures.finite(record(verdict, "goal").get("margin"))
    ends = [
        abs(x) for c in rows for key in ("low", "high", "difference") if (x := figures.finite(c.get(key))) is not None
    ]
    reach = max([*ends, margin or 0.0, 0.01])
    columns = [
        *([Column("Minus")] if short else [Column("First"), Column("Second")]),
        Column("Difference", "number"),
        *([Column("Worse | better", "picture")] if short else []),
        Column("p, not worse", "number"),
        Column("p, worse", "number"),
        Column("n", "number"),
        Column("Answers differ", "number"),
        Column("Method"),
    ]
    return table(caption, columns, [Row(_pair(c, reach, margin, short)) for c in rows])


def _pair(c: Record, reach: float, margin: float | None, short: bool) -> list[Child]:
    lines = [0.0] if margin is None else [0.0, -margin]
    drawn = spark(c.get("difference"), c.get("low"), c.get("high"), (-reach, reach), lines) if short else None
    return [
        *([figures.line(c.get("b"))] if short else [figures.line(c.get("a")), figures.line(c.get("b"))]),
        figures.difference(c),
        *([drawn] if short else []),
        figures.probability(c.get("p")),
        figures.probability(c.get("p_inferior")),
        figures.count(c.get("n")),
        figures.share(c.get("discordance")),
        figures.line(c.get("method")) or figures.MISSING,
    ]
