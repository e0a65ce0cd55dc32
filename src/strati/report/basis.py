"""What the verdict rests on, in the HTML report: questions, cost, data, environment, ledger, words of method."""

from __future__ import annotations

from strati.core import figures
from strati.report.facts import (
    Record,
    is_chosen,
    monthly,
    name_of,
    record,
    records,
    repeats_words,
    spending_lines,
    texts,
)
from strati.report.markup import Child, Html, join, tag
from strati.report.tables import Column, Row, bullets, fold, note, pairs, section, table

METHODS = (
    (
        "Interval",
        "The range in brackets: a procedure that makes such ranges holds the true share in 95 of 100 repetitions.",
    ),
    (
        "Clopper-Pearson",
        "The exact interval for a share of right answers: it holds the true share at least as often as it says.",
    ),
    ("BCa", "An interval from drawing the examples again many times, corrected for bias and skew."),
    ("Tango", "A score test and interval for the difference of two shares measured on the same examples."),
    ("Not worse", "A small p says: were the first worse by the margin or more, a result like this would be rare."),
    ("Worse", "A small p says: were the first within the margin, a result like this would be rare."),
    ("Holm", "It raises the p-values when several candidates are tested, so that luck does not count as proof."),
    ("ECE and Brier", "How far stated confidences are from what happens; 0 is perfect."),
    ("p50, p95, p99", "The time in which 50, 95 or 99 of 100 answers arrive on this machine."),
    (
        "Tune, calibrate, test",
        "Settings are chosen on tune, certificates use calibrate, and the figures here are from test.",
    ),
)


def questions(verdict: Record) -> Html:
    """The questions one by one, each with its answer and the figures behind it."""
    entries = [
        tag(
            "div",
            tag("h3", figures.line(entry.get("question"))),
            tag("p", figures.line(entry.get("answer"))),
            tag("p", figures.line(entry.get("evidence")), class_="evidence")
            if figures.line(entry.get("evidence"))
            else None,
            class_="question",
        )
        for entry in records(verdict, "questions")
    ]
    return section("Questions and answers", "questions", tag("div", entries, class_="questions") if entries else None)


def cost(verdict: Record) -> Html:
    """What a month costs at the stated volume, rung by rung."""
    goal = record(verdict, "goal")
    volume, hour = figures.finite(goal.get("volume_per_month")), figures.finite(goal.get("machine_per_hour"))
    titles = ["Per month", "Per 1,000", "of it machine", "of it paid out", "Time per answer", "Fit, once"]
    columns = [Column("Rung"), *(Column(title, "number") for title in titles)]
    rows = [Row(_cost(verdict, c), "chosen" if is_chosen(verdict, c) else None) for c in records(verdict, "candidates")]
    parts = [f"{figures.count(volume)} answers a month"] if volume is not None else []
    parts += [f"this machine at {figures.money(hour)} per hour"] if hour is not None else []
    if not rows:
        return join()
    stated = tag("p", "At ", ", ".join(parts), ". Failed answers are in the price.") if parts else None
    return section("What it costs", "cost", stated, table("Cost at the stated volume", columns, rows), _spent(verdict))


def _spent(verdict: Record) -> Html:
    lines = spending_lines(verdict)
    return join(tag("h3", "What this run has cost"), bullets(lines)) if lines else join()


def _cost(verdict: Record, candidate: Record) -> list[Child]:
    parts, taken = record(candidate, "cost_parts"), figures.finite(candidate.get("seconds_per_answer"))
    return [
        name_of(candidate),
        monthly(verdict, candidate),
        figures.money(candidate.get("cost_per_1000")),
        figures.money(parts.get("machine")),
        figures.money(parts.get("paid")),
        figures.seconds(taken),
        figures.seconds(candidate.get("fit_seconds")),
    ]


