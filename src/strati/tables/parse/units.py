"""Units that a question and a header may disagree in: hours and minutes, miles and kilometres."""

from __future__ import annotations

from collections.abc import Mapping

_FAMILIES: tuple[Mapping[str, float], ...] = (
    {
        "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
        "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600, "day": 86400, "days": 86400, "week": 604800,
        "weeks": 604800,
    },
    {
        "mm": 0.001, "cm": 0.01, "m": 1, "meter": 1, "meters": 1, "metre": 1, "metres": 1, "km": 1000, "in": 0.0254,
        "kilometer": 1000, "kilometers": 1000, "kilometre": 1000, "kilometres": 1000, "inch": 0.0254, "inches": 0.0254,
        "ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "mi": 1609.344, "mile": 1609.344, "miles": 1609.344,
    },
    {
        "g": 0.001, "gram": 0.001, "grams": 0.001, "kg": 1, "kgs": 1, "kilo": 1, "kilos": 1, "kilogram": 1,
        "kilograms": 1, "t": 1000, "ton": 1000, "tons": 1000, "tonne": 1000, "tonnes": 1000, "lb": 0.45359237,
        "lbs": 0.45359237, "pound": 0.45359237, "pounds": 0.45359237,
    },
    {"year": 1, "years": 1, "yr": 1, "yrs": 1},
    {"$": 1, "usd": 1, "dollar": 1, "dollars": 1},
    {"€": 1, "eur": 1, "euro": 1, "euros": 1},
    {"£": 1, "gbp": 1},
)  # fmt: skip


def factor(asked: str, stored: str) -> float | None:
    """What a number in one unit is multiplied by to be in the other; None where that makes no sense.

    A unit that is not known is taken to be the same.

    >>> factor("hours", "min"), factor("kg", "hours"), factor("bedrooms", "min")
    (60.0, None, 1.0)
    """
    a, b = asked.casefold(), stored.casefold()
    mine = [family for family in _FAMILIES if a in family]
    theirs = [family for family in _FAMILIES if b in family]
    if not mine or not theirs:
        return 1.0
    for family in mine:
        if b in family:
            return family[a] / family[b]
    return None


def related(asked: str, stored: str) -> bool:
    """Whether both are known units of the same quantity.

    >>> related("miles", "km"), related("km", "kg"), related("bedrooms", "")
    (True, False, False)
    """
    a, b = asked.casefold(), stored.casefold()
    return any(a in family and b in family for family in _FAMILIES)
