"""How figures and texts look, the same in every report.

Shares are percentages with one decimal, an interval stands in brackets: `81.0 % (79.0 to 83.0)`. A value that was not
measured is an en dash, never 0. Minus signs are real ones; the terminal replaces them where it has to.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

MISSING = "–"


def money(x: Any) -> str:
    """Dollars, with the digits that matter.

    >>> money(0.0021), money(0), money(0.5), money(12.4), money(1240)
    ('$0.0021', '$0', '$0.50', '$12.40', '$1,240')
    """
    value = finite(x)
    if value is None:
        return MISSING
    if value < 0:
        return f"−{money(-value)}"
    if value < 0.0001:
        return "<$0.0001" if value else "$0"
    if value < 1:
        return f"${value:.{1 - math.floor(math.log10(value))}f}"
    return f"${value:,.2f}" if value < 100 else f"${value:,.0f}"


def share(x: Any) -> str:
    """A share in [0, 1] as a percentage.

    >>> share(0.81), share(1), share(0.0004)
    ('81.0 %', '100 %', '0.04 %')
    """
    value = finite(x)
    return MISSING if value is None else f"{_percent(value)} %"


def interval(estimate: Mapping[str, Any] | None) -> str:
    """A share with its interval, from a record with `value`, `low` and `high`.

    >>> interval({"value": 0.81, "low": 0.79, "high": 0.83})
    '81.0 % (79.0 to 83.0)'
    """
    value, low, high = (finite((estimate or {}).get(key)) for key in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return share(value)
    return f"{share(value)} ({_percent(low)} to {_percent(high)})"


def points(x: Any) -> str:
    """A difference of two shares, in percentage points with its sign.

    >>> points(-0.08), points(0.004), points(0)
    ('−8.0', '+0.4', '0.0')
    """
    value = finite(x)
    if value is None:
        return MISSING
    text = f"{abs(value) * 100:.1f}"
    if float(text) == 0:
        return text
    return ("−" if value < 0 else "+") + text


def difference(comparison: Mapping[str, Any]) -> str:
    """A difference with its interval, in percentage points.

    >>> difference({"difference": -0.08, "low": -0.10, "high": -0.06})
    '−8.0 (−10.0 to −6.0)'
    """
    low, high = (finite(comparison.get(key)) for key in ("low", "high"))
    middle = points(comparison.get("difference"))
    return middle if low is None or high is None else f"{middle} ({points(low)} to {points(high)})"


def milliseconds(x: Any) -> str:
    """A time given in milliseconds, in the unit that reads best.

    >>> milliseconds(0.4), milliseconds(12.3), milliseconds(1240), milliseconds(95_000)
    ('0.4 ms', '12 ms', '1.2 s', '1 min 35 s')
    """
    value = finite(x)
    if value is None:
        return MISSING
    if value < 0.1:
        return "0 ms" if value <= 0 else "<0.1 ms"
    if value < 9.95:
        return f"{value:.1f} ms"
    return f"{value:.0f} ms" if value < 999.5 else seconds(value / 1000)


def brief(x: Any) -> str:
    """A time given in milliseconds, in seven characters at most for a column.

    >>> brief(12.3), brief(67_000), brief(1_500_000)
    ('12 ms', '1.1 min', '25 min')
    """
    value = finite(x)
    if value is None or value < 59_500:
        return milliseconds(x)
    return f"{value / 60_000:.1f} min" if value < 597_000 else f"{value / 60_000:.0f} min"


def seconds(x: Any) -> str:
    """A time given in seconds.

    >>> seconds(1.8), seconds(200), seconds(7500), seconds(0.2)
    ('1.8 s', '3 min 20 s', '2 h 5 min', '200 ms')
    """
    value = finite(x)
    if value is None:
        return MISSING
    if value < 0.9995:
        return milliseconds(value * 1000)
    if value < 59.5:
        return f"{value:.1f} s" if value < 9.95 else f"{value:.0f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def count(x: Any) -> str:
    """A number of things.

    >>> count(10003), count(7.25), count(None)
    ('10,003', '7.2', '–')
    """
    value = finite(x)
    if value is None:
        return MISSING
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 10 else f"{value:,.1f}"


def several(n: int, thing: str) -> str:
    """A number of things, `thing` being one of them.

    >>> several(1, "more label"), several(1200, "more label")
    ('1 more label', '1,200 more labels')
    """
    return f"{n:,} {thing}" if n == 1 else f"{n:,} {thing}s"


def size(x: Any) -> str:
    """A number of bytes.

    >>> size(48_213), size(1_117_320_736)
    ('48 kB', '1.1 GB')
    """
    value = finite(x)
    if value is None:
        return MISSING
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 999.5 or unit == "GB":
            break
        value /= 1000
    return f"{value:.1f} {unit}" if value < 9.95 and unit != "bytes" else f"{value:,.0f} {unit}"


def ratio(x: Any) -> str:
    """A small plain number such as a calibration error, with three decimals.

    >>> ratio(0.0312)
    '0.031'
    """
    value = finite(x)
    return MISSING if value is None else f"{value:.3f}"


def probability(x: Any) -> str:
    """A p-value.

    >>> probability(0.004), probability(0.00001), probability(0.9999)
    ('0.004', '<0.001', '>0.999')
    """
    value = finite(x)
    if value is None:
        return MISSING
    if value < 0.001:
        return "<0.001"
    return ">0.999" if value > 0.999 else f"{value:.3f}"


def moment(text: Any) -> str:
    """An ISO 8601 time as people write it; any other text as it is.

    >>> moment("2026-11-22T20:41:00Z")
    '22 November 2026, 20:41 UTC'
    """
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        return line(text)
    zone = " UTC" if when.utcoffset() is not None and not when.utcoffset() else ""
    return f"{when.day} {when:%B %Y, %H:%M}{zone}"


def yes_no(x: Any) -> str:
    """`yes`, `no`, or an en dash where it is not known."""
    return MISSING if x is None else "yes" if x else "no"


def value_text(x: Any) -> str:
    """A setting or an answer, whatever JSON value it is, in one line."""
    if x is None:
        return "not set"
    if isinstance(x, bool):
        return yes_no(x)
    if isinstance(x, float):
        return f"{x:.6g}" if math.isfinite(x) else MISSING
    if isinstance(x, Mapping):
        return settings_text(x)
    return ", ".join(value_text(part) for part in x) if isinstance(x, list | tuple) else line(x)


def settings_text(settings: Mapping[str, Any] | None) -> str:
    """Settings as `name value` pairs in one line.

    >>> settings_text({"shots": 8, "letters": False})
    'shots 8, letters no'
    """
    return ", ".join(f"{line(name)} {value_text(value)}" for name, value in (settings or {}).items()) or "as they come"


def answer_text(x: Any) -> str:
    """An answer of a rung, or the words for none."""
    return "no answer" if x is None else value_text(x)


def line(text: Any) -> str:
    """A text cleaned and on one line."""
    return " ".join(clean(text).split())


def clean(text: Any) -> str:
    """A text without the characters that could steer a terminal or turn the reading direction around.

    Line breaks and tabs stay; other control characters, directional overrides and lone surrogates become U+FFFD.
    """
    return "".join("�" if _steers(char) else char for char in ("" if text is None else str(text)))


def shorten(text: Any, limit: int) -> str:
    """A text on one line, cut to `limit` characters with an ellipsis."""
    whole = line(text)
    return whole if len(whole) <= limit else whole[: limit - 1].rstrip() + "…"


def squeeze(text: Any, limit: int) -> str:
    """A text on one line, shortened in the middle, for names that differ at their end.

    >>> squeeze("abcdefghij", 7)
    'abcd…ij'
    """
    whole = line(text)
    head = -(-limit * 6 // 11)
    return whole if len(whole) <= limit else f"{whole[:head].rstrip()}…{whole[head + 1 - limit :].lstrip()}"


def finite(x: Any) -> float | None:
    """The number, or None where there is none (missing, not a number, infinite)."""
    if x is None or isinstance(x, str):
        return None
    value = float(x)
    return value if math.isfinite(value) else None


def _percent(value: float) -> str:
    text = f"{value * 100:.1f}"
    if text in {"100.0", "0.0"} and value not in {0.0, 1.0} and round(value * 100, 2) not in {0.0, 100.0}:
        text = f"{value * 100:.2f}"
    return {"100.0": "100", "0.0": "0"}.get(text, text).replace("-", "−")


def _steers(char: str) -> bool:
    if char in "\n\t":
        return False
    return (
        unicodedata.category(char) in {"Cc", "Cs"}
        or char in "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e"
        or ("\u2066" <= char <= "\u2069")
    )