def data(verdict: Record) -> Html:
    """Rows, splits, and what the data check found."""
    found = record(verdict, "data")
    if not found:
        return join()
    splits = [Row([figures.line(name), figures.count(n)]) for name, n in record(found, "splits").items()]
    labels = record(verdict, "task").get("labels") or []
    facts = [
        ("File", figures.line(found.get("name"))),
        ("Rows", figures.count(found.get("rows"))),
        ("Labels", figures.count(len(labels)) if labels else ""),
        ("Input columns", ", ".join(texts(record(verdict, "task"), "inputs"))),
        ("Label column", figures.line(record(verdict, "task").get("label"))),
        ("Split method", figures.line(found.get("method"))),
        ("Repeated inputs", repeats_words(found)),
    ]
    return section(
        "The data",
        "data",
        tag(
            "div",
            pairs(((name, value) for name, value in facts if value), "facts"),
            table("Splits", [Column("Split"), Column("Rows", "number")], splits) if splits else None,
            class_="pair",
        ),
        bullets(texts(found, "notes")),
        tag("h3", "What the data check found"),
        [_finding(entry) for entry in records(found, "findings")] or tag("p", "Nothing to report."),
    )


def _finding(entry: Record) -> Html:
    severity = figures.line(entry.get("severity")) or "note"
    rows = texts(entry, "rows")
    return tag(
        "div",
        tag(
            "p",
            tag("span", severity, class_=f"seal {'use' if severity == 'info' else 'undecided'}"),
            " ",
            figures.line(entry.get("message")),
        ),
        tag("p", figures.line(entry.get("way_on"))) if entry.get("way_on") else None,
        note(
            " · ".join(
                part
                for part in (
                    figures.line(entry.get("code")),
                    f"count {figures.count(entry['count'])}" if entry.get("count") is not None else "",
                    f"rows {', '.join(rows[:12])}{', …' if len(rows) > 12 else ''}" if rows else "",
                )
                if part
            )
        ),
        class_="finding",
    )


def reproduce(verdict: Record) -> Html:
    """Ledger, environment and fingerprints: what it takes to get the same verdict again."""
    environment, packages = record(verdict, "environment"), record(record(verdict, "environment"), "packages")
    run = figures.line(verdict.get("run"))
    facts = [
        ("Run", run),
        ("strati", figures.line(verdict.get("strati"))),
        ("Seed", figures.line(verdict.get("seed"))),
        ("Data, SHA-256", figures.line(record(verdict, "data").get("sha256"))),
        *((name.capitalize(), figures.line(environment.get(name))) for name in ("python", "platform", "cpu", "cores")),
        ("Packages", ", ".join(f"{figures.line(name)} {figures.line(version)}" for name, version in packages.items())),
    ]
    titles = [Column("Rung"), Column("Settings", "prose"), Column("Fingerprint"), Column("Stack")]
    rows = [
        Row(
            [
                name_of(c),
                figures.settings_text(record(c, "settings")),
                tag("code", figures.line(c.get("fingerprint"))) if c.get("fingerprint") else figures.MISSING,
                figures.line(c.get("stack")) or figures.MISSING,
            ]
        )
        for c in records(verdict, "candidates")
    ]
    again = "The same data, seed and versions give the same verdict."
    return section(
        "How to get the same again",
        "reproduce",
        tag(
            "p",
            again,
            *([" ", tag("code", f"strati report {run}"), " draws this report again from the journal."] if run else []),
        ),
        pairs(((name, value) for name, value in facts if value), "facts"),
        _ledger(record(verdict, "ledger")),
        fold("Fingerprints of the rungs", table("Fingerprints", titles, rows)) if rows else None,
    )


def _ledger(ledger: Record) -> Html:
    shares = {"test_overlap"}
    names = {
        "sealed": "Sealed for a certificate",
        "test_uses_before": "Earlier uses of these test labels",
        "test_overlap": "Share of them used before",
        "calibrate_uses_before": "Earlier uses of the calibrate labels",
    }
    facts = [
        (name, figures.share(ledger[key]) if key in shares else figures.count(ledger[key]))
        for key, name in names.items()
        if ledger.get(key) is not None
    ]
    content = join(pairs(facts, "facts"), note(figures.line(ledger.get("note"))))
    return join(tag("h3", "Ledger of sealed labels"), content) if content else content


def methods(_: Record) -> Html:
    """The words of method, one plain sentence each."""
    return section("Words of method", "methods", pairs(METHODS, "facts words"))
