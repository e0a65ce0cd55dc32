"""What is compared: the examples all systems were asked, and each system's answers to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from strati.core.errors import DataError
from strati.core.records import Example
from strati.data.normal import normal_text
from strati.measure.imports.scoring import SCORES, Rule, find_rule
from strati.measure.imports.systems import Key, System
from strati.stack.layers.recorded import RecordedAnswer
from strati.task.task import ONCE


@dataclass(frozen=True)
class Imported:
    """Recorded systems on common examples.

    Attributes:
        examples: what every system was asked; the reference is the target, or "right" where scores are compared.
        answers: by system, in the order of the files; the recorded answer to each example.
        targets: the targets by example id, where known.
        replies: by system, what was answered in its own words, by example id.
        rule: how right and wrong are told.
        notes: what a reader of the verdict should know.
        left_out: samples that repeat the input of another one of their task; with `repeats` "traffic" none are.
    """

    examples: tuple[Example, ...]
    answers: Mapping[str, Mapping[str, RecordedAnswer]]
    targets: Mapping[str, str]
    replies: Mapping[str, Mapping[str, str]]
    rule: Rule
    notes: tuple[str, ...]
    left_out: int = 0
    repeats: str = ONCE


def compare(
    systems: Sequence[System],
    score: str | None = None,
    threshold: float | None = None,
    by: str = "auto",
    repeats: str = ONCE,
) -> Imported:
    """Line systems up on the samples that all of them were asked.

    Raises:
        DataError: they have no sample in common, a sample is not the same for all, or no score can be told.
    """
    common, left_out = _common(systems), 0
    _check_same(systems, common)
    if repeats == ONCE:
        once = _once(systems[0], common)
        common, left_out = once, len(common) - len(once)
    rule = find_rule(systems, common, score, threshold, by)
    several = len({task for task, _ in common}) > 1
    ids = {key: f"{key[0]}:{key[1]}" if several else key[1] for key in common}
    if len(set(ids.values())) < len(ids):
        raise DataError("two samples have the same id, expected ids that differ within a task")
    examples: list[Example] = []
    targets: dict[str, str] = {}
    for key in common:
        sample = next((s.samples[key] for s in systems if s.samples[key].input), systems[0].samples[key])
        if sample.reference is not None:
            targets[ids[key]] = sample.reference
        reference = "right" if rule.kind == SCORES else sample.reference
        examples.append(Example(ids[key], sample.input or ids[key], reference, row=len(examples) + 1))
    answers = {s.name: {ids[key]: _answer(s, key, rule) for key in common} for s in systems}
    told = {name: _costs_told(rows) for name, rows in answers.items()}
    replies = {s.name: {ids[key]: s.samples[key].answer or "" for key in common} for s in systems}
    notes = [rule.words, *_notes(systems, common, rule)]
    if left_out:
        notes.append(f"{left_out:,} samples repeat the input of another one: left out, one sample of each input counts")
    if repeats != ONCE:
        notes.append("repeated inputs count as traffic: figures hold where traffic repeats inputs as these samples do")
    return Imported(tuple(examples), told, targets, replies, rule, tuple(notes), left_out, repeats)


def _common(systems: Sequence[System]) -> list[Key]:
    common = [key for key in systems[0].samples if all(key in system.samples for system in systems)]
    if not common:
        named = "; ".join(f"{s.name}: {len(s.samples):,}, such as {next(iter(s.samples))[1]!r}" for s in systems[:4])
        raise DataError(
            f"no sample was given to all {len(systems)} systems ({named}): expected ids they have in common"
        )
    return common


def _once(system: System, common: Sequence[Key]) -> list[Key]:
    """The first sample of each distinct input within a task; one whose input is not known is taken for itself."""
    first: dict[tuple[str, str], Key] = {}
    for key in common:
        text = normal_text(system.samples[key].input)
        first.setdefault((key[0], text or f"id {key[1]}"), key)
    return list(first.values())


def _check_same(systems: Sequence[System], common: Sequence[Key]) -> None:
    for system in systems[1:]:
        for key in common:
            a, b = systems[0].samples[key], system.samples[key]
            one, other = a.content or a.input, b.content or b.input
            if one and other and one != other:
                raise DataError(
                    f"sample {key[1]!r} has another input for {system.name} than for {systems[0].name}: these are not "
                    "the same data, so the answers cannot be paired"
                )


def _answer(system: System, key: Key, rule: Rule) -> RecordedAnswer:
    sample = system.samples[key]
    return RecordedAnswer(rule.value(sample), None, sample.dollars, sample.seconds, system.runs[0].system)


def _costs_told(rows: Mapping[str, RecordedAnswer]) -> Mapping[str, RecordedAnswer]:
    """Costs as recorded; a failure without one cost nothing, and nothing but zeros is a price that was not known."""
    known = [row.dollars for row in rows.values() if row.dollars is not None]
    if not any(known):
        return {key: replace(row, dollars=None) for key, row in rows.items()}
    return {
        key: replace(row, dollars=0.0) if row.dollars is None and row.value is None else row
        for key, row in rows.items()
    }


def _notes(systems: Sequence[System], common: Sequence[Key], rule: Rule) -> list[str]:
    notes = ["answers recorded by another tool: nothing was run here, all samples serve as test"]
    tasks = sorted({task for task, _ in common})
    if len(tasks) > 1:
        notes.append(f"{len(tasks)} tasks are pooled ({', '.join(tasks[:5])}): --task NAME takes one of them")
    sizes = {system.name: len(system.samples) for system in systems}
    if any(size > len(common) for size in sizes.values()):
        named = ", ".join(f"{name} {size:,}" for name, size in sizes.items())
        notes.append(f"the systems were given different samples ({named}): compared on the {len(common):,} common ones")
    for system in systems:
        failed = [system.samples[key] for key in common if rule.value(system.samples[key]) is None]
        if failed:
            why = next(iter((failed[0].failure or "").splitlines()), "no score or no answer")[:80]
            notes.append(f"{system.name}: {len(failed):,} of {len(common):,} failed and count as wrong ({why})")
        if system.name != system.runs[0].system:
            notes.append(f"{system.name} is {system.runs[0].source}")
        repeated = system.repeated & set(common)
        if repeated:
            share = len(system.flipped & repeated) / len(repeated)
            notes.append(f"{system.name}: of repeated samples the first answer counts; repeats differ on {share:.1%}")
        notes += [note for run in system.runs for note in run.notes]
    return notes
