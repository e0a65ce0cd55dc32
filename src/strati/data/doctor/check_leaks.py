"""Checks for answers given away: duplicates, contradictions, groups and times across parts, labels in the text."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from strati.core.records import Example
from strati.data.doctor.check_labels import LEAST_ROWS
from strati.data.doctor.finding import DataFinding, first, share, some
from strati.data.doctor.look import Look
from strati.data.duplicates import near, same
from strati.data.normal import normal_text
from strati.task.task import TRAFFIC

MOST_NEAR = 100_000  # texts compared for near duplicates; more are sampled
_LEARNED = ("train", "tune", "open", "all")
_CONTRADICTORY_STOP = 0.2
_LEAK_STOP = 0.5
_GROUP_STOP = 0.1


class _Row(NamedTuple):
    part: str
    name: str
    label: str
    text: str


def check_leaks(look: Look) -> Iterator[DataFinding]:
    """What gives answers away, or makes them impossible."""
    parts = look.parts()
    rows = [
        _Row(part, look.row(part, example), str(example.reference), normal_text(example.text))
        for part, examples in parts.items()
        for example in examples
    ]
    yield from _exact(_all_rows(look, rows), traffic=look.task.repeats == TRAFFIC, labelled=look.labelled)
    yield from _across(rows, same([row.text for row in rows]), traffic=look.task.repeats == TRAFFIC)
    yield from _near(rows, look.seed)
    if look.labelled:
        yield from _label_in_text(rows, look.seed)
    yield from _groups(look, parts)
    yield from _times(look, parts)


def _all_rows(look: Look, parts: Sequence[_Row]) -> list[_Row]:
    """Every row of the files, those that repeat an input included, in the part that its text is in."""
    home: dict[str, str] = {}
    for row in parts:
        if row.text not in home or row.part not in _LEARNED:
            home[row.text] = row.part
    found = []
    for name, dataset in look.datasets.items():
        for example in dataset.examples:
            text = normal_text(example.text)
            found.append(_Row(home.get(text, name), look.row(name, example), str(example.reference), text))
    return found


def _exact(rows: Sequence[_Row], *, traffic: bool, labelled: bool) -> Iterator[DataFinding]:
    alike = same([row.text for row in rows])
    agreeing = [places for places in alike if len({rows[place].label for place in places}) == 1]
    repeats = sum(len(places) - 1 for places in alike)
    if repeats:
        shown = [rows[place].name for places in (agreeing or alike) for place in places]
        message = (
            f"{share(repeats, len(rows))} rows repeat the input of another row: {len(rows) - repeats:,} inputs differ"
        )
        way_on = "one row of each input counts; where inputs repeat in use as they do here, say repeats = 'traffic'"
        if traffic:
            way_on = "each row counts, as repeats = 'traffic' says: figures hold for traffic that repeats like this"
        yield DataFinding("exact_duplicates", "note", message, first(shown), repeats, way_on)
    distinct = len(rows) - repeats
    if distinct < LEAST_ROWS <= len(rows):
        message = f"the {len(rows):,} rows hold {distinct} different inputs, expected at least {LEAST_ROWS}"
        way_on = "label more inputs: repeats of a few say nothing about new ones"
        yield DataFinding("too_few_inputs", "stop", message, (), distinct, way_on)
    if labelled:
        yield from _contradictory(rows, alike)


def _contradictory(rows: Sequence[_Row], alike: Sequence[Sequence[int]]) -> Iterator[DataFinding]:
    split = [places for places in alike if len({rows[place].label for place in places}) > 1]
    count = sum(len(places) for places in split)
    if count:
        # Labels are quoted from what is learned from only: the others may be sealed.
        shown = next((places for places in split if all(rows[place].part in _LEARNED for place in places)), [])
        labels = some(dict.fromkeys(rows[place].label for place in shown))
        quoted = f"; the text of row {rows[shown[0]].name} is labelled {labels}" if shown else ""
        yield DataFinding(
            "contradictory_labels",
            "stop" if count > _CONTRADICTORY_STOP * len(rows) else "warning",
            f"{share(count, len(rows))} rows have the same text and different labels{quoted}",
            first(rows[other].name for places in split for other in places),
            count,
            "decide on one label for each text: no candidate can be right on all of them",
        )


def _across(rows: Sequence[_Row], alike: Sequence[Sequence[int]], *, traffic: bool) -> Iterator[DataFinding]:
    given: dict[str, list[str]] = {}
    for places in alike:
        if any(rows[place].part in _LEARNED for place in places):
            for place in places:
                if rows[place].part not in _LEARNED:
                    given.setdefault(rows[place].part, []).append(rows[place].name)
    for part, names in given.items():
        total = sum(row.part == part for row in rows)
        yield DataFinding(
            "duplicates_across",
            "note" if traffic else "stop" if len(names) > _LEAK_STOP * total else "warning",
            f"{share(len(names), total)} {part} rows have a text that is also learned from",
            first(names),
            len(names),
            "remove them from the train file, or the figures flatter whoever remembers best",
        )


def _near(rows: Sequence[_Row], seed: int) -> Iterator[DataFinding]:
    unique: dict[str, _Row] = {}
    for row in rows:
        unique.setdefault(row.text, row)
    kept = list(unique.values())
    if len(kept) > MOST_NEAR:
        kept = random.Random(seed).sample(kept, MOST_NEAR)
    pairs = near([row.text for row in kept], seed=seed)
    sampled = f" among {MOST_NEAR:,} texts drawn at random" if len(unique) > MOST_NEAR else ""
    if pairs:
        names = dict.fromkeys(kept[place].name for pair in pairs for place in pair[:2])
        message = f"{len(pairs):,} pairs of texts{sampled} are nearly the same (similarity of .8 or more)"
        yield DataFinding(
            "near_duplicates", "note", message, first(names), len(pairs), "see whether they are templates"
        )
    crossing = {
        row
        for pair in pairs
        for row, other in ((kept[pair.a], kept[pair.b]), (kept[pair.b], kept[pair.a]))
        if row.part not in _LEARNED and other.part in _LEARNED
    }
    if crossing:
        shown = [row.name for row in kept if row in crossing]
        yield DataFinding(
            "near_duplicates_across",
            "warning" if len(crossing) > 0.02 * len(kept) else "note",
            f"{len(crossing):,} texts outside train{sampled} are nearly the same as a text that is learned from",
            first(shown),
            len(crossing),
            "give such rows one group (same template, same author) to keep them together",
        )


def _label_in_text(rows: Sequence[_Row], seed: int) -> Iterator[DataFinding]:
    """Compares how often a text holds its own label's words with how often it holds those of a row drawn at random."""
    looked = rows if len(rows) <= 20_000 else random.Random(seed).sample(list(rows), 20_000)
    if len({row.label for row in looked}) < 2:
        return
    others = random.Random(seed).sample([row.label for row in looked], len(looked))
    own = [row for row in looked if _holds(row.text, row.label)]
    chance = sum(_holds(row.text, label) for row, label in zip(looked, others, strict=True))
    if len(own) > 0.3 * len(looked) and len(own) > 2 * chance:
        message = f"{share(len(own), len(looked))} texts contain their own label: is the answer given away?"
        way_on = "check that the input holds only what is known when the question arises"
        yield DataFinding("label_in_text", "note", message, first(row.name for row in own), len(own), way_on)


