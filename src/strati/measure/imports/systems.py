"""From runs to systems: retries are joined, the same model in another setting is a system of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from strati.core.errors import DataError
from strati.measure.imports.sample import Run, Sample

Key = tuple[str, str]


@dataclass
class System:
    """A model with its prompt: the first repeat of each sample, and whether the repeats said the same."""

    name: str
    runs: list[Run] = field(default_factory=list)
    samples: dict[Key, Sample] = field(default_factory=dict)
    repeated: set[Key] = field(default_factory=set)
    flipped: set[Key] = field(default_factory=set)
    dates: dict[Key, str] = field(default_factory=dict)

    def takes(self, run: Run) -> bool:
        """Whether a run goes on with this system: a retry of one of its runs, or samples it does not have yet."""
        if self.runs and run.system != self.runs[0].system:
            return False
        if run.key and any(run.key == known.key for known in self.runs):
            return True
        return all((sample.task, sample.id) not in self.samples for sample in run.samples)

    def add(self, run: Run) -> None:
        """Take a run in; a later one replaces what it has in common with an earlier one it retries."""
        first: dict[Key, Sample] = {}
        for sample in run.samples:
            key = (sample.task, sample.id)
            known = first.get(key)
            first[key] = sample if known is None or sample.repeat < known.repeat else known
            if known is not None:
                self.repeated.add(key)
                if _said(known) != _said(sample):
                    self.flipped.add(key)
        self.runs.append(run)
        for key, sample in first.items():
            if run.created >= self.dates.get(key, ""):
                self.samples[key], self.dates[key] = sample, run.created


def systems_of(runs: Iterable[Run], task: str | None = None) -> list[System]:
    """The systems in the order given, named apart; `task` leaves all other tasks out."""
    found: list[System] = []
    tasks: set[str] = set()
    for run in runs:
        tasks |= {sample.task for sample in run.samples}
        kept = [sample for sample in run.samples if task is None or sample.task == task]
        if not kept:
            continue
        run = Run(run.system, run.source, tuple(kept), run.key, run.created, run.notes)
        system = next((system for system in found if system.takes(run)), None)
        if system is None:
            same = sum(known.runs[0].system == run.system for known in found)
            system = System(f"{run.system} #{same + 1}" if same else run.system)
            found.append(system)
        system.add(run)
    if not found:
        expected = f"expected one of: {', '.join(sorted(tasks))}" if any(tasks) else "nor to another: leave --task out"
        raise DataError(f"no sample belongs to the task {task!r}, {expected}")
    return found


def _said(sample: Sample) -> object:
    scores = tuple(mark.score for mark in sample.marks.values())
    return sample.failure is None, scores or sample.answer
