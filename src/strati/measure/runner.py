"""Candidates x examples -> journaled answers. Decides nothing, draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from strati.core.context import Context, VectorCache
from strati.core.errors import BudgetReached, StackError, Stopped, StratiError
from strati.core.lock import raise_if_full
from strati.core.records import JSON, Case, Example
from strati.data import Splits, Unit
from strati.measure.answer import answer
from strati.measure.effort import Effort, sampled, shuffled
from strati.measure.entry import Entry, folder_bytes, preview
from strati.measure.journal import Journal
from strati.measure.race.halving import HalvingTuner
from strati.measure.race.racing import SPLIT, Race, no_race
from strati.measure.race.sizing import behind_fast, likely_size, right_on_tune, sample_size
from strati.measure.records import CandidateRecord, FormRow, RetiredFor, Status
from strati.measure.tune import Chosen, Tuner, merged_forms, raise_if_broken
from strati.stack.candidate import Candidate
from strati.stack.contract import Saveable
from strati.stack.folder import load_stack, save_stack, stack_folder_name
from strati.stack.models_of import notes_of
from strati.stack.probe import Probe, Prober, probe_here
from strati.stack.stack import Stack
from strati.statistics.metric import Metric, Share
from strati.task.task import Goal

Chooser = Callable[[bool], str | None]  # told whether slow ones count


def nobody(_: bool) -> None:
    """A chooser that chooses none."""


class Bench:
    """Measures candidates one after the other; what is in the journal already is not done again.

    `chosen` names the candidate that would be chosen of those measured so far, of the fast ones or with the slow ones
    too; without it no rung is retired for not being needed.
    """

    def __init__(
        self,
        splits: Splits,
        metric: Metric,
        journal: Journal,
        ctx: Context,
        effort: Effort | None = None,
        stacks: Path | None = None,
        prober: Prober = probe_here,
        goal: Goal | None = None,
        chosen: Chooser = nobody,
        inputs: Sequence[str] = (),
    ) -> None:
        self.splits = splits
        self.metric = metric
        self.right_wrong = Share("right", metric.loss)
        self.journal = journal
        vectors = VectorCache()
        self.fitting = replace(ctx, vectors=vectors)
        self.ctx = replace(ctx, vectors=vectors, fresh=True)
        self.effort = effort or Effort()
        self.stacks = stacks
        self.prober = prober
        self.goal = goal or Goal()
        self.chosen = chosen
        self.inputs = tuple(inputs)  # the columns that stacks learn from, written into their folders
        self.race: Race | None = None
        self.why_no_race: str | None = None
        self.sample = 0
        self.fitted: dict[tuple[str, str], Stack] = {}  # by candidate and unit: what studies ask further

    def run(self, candidates: Sequence[Candidate]) -> None:
        """Measure all candidates. One that fails is recorded as failed, the others go on.

        Fast ones first. The slow ones race on tune (`race.racing`); those that stay answer the test examples, and
        calibrate inputs at the end, when the verdict no longer waits for anything.

        Raises:
            BudgetReached: some could not be measured for want of money; all others were.
            Stopped: the run was cancelled or its time is over.
        """
        folders = stack_folder_name([candidate.name for candidate in candidates])
        entries = [
            Entry(place, candidate, folder, CandidateRecord.of(candidate))
            for place, (candidate, folder) in enumerate(zip(candidates, folders, strict=True))
        ]
        todo = [entry for entry in entries if self._begin(entry)]
        slow = [entry for entry in todo if entry.candidate.slow]
        self.why_no_race = no_race(self.splits, self.metric, self.effort)
        if self.why_no_race is None:
            unit, metric = self.splits.units[0], self.metric
            self.race = Race(unit, metric, self.journal, self.fitting, self.effort, self.goal, candidates)
        for entry in todo:
            if not entry.candidate.slow:
                self._do(entry, self._choose, self._measure, self._calibrate)
        if self.race and any(entry.candidate.slow for entry in entries):
            self.race.leads(self.chosen(False))
        for entry in slow:
            self._do(entry, self._choose)
        self._size(candidates)
        for entry in slow:
            self._do(entry, self._measure)
        back = self._called_back(entries)
        for entry in back:
            self._do(entry, self._choose, self._measure)
        for entry in [*(one for one in slow if one not in back), *back]:
            self._do(entry, self._calibrate)
        for entry in entries:
            if entry.short is not None:
                raise entry.short

    def _begin(self, entry: Entry) -> bool:
        """Whether anything is left to do for a candidate; if so its record says "partial", unless it was measured."""
        name, known = entry.candidate.name, self.journal.candidates().get(entry.candidate.name)
        if known is not None and known.candidate != entry.record.candidate:
            self.journal.forget_answers(name)
            known = None
        if known is not None and known.status.done:
            entry.record = known
            return known.status is not Status.RETIRED and known.calibrate is None
        if known is not None and known.race is not None and known.race.called_back:
            entry.note(race=known.race)
        self.journal.write_candidate(name, entry.position, entry.record)
        return True

    def _do(self, entry: Entry, *steps: Callable[[Entry], None]) -> None:
        """Take a candidate some steps further; what it raises ends that candidate only."""
        for step in steps:
            if entry.record.status in (Status.FAILED, Status.RETIRED) or entry.short is not None:
                return
            self.ctx.budget.purpose = entry.candidate.name
            try:
                step(entry)
            except BudgetReached as reached:
                entry.short = reached
                if not entry.record.status.done:
                    entry.note(reason=str(reached))
            except Stopped:
                raise
            except StratiError as error:
                raise_if_full(error, self.journal.path)
                entry.failed(str(error))
            except Exception as error:  # a layer of the user's own
                raise_if_full(error, self.stacks or self.journal.path)
                entry.failed(f"{type(error).__name__}: {error}")
            self.journal.write_candidate(entry.candidate.name, entry.position, entry.record)

    def _choose(self, entry: Entry) -> None:
        """Choose the candidate's form on tune; a slow one then races, and may be retired."""
        candidate = entry.candidate
        barred = self.race.barred(candidate, entry.record.licences) if self.race and candidate.slow else None
        if barred is not None:
            entry.note(status=Status.RETIRED, retirement=barred)
            return
        tuner = Tuner(self.metric, self.fitting, self.effort, len(self.splits.units))
        if self.race:
            hopeless = partial(self.race.hopeless, candidate)
            tuner = HalvingTuner(self.metric, self.fitting, self.effort, hopeless=hopeless)
        for unit in self.splits.units:
            chosen = tuner.choose(candidate, unit)
            raise_if_broken(chosen.cases)
            if self.race and not candidate.slow:
                entry.note(apart=self.race.enter_fast(candidate, chosen))
            elif self.race:
                chosen = self._race(self.race, entry, chosen)
            self.journal.write_answers(candidate.name, f"tune/{unit.name}", chosen.cases)
            entry.fits.append(chosen)
            self.fitted[candidate.name, unit.name] = chosen.stack
        forms = merged_forms([fit.forms for fit in entry.fits])
        entry.note(forms=forms, settings=_settings(forms))

    def _called_back(self, entries: Sequence[Entry]) -> list[Entry]:
        """Rungs that were not needed beside one that is not chosen after all: they race on, and may answer test."""
        retired = [entry for entry in entries if entry.record.status is Status.RETIRED]
        found = [(entry, race) for entry in retired if (race := entry.record.race) is not None and race.needless]
        if self.race is None or not found or self.chosen(True) == self.race.leader:
            return []
        for entry, race in found:
            entry.note(status=Status.PARTIAL, retirement=None, race=replace(race, called_back=True))
            entry.fits.clear()
            self.journal.write_candidate(entry.candidate.name, entry.position, entry.record)
        return [entry for entry, _ in found]

    def _race(self, race: Race, entry: Entry, chosen: Chosen) -> Chosen:
        known = entry.record.race
        if known is None or not entry.record.status.done:
            since = known.rows if known is not None and known.called_back else 0
            raced, ended = race.run(entry.candidate, chosen.stack, since)
            if ended is not None:
                entry.note(race=raced, status=Status.RETIRED, retirement=ended)
                useful = ended.why in (RetiredFor.INFERIOR, RetiredFor.BAR)
                return self._kept(race, entry, chosen, raced.rows) if useful else chosen
            known = replace(raced, called_back=bool(since))
            entry.note(race=known)
        stack, cases = race.recalibrated(entry.candidate, chosen, known.rows)
        return replace(chosen, stack=stack, cases=cases)

    def _kept(self, race: Race, entry: Entry, chosen: Chosen, rows: int) -> Chosen:
        """A rung that is worse than another may still know what that one does not: it stays there for composing."""
        stack, cases = race.recalibrated(entry.candidate, chosen, rows)
        if self._save(stack, entry.folder):
            entry.note(stack=entry.folder, fingerprint=stack.fingerprint())
        return replace(chosen, stack=stack, cases=cases)

    def ask_retired(self, names: Sequence[str], resources: Mapping[str, object]) -> None:
        """Ask rungs that a race retired what a stack with them is measured and certified on.

        Raises:
            BudgetReached: there is no money left for it.
        """
        records, unit = self.journal.candidates(), self.splits.units[0]
        for name in names:
            if self.stacks is None or (folder := records[name].stack) is None:
                continue
            self.ctx.budget.purpose = name
            stack = load_stack(self.stacks / folder, resources)
            test = sampled(self.splits, unit.test, self.sample, self.ctx.seed)
            answer(stack, name, "test", test, self.journal, self.ctx)
            if self.effort.calibrate:
                rows = shuffled(self.splits.calibrate, self.ctx.seed)[: self.sample]
                answer(stack, name, "calibrate", rows, self.journal, self.fitting)

    def restored(self, candidate: Candidate, unit: Unit) -> Stack:
        """The stack that an earlier process measured, fitted again; what its models were asked comes from the memo."""
        if self.race is None:
            return Tuner(self.metric, self.fitting, self.effort, len(self.splits.units)).choose(candidate, unit).stack
        record = self.journal.candidates()[candidate.name]
        form = next(form for form in candidate.forms if dict(form.settings) == record.settings)
        alone = replace(candidate, forms=(form,))
        seen = next(row.n for row in record.forms if row.chosen)  # as many as its form was chosen on
        chosen = Tuner(self.metric, self.fitting, replace(self.effort, tune_rows=seen)).choose(alone, unit)
        if not candidate.slow or record.race is None:
            return chosen.stack
        return self.race.recalibrated(alone, chosen, record.race.rows)[0]

    def _size(self, candidates: Sequence[Candidate]) -> None:
        """Settle, once for a run, how many test examples slow rungs answer; and write down what was settled."""
        slow = [candidate.name for candidate in candidates if candidate.slow]
        known = self.journal.read("sizes")
        if known is None and slow:
            most = sum(len(unit.test) for unit in self.splits.units)
            parts = [SPLIT] if self.race else [f"tune/{unit.name}" for unit in self.splits.units]
            scores = right_on_tune(self.journal, self.splits, parts, self.right_wrong)
            needed = sample_size(scores, slow, self.goal) if not scores.keys().isdisjoint(slow) else None
            sample = self.effort.sample or needed or likely_size(self.goal, most)
            known = {"sample": min(sample, most), "no_race": self.why_no_race}
            known |= {"race_tests": self.race.tests} if self.race else {}
            self.journal.write("sizes", known)
        self.sample = known["sample"] if known else 0

    def _measure(self, entry: Entry) -> None:
        """Save and probe the fitted stack, and ask it the test examples."""
        candidate, folder, forms, fits = entry.candidate, entry.folder, entry.record.forms, entry.fits
        if entry.record.status.done or len(fits) < len(self.splits.units):
            return
        stack, refit = self._final(candidate, fits, forms), None
        saved = self._save(stack, folder)
        probe = self._probe(candidate, stack, folder if saved else None, self.splits.units[0])
        parts = [self._sampled(candidate, unit.test) for unit in self.splits.units]
        for part, chosen in zip(parts, fits, strict=True):
            answer(chosen.stack, candidate.name, "test", part, self.journal, self.ctx)
        if self.splits.method == "published" and candidate.learns and not candidate.slow:
            refit = self._refit(stack, candidate.name)
        size = folder_bytes(self.stacks / folder) if saved and self.stacks else 0
        entry.note(
            status=Status.RECORDED if candidate.recorded else Status.MEASURED,
            settings=_settings(forms),
            fit_seconds=float(np.mean([fit.seconds for fit in fits])),
            latency=tuple(probe.warm),
            cold=probe.cold,
            memory=probe.memory,
            stack_bytes=size,
            stack=folder if saved else None,
            fingerprint=stack.fingerprint(),
            preview=preview(stack),
            refit_rows=refit,
            notes=notes_of(stack),
        )

    def _final(self, candidate: Candidate, fits: Sequence[Chosen], forms: Sequence[FormRow]) -> Stack:
        """The stack that is saved: the one that was measured or, of several folds, one fitted on the rows of all.

        It learned from more than each stack that was measured, so what was measured does not flatter it, though the
        best of several candidates was chosen by the same figures.
        """
        unit = self.splits.units[0]
        if len(self.splits.units) == 1 or not candidate.learns or candidate.slow:
            return fits[0].stack
        settings = _settings(forms)
        form = next(form for form in candidate.forms if dict(form.settings) == settings)
        stack, _ = form.stack.fit_and_run([*unit.train, *unit.test], unit.tune, self.fitting, self.metric.loss)
        return stack

    def _calibrate(self, entry: Entry) -> None:
        """Ask for answers to calibrate inputs, their labels unseen: a certificate is made from them later.

        It is what is delivered that answers: a rung that learns has then learned from all rows outside calibrate.
        A slow rung that is worse than a fast one is hardly worth a certificate, and does not take the time for it.
        """
        candidate = entry.candidate
        if not entry.record.status.done:
            return
        stack = self._taught(entry)
        examples: Sequence[Example] = self.splits.calibrate
        if not self.effort.calibrate or candidate.recorded:
            examples = ()
        if candidate.slow and examples:
            worse = behind_fast(self.journal, self.splits, candidate.name, self.goal.alpha, self.right_wrong)
            examples = () if worse else shuffled(examples, self.ctx.seed)[: self.sample]
        if examples:
            answer(stack, candidate.name, "calibrate", examples, self.journal, self.fitting)
        entry.note(calibrate=len(examples), reason=None)

    def _taught(self, entry: Entry) -> Stack:
        """What is delivered of a rung: fitted on every row outside calibrate where it learns, its settings as measured.

        Confidences stay as they were set on tune by a rung that had not seen it, so tune does not flatter them.
        """
        candidate, measured, unit = entry.candidate, entry.fits[0].stack, self.splits.units[0]
        one = len(self.splits.units) == 1 and bool(self.splits.calibrate)
        if not one or not candidate.learns or candidate.slow or entry.record.stack is None:
            return measured
        rows = [*unit.train, *unit.tune, *unit.test]
        self.ctx.begin(f"{candidate.name}: learning from all {len(rows):,} rows outside calibrate", 0)
        stack, _ = measured.fit_and_run(rows, (), self.fitting, self.metric.loss)
        folder = f"{entry.folder.removesuffix('.stack')}.taught.stack"
        if not self._save(stack, folder):
            return measured
        entry.note(taught=folder, taught_rows=len(rows))
        return stack

    def _sampled(self, candidate: Candidate, test: Sequence[Example]) -> Sequence[Example]:
        """All test examples, or the common random subset for a slow candidate, in the subset's own order."""
        if not candidate.slow:
            return test
        return sampled(self.splits, test, self.sample, self.ctx.seed)

    def _refit(self, stack: Stack, name: str) -> int:
        """Fit on every row outside test, with the settings and calibration found before; answer the test again."""
        unit = self.splits.units[0]
        train = [*unit.train, *unit.tune, *self.splits.calibrate]
        self.ctx.begin(f"{name}: refit on all {len(train)} training rows", len(unit.test))
        refitted, _ = stack.fit_and_run(train, (), self.fitting, self.metric.loss)
        answer(refitted, name, "refit", unit.test, self.journal, self.fitting)
        return len(train)

    def _save(self, stack: Stack, folder: str) -> bool:
        if self.stacks is None or not all(isinstance(stage.layer, Saveable) for stage in stack.stages):
            return False
        try:
            save_stack(stack, self.stacks / folder, self.inputs)
        except StackError:
            return False
        return True

    def _probe(self, candidate: Candidate, stack: Stack, folder: str | None, unit: Unit) -> Probe:
        if candidate.recorded or candidate.paid or candidate.remote:  # its answers are timed as they come
            return Probe(())
        count = 1 if candidate.slow else self.effort.probes
        cases = [Case.of(example) for example in shuffled(unit.tune, self.ctx.seed)[:count]]
        self.ctx.begin(f"{candidate.name}: latency, one at a time", len(cases))
        return self.prober(stack, folder, cases)


def _settings(forms: Sequence[FormRow]) -> Mapping[str, JSON]:
    return next(form.settings for form in forms if form.chosen)
