"""`strati bench --plan`: what a run would take, as a table or JSON, and whether the limits allow it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from strati.cli.console import open_console
from strati.core.errors import Stopped
from strati.core.figures import MISSING, count, line, money, seconds

if TYPE_CHECKING:
    from strati.measure.forecast.forecast import Forecast, RungForecast
    from strati.report.paper import Paper

NAME = 20
WIDTHS = (NAME, 7, 10, 8, 8, 9, 11)
TITLES = ("rung", "calls", "tokens in", "out", "expected", "at most", "time")
NOTE = (
    "Calls are those not in the journal yet, the mean over the settings that may be chosen on tune. At most: the "
    "dearest of them, every reply as long as it may be; retries come on top."
)


def show_plan(forecast: Forecast, dollars: float | None, minutes: float | None, *, as_json: bool) -> None:
    """Print a plan; raises `Stopped` when it is over a limit."""
    print(json.dumps(plan_json(forecast), ensure_ascii=False, indent=1)) if as_json else _table(forecast)
    over = []
    if dollars is not None and forecast.most > dollars:
        over.append(f"costs {money(forecast.dollars)}, at most {money(forecast.most)}, and {money(dollars)} is allowed")
    if minutes is not None and forecast.seconds > 60 * minutes:
        over.append(f"takes {seconds(forecast.seconds)}, and {minutes:g} min is allowed")
    if over:
        raise Stopped(f"the plan is over the limit: it {'; it '.join(over)}; the run would end at the limit")


def plan_json(forecast: Forecast) -> dict[str, object]:
    """The plan as JSON: a record per rung, and the sums."""
    return {
        "run": forecast.run,
        "rungs": [asdict(rung) for rung in forecast.rungs],
        "calls": forecast.calls,
        "spent": forecast.spent,
        "dollars": forecast.dollars,
        "most": forecast.most,
        "seconds": forecast.seconds,
        "soonest": dict(zip(("calls", "seconds"), forecast.soonest, strict=True)),
    }


def _table(forecast: Forecast) -> None:

    from strati.report.paper import Column, Paper

    console = open_console()
    paper = Paper(console)
    columns = [Column(width, "right" if place else "left") for place, width in enumerate(WIDTHS)]

    def row(cells: Sequence[str], style: str = "") -> None:
        paper.row([*cells[:-1], cells[-1].rjust(WIDTHS[-1])], columns, style)

    paper.text(f"The plan of run {forecast.run}: nothing is paid yet.", style="bold")
    row(TITLES, "dim")
    for rung in forecast.rungs:
        name, cells = line(rung.name), _cells(rung)
        if len(name) > NAME:
            paper.row([name], [Column(paper.width)])
            name = ""
        row([name, *cells])
        paper.text(f"cannot be tried: {line(rung.problem)}" if rung.problem else "", indent=2, style="dim")
    parts = [rung for rung in forecast.rungs if not rung.done]
    total = [count(forecast.calls), count(sum(r.tokens_in for r in parts)), count(sum(r.tokens_out for r in parts))]
    row(["all", *total, money(forecast.dollars), money(forecast.most), seconds(forecast.seconds)], "bold")
    _notes(forecast, paper)


def _cells(rung: RungForecast) -> list[str]:
    if rung.done:
        return [MISSING, MISSING, MISSING, "$0", "$0", "measured"]
    if rung.problem:
        return [MISSING] * 6
    tokens = [count(rung.calls), count(rung.tokens_in), count(rung.tokens_out)] if rung.calls else [MISSING] * 3
    return [*tokens, money(rung.dollars), money(rung.most), seconds(rung.seconds)]


def _notes(forecast: Forecast, paper: Paper) -> None:
    notes = [NOTE] if forecast.calls else []
    calls, soonest = forecast.soonest
    if calls < forecast.calls:
        notes.append(
            "That is with every slow rung racing to the end and answering test. Should each be retired as soon as "
            f"possible: {count(calls)} calls, about {seconds(soonest)}."
        )
    if forecast.spent:
        notes.append(f"{money(forecast.spent)} is spent already and in the sums.")
    if any(rung.tokens_cached for rung in forecast.rungs):
        cached = sum(rung.tokens_cached for rung in forecast.rungs)
        notes.append(f"Of the tokens in, {count(cached)} would be in an engine's cache.")
    bases = dict.fromkeys(rung.basis for rung in forecast.rungs if rung.basis and not rung.done)
    notes += [f"Time: {'; '.join(bases)}."] if bases else []
    for number, text in enumerate(notes):
        paper.text(text, above=number == 0, style="dim")
