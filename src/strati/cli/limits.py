"""The hard limits of a run, from flags or strati.toml."""

from __future__ import annotations

import math
from collections.abc import Mapping

from strati.core.errors import TaskError


def limits(settings: Mapping[str, object]) -> tuple[float | None, float | None]:
    """(dollars, minutes), each None where no limit is set; raises `TaskError` for what is no amount."""
    dollars = _number(settings, "max_dollars")
    if dollars is not None and not 0 <= dollars < math.inf:
        raise TaskError(f"--max-dollars is {dollars:g}, expected a number of dollars of at least 0")
    minutes = _number(settings, "max_minutes")
    if minutes is not None and not 0 < minutes < math.inf:
        raise TaskError(f"--max-minutes is {minutes:g}, expected a number above 0")
    return dollars, minutes


def _number(settings: Mapping[str, object], key: str) -> float | None:
    value = settings.get(key)
    return float(value) if isinstance(value, int | float) else None
