"""An estimate with its limits."""

from __future__ import annotations

from typing import NamedTuple


class Interval(NamedTuple):
    """A value with two-sided limits at a confidence such as .95; `n` counts examples, `method` names the procedure.

    For n = 0 the value is NaN ("not measured") and the limits are the whole range.
    """

    value: float
    low: float
    high: float
    confidence: float
    n: int
    method: str
