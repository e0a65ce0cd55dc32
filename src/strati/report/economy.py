"""Label price and total cost on a terminal: two short tables."""

from __future__ import annotations

from strati.core import figures
from strati.report.facts import Record, is_chosen, record, records
from strati.report.paper import Column, Paper
from strati.report.total import composed_words, cost_range, missing
from strati.verdict.words.studies import price_words

MOST = 8
PRICES = 4
COLUMNS = (Column(2), Column(34), Column(10, "right"), Column(24))


def labels(verdict: Record, paper: Paper) -> None:
    """The label price of each language model: the trained rung that gets there with the fewest labels."""
    rows = records(record(verdict, "label_price"), "rows")
    best: dict[str, Record] = {}
    for row in sorted(rows, key=_fewest):
        best.setdefault(figures.line(row.get("llm")), row)
    if best:
        paper.heading("Label price")
        paper.bullets(f"{figures.line(price_words(row))}." for row in list(best.values())[:PRICES])


def total(verdict: Record, paper: Paper) -> None:
    """The total cost of each rung, cheapest first."""
    owned = record(verdict, "ownership")
    rows = sorted(records(owned, "rows"), key=lambda row: figures.finite(row.get("total")) or 0.0)
    if not rows:
        return
    volume, months = figures.count(owned.get("volume_per_month")), figures.count(owned.get("horizon_months"))
    paper.heading(f"Total cost: {volume} answers a month for {months} months")
    paper.row(["", "rung", "total", "range"], COLUMNS, style="dim")
    names = {c.get("name") for c in records(verdict, "candidates") if is_chosen(verdict, c)}
    for row in rows[:MOST]:
        mark = ">" if row.get("candidate") in names else ""
        spread = cost_range(row).replace(figures.MISSING, "")
        name = figures.squeeze(row.get("candidate"), COLUMNS[1].width)
        paper.row([mark, name, figures.money(row.get("total")), spread], COLUMNS, "bold green" if mark else "")
    if len(rows) > MOST:
        paper.text(f"and {figures.count(len(rows) - MOST)} dearer ones in the report", indent=3, style="dim")
    paper.text(composed_words(verdict, owned), indent=3, style="dim")
    paper.text(missing(owned), indent=3, style="dim")


def _fewest(row: Record) -> tuple[bool, float, float]:
    labels_, low = figures.finite(row.get("labels")), figures.finite(row.get("low"))
    return labels_ is None, labels_ or 0.0, low or 0.0