def _holds(text: str, label: str) -> bool:
    words = normal_text(label.replace("_", " "))
    place = text.find(words) if len(words) > 1 else -1
    if place < 0:
        return False
    before, after = text[place - 1 : place], text[place + len(words) : place + len(words) + 1]
    return not before.isalnum() and not after.isalnum()


def _groups(look: Look, parts: Mapping[str, Sequence[Example]]) -> Iterator[DataFinding]:
    learned = {each.group for part in _LEARNED for each in parts.get(part, ()) if each.group is not None}
    for part, examples in parts.items():
        shared = [each for each in examples if part not in _LEARNED and each.group in learned]
        if shared:
            yield DataFinding(
                "group_leak",
                "stop" if len(shared) > _GROUP_STOP * len(examples) else "warning",
                f"{share(len(shared), len(examples))} {part} rows belong to a group that is also learned from: "
                f"{some(dict.fromkeys(str(each.group) for each in shared))}",
                first(look.row(part, each) for each in shared),
                len(shared),
                "keep each group in one file, or give one file and let strati split it",
            )


def _times(look: Look, parts: Mapping[str, Sequence[Example]]) -> Iterator[DataFinding]:
    learned = sorted(each.time for part in _LEARNED for each in parts.get(part, ()) if each.time)
    measured = [each for each in parts.get("test", ()) if each.time]
    if not learned or not measured:
        return
    older = [each for each in measured if each.time and each.time < learned[-1]]
    middle = learned[len(learned) // 2]
    if older:
        backwards = sum(each.time < middle for each in measured if each.time) > len(measured) / 2
        yield DataFinding(
            "time_order",
            "stop" if backwards else "warning",
            f"{share(len(older), len(measured))} test rows are older than the latest train row ({learned[-1]})"
            + (": the past would be predicted from the future" if backwards else ""),
            first(look.row("test", each) for each in older),
            len(older),
            "put the latest rows into the test file, or give one file and the time column",
        )
