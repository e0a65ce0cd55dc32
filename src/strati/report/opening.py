"""The first screen of the HTML report: the decision, why, what was asked for, the key figures, the chart."""

from __future__ import annotations

from strati.core import figures
from strati.report.chart import chart, marks_of, sunk
from strati.report.facts import (
    DECISIONS,
    Record,
    chosen,
    goal_lines,
    headline,
    llm_words,
    metric_of,
    monthly,
    name_of,
    record,
    records,
    seal_words,
    summary_rows,
    texts,
)
from strati.report.markup import Html, join, tag
from strati.report.tables import bullets, note, pairs, section

SHORT = 20


def masthead(verdict: Record) -> Html:
    """Where the report comes from, and the decision as its title."""
    choice, data = record(verdict, "choice"), record(verdict, "data")
    decision = str(choice.get("decision"))
    origin = [figures.line(data.get("name")), figures.moment(verdict.get("created")) if verdict.get("created") else ""]
    more = choice.get("more_labels")
    return tag(
        "header",
        tag("p", tag("b", "strati"), " verdict", [join(" · ", part) for part in origin if part], class_="origin"),
        tag("h1", _unbroken(headline(verdict)), dir="auto"),
        tag(
            "p",
            tag(
                "span",
                seal_words(verdict),
                class_=f"seal {decision if decision in DECISIONS else ''}",
            ),
            tag("span", "LLM needed: ", tag("b", llm_words(verdict))),
            tag("span", "Labels that would decide: ", tag("b", f"about {figures.count(more)} more"))
            if more is not None
            else None,
            class_="seals",
        ),
    )


def first(verdict: Record) -> Html:
    """What to use, how good, how sure, what it costs, what next."""
    rows = summary_rows(verdict)
    return section("In short", "short", pairs(rows, "facts")) if rows else join()


def reasons(verdict: Record) -> Html:
    """Why it was decided so."""
    why = bullets(texts(record(verdict, "choice"), "reasons"), "reasons")
    return section("Why", "why", why)


def asked(verdict: Record) -> Html:
    """The goal and the limits that were set."""
    return section("What was asked for", "goal", pairs(goal_lines(record(verdict, "goal")), "facts two"))


def key_figures(verdict: Record) -> Html:
    """The chosen rung in six figures; nothing when none was chosen."""
    rung = chosen(verdict)
    if rung is None:
        return join()
    quality, latency = record(rung, "quality"), record(rung, "latency_ms")
    low, high = figures.finite(quality.get("low")), figures.finite(quality.get("high"))
    between = (
        f"{figures.interval(quality).partition('(')[2].rstrip(')')} %" if low is not None and high is not None else ""
    )
    volume = record(verdict, "goal").get("volume_per_month")
    tiles = [
        (metric_of(verdict).capitalize() + " on test", figures.share(quality.get("value")), between),
        ("Cost per 1,000 answers", figures.money(rung.get("cost_per_1000")), _paid(rung)),
        ("Cost per month", monthly(verdict, rung), f"{figures.count(volume)} answers" if volume is not None else ""),
        (
            "Time per answer, p95",
            figures.milliseconds(latency.get("p95")),
            f"median {figures.milliseconds(latency.get('p50'))}",
        ),
        ("Answered", figures.share(rung.get("completion")), "of the test examples"),
        ("Memory", figures.size(_mb(rung)), f"{figures.size(rung.get('model_bytes'))} on disk"),
    ]
    return section(
        f"{name_of(rung)} in figures",
        "chosen",
        tag("dl", [_tile(*tile) for tile in tiles], class_="tiles"),
        _refit(rung),
    )


def picture(verdict: Record) -> Html:
    """The chart, once for wide pages and once for phones, and how to read it."""
    if not marks_of(verdict):
        return join()
    margin = figures.finite(record(verdict, "goal").get("margin"))
    rungs = records(verdict, "candidates")
    drawn = {mark.number for mark in marks_of(verdict)}
    absent = [name_of(c) for number, c in enumerate(rungs, 1) if number not in drawn]
    band = f" The shaded band is within {figures.share(margin)[:-2]} points of the best." if margin is not None else ""
    numbered = [tag("li", name_of(c), value=number) for number, c in enumerate(rungs, 1) if number in drawn]
    return section(
        "Quality against cost",
        "chart",
        tag("p", *_legend(verdict), class_="legend"),
        tag("figure", chart(verdict, wide=True), chart(verdict, wide=False), tag("ol", numbered, class_="key")),
        note(
            "Up is better, left is cheaper. Whiskers are the intervals of the quality."
            + band
            + (
                " A rung far below the others stands at the lower edge with its figure."
                if sunk(marks_of(verdict))
                else ""
            )
        ),
        note(f"Not drawn, for want of a quality or a cost: {', '.join(absent)}.") if absent else None,
    )


def _unbroken(text: str) -> Html:
    parts = [tag("span", word, class_="whole") if "-" in word and len(word) < SHORT else word for word in text.split()]
    return join(*(join(" ", part) for part in parts))


def _legend(verdict: Record) -> list[Html]:
    marks = marks_of(verdict)
    entries = [
        (any(not m.llm for m in marks), tag("circle", cx=8, cy=8, r=5.5, class_="mark plain"), "no LLM"),
        (any(m.llm for m in marks), tag("path", d="M8 1l7 7l-7 7l-7-7z", class_="mark llm"), "with an LLM"),
        (
            any(not m.whole for m in marks),
            tag("circle", cx=8, cy=8, r=5.5, class_="mark plain part"),
            "hollow: partly measured",
        ),
        (any(m.chosen for m in marks), tag("circle", cx=8, cy=8, r=7.5, class_="mark plain chosen"), "large: chosen"),
    ]
    return [
        tag("span", tag("svg", shape, viewBox="0 0 16 16", aria_hidden="true"), text)
        for there, shape, text in entries
        if there
    ]


def _tile(name: str, figure: str, below: str) -> Html:
    return tag("div", tag("dt", name), tag("dd", tag("strong", figure), tag("small", below) if below else None))


def _paid(rung: Record) -> str:
    parts = record(rung, "cost_parts")
    if figures.finite(parts.get("machine")) is None:
        return ""
    return f"machine {figures.money(parts.get('machine'))}, paid to others {figures.money(parts.get('paid'))}"


def _mb(rung: Record) -> float | None:
    memory = figures.finite(rung.get("memory_mb"))
    return None if memory is None else memory * 1e6


def _refit(rung: Record) -> Html:
    refit = record(rung, "refit")
    if not refit:
        return join()
    return tag(
        "p",
        tag("span", "uncertified", class_="seal"),
        f" Fitted again on all {figures.count(refit.get('rows'))} training rows it reaches {figures.interval(refit)}."
        " That figure decided nothing.",
        class_="refit",
    )
