"""What a column of text holds: a guess from a sample of its values, as an SQL expression that converts all of them.

A column is converted whole or not at all: one value that is no number leaves it a column of text, and says so. Marks
for "nothing" (n/a, -, ?) count as missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from strati.tables.schema import Type, literal, quoted

NOTHING_TEXT = ("", "[]", "{}", "null", "n/a", "#n/a", "nan", "-", "--", "—", "–")
NOTHING = (
    *NOTHING_TEXT,
    "na",
    "none",
    "nil",
    "?",
    ".",
    "..",
    "...",
    "unknown",
    "tbd",
    "tba",
    "missing",
    "not available",
)

_DATES = (  # the shape of a value, then the formats it may be in
    (r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",)),
    (r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",)),
    (r"\d{4}\.\d{1,2}\.\d{1,2}", ("%Y.%m.%d",)),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ("%d.%m.%Y", "%m.%d.%Y")),
    (r"\d{1,2}/\d{1,2}/\d{4}", ("%d/%m/%Y", "%m/%d/%Y")),
    (r"\d{1,2}-\d{1,2}-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (r"\d{1,2}/\d{1,2}/\d{2}", ("%d/%m/%y", "%m/%d/%y")),
    (r"\d{1,2} [A-Za-z]{3} \d{4}", ("%d %b %Y",)),
    (r"\d{1,2}-[A-Za-z]{3}-\d{4}", ("%d-%b-%Y",)),
    (r"\d{1,2}-[A-Za-z]{3}-\d{2}", ("%d-%b-%y",)),
    (r"\d{1,2} [A-Za-z]{3,9} \d{4}", ("%d %B %Y",)),
    (r"[A-Za-z]{3} \d{1,2}, \d{4}", ("%b %d, %Y",)),
    (r"[A-Za-z]{3,9} \d{1,2}, \d{4}", ("%B %d, %Y",)),
    (r"[A-Za-z]{3} \d{1,2} \d{4}", ("%b %d %Y",)),
    (r"[A-Za-z]{3,9} \d{1,2} \d{4}", ("%B %d %Y",)),
    (r"\d{4}-\d{2}", ("%Y-%m",)),
    (r"[A-Za-z]{3} \d{4}", ("%b %Y",)),
    (r"[A-Za-z]{3,9} \d{4}", ("%B %Y",)),
)
_TIMES = (
    (r"\d{4}-\d{1,2}-\d{1,2}[ T]\d{1,2}:\d{2}", ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")),
    (
        r"\d{4}-\d{1,2}-\d{1,2}[ T]\d{1,2}:\d{2}:\d{2}Z?",
        ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"),
    ),
    (
        r"\d{4}-\d{1,2}-\d{1,2}[ T]\d{1,2}:\d{2}:\d{2}\.\d{1,6}Z?",
        ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%fZ"),
    ),
    (r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}", ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M")),
    (r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}", ("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S")),
    (r"\d{1,2}\.\d{1,2}\.\d{4} \d{1,2}:\d{2}", ("%d.%m.%Y %H:%M", "%m.%d.%Y %H:%M")),
)  # fmt: skip
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_CODE = re.compile(r"0\d+")  # leading zeros: a code, not a number
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?")
_UNIT = re.compile(
    r"(?P<sign>[+-]?)(?P<before>[$€£¥₹]|[A-Z]{3}(?= ?\d))? ?(?P<number>[+-]?[\d.,]*\d) ?"
    r"(?P<after>%|[$€£¥₹]|°?[A-Za-z][A-Za-z/²³]{0,9})?"
)
_FIRST_NUMBER = r"^[^\w]{0,2}?([-+]?\d[\d,]*(?:\.\d+)?)"
_AFTER = re.compile(r"^[^\w]{0,2}?[-+]?[\d.,]+\s*(%|[A-Za-z][A-Za-z/²³]{0,4})\b")
_DASH = "^[\u2012\u2013\u2212](\\.?\\d)"  # a minus sign as typesetters write it
_RANGE = re.compile(r"^[^\w]{0,2}\d+\s*[-–—:/]\s*\d")
_YEAR = r"\b(1[5-9]\d\d|20\d\d)\b"
_IDENTIFIER = re.compile(r"(?:^|[\W_])(?:id|code|key|sku|isbn|phone|zip)$", re.IGNORECASE)
_TRUTH = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})
_FLAG = re.compile(r"^(is|has|was|can|did|in)[ _]|^(is|has|was)[A-Z]")


@dataclass(frozen=True, slots=True)
class Guess:
    """How a column of text may be converted: the type and the expression, which is NULL where it does not fit."""

    type: Type
    sql: str
    unit: str = ""
    note: str = ""
    odd: str = ""


def guesses(name: str, sample: Sequence[str], nothing: Sequence[str] = NOTHING) -> Iterator[Guess]:
    """What the column may hold, most special first; each must still be tried on all values.

    Args:
        name: the column's name in SQL and in the header.
        sample: some of its different values, without blanks around them.
        nothing: what counts as missing; only the empty text is faster.
    """
    values = [value for value in sample if value.casefold() not in NOTHING]
    if not values:
        return
    text, values = _signed(cleaned(name, nothing), values)
    lower = {value.casefold() for value in values}
    if any(lower <= truth for truth in _TRUTH) or (lower <= {"0", "1"} and _FLAG.search(name)):
        yes = ("true", "yes", "y", "t", "1")
        yield Guess(Type.BOOLEAN, f"CASE WHEN {text} IS NOT NULL THEN lower({text}) IN {_tuple(yes)} END")
    if not any(_CODE.fullmatch(value) for value in values):
        yield from _numbers(text, values)
    yield from _dates(text, values)


def _signed(text: str, values: Sequence[str]) -> tuple[str, list[str]]:
    """The text and its values with a plain minus sign before a number."""
    plain = [re.sub(_DASH, r"-\1", value) for value in values]
    return (f"regexp_replace({text}, {literal(_DASH)}, '-\\1')" if plain != list(values) else text), plain


def _numbers(text: str, values: Sequence[str]) -> Iterator[Guess]:
    if all(_INTEGER.fullmatch(value) for value in values):
        code = f"(starts_with({text}, '0') AND length({text}) > 1)"
        yield Guess(Type.INTEGER, f"CASE WHEN NOT {code} THEN TRY_CAST({text} AS BIGINT) END")
    if all(_PLAIN.fullmatch(value) for value in values):
        yield Guess(Type.NUMBER, f"TRY_CAST({text} AS DOUBLE)")
        return
    if all(_THOUSANDS.fullmatch(value) or _PLAIN.fullmatch(value) for value in values):
        yield from _grouped(text, values, "")
        return
    if all(_COMMA.fullmatch(value) for value in values) and any(
        "," in value and len(value.rpartition(",")[2]) != 3 for value in values
    ):
        swapped = f"replace(replace({text}, '.', ''), ',', '.')"
        fits = f"regexp_full_match({text}, '[+-]?(\\d{{1,3}}(\\.\\d{{3}})+|\\d+)(,\\d+)?')"
        note = "numbers with a decimal comma"
        yield Guess(Type.NUMBER, f"CASE WHEN {fits} THEN TRY_CAST({swapped} AS DOUBLE) END", note=note)
        return
    found = [_UNIT.fullmatch(value) for value in values]
    if all(found):
        units = {((match["before"] or "") + (match["after"] or "")).strip() for match in found if match}
        numbers = [match["sign"] + match["number"] for match in found if match]
        if len(units) == 1 and all(_THOUSANDS.fullmatch(n) or _PLAIN.fullmatch(n) for n in numbers):
            yield from _grouped(text, numbers, units.pop())


def _grouped(text: str, values: Sequence[str], unit: str) -> Iterator[Guess]:
    """Numbers with commas between thousands and perhaps the same unit beside each."""
    bare = f"regexp_replace({text}, {literal(_around(unit))}, '', 'g')" if unit else text
    fits = f"regexp_full_match({bare}, '[+-]?(\\d{{1,3}}(,\\d{{3}})+|\\d+)?(\\.\\d*)?')"
    kind, cast = (Type.NUMBER, "DOUBLE") if any("." in value for value in values) else (Type.INTEGER, "BIGINT")
    yield Guess(kind, f"CASE WHEN {fits} THEN TRY_CAST(replace({bare}, ',', '') AS {cast}) END", unit)
    if kind is Type.INTEGER:
        yield Guess(Type.NUMBER, f"CASE WHEN {fits} THEN TRY_CAST(replace({bare}, ',', '') AS DOUBLE) END", unit)


def _around(unit: str) -> str:
    return r"\s*" + "".join(f"\\{c}" if not c.isalnum() and c.isascii() else c for c in unit) + r"\s*"


def _dates(text: str, values: Sequence[str]) -> Iterator[Guess]:
    """Dates in one or several formats; where day and month could be swapped, both orders are offered."""
    for type_, shapes in ((Type.DATE, _DATES), (Type.TIMESTAMP, (*_TIMES, *_DATES))):
        formats: dict[str, None] = {}
        for value in values:
            known = (f for shape, f in shapes if re.fullmatch(shape, value))
            fitting = next((fit for f in known if (fit := [one for one in f if _fits(value, one)])), None)
            if fitting is None:
                break
            formats.update(dict.fromkeys(fitting))
        else:
            yield from _ordered(text, type_, tuple(formats))
            return


def _fits(value: str, one: str) -> bool:
    try:
        datetime.strptime(value, one)
    except ValueError:
        return False
    return True


def _ordered(text: str, type_: Type, formats: tuple[str, ...]) -> Iterator[Guess]:
    """With the day first, and with the month first where that differs."""
    cast = "DATE" if type_ is Type.DATE else "TIMESTAMP"
    day_first = tuple(f for f in formats if not (f.startswith("%m") and _swap(f) in formats))
    month_first = tuple(
        f for f in formats if not (f.startswith("%d") and f.replace("%d", "%m", 1) != f and _swap(f) in formats)
    )
    plural = "" if len(day_first) == 1 else f"dates in {len(day_first)} formats"
    for order, chosen in (("day", day_first), ("month", month_first)):
        if order == "month" and chosen == day_first:
            return
        note = plural
        if day_first != month_first:
            note = f"dates with the {order} first" + (f", in {len(chosen)} formats" if len(chosen) > 1 else "")
        if chosen == ("%Y-%m-%d",):
            yield Guess(type_, f"TRY_CAST({text} AS DATE)")
            continue
        yield Guess(type_, f"CAST(try_strptime({text}, [{', '.join(map(literal, chosen))}]) AS {cast})", note=note)


def _swap(one: str) -> str:
    return one.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")


def inside(name: str, sample: Sequence[str]) -> Guess | None:
    """A column to add beside one of text, when most of its values hold a number, a date or a year among other text."""
    values = [value for value in sample if value.casefold() not in NOTHING]
    if len(values) < 2 or _IDENTIFIER.search(name):
        return None
    text = quoted(name)
    need = 0.8 * len(values)
    dates: Counter[str] = Counter()
    for value in values:
        for shape, formats in _DATES[:15]:
            found = re.search(rf"\b{shape}\b", value)
            if found and _fits(found.group(), formats[0]):
                dates[shape] += 1
                break
    if dates and sum(dates.values()) >= need:
        parts = [
            f"try_strptime(regexp_extract({text}, {literal(shape)}), {literal(formats[0])})"
            for shape, formats in _DATES[:15]
            if dates[shape]
        ]
        return Guess(Type.DATE, f"CAST(coalesce({', '.join(parts)}) AS DATE)")
    years = sum(len(re.findall(_YEAR, value)) == 1 for value in values)
    if years >= need:
        return Guess(Type.INTEGER, f"TRY_CAST(regexp_extract({text}, {literal(_YEAR)}) AS BIGINT)", note="year")
    if sum(bool(re.match(_FIRST_NUMBER, value)) and not _RANGE.match(value) for value in values) >= need:
        text, plain = _signed(text, values)
        number = f"regexp_extract({text}, {literal(_FIRST_NUMBER)}, 1)"
        units = {found[1] for value in plain if (found := _AFTER.match(value))}
        unit = units.pop() if len(units) == 1 else ""
        return Guess(Type.NUMBER, f"TRY_CAST(replace({number}, ',', '') AS DOUBLE)", unit)
    return None


def cleaned(name: str, nothing: Sequence[str] = NOTHING_TEXT) -> str:
    """The expression of a text without blanks around it, NULL where it stands for nothing."""
    text = f"trim({quoted(name)}, ' \t\r\n\u00a0')"
    if tuple(nothing) == ("",):
        return f"nullif({text}, '')"
    return f"CASE WHEN lower({text}) NOT IN {_tuple(nothing)} THEN {text} END"


def _tuple(values: Sequence[str]) -> str:
    return f"({', '.join(map(literal, values))})"
