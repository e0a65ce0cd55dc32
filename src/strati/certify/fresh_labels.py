"""Labelled examples from outside a run, to certify on when those that the run kept are spent."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from strati.certify.compose.rung_answers import Part, RungAnswers
from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import Answer, Case, Example
from strati.data import Ledger
from strati.data.normal import label_keys
from strati.measure.journal import Journal
from strati.measure.results import group_names
from strati.stack.stack import Stack

LEARNED = "learned"
MOST_REPEATED = 0.1  # of fresh rows that may repeat what the run knows


@dataclass(frozen=True)
class Fresh:
    """The examples, and what gives the answers of a rung to some cases."""

    examples: tuple[Example, ...]
    answer: Callable[[str, Sequence[Case]], Sequence[Answer | None]]

    def part(self, tune: Part) -> Part:
        """The examples as a part of the run, answered by the rungs of `tune`, which say what an answer costs."""
        cases = [Case(example.id, example.input) for example in self.examples]
        asked = (True,) * len(cases)
        rungs = tuple(
            RungAnswers(rung.name, tuple(self.answer(rung.name, cases)), asked, rung.cost, rung.uses_llm)
            for rung in tune.rungs
        )
        ids = tuple(example.id for example in self.examples)
        return Part(ids, tuple(e.reference for e in self.examples), group_names(self.examples), rungs, tune.loss)


def own_answers(stack: Stack, cases: Sequence[Case], ctx: Context) -> list[Answer | None]:
    """What a saved rung answers, with the layer's own confidence."""
    answers = (case.answer for case in stack.run(cases, ctx))
    return [None if a is None else Answer(a.value, a.own, a.layer, features=a.features) for a in answers]


def remember_learned(journal: Journal, examples: Sequence[Example]) -> None:
    """Keep in a run's journal, by 8 bytes of their hash, which labels its rungs learn from or are set on."""
    journal.write(LEARNED, base64.b64encode(b"".join(key[:8] for key in label_keys(examples))).decode("ascii"))


def only_fresh(journal: Journal, ledger: Ledger, run: str, fresh: Fresh) -> Fresh:
    """Without the rows whose label the run learned from, was tuned on, sealed or opened.

    Texts repeat in real traffic, so a few are expected; what is left out is what the run knows, and a rung is seldom
    better on what it has not seen.

    Raises:
        DataError: more than a tenth of the rows would be left out: that is no file of fresh labels.
    """
    examples = fresh.examples
    if not examples:
        raise DataError("the file of fresh labels has no usable row, expected labelled examples")
    kept = journal.read(LEARNED)
    if kept is None:
        raise DataError(f"run {run} does not say what it learned from: an older version of strati made it, bench again")
    data = base64.b64decode(kept)
    learned = {data[place : place + 8] for place in range(0, len(data), 8)}
    calibrate = (Example(e.id, e.input, e.reference) for e in journal.examples("calibrate"))
    sealed = ledger.labels_of(run) | {key[:8] for key in label_keys(calibrate)}
    keys = [key[:8] for key in label_keys(examples)]
    for used, how in ((learned, "were used for training or tuning in"), (sealed, "are test or calibrate labels of")):
        count = sum(key in used for key in keys)
        if count > MOST_REPEATED * len(examples):
            raise DataError(
                f"{count:,} of the {len(examples):,} labels {how} run {run}: a certificate needs labels that nothing "
                "was fitted to or chosen on"
            )
    known = learned | sealed
    rows = (example for example, key in zip(examples, keys, strict=True) if key not in known)
    return replace(fresh, examples=tuple(rows))
