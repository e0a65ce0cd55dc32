"""Racing on tune: a slow rung that is clearly hopeless is retired after few answers, before it sees a test example.

Slow rungs answer tune rows one after another, in one random order that is the same for all. After each batch it is
looked whether the rung is worse by more than the margin than one that stays (the best fast rung, or an earlier slow
one), misses the goal's bar, costs too much, is too slow, or is not needed: it costs more than the fast rung that would
be chosen without any slow one, and is not better by the margin (`needless`). Each is one test that holds at
every moment of looking (`strati.statistics.sequential`), and the goal's alpha is shared out among all tests that could
come to be made: it is no likelier than alpha that *any* rung is retired wrongly. Most of it, `BESIDE_LEADER`, is for
the comparisons with the leader, the others share the rest; in both parts what tests that passed had goes to those not
passed yet (Holm, Scandinavian Journal of Statistics 6, 1979: it allows any order, for each test keeps its error at
every moment). Whatever shows that a rung is worse than the leader by the margin shows too that it is not better by it,
so the two claims need not share a level: where the leader is chosen, only who is better by the margin was retired
wrongly. Where it is not, only what was shown to be worse stays retired, and these tests have an alpha of their own.
What makes it hold:

- a slow rung's form is chosen, and its prior taken, on tune rows that do not race;
- the fast rung it is compared with, and that rung's form, are those that were best on the rows that do not race. Worse
  than the rung in that form implies worse than the rung at its best;
- only fast layers that say `answers_from_train` are compared with: given the settings their answers depend on train
  alone, while another layer may have learnt from tune, and so has a threshold's confidence.

What keeps the verdict right:

- nothing is retired against a rung that was retired, or that breaks a limit itself;
- a rung without a language model is retired only against another without one, or for missing the bar. So "an LLM is
  needed" never rests on a rung that was retired and would have done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from strati.core.context import Context
from strati.core.records import JSON, Case, Example
from strati.data import Splits, Unit
from strati.measure.effort import Effort, shuffled
from strati.measure.journal import Journal
from strati.measure.race.needless import dearer, gain_together
from strati.measure.race.trials import Trial, cost, retirement, right, trials
from strati.measure.records import CandidateRecord, RaceRecord, RetiredFor, Retirement, Status
from strati.measure.tune import Chosen, raise_if_down
from strati.stack.candidate import Candidate
from strati.stack.models_of import in_batches
from strati.stack.stack import Stack
from strati.statistics import confidence_sequence, shown_above
from strati.statistics.metric import Metric
from strati.task.task import Goal

LOOK = 4  # rows between two looks, more for models that are asked many things at once
LET_THROUGH = 64  # rows after which a rung stops racing unless it may yet be retired
FEWEST = 24  # rows without which there is no race
HOPELESS = 0.2  # as sure as this that its best form is behind by the margin, a rung chooses no further and races
BESIDE_LEADER = 0.8  # of alpha: those tests retire nearly all that goes, and what they need is most of a race's cost
ROWS_APART = 256  # rows of the race beyond which no more than half of tune races; one batch, where rows go in batches
SPLIT = "race"  # under which the journal keeps the answers to the rows of the race


class Levels(NamedTuple):
    """The alpha of a test: of not being needed beside the leader, of being worse than it, of anything else."""

    needless: float
    worse: float
    other: float


class Raced(NamedTuple):
    """How a rung came out of the race, and why it was retired, or None."""

    record: RaceRecord
    retirement: Retirement | None


def no_race(splits: Splits, metric: Metric, effort: Effort) -> str | None:
    """Why rungs do not race on these data, in words; None when they do."""
    if not effort.racing:
        return "racing was off"
    if len(splits.units) > 1:
        return "no racing: labels are few and cross-fitted, so tune is too small to retire a rung on"
    unit = splits.units[0]
    if len(unit.tune) - effort.form_rows < FEWEST:
        return f"no racing: tune has {len(unit.tune)} rows, expected at least {effort.form_rows + FEWEST}"
    if not metric.binary:
        return f"no racing: {metric.name} is no mean over examples, for which tests at every moment are known"
    groups = [example.group for example in unit.tune if example.group is not None]
    if len(set(groups)) < len(groups):
        return "no racing: examples come in groups, and the tests at every moment take independent examples"
    return None


def race_rows(tune: int, effort: Effort) -> int:
    """How many of so many tune rows race at most; the others say which fast rung, and which of its forms, is best."""
    rest = max(0, tune - effort.form_rows)
    return min(effort.race_rows, max(ROWS_APART, rest // 2), rest)


def rows_to_look(stack: Stack) -> int:
    """Rows that a slow rung answers from one look to the next: as many as its model is best asked at once."""
    return ROWS_APART if in_batches(stack) else max(LOOK, min(stack.batch, LET_THROUGH))


class Race:
    """The race among the slow candidates of a benchmark on the tune rows of its one unit.

    `leader` names the fast rung that would be chosen without any slow one; None where there is none.
    """

    def __init__(
        self,
        unit: Unit,
        metric: Metric,
        journal: Journal,
        ctx: Context,
        effort: Effort,
        goal: Goal,
        candidates: Sequence[Candidate],
    ) -> None:
        order = shuffled(unit.tune, ctx.seed)
        self.tune = f"tune/{unit.name}"  # under which the journal keeps the answers to all tune rows
        self.before = order[: effort.form_rows]
        self.rows = order[effort.form_rows :][: race_rows(len(order), effort)]
        racing = {example.id for example in self.rows}
        self.apart = [example for example in order if example.id not in racing]
        self.metric = metric
        self.journal = journal
        self.ctx = ctx
        self.goal = goal
        self.candidates = list(candidates)
        self.leads(None)

    def leads(self, leader: str | None) -> None:
        """Settle who leads, before any slow rung races, and with that how many tests there are."""
        self.leader = leader
        self.tests = sum(self._tests(place) for place in range(len(self.candidates)))

    def enter_fast(self, candidate: Candidate, chosen: Chosen) -> float | None:
        """Keep a fast rung's answers to the rows of the race, in the form that is best on the other tune rows.

        Returns that form's metric on the other rows; None where the rung does not take part.
        """
        forms = [{case.id: case for case in cases} for cases in chosen.by_form]
        if not forms or candidate.recorded:
            return None
        rows = [example for example in self.apart if example.id in forms[0]]
        values = [self._value([cases[example.id] for example in rows], rows) for cases in forms]
        best = values.index(max(values))
        cases = [forms[best][example.id] for example in self.rows if example.id in forms[best]]
        self.journal.write_answers(candidate.name, SPLIT, cases)
        return values[best]

    def barred(self, candidate: Candidate, licences: Sequence[str]) -> Retirement | None:
        """Why a language model cannot be chosen whatever it answers, known before it is asked anything."""
        bad = self._refused(licences)
        if not bad or not candidate.uses_llm:
            return None
        return Retirement(RetiredFor.LICENCE, licences=tuple(bad))

    def run(self, candidate: Candidate, stack: Stack, since: int = 0) -> Raced:
        """Race a slow rung, fitted on rows that do not race, until it is retired, is let through, or rows end.

        `since`: the rows after which it was not needed beside the leader, which is not chosen after all. It races on,
        and being not needed no longer retires it.
        """
        rivals = {name: self.journal.answers(name, SPLIT) for name in self.rivals(candidate)}
        levels = self.levels()
        self.ctx.begin(f"{candidate.name}: racing on tune", len(self.rows))
        step = rows_to_look(stack)
        for done in range(max(step, since), len(self.rows) + step, step):
            rows = self.rows[:done]
            self._ask(candidate.name, stack, rows)
            own = self.journal.answers(candidate.name, SPLIT)
            theirs = None if since else rivals.get(self.leader or "")
            beside = self.leader if theirs and self._needless(own, theirs, rows) else None
            found = trials(own, rivals, rows, self.metric, self.goal, limits=candidate.uses_llm, beside=beside)
            alphas = [self._level(trial, levels) for trial in found]
            shown = next((pair for pair in zip(found, alphas, strict=True) if pair[0].passed(pair[1])), None)
            hope = any(t.within_reach(alpha, len(self.rows)) for t, alpha in zip(found, alphas, strict=True))
            if shown or (len(rows) >= LET_THROUGH and not hope):
                break
        first = next(((t, a) for t, a in zip(found, alphas, strict=True) if t.against), None)
        trial, alpha = shown or first or (None, levels.other)
        known = replace(
            self._known(right(own, rows, self.metric), trial),
            alpha=alpha,
            needless=shown is not None and shown[0].kind is RetiredFor.NEEDLESS,
            seconds=float(np.mean([own[row.id]["usage"]["seconds"] for row in rows])),
        )
        return Raced(known, retirement(shown[0], alpha) if shown else None)

    def hopeless(self, candidate: Candidate, cases: Sequence[Case]) -> bool:
        """Whether answers to rows that do not race are so far behind a fast rung's that the form hardly matters.

        Nothing is concluded from it but that the race may begin.
        """
        fast = self._fast_rival(candidate)
        if fast is None:
            return False
        own = {case.id: {"value": case.answer.value if case.answer else None} for case in cases}
        mine, theirs = (right(a, self.before, self.metric) for a in (own, self.journal.answers(fast, self.tune)))
        gaps = [theirs[key] - value for key, value in mine.items() if key in theirs]
        return shown_above(gaps, self.goal.margin, HOPELESS) is not None

    def levels(self) -> Levels:
        """The alpha of one test now."""
        raced = [(record, record.race) for record in self.journal.candidates().values() if record.race is not None]
        slow = sum(self._beside_leader(candidate) for candidate in self.candidates)
        worse = other = needless = 0  # tests passed
        for record, race in raced:
            retired = record.status is Status.RETIRED
            beside = self.leader is not None and race.against == self.leader
            worse += retired and beside and not race.needless
            needless += (retired and beside) or race.called_back
            other += retired and not beside
        share = self.goal.alpha * BESIDE_LEADER if slow else 0.0
        return Levels(
            share / max(1, slow - needless),
            share / max(1, slow - worse),
            (self.goal.alpha - share) / max(1, self.tests - slow - other),
        )

    def _level(self, trial: Trial, levels: Levels) -> float:
        if trial.against is None or trial.against != self.leader:
            return levels.other
        return levels.needless if trial.kind is RetiredFor.NEEDLESS else levels.worse

    def _beside_leader(self, candidate: Candidate) -> bool:
        """Whether a candidate may be found not needed beside the leader."""
        leader = next((one for one in self.candidates if one.name == self.leader), None)
        return leader is not None and candidate.slow and _comparable(leader, candidate)

    def _needless(self, own: Mapping[str, JSON], theirs: Mapping[str, JSON], rows: Sequence[Example]) -> bool:
        """Whether a rung costs more than the leader, and a stack of the two is not better by the margin."""
        gain = gain_together(own, theirs, rows, self.metric)
        return dearer(own, theirs, self.goal) and gain <= self.goal.margin

    def recalibrated(self, candidate: Candidate, chosen: Chosen, rows: int) -> tuple[Stack, list[Case]]:
        """The stack that raced with confidences fitted on all it answered, and those cases.

        Its answers stay as they are. A stack whose answers are not remembered stays as it is: asking again costs.
        """
        remembered = candidate.uses_llm and bool(candidate.cards)
        if not remembered or any(stage.threshold > 0 for stage in chosen.stack.stages):
            return chosen.stack, chosen.cases
        seen = {case.id for case in chosen.cases}
        before = [example for example in self.before if example.id in seen]
        return chosen.stack.recalibrate([*before, *self.rows[:rows]], self.ctx, self.metric.loss)

    def rivals(self, candidate: Candidate) -> list[str]:
        """The rungs to compare a slow one with: the leader or the best fast one, and slow ones before it that stay."""
        fast = self._fast_rival(candidate)
        records = self.journal.candidates()
        slow = []
        for other in self.candidates[: self.candidates.index(candidate)]:
            record = records.get(other.name)
            staying = other.slow and record and record.status in (Status.PARTIAL, Status.MEASURED) and record.race
            if record and staying and self._may_rival(other, candidate, record):
                slow.append(other.name)
        return ([fast] if fast else []) + slow

    def _fast_rival(self, candidate: Candidate) -> str | None:
        """The leader, or else the fast rung that is best on the rows that do not race."""
        records = self.journal.candidates()
        fast = {}
        for other in self.candidates:
            record = records.get(other.name)
            if other.slow or record is None or record.status is not Status.MEASURED or record.apart is None:
                continue
            if self._may_rival(other, candidate, record):
                fast[other.name] = record.apart
        return self.leader if self.leader in fast else max(fast, key=lambda name: fast[name], default=None)

    def _may_rival(self, other: Candidate, candidate: Candidate, record: CandidateRecord) -> bool:
        return _comparable(other, candidate) and self._within_limits(other.name, record)

    def _tests(self, place: int) -> int:
        """How many tests with a level of their own could come to be made on a candidate; none on a fast one."""
        candidate = self.candidates[place]
        if not candidate.slow:
            return 0
        fast = any(not other.slow and _comparable(other, candidate) for other in self.candidates)
        slow = sum(other.slow and _comparable(other, candidate) for other in self.candidates[:place])
        limits = [self.goal.max_cost_per_1000, self.goal.max_p95_ms] if candidate.uses_llm else []
        return fast + slow + sum(limit is not None for limit in (self.goal.at_least, *limits))

    def _within_limits(self, name: str, record: CandidateRecord) -> bool:
        """Whether a rung keeps the goal's limits as far as is known, so that another may be retired against it."""
        answers = list(self.journal.answers(name, SPLIT).values())
        if not answers or self._refused(record.licences):
            return False
        most, slowest = self.goal.max_cost_per_1000, self.goal.max_p95_ms
        if most is not None and 1000 * float(np.mean([cost(answer, self.goal) for answer in answers])) > most:
            return False
        times = [answer["usage"]["seconds"] for answer in answers] if record.slow else record.latency
        return slowest is None or not times or 1000 * float(np.percentile(times, 95)) <= slowest

    def _refused(self, licences: Sequence[str]) -> list[str]:
        allowed = (*self.goal.licences, "yours")
        return [name for name in licences if self.goal.licences and name not in allowed]

    def _ask(self, name: str, stack: Stack, rows: Sequence[Example]) -> None:
        done = self.journal.answered(name, SPLIT)
        cases = [Case.of(example) for example in rows if example.id not in done]
        if not cases:
            return
        self.ctx.check()
        answered = stack.run(cases, self.ctx)
        raise_if_down(answered)
        self.journal.write_answers(name, SPLIT, answered)
        for case in answered:
            self.ctx.advance(1, case.usage)

    def _known(self, mine: dict[str, float], trial: Trial | None) -> RaceRecord:
        found = confidence_sequence(list(mine.values()), 1 - self.goal.alpha, 0.0, 1.0)
        known = RaceRecord(found.n, found.value, found.low, found.high, found.method)
        if trial is not None and trial.against is not None and len(trial.values):
            known = replace(known, against=trial.against, difference=-float(np.mean(trial.values)))
        return known

    def _value(self, cases: Sequence[Case], rows: Sequence[Example]) -> float:
        scores = [
            self.metric.score(row.reference, case.answer.value if case.answer else None).statistics[0]
            for case, row in zip(cases, rows, strict=True)
        ]
        return float(np.mean(scores)) if scores else 0.0


def _comparable(other: Candidate, candidate: Candidate) -> bool:
    """Whether one rung may be retired against another: see the conditions at the top of this file."""
    if other.name == candidate.name or other.recorded or (other.uses_llm and not candidate.uses_llm):
        return False
    stages = [stage for form in other.forms for stage in form.stack.stages]
    return other.slow or all(
        stage.threshold == 0 and getattr(stage.layer, "answers_from_train", False) for stage in stages
    )
