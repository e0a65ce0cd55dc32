"""How much is asked of the rungs, and on which examples."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from strati.core.errors import TaskError
from strati.core.identity import fingerprint
from strati.core.records import Example
from strati.data import Splits


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is asked of the rungs. Numbers, not times: the same command gives the same verdict on any machine.

    Attributes:
        sample: test examples that slow rungs answer, one common random subset; None: sized by power (`race.sizing`).
        form_rows: tune examples at most on which a slow rung's forms are compared.
        tune_rows: tune examples on which a slow rung's confidence is calibrated.
        fast_tune_rows: the same two for fast rungs.
        probes: cases answered one at a time to measure latency.
        racing: whether slow rungs that are shown to be hopeless are retired on tune (`strati.measure.race.racing`).
        race_rows: tune examples that a slow rung answers at most in the race, beyond those its form was chosen on; of
            these 256, or half where that is more.
        calibrate: whether rungs answer calibrate inputs too, so that a stack can be certified with no further call.
    """

    sample: int | None = None
    form_rows: int = 32
    tune_rows: int = 50
    fast_tune_rows: int = 3000
    probes: int = 60
    racing: bool = True
    race_rows: int = 512
    calibrate: bool = True

    @classmethod
    def of(cls, sample: int) -> Self:
        """Effort in proportion to the sample: what slow rungs do on tune shrinks with it."""
        if sample < 1:
            raise TaskError(f"the sample is {sample}, expected at least 1 example")
        return cls(
            sample,
            form_rows=min(32, max(12, sample // 5)),
            tune_rows=min(100, max(12, sample // 4)),
            race_rows=min(256, max(24, sample)),
        )


def sample_ids(splits: Splits, size: int, seed: int) -> frozenset[str]:
    """The ids of the common random subset of all test examples; a larger subset holds every smaller one."""
    everything = [example for unit in splits.units for example in unit.test]
    return frozenset(example.id for example in shuffled(everything, seed)[:size])


def sampled(splits: Splits, test: Sequence[Example], size: int, seed: int) -> list[Example]:
    """The examples of a test part that are in the common random subset, in the subset's own order."""
    chosen = sample_ids(splits, size, seed)
    return [example for example in shuffled(test, seed) if example.id in chosen]


def spread(examples: Sequence[Example], count: int) -> Sequence[Example]:
    """At most so many examples, evenly over the file: of a file in label order, every label has its share."""
    if len(examples) <= count:
        return examples
    return [examples[place * len(examples) // count] for place in range(count)]


def shuffled(examples: Sequence[Example], seed: int) -> list[Example]:
    """In an order that depends on the seed and each example's own content, not on the order of the file."""
    keyed = sorted(examples, key=lambda example: fingerprint("order", id=example.id, text=example.text))
    random.Random(seed).shuffle(keyed)
    return keyed
