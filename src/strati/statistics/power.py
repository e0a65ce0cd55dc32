"""How many labelled examples a question needs."""

from __future__ import annotations

import math


def labels_needed(
    discordance: float, margin: float, difference: float = 0.0, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """Examples needed to show that a candidate is not worse by the margin, at a true `difference` to the other one.

    `discordance` is the share of examples that only one of the two has right, so a difference has the variance
    discordance - difference^2 per example. None when the difference is at or beyond the margin: no number would do.
    To show "worse by more than the margin", negate margin and difference; for a bar, use margin 0. At least as many
    are asked for as a test without any discordance needs, log(alpha) / log(1 - effect).

    >>> labels_needed(0.10, 0.03), labels_needed(0.10, 0.05)
    (687, 248)
    """
    from scipy.special import ndtri

    effect = margin + difference
    if effect <= 0:
        return None
    z = float(ndtri(power) - ndtri(alpha))
    needed = z * z * max(discordance - difference * difference, 0.0) / (effect * effect)
    at_least = math.log(alpha) / math.log1p(-effect) if effect < 1 else 1.0
    return max(1, math.ceil(needed), math.ceil(at_least))
