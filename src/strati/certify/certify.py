"""From a finished run to a setting with a guarantee: design on tune, one walk over calibrate, a look at test.

The order of the code matters: what is tested is fixed on tune and booked in the ledger before the first calibrate
reference is used; test comes last and decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from strati.certify.compose.composing import Design, design
from strati.certify.compose.rung_answers import Part, read_part, rungs_to_compose
from strati.certify.fresh_labels import Fresh, only_fresh
from strati.certify.loss_table import ErrorCosts
from strati.certify.method import (
    Delivered,
    Economics,
    Promise,
    Scored,
    Setting,
    Walk,
    chance_to_certify,
    evaluate,
    labels_needed_for,
    walk,
)
from strati.core.errors import DataError, TaskError
from strati.core.identity import fingerprint
from strati.core.records import Example
from strati.data import Ledger
from strati.data.attempts import Attempt, book
from strati.data.normal import label_keys
from strati.data.splits import distinct
from strati.measure.journal import Journal, StoredExample
from strati.measure.results import Results, load_results
from strati.stack.stack import Loss
from strati.statistics.metric import RIGHT, Rule, rule_of
from strati.task.task import ONCE, TRAFFIC


@dataclass(frozen=True)
class Wanted:
    """What is to be certified, with `confidence`: quality `at_least` on automatic answers, of all or `per_class`.

    With `error_costs` it is about money instead: errors cost at most `max_error_cost` dollars per 1,000 automatic
    answers. `tries` looks at the calibrate labels are planned.
    """

    at_least: float = 0.95
    confidence: float = 0.95
    tries: int = 1
    per_class: bool = False
    error_costs: ErrorCosts | None = None
    max_error_cost: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("at-least", self.at_least), ("confidence", self.confidence)):
            if not 0 < value < 1:
                raise TaskError(f"--{name} is {value:g}, expected a share above 0 and below 1")
        if (self.error_costs is None) != (self.max_error_cost is None):
            raise TaskError("--error-costs and --max-error-cost belong together: expected both or none of them")
        if self.error_costs is not None and self.max_error_cost is not None:
            if self.per_class:
                raise TaskError("--per-class and --max-error-cost were both given, expected one kind of promise")
            most = 1000 * self.error_costs.dearest
            if not 0 < self.max_error_cost < most:
                raise TaskError(
                    f"--max-error-cost is {self.max_error_cost:g}, expected dollars per 1,000 automatic answers above "
                    f"0 and below {most:g} (each one the dearest error)"
                )

    @property
    def bar(self) -> float:
        """1 minus the mean loss allowed."""
        if self.error_costs is None or self.max_error_cost is None:
            return self.at_least
        return 1 - self.max_error_cost / (1000 * self.error_costs.dearest)

    @property
    def loss(self) -> Loss | None:
        """A loss in place of that of the kind of task."""
        return None if self.error_costs is None else self.error_costs.loss

    def economics(self, results: Results) -> Economics:
        """Prices for the choice among stacks; with `error_costs` in the unit of the dearest error."""
        found = Economics.of(results.goal)
        if self.error_costs is None:
            return found
        dearest = self.error_costs.dearest
        return replace(found, wrong_answer=dearest, human_error=found.human_error * self.error_costs.mean / dearest)


@dataclass(frozen=True)
class Certified:
    """The outcome: what was designed on tune, the walk over calibrate, and what the setting did on each part.

    `chance` is how likely such an attempt was to end with a certificate, going by tune; None where that is not told.
    `setting` is None when nothing was certified; `parts` then show the setting that tune predicts to be the easiest,
    and `labels_needed` is how many calibrate labels it would take, None where no number would do.
    """

    run: str
    wanted: Wanted
    design: Design
    walk: Walk
    parts: Mapping[str, Delivered]
    scored: Mapping[str, Scored]
    calibrate: tuple[Example, ...]
    labels: tuple[str, ...]
    labels_needed: int | None
    left: int
    notes: tuple[str, ...] = ()
    repeats: str = ONCE
    chance: float | None = None
    rule: Rule = RIGHT

    @property
    def setting(self) -> Setting | None:
        return self.walk.setting

    @property
    def names(self) -> tuple[str, ...]:
        return self.design.composition.names


def certify(journal: Journal, ledger: Ledger, wanted: Wanted, fresh: Fresh | None = None) -> Certified:
    """Design a stack on tune, test it on calibrate (or on `fresh` labels in its place), look at it on test.

    Raises:
        DataError: the run has no calibrate part or none of its rungs can be a stage, or its labels are spent or were
            used on tune.
    """
    results = load_results(journal)
    _refuse_few(results, journal, fresh)
    names = [
        result.name
        for result in rungs_to_compose(journal, results)
        if fresh is not None or journal.answered(result.name, "calibrate")
    ]
    if not names:
        raise DataError(
            f"run {results.run} has no rung that can be a stage: expected measured ones that can be saved and that "
            "give a confidence"
        )
    tune, said = read_part(journal, results, names, "tune"), ""
    if fresh is None:
        kept = journal.examples("calibrate")
        labelled = tuple(Example(e.id, e.input, e.reference, e.group) for e in kept)
        asked = read_part(journal, results, names, "calibrate").available()
        if results.task.repeats == ONCE:
            _only_fresh_on_tune(results, journal, labelled)
    else:
        given, fresh = len(fresh.examples), only_fresh(journal, ledger, results.run, fresh)
        if results.task.repeats == ONCE:
            fresh = replace(fresh, examples=distinct(fresh.examples))
        labelled, asked = fresh.examples, np.ones((len(fresh.examples), len(names)), dtype=bool)
        _refuse_other_labels(results, labelled)
        if len(labelled) < given:
            said = f"{given - len(labelled):,} of the {given:,} fresh rows repeat inputs of the run or of each other: "
            said += "left out"
    if wanted.per_class and not results.labels:
        raise TaskError(f"--per-class needs labels, and a task of kind {results.task.kind!r} has none")
    classes = tuple(range(len(results.labels))) if wanted.per_class else ()
    promise = Promise(
        wanted.bar,
        round(1 - wanted.confidence, 12),
        graded=wanted.error_costs is not None or bool(getattr(results.metric, "graded", False)),
        largest_group=_largest_group(journal, labelled),
        classes=classes,
    )
    economics, seed = wanted.economics(results), int(results.meta["seed"])
    found = design(tune, results.labels, promise, economics, asked, seed, wanted.loss)
    if found.plan.path is None:
        raise DataError(f"no rung of run {results.run} answers anything on tune with a confidence: nothing to certify")
    attempt = _book(ledger, labelled, results, found, wanted)
    if attempt.risk < promise.risk - 1e-12:
        promise = replace(promise, risk=attempt.risk)
        found = design(tune, results.labels, promise, economics, asked, seed, wanted.loss)
    tune = tune.only(found.order)
    parts = {
        "tune": tune,
        "calibrate": read_part(journal, results, tune.names, "calibrate") if fresh is None else fresh.part(tune),
        "test": read_part(journal, results, tune.names, "test"),
    }
    notes = (*filter(None, (said, _learned(results, tune.names))), *_notes(results, ledger, labelled, promise))
    return _walked(results, parts, labelled, found, wanted, attempt.left, notes)


def _refuse_few(results: Results, journal: Journal, fresh: Fresh | None) -> None:
    if len(results.meta["units"]) != 1:
        raise DataError(
            f"run {results.run} has {results.meta['data']['rows']} labels, too few to certify a stack: it was "
            "cross-fitted and kept no calibrate part, expected 400 labels or more"
        )
    if fresh is None and not journal.examples("calibrate"):
        raise DataError(
            f"run {results.run} has no calibrate part in its journal: an older version of strati made it, run strati "
            "bench again"
        )


def _only_fresh_on_tune(results: Results, journal: Journal, labelled: Sequence[Example]) -> None:
    tuned = set(label_keys(Example(e.id, e.input, e.reference) for e in journal.examples("tune")))
    used = sum(key in tuned for key in label_keys(labelled))
    if used:
        raise DataError(
            f"{used} of {len(labelled)} calibrate labels of run {results.run} were used for tuning too: a certificate "
            "needs labels that nothing was fitted to or chosen on"
        )


def _refuse_other_labels(results: Results, labelled: Sequence[Example]) -> None:
    unknown = [str(example.reference) for example in labelled if str(example.reference) not in results.labels]
    if results.labels and 2 * len(unknown) > len(labelled):
        raise DataError(
            f"{len(unknown):,} of the {len(labelled):,} fresh rows have a label that run {results.run} does not know, "
            f"such as {unknown[0]!r}: expected rows of the same task"
        )


def _largest_group(journal: Journal, labelled: Sequence[Example]) -> int | None:
    """How many examples the largest group has on tune and test, which are other groups than those of calibrate.

    None where every example is on its own. Fixed without calibrate: a size read off it would choose among the means
    that the test could speak of after seeing the data.
    """
    largest = max(_group_size(journal.examples("tune")), _group_size(journal.examples("test")))
    return None if largest == _group_size(labelled) == 1 else largest


def _group_size(examples: Sequence[Example | StoredExample]) -> int:
    return max(Counter(e.group for e in examples if e.group is not None).values(), default=1)


def _book(ledger: Ledger, labelled: Sequence[Example], results: Results, found: Design, wanted: Wanted) -> Attempt:
    path = fingerprint(
        "try.v1",
        path=None if found.plan.path is None else found.plan.path.to_json(),
        stages=[combiner.to_json() for combiner in found.composition.combiners],
        costs=None if wanted.error_costs is None else wanted.error_costs.to_json(),
    )
    return book(ledger, labelled, results.run, path, wanted.confidence, wanted.tries)


def _walked(
    results: Results,
    parts: Mapping[str, Part],
    labelled: tuple[Example, ...],
    found: Design,
    wanted: Wanted,
    left: int,
    notes: tuple[str, ...],
) -> Certified:
    assert found.plan.path is not None
    scored = {name: found.composition.scored(part, results.labels, wanted.loss) for name, part in parts.items()}
    walked = walk(found.plan.path, scored["calibrate"])
    shown = walked.setting or found.plan.estimates[int(found.plan.predicted.argmin())].setting
    delivered = {name: evaluate(shown, part) for name, part in scored.items()}
    needed = None if walked.setting else labels_needed_for(found.plan, tune=scored["tune"])
    return Certified(
        results.run,
        wanted,
        found,
        walked,
        delivered,
        scored,
        labelled,
        results.labels,
        needed,
        left,
        notes,
        results.task.repeats,
        chance_to_certify(found.plan, len(labelled)),
        rule_of(results.metric),
    )


def _learned(results: Results, names: Sequence[str]) -> str:
    """What the rungs learned from, where that is more than what was measured had learned from."""
    found = [(name, results.result(name).record.taught_rows) for name in names]
    told = [f"{name} learned from {rows:,} rows" for name, rows in found if rows]
    if not told:
        return ""
    train = int(results.meta["data"]["splits"]["train"])
    return (
        f"{' and '.join(told)}, all outside calibrate; the figures on tune and test are of the same rungs when they "
        f"had learned from {train:,} (train)"
    )


def _notes(results: Results, ledger: Ledger, labelled: Sequence[Example], promise: Promise) -> tuple[str, ...]:
    notes = []
    if results.task.repeats == TRAFFIC:
        notes.append(
            "repeated inputs count as traffic: the promise holds where traffic repeats inputs as the rows of the run do"
        )
    unknown = sum(str(example.reference) not in results.labels for example in labelled)
    if results.labels and unknown:
        notes.append(f"{unknown:,} calibrate examples have a label that the run does not know: no layer can give it")
    overlap = ledger.overlap(labelled, results.run)
    if overlap.runs:
        notes.append(
            f"{overlap.labels:,} of the {len(labelled):,} calibrate labels were used by other runs "
            f"({', '.join(overlap.runs[-3:])}), as test labels, say: choices you made after seeing those results are "
            "not covered"
        )
    test = str(results.meta["ledger"]["test_hash"])
    others = {use.run for use in ledger.history(test) if use.run != results.run}
    if others:
        runs = "another run" if len(others) == 1 else f"{len(others)} other runs"
        notes.append(f"the test labels were used by {runs}: choices made after seeing them make test look better")
    if promise.largest_group is not None:
        notes.append(
            "examples come in groups, so whole groups were tested; a group with more than "
            f"{promise.largest_group:,} automatic answers counts as that many"
        )
    return tuple(notes)
