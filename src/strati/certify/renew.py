"""A certificate for a stack as it is, on fresh labels: one setting, one test.

`certify` composes a stack on tune and walks a path of settings. A stack that was refitted on what people decided, or
changed by hand, has its thresholds already, so nothing is searched: whether its automatic answers keep the promise is
tested once, at the whole risk, on labels that nothing of it has seen.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import strati
from strati.certify.certificate import OUTCOMES, Certificate
from strati.certify.method import Promise, Scored, Setting, Walk, evaluate, outcome_rows, walk
from strati.certify.method.walk import Path as Settings
from strati.certify.method.walk import Start
from strati.certify.traffic import LEVEL, Sketch
from strati.core.context import Context
from strati.core.environment import receipt
from strati.core.errors import DataError
from strati.core.identity import fingerprint, sha256_of
from strati.core.records import JSON, Case, Example, State
from strati.data import Ledger, label_hash
from strati.data.attempts import book
from strati.data.normal import label_keys
from strati.stack.stack import Loss, Stack
from strati.statistics.metric import RIGHT, Rule

WHOLE = "the stack as it is"
MOST_KNOWN = 0.1  # of the fresh rows that the stack may have learned from
LEARNED = "learned"
"""Under this purpose the ledger knows what a refitted stack learned from."""


@dataclass(frozen=True)
class Renewed:
    """The test of a stack: `walk.certified` is None where the promise was not shown."""

    walk: Walk
    scored: Scored
    examples: tuple[Example, ...]
    left_out: int
    at_least: float
    confidence: float

    @property
    def certified(self) -> bool:
        return self.walk.certified is not None


def remember_learned_by(ledger: Ledger, stack: Stack, rows: Sequence[Example]) -> None:
    """Book what a refitted stack learned from: those labels never certify it."""
    ledger.use(LEARNED, rows, stack.fingerprint(), LEARNED)


def renew(
    stack: Stack,
    examples: Sequence[Example],
    ledger: Ledger,
    loss: Loss,
    at_least: float,
    confidence: float,
    ctx: Context,
    *,
    graded: bool = False,
) -> Renewed:
    """Test the promise on labels that the stack did not learn from; each set of labels is good for one test.

    Raises:
        DataError: there are no labels, the stack learned from many of them, or they were spent.
    """
    if not examples:
        raise DataError("the file of fresh labels has no usable row, expected labelled examples")
    name = stack.fingerprint()
    learned = ledger.labels_of(name, LEARNED)
    fresh = [row for row, key in zip(examples, label_keys(examples), strict=True) if key[:8] not in learned]
    out = len(examples) - len(fresh)
    if out > MOST_KNOWN * len(examples):
        raise DataError(
            f"the stack learned from {out:,} of the {len(examples):,} rows: expected labels that it has not seen"
        )
    promise = Promise(at_least, round(1 - confidence, 12), graded=graded)
    path = Settings((WHOLE,), (Setting((0,), (0.0,)),), (Start(0, 1.0),), promise)
    book(ledger, fresh, name, fingerprint("renewal.v1", stack=name, path=path.to_json()), confidence, 1)
    ctx.begin("answering fresh labels", len(fresh))
    done = stack.run([Case(row.id, row.input) for row in fresh], ctx)
    values = tuple(case.answer.value if case.state is State.ANSWERED and case.answer else None for case in done)
    automatic = np.array([value is not None for value in values])
    losses = [0.0 if value is None else loss(value, row.reference) for value, row in zip(values, fresh, strict=True)]
    sure = np.where(automatic, 1.0, np.nan)[:, None]
    scored = Scored((WHOLE,), sure, np.array(losses)[:, None], np.zeros(1))
    return Renewed(walk(path, scored), scored, tuple(fresh), out, at_least, confidence)


def write_renewed(
    folder: Path, stack: Stack, done: Renewed, resources: Mapping[str, object], rule: Rule = RIGHT
) -> None:
    """Put the certificate into the stack's folder. Raises `ValueError` where nothing was shown."""
    step = done.walk.step
    if step is None:
        raise ValueError("nothing was certified, so there is nothing to write")
    delivered = evaluate(Setting((0,), (0.0,)), done.scored)
    rows = outcome_rows(done.scored, [example.id for example in done.examples])
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        part = Path(temporary)
        (part / OUTCOMES).write_text(lines, encoding="utf-8", newline="\n")
        sketch = Sketch.of((example.text for example in done.examples), delivered.count, len(delivered.rung))
        data: dict[str, JSON] = {
            "calibrate": {"examples": len(done.examples), "labels": label_hash(done.examples)},
            "traffic": {"sha256": sketch.write(part), "level": LEVEL},
        }
        data["receipt"] = receipt(folder)
        outcomes = sha256_of(part / OUTCOMES)
        for file in part.iterdir():
            os.replace(file, folder / file.name)
    figures: dict[str, JSON] = {
        "examples": len(delivered.rung),
        "automatic": delivered.count,
        "share": delivered.share,
        "errors": delivered.errors,
        "error": delivered.error,
        "upper": None,
        "cost_per_1000": None,
    }
    result: dict[str, JSON] = {"n": step.n, "errors": step.errors, "p": step.p, "level": step.level}
    result |= {"thresholds": {WHOLE: 0.0}, "calibrate": figures, "classes": {}, "groups": {"count": 0, "rows": []}}
    result |= {"notes": ["the stack was certified as it is: its thresholds were set before"], "chance": None}
    promise: dict[str, JSON] = {
        "at_least": done.at_least,
        "confidence": done.confidence,
        "risk": done.walk.path.promise.risk,
        "per_class": False,
        "loss": rule.words,
        **({"rule": rule.name} if rule.name else {}),
        "over": "automatic answers to inputs like the fresh ones it was tested on",
        "repeats": "once",
    }
    given = {name: str(part.fingerprint()) for name, part in resources.items() if hasattr(part, "fingerprint")}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    walked = done.walk.to_json()
    Certificate(stack.fingerprint(), promise, result, walked, data, given, outcomes, now, strati.__version__).write(
        folder
    )
