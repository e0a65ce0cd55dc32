"""What is looked into once the candidates are measured: learning curves, second answers, twins. Decides nothing.

Each study takes up where an earlier, interrupted one was; none of them is part of a run's identity, so they can be
asked for later: `strati bench --twins 50` adds twins to the run that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from strati.core.context import Context
from strati.core.errors import Stopped, TaskError
from strati.core.lock import raise_if_full
from strati.core.records import Case, Example, Usage
from strati.data import Unit
from strati.measure.effort import shuffled
from strati.measure.records import Status
from strati.measure.runner import Bench
from strati.measure.studies.learning_curve import CurveMaker, is_trainable
from strati.measure.studies.repeats import SPLIT, again, asked_twice, is_remote, repeats_of
from strati.measure.studies.twins import KINDS, twin
from strati.measure.tune import raise_if_down
from strati.stack.candidate import Candidate
from strati.stack.stack import Stack
from strati.verdict.afterwards import TWINS, failure_key
from strati.verdict.contamination import twin_split


@dataclass(frozen=True, slots=True)
class Studies:
    """Which studies are made.

    Attributes:
        curve: learning curves of the trainable rungs, for the label price. They ask no model and cost little.
        twins: test examples that language models are asked again in two other ways; 0: none. Each costs calls.
        repeats: whether models behind a server are asked a part of the sample twice.
    """

    curve: bool = True
    twins: int = 0
    repeats: bool = True

    def __post_init__(self) -> None:
        if self.twins < 0:
            raise TaskError(f"twins is {self.twins}, expected a whole number of at least 0")


def extra_calls(candidate: Candidate, sample: int, studies: Studies) -> dict[str, int]:
    """How many calls the studies of a candidate add, at most, to those of its sample: `repeats` and `twins`."""
    asks = candidate.uses_llm and not candidate.recorded
    return {
        "repeats": repeats_of(sample) if studies.repeats and is_remote(candidate) else 0,
        "twins": len(KINDS) * min(studies.twins, sample) if asks else 0,
    }


class Study:
    """Makes the studies of one run, in the journal of its bench."""

    def __init__(self, bench: Bench, labels: Sequence[str], studies: Studies) -> None:
        self.bench = bench
        self.labels = labels
        self.studies = studies
        self.units: Sequence[Unit] = bench.splits.units
        self._stacks: dict[tuple[str, str], Stack] = {}

    def run(self, candidates: Sequence[Candidate]) -> None:
        """All studies that were asked for; raises `Stopped` when the run ends, with everything so far kept."""
        records = self.bench.journal.candidates()
        done = [c for c in candidates if c.name in records and records[c.name].status is Status.MEASURED]
        self._note_cutoffs(done)
        if self.studies.repeats:
            for candidate in filter(is_remote, done):
                self._guarded(candidate, SPLIT, self._repeat)
        if self.studies.curve and self.labels:
            maker = CurveMaker(self.bench.journal, self.bench.fitting, self.labels, self.units)
            for candidate in filter(is_trainable, done):
                maker.make(candidate)
        if self.studies.twins and self.labels:
            self._twins(done)

    def _guarded(self, candidate: Candidate, what: str, study: Callable[[Candidate], None]) -> None:
        """A study that fails ends alone, its reason kept; what was measured before stands."""
        reason = None
        self.bench.ctx.budget.purpose = candidate.name
        try:
            study(candidate)
        except Stopped:
            raise
        except Exception as error:
            raise_if_full(error, self.bench.journal.path)
            reason = f"{type(error).__name__}: {error}"
        self.bench.journal.write(failure_key(what, candidate.name), reason)

    def _repeat(self, candidate: Candidate) -> None:
        name, journal = candidate.name, self.bench.journal
        sample = self._answered([candidate])
        chosen = {example.id for example in asked_twice(sample)} - journal.answered(name, SPLIT)
        todo = [
            (again(self._stack(candidate, unit)), [Case.of(example) for example in examples])
            for unit in self.units
            if (examples := self._of(unit, chosen))
        ]
        self._ask_all(name, "asked again", todo, SPLIT)

    def _twins(self, done: Sequence[Candidate]) -> None:
        llms = [candidate for candidate in done if candidate.uses_llm and not candidate.recorded]
        if not llms:
            return
        chosen = {example.id for example in self._answered(llms)[: self.studies.twins]}
        for candidate in llms:
            self._guarded(candidate, TWINS, lambda one: self._twins_of(one, chosen))

    def _twins_of(self, candidate: Candidate, chosen: set[str]) -> None:
        for kind in KINDS:
            todo = []
            for unit in self.units:
                examples = self._of(unit, chosen)
                known = self.bench.journal.answered(candidate.name, twin_split(kind))
                if all(example.id in known for example in examples):
                    continue
                stack = twin(kind, self._stack(candidate, unit), self.bench.ctx.seed)
                if stack is None:
                    return
                todo.append((stack, [Case.of(example) for example in examples]))
            self._ask_all(candidate.name, f"twins, {kind}", todo, twin_split(kind))

    def _ask_all(self, name: str, what: str, todo: Sequence[tuple[Stack, Sequence[Case]]], split: str) -> None:
        for stack, cases in todo:
            self._ask(name, what, stack, cases, split)

    def _ask(self, name: str, what: str, stack: Stack, cases: Sequence[Case], split: str) -> None:
        """All cases at once: what was asked before an interruption comes from the memo."""
        told: list[int] = []

        def tick(count: int, usage: Usage) -> None:
            told.append(count)
            self.bench.fitting.advance(count, usage)

        ctx: Context = replace(self.bench.fitting, tick=tick)
        ctx.begin(f"{name}: {what}", len(cases))
        answered = stack.run(cases, ctx)
        raise_if_down(answered)
        self.bench.journal.write_answers(name, split, answered)
        if not told:
            ctx.advance(len(cases), sum((case.usage for case in answered), Usage()))

    def _stack(self, candidate: Candidate, unit: Unit) -> Stack:
        """The stack that was measured: as the bench left it, or fitted again, its model calls from the memo."""
        known = self.bench.fitted.get((candidate.name, unit.name))
        if known is None:
            known = self.bench.restored(candidate, unit)
            self.bench.fitted[candidate.name, unit.name] = known
        return known

    def _answered(self, candidates: Sequence[Candidate]) -> list[Example]:
        """The test examples that all of some candidates answered, in random order."""
        everything = shuffled([example for unit in self.units for example in unit.test], self.bench.ctx.seed)
        answered = [self.bench.journal.answered(candidate.name, "test") for candidate in candidates]
        return [example for example in everything if all(example.id in known for known in answered)]

    def _of(self, unit: Unit, chosen: set[str]) -> list[Example]:
        return [example for example in shuffled(unit.test, self.bench.ctx.seed) if example.id in chosen]

    def _note_cutoffs(self, done: Sequence[Candidate]) -> None:
        """Dates of the test examples, and the latest training cut-off of each candidate's models, where known."""
        times = {example.id: example.time for unit in self.units for example in unit.test if example.time}
        cutoffs = {
            candidate.name: max(known)
            for candidate in done
            if (known := [card.details["cutoff"] for card in candidate.cards if card.details.get("cutoff")])
        }
        if times and cutoffs:
            self.bench.journal.write("cutoffs", {"times": times, "cutoffs": cutoffs})
