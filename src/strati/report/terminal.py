"""The verdict on a terminal: at most 80 columns, readable without colour, ASCII where the encoding asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from strati.core import figures
from strati.report import composed, economy
from strati.report.facts import (
    BATCHED,
    Record,
    chosen,
    failures_words,
    headline,
    is_chosen,
    llm_words,
    metric_of,
    monthly,
    name_of,
    per_solved,
    record,
    records,
    repeats_words,
    spending_lines,
    standing,
    summary_rows,
    texts,
    weakest,
)
from strati.report.paper import Column, Paper
from strati.verdict.words.studies import flip_words

if TYPE_CHECKING:
    from rich.console import Console

NAME = 22
COLUMNS = (Column(2), Column(NAME), Column(21), Column(8, "right"), Column(7, "right"), Column(3), Column(11))
FINDINGS = 6
WEAKEST = 5
CONFUSED = 5
NAMES = {"report": "Report", "json": "Figures", "answers": "Answers", "stack": "Chosen stack", "stacks": "Stacks"}


def render_terminal(verdict: Mapping[str, Any], console: Console, paths: Mapping[str, Any] | None = None) -> None:
    """Print a verdict.

    Args:
        verdict: the contents of `verdict.json`.
        console: where to print; colours are used only where it has them.
        paths: files to point at, such as {"report": ..., "json": ..., "answers": ..., "stack": ...}.
    """
    paper = Paper(console)
    parts = (
        _headline,
        _ladder,
        _why,
        _errors,
        composed.show,
        _refits,
        economy.labels,
        economy.total,
        _questions,
        _findings,
        _spending,
        _sealed,
    )
    for part in parts:
        part(verdict, paper)
    _files(paths or {}, paper)


def _headline(verdict: Record, paper: Paper) -> None:
    paper.text(headline(verdict), style="bold")
    data, rows = record(verdict, "data"), summary_rows(verdict)
    if rows:
        paper.console.print()
        for question, answer in rows:
            paper.row([question, answer], (Column(15), Column(paper.width - 18)), indent=2)
        paper.console.print()
    else:
        _facts(verdict, paper)
    if data.get("name"):
        parts = [figures.line(data["name"]), f"{figures.count(data.get('rows'))} rows", _splits(data)]
        paper.text(" · ".join(filter(None, [*parts, repeats_words(data)])), style="dim")


def _facts(verdict: Record, paper: Paper) -> None:
    """The first screen of a verdict without a summary."""
    choice, rung = record(verdict, "choice"), chosen(verdict)
    facts = [f"LLM needed: {llm_words(verdict).lower()}"]
    if rung and figures.finite(rung.get("cost_per_1000")) is not None:
        facts.append(f"{figures.money(rung['cost_per_1000'])} per 1,000 answers")
        facts += [f"{monthly(verdict, rung)} a month"] if monthly(verdict, rung) != figures.MISSING else []
    if choice.get("more_labels") is not None:
        facts.append(f"about {figures.count(choice['more_labels'])} more test labels would decide")
    paper.text(" · ".join(facts))


def _why(verdict: Record, paper: Paper) -> None:
    found = texts(record(verdict, "choice"), "reasons")
    if found:
        paper.heading("Why")
        paper.bullets(found)


def _errors(verdict: Record, paper: Paper) -> None:
    """The labels that are found least, and what is taken for what."""
    labels, pairs = weakest(verdict, WEAKEST), records(record(verdict, "confusions"), "rows")[:CONFUSED]
    if len(labels) < 2:  # right and wrong of recorded scores are no labels
        return
    paper.heading(f"Where {figures.line(record(verdict, 'per_class').get('candidate'))} errs, on test")
    wide = Column(paper.width - 44)
    paper.row(["label", "of", "found", "precision"], (wide, Column(6, "right"), Column(22, "right"), Column(9)), "dim")
    for row in labels:
        found = figures.interval({"value": row.get("recall"), "low": row.get("low"), "high": row.get("high")})
        cells = [
            figures.line(row.get("label")),
            figures.count(row.get("n")),
            found,
            figures.share(row.get("precision")),
        ]
        paper.row(cells, (wide, Column(6, "right"), Column(22, "right"), Column(9)))
    hidden = len(records(record(verdict, "per_class"), "rows")) - len(labels)
    if hidden > 0:
        paper.text(f"and {figures.count(hidden)} more labels in the report", indent=2, style="dim")
    said = [
        f"{figures.line(row.get('reference'))} taken for {figures.answer_text(row.get('answer'))}: "
        f"{figures.count(row.get('count'))}"
        for row in pairs
    ]
    if said:
        paper.text(f"Most often: {'; '.join(said)}.", above=True)


def _splits(data: Record) -> str:
    return ", ".join(f"{figures.line(name)} {figures.count(n)}" for name, n in record(data, "splits").items() if n)


def _ladder(verdict: Record, paper: Paper) -> None:
    paper.heading(f"The ladder, simplest first ({metric_of(verdict)} on test)")
    paper.row(["", "rung", "quality (interval)", "$/1,000", "p95", "LLM", "qualifies"], COLUMNS, style="dim")
    for candidate in records(verdict, "candidates"):
        is_it = is_chosen(verdict, candidate)
        mark, name, style = ">" if is_it else "", name_of(candidate), "bold green" if is_it else ""
        if len(name) > NAME:
            paper.row([mark, name], (Column(2), Column(paper.width - 3)), style)
            mark = name = ""
        cells = [
            mark,
            name,
            figures.interval(candidate.get("quality")),
            figures.money(candidate.get("cost_per_1000")),
            figures.brief(record(candidate, "latency_ms").get("p95")),
            figures.yes_no(candidate.get("uses_llm")),
            standing(verdict, candidate),
        ]
        paper.row(cells, COLUMNS, style)
        paper.text("; ".join(_notes(verdict, candidate)), indent=5, style="dim")
    paper.text(figures.line(record(verdict, "limits").get("note")), indent=2, above=True)


def _notes(verdict: Record, candidate: Record) -> Iterable[str]:
    if (each := per_solved(verdict, candidate)) is not None:
        yield f"{figures.money(each)} for each task solved"
    model = figures.line(candidate.get("model"))
    if model and model not in name_of(candidate):
        yield f"model {model}"
    if candidate.get("status") == "failed" and candidate.get("reason"):
        yield figures.line(candidate["reason"])
    yield from texts(candidate, "obstacles")
    if texts(candidate, "silent"):
        yield f"what {', '.join(texts(candidate, 'silent'))} uses is not known: it does not say"
    if candidate.get("batched"):
        yield BATCHED
    completion = figures.finite(candidate.get("completion"))
    if completion is not None and completion < 1:
        yield f"answered {figures.share(completion)}"
    if failures_words(candidate):
        yield f"failures: {failures_words(candidate)}"
    if record(candidate, "repeats"):
        yield flip_words(record(candidate, "repeats"))


def _refits(verdict: Record, paper: Paper) -> None:
    found = [(name_of(c), record(c, "refit")) for c in records(verdict, "candidates") if c.get("refit")]
    if found:
        paper.heading("Refit on all training rows (uncertified: it decides nothing)")
        paper.bullets(
            f"{name}: {figures.interval(refit)}, fitted on {figures.count(refit.get('rows'))} rows"
            for name, refit in found
        )


def _questions(verdict: Record, paper: Paper) -> None:
    if records(verdict, "questions"):
        paper.heading("Questions")
    for number, entry in enumerate(records(verdict, "questions")):
        paper.text(figures.line(entry.get("question")), indent=2, style="bold", above=number > 0)
        paper.text(figures.line(entry.get("answer")), indent=4)
        paper.text(figures.line(entry.get("evidence")), indent=4, style="dim")


def _findings(verdict: Record, paper: Paper) -> None:
    found = records(record(verdict, "data"), "findings")
    if not found:
        return
    paper.heading("What the data check found")
    paper.bullets(
        f"{figures.line(f.get('severity'))}: "
        + "; ".join(part for key in ("message", "way_on") if (part := figures.line(f.get(key))))
        for f in found[:FINDINGS]
    )
    if len(found) > FINDINGS:
        paper.text(f"and {figures.count(len(found) - FINDINGS)} more in the report", indent=4)


def _spending(verdict: Record, paper: Paper) -> None:
    if spending_lines(verdict):
        paper.heading("Money spent on this run")
        paper.bullets(spending_lines(verdict))


def _sealed(verdict: Record, paper: Paper) -> None:
    ledger = record(verdict, "ledger")
    if not ledger:
        return
    paper.heading("Sealed")
    lines = []
    if ledger.get("sealed") is not None:
        lines.append(f"{figures.count(ledger['sealed'])} labelled examples stay sealed for a certificate.")
    if ledger.get("test_uses_before") is not None:
        lines.append(
            f"Earlier uses of these test labels: {figures.count(ledger['test_uses_before'])}"
            f" (overlap {figures.share(ledger.get('test_overlap'))});"
            f" of the calibrate labels: {figures.count(ledger.get('calibrate_uses_before'))}."
        )
    paper.bullets([*lines, *([figures.line(ledger["note"])] if ledger.get("note") else [])])


def _files(paths: Mapping[str, Any], paper: Paper) -> None:
    if paths:
        paper.heading("Files")
    for key, path in paths.items():
        if path is not None:
            paper.row(
                [NAMES.get(key, figures.line(key)), figures.line(path)],
                (Column(15), Column(paper.width - 18)),
                indent=2,
            )
