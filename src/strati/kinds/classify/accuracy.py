"""Accuracy: the share of examples with the right answer. What was not answered is wrong."""

from __future__ import annotations

from strati.core.records import JSON
from strati.statistics.metric import Share, wrong


class Accuracy(Share):
    """Statistics (right, 1) for each example.

    >>> Accuracy().score("spam", None)
    Score(statistics=(0.0, 1.0), reason='nothing was delivered, the reference is "spam"')
    """

    def __init__(self) -> None:
        super().__init__("accuracy", wrong)


def why_wrong(reference: JSON, value: JSON | None) -> str:
    """Why an answer is wrong, in words."""
    return Accuracy().score(reference, value).reason
