"""What a verdict says of a race: rungs that were retired, and how much the others answered."""

from __future__ import annotations

from collections.abc import Mapping

from strati.core.figures import count
from strati.core.records import JSON
from strati.measure.results import Result, Results

Sizes = Mapping[str, JSON]


def retirements(results: Results) -> list[str]:
    """One reason for each rung that takes no part because a race on tune ended it."""
    return [
        f"{result.name} was retired and takes no part: {result.record.reason}"
        for result in results.candidates
        if result.retired
    ]


def race_of(result: Result, sizes: Sizes) -> dict[str, JSON] | None:
    """What is known of a slow rung from the race, with what its retirement saved; None for one that did not race."""
    race = result.record.race
    if race is None:
        return None
    saved = sizes["sample"] if result.retired and "sample" in sizes else 0
    seconds = None if race.seconds is None else saved * race.seconds
    return {**race.to_json(), "saved_answers": saved, "saved_seconds": seconds}


def limits_of(results: Results, sizes: Sizes) -> dict[str, JSON]:
    """How much was asked of the rungs, with a note in words."""
    limits = dict(results.meta["limits"])
    return {**limits, **sizes, "note": "; ".join(part for part in (*_notes(results, sizes), limits["note"]) if part)}


def _notes(results: Results, sizes: Sizes) -> list[str]:
    retired = [result.name for result in results.candidates if result.retired]
    slow = [result.name for result in results.candidates if result.record.slow and not result.retired]
    total = len(results.test)
    if not sizes:
        return [] if slow else ["every rung answered all test examples"]
    notes = []
    if slow and sizes["sample"] < total:
        how = "" if results.meta["limits"]["sample"] else ", sized by power from what tune shows"
        notes.append(
            f"slow rungs ({', '.join(slow)}) answered one common random subset of {count(sizes['sample'])} of "
            f"{count(total)} test examples{how}"
        )
    elif slow or not retired:
        notes.append("every rung answered all test examples")
    if retired:
        tests = sizes.get("race_tests")
        over = f"{tests} test{'' if tests == 1 else 's'}"
        risk = f"risk of retiring any wrongly at most {results.goal.alpha:g}, over {over}"
        notes.append(f"a race on tune retired {', '.join(retired)} ({risk})")
    if sizes.get("no_race"):
        notes.append(sizes["no_race"])
    return notes
