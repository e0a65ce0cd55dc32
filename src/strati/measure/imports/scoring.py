"""How right and wrong are told: by the answers themselves where they agree with the tool's score, else by the score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from strati.core.errors import DataError, TaskError
from strati.measure.imports.sample import Sample
from strati.measure.imports.systems import Key, System

ANSWERS, SCORES = "answers", "scores"
MOST_LABELS = 100  # targets that still make a list of labels


@dataclass(frozen=True, slots=True)
class Rule:
    """How right and wrong are told.

    `kind` is what is compared, `score` the scorer's name, `threshold` the score from which an answer is right;
    `by_task` names the score of each task where several tasks have scores of their own.
    """

    kind: str
    score: str | None
    threshold: float | None
    words: str
    by_task: Mapping[str, str] = field(default_factory=dict)

    def value(self, sample: Sample) -> str | None:
        """The value to compare: the answer, or "right" or "wrong"; None for a failure."""
        if sample.failure is not None:
            return None
        if self.kind == ANSWERS:
            return sample.answer
        right = _right(sample, self.by_task.get(sample.task, self.score), self.threshold)
        return None if right is None else "right" if right else "wrong"


def find_rule(
    systems: Sequence[System], keys: Sequence[Key], score: str | None, threshold: float | None, by: str
) -> Rule:
    """The rule for these systems.

    Answers are compared where each sample has one target, the targets repeat as labels do, and "equal to the target"
    says the same as the score for every sample; otherwise scores are. `by` forces one of the two.
    """
    if by not in ("auto", ANSWERS, SCORES):
        raise TaskError(f"--by is {by!r}, expected auto, answers or scores")
    samples = [system.samples[key] for system in systems for key in keys]
    names = _names(samples)
    if all(sample.failure is not None for sample in samples):
        raise DataError(f"all {len(samples):,} samples failed, so there is nothing to compare ({samples[0].failure})")
    if score is not None and score not in names:
        expected = f"expected one of: {', '.join(names)}" if names else "nor any other: leave --score out"
        raise DataError(f"no sample has the score {score!r}, {expected}")
    if by != SCORES and (by == ANSWERS or not names or _answers_say_the_same(samples, score or names[0], threshold)):
        missing = next((s for s in samples if s.reference is None), None)
        unlike = next((k for k in keys if len({s.samples[k].reference for s in systems}) > 1), None)
        if missing is None and unlike is None:
            return Rule(ANSWERS, None, None, "an answer is right when it equals the target")
        if by == ANSWERS or not names:
            why = f"sample {missing.id!r} has no single target" if missing else "systems have different targets"
            raise DataError(f"answers cannot be compared: {why}{'' if names else ', and there is no score either'}")
    if not names:
        raise DataError("the samples have no scores, so nothing says what is right")
    return _by_score(samples, score, names, threshold)


def _by_score(samples: Sequence[Sample], score: str | None, names: Sequence[str], threshold: float | None) -> Rule:
    name = score or names[0]
    firsts = {} if score else _first_by_task(samples)
    if len(set(firsts.values())) < 2:
        firsts = {}
    told = [(sample, firsts.get(sample.task, name)) for sample in samples]
    found = [sample.marks[key].score for sample, key in told if key in sample.marks]
    graded = sorted({value for value in found if value not in (0.0, 1.0)})
    if graded and threshold is None:
        raise DataError(
            f"the score {name!r} is graded, with values such as {graded[len(graded) // 2]:g}: say from which value on "
            "an answer is right, with --threshold"
        )
    words = f'right or wrong is what the tool\'s score "{name}" says'
    if firsts:
        each = ", ".join(f'"{key}" for {task}' for task, key in firsts.items())
        words = f"right or wrong is what the first score of each task says: {each}"
    words += f", right from {threshold:g} on" if threshold is not None else ""
    others = [other for other in names if other != name and other not in firsts.values()]
    if others and score is None:
        words += f" (other scores there: {', '.join(others[:6])}; --score NAME takes one)"
    return Rule(SCORES, name, threshold, words, firsts)


def _first_by_task(samples: Sequence[Sample]) -> dict[str, str]:
    """The first score of each task, in the order of the logs."""
    found: dict[str, str] = {}
    for sample in samples:
        if sample.marks:
            found.setdefault(sample.task, next(iter(sample.marks)))
    return found


def _names(samples: Sequence[Sample]) -> list[str]:
    return list(dict.fromkeys(name for sample in samples for name in sample.marks))


def _answers_say_the_same(samples: Sequence[Sample], score: str, threshold: float | None) -> bool:
    targets = {sample.reference for sample in samples}
    count = len({(sample.task, sample.id) for sample in samples})
    if None in targets or not 1 < len(targets) <= min(MOST_LABELS, count / 2):
        return False
    return all(equal == right for equal, right in _pairs(samples, score, threshold))


def _pairs(samples: Sequence[Sample], score: str, threshold: float | None) -> Iterator[tuple[bool, bool | None]]:
    for sample in samples:
        if sample.failure is None:
            yield sample.answer is not None and sample.answer == sample.reference, _right(sample, score, threshold)


def _right(sample: Sample, score: str | None, threshold: float | None) -> bool | None:
    mark = sample.marks.get(score or "")
    if mark is None:
        return None
    return mark.score >= (1.0 if threshold is None else threshold)
