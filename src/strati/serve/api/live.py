"""How the service is doing, in figures and in one sentence."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from strati.core.records import JSON
from strati.serve.records import Standing
from strati.serve.service import Service

HOURS = 24
_SEEN = 5000  # latest requests that shares and latency are taken from


@dataclass(frozen=True, slots=True)
class Live:
    """What the page Live shows."""

    sentence: str
    calm: bool
    requests: int
    states: dict[str, int]
    layers: dict[str, int]
    hours: tuple[int, ...]
    median: float | None
    p95: float | None
    dollars: float
    budget: float
    people: int
    feedback: int
    complaints: int
    standings: tuple[Standing, ...]
    open_circuits: tuple[str, ...]


def live_of(service: Service) -> Live:
    """The figures of the last day."""
    db, now = service.database.db, time.time()
    rows = db.execute(
        "SELECT at, state, coalesce(layer, ''), seconds FROM requests WHERE at > ? ORDER BY at DESC LIMIT ?",
        (now - HOURS * 3600, _SEEN),
    ).fetchall()
    total = db.execute("SELECT count(*) FROM requests WHERE at > ?", (now - HOURS * 3600,)).fetchone()[0]
    hours = [0] * HOURS
    counts = db.execute(
        "SELECT CAST((? - at) / 3600 AS INTEGER), count(*) FROM requests WHERE at > ? GROUP BY 1",
        (now, now - HOURS * 3600),
    )
    for hour, count in counts:
        if 0 <= hour < HOURS:
            hours[HOURS - 1 - hour] = count
    seconds = sorted(row[3] for row in rows)
    said = db.execute("SELECT count(*), coalesce(sum(1 - is_right), 0) FROM feedback").fetchone()
    standings = tuple(service.audit.standing(n, s.fingerprint) for n, s in service.stacks.items())
    circuits = tuple(name for name, worker in service.workers.items() if worker.breaker.open)
    found = Live(
        "",
        True,
        int(total),
        dict(Counter(row[1] for row in rows)),
        dict(Counter(_layer(row[1], row[2]) for row in rows).most_common()),
        tuple(hours),
        seconds[len(seconds) // 2] if seconds else None,
        seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))] if seconds else None,
        service.money.spent(),
        service.settings.dollars,
        service.reviews.count(),
        int(said[0]),
        int(said[1]),
        standings,
        circuits,
    )
    sentence, calm = _sentence(service, found)
    return Live(sentence, calm, *[getattr(found, name) for name in Live.__slots__[2:]])


def live_json(service: Service) -> dict[str, JSON]:
    """The same for machines."""
    from dataclasses import asdict

    found = asdict(live_of(service))
    for standing in found["standings"]:
        del standing["history"]
    return found


def _layer(state: str, layer: str) -> str:
    if state == "pending":
        return "waiting for people"
    return layer if state == "answered" and layer else "withheld"


def _sentence(service: Service, live: Live) -> tuple[str, bool]:
    """What matters most, in one sentence; false when somebody should do something."""
    alarms = [standing.model for standing in live.standings if standing.alarm]
    if alarms:
        return f"Alarm: the audit of {alarms[0]} shows too many wrong answers, so every case goes to people.", False
    if live.open_circuits:
        return f"{live.open_circuits[0]} is down, and its cases go to people.", False
    bad = [served for served in service.stacks.values() if served.hold]
    if bad:
        return f"{bad[0].name} sends every case to people: {bad[0].hold}.", False
    if not live.requests:
        return "Ready: no request in the last day.", True
    answered = live.states.get("answered", 0)
    share = f"{100 * answered / max(1, sum(live.states.values())):.0f} %"
    waits = {0: "nothing waits for people", 1: "1 case waits for a person"}.get(
        live.people, f"{live.people:,} cases wait for people"
    )
    return f"All is well: {live.requests:,} requests in the last day, {share} answered, {waits}.", True
