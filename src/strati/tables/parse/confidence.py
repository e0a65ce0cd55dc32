"""How likely an answer of the parser is right, from what can be seen of the question, its reading and the answer.

The weights are those of a logistic regression on the tune half of WikiTableQuestions (questions that nobody made to
fit, on messy tables): `python benchmarks/tables_wikitable.py --data FOLDER --fit` prints them anew. On clean tables
they are cautious.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from strati.core.records import JSON
from strati.tables.parse.reading import Op, Reading, Shape
from strati.tables.parse.second_look import looks

if TYPE_CHECKING:
    from strati.tables.parse.parser import Candidate

_ORDER = re.compile(r"\b(before|after|next|previous|consecutive|in a row|following|prior)\b")
_SEVERAL = re.compile(r"\b(same|both|other than|besides|also|either|neither|each|all|only)\b")
_ONE = re.compile(
    r"\b(?:which|what) (?:is the |was the |were the )?(\w+)|\b(?:who|when|where) (?:is|was|has|had|did|won)\b"
)

_BASE = 0.190
_WEIGHTS: Mapping[str, float] = {
    "nothing found": -4.33, "zero": -3.71, "looks differ": -3.66, "several for one": -2.99, "same as": -2.56,
    "shape: compare two": 2.07, "one": -1.67, "says order": -1.57, "margin": 1.44, "part of a text": -1.41,
    "shape: minimum or maximum with its row": 1.21, "words": -1.17, "shape: group by": 1.15, "no condition": -1.09,
    "score": 0.86, "says several": 0.84, "shape: sum": 0.79, "shape: look up": -0.78, "gaps": -0.51,
    "conditions": 0.39, "bound": 0.38, "in longer values": -0.36, "shape: count": 0.35, "totals": 0.20,
    "taken from a text": -0.10, "shape: filter by value": 0.08, "assumed": -0.07,
}  # fmt: skip


def features(question: str, one: Candidate, answer: JSON) -> dict[str, float]:
    """What a confidence is computed from."""
    reading, lower = one.reading, question.casefold()
    ops = {condition.op for condition in reading.conditions}
    seen = {
        "score": one.score,
        "margin": one.margin,
        "assumed": min(3, len(one.notes)),
        "conditions": min(4, len(reading.conditions)),
        "no condition": not reading.conditions,
        "part of a text": Op.CONTAINS in ops,
        "bound": bool(ops & {Op.GT, Op.GE, Op.LT, Op.LE, Op.BETWEEN}),
        "totals": Op.NO_TOTAL in ops,
        "taken from a text": any(field.column.of for field in reading.fields),
        "gaps": any(field.column.missing for field in reading.fields),
        "order of rows": bool(reading.by_row),
        "words": min(25, len(lower.split())) / 10,
        "says order": bool(_ORDER.search(lower)),
        "says several": bool(_SEVERAL.search(lower)),
        "nothing found": answer in (None, [], ""),
        "zero": answer == 0 and not isinstance(answer, bool),
        "one": answer == 1 and not isinstance(answer, bool),
        "several for one": isinstance(answer, list) and len(answer) > 1 and _wants_one(lower) and not _of_each(reading),
        "as asked": isinstance(answer, str) and answer.casefold() in lower,
    }
    seen |= looks(lower, reading, answer)
    shapes = {f"shape: {shape}": reading.shape is shape for shape in Shape}
    return {name: float(value) for name, value in {**seen, **shapes}.items()}


def _wants_one(question: str) -> bool:
    """Whether one thing is asked for: "which team" rather than "which teams"."""
    found = _ONE.search(question)
    return found is not None and not (found[1] or "").endswith("s")


def _of_each(reading: Reading) -> bool:
    """Whether a figure of each group is the answer: the average price per region."""
    return reading.within is not None or (reading.shape is Shape.GROUP and reading.direction == 0)


def confidence(question: str, one: Candidate, answer: JSON) -> float:
    """How likely an answer is right, in [0, 0.99].

    Args:
        question: in plain English.
        one: the reading that was taken.
        answer: what its query gave.
    """
    total = _BASE + sum(_WEIGHTS.get(name, 0.0) * value for name, value in features(question, one, answer).items())
    return min(0.99, 1 / (1 + math.exp(-total)))
