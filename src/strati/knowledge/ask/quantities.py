"""Numbers, amounts, dates and measures in a text, brought to one form so that they can be compared.

"USD 1.5m" is "$1,500,000", 12 May 2023 is 2023-05-12, "a third" stays a word. Only what is written is compared: nothing
is added up or converted from one unit to another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero", "february feb februar fevrier febrero", "march mar marz mars marzo",
            "april apr avril abril", "may mai mayo", "june jun juni juin junio", "july jul juli juillet julio",
            "august aug aout agosto", "september sep sept septembre septiembre", "october oct oktober octobre octubre",
            "november nov novembre noviembre", "december dec dezember decembre diciembre",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_UP_TO_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_THIRTY_ON = "thirty forty fifty sixty seventy eighty ninety"
_FIRST_ON = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_SMALL = {word: number for number, word in enumerate(_UP_TO_TWENTY.split())}
_TENS = {word: 10 * number for number, word in enumerate(_THIRTY_ON.split(), 3)}
_ORDINALS = {word: number for number, word in enumerate(_FIRST_ON.split(), 1)}
_SCALES = {
    "hundred": 100, "thousand": 1000, "k": 1000, "million": 10**6, "millions": 10**6, "m": 10**6, "mn": 10**6,
    "mio": 10**6, "billion": 10**9, "billions": 10**9, "bn": 10**9, "b": 10**9, "trillion": 10**12, "tn": 10**12,
    "万": 10**4, "亿": 10**8,
}  # fmt: skip
_CURRENCIES = {
    "$": "usd", "us$": "usd", "usd": "usd", "dollar": "usd", "dollars": "usd", "€": "eur", "eur": "eur",
    "euro": "eur", "euros": "eur", "£": "gbp", "gbp": "gbp", "pound": "gbp", "pounds": "gbp", "¥": "jpy",
    "jpy": "jpy", "yen": "jpy", "chf": "chf", "francs": "chf", "cent": "cent", "cents": "cent", "rmb": "cny",
    "cny": "cny", "yuan": "cny", "rupees": "inr", "inr": "inr",
}  # fmt: skip
_UNITS = {
    "%": "percent", "percent": "percent", "pct": "percent", "prozent": "percent", "per cent": "percent",
    "percentage points": "points", "percentage point": "points", "basis points": "bp", "bps": "bp",
    "km": "km", "kilometer": "km", "kilometers": "km", "kilometre": "km", "kilometres": "km", "m": "metre",
    "metre": "metre", "metres": "metre", "meter": "metre", "meters": "metre", "cm": "cm", "mm": "mm",
    "centimetres": "cm", "millimetres": "mm", "centimeters": "cm", "millimeters": "mm",
    "mile": "mile", "miles": "mile", "mi": "mile", "foot": "foot", "feet": "foot", "ft": "foot", "inch": "inch",
    "inches": "inch", "yard": "yard", "yards": "yard", "kg": "kg", "kilogram": "kg", "kilograms": "kg",
    "g": "gram", "gram": "gram", "grams": "gram", "mg": "mg", "milligrams": "mg", "ton": "ton", "tons": "ton",
    "tonne": "tonne", "tonnes": "tonne", "lb": "pound-weight", "lbs": "pound-weight",
    "second": "second", "seconds": "second", "sec": "second", "ms": "ms", "milliseconds": "ms", "minute": "minute",
    "minutes": "minute", "min": "minute", "hour": "hour", "hours": "hour", "h": "hour", "day": "day", "days": "day",
    "week": "week", "weeks": "week", "month": "month", "months": "month", "year": "year", "years": "year",
    "decade": "decade", "decades": "decade", "century": "century", "centuries": "century",
    "°c": "celsius", "celsius": "celsius", "°f": "fahrenheit", "fahrenheit": "fahrenheit", "degrees": "degree",
    "mph": "mph", "km/h": "km/h", "kw": "kw", "mw": "mw", "gw": "gw", "kwh": "kwh", "hz": "hz", "khz": "khz",
    "mhz": "mhz", "ghz": "ghz", "kb": "kb", "mb": "mb", "gb": "gb", "tb": "tb", "bytes": "byte", "litre": "litre",
    "litres": "litre", "liter": "litre", "liters": "litre", "l": "litre", "ml": "ml", "gallons": "gallon",
    "acres": "acre", "hectares": "hectare", "times": "times",
}  # fmt: skip
_SPELLED = "|".join(sorted([*_SMALL, *_TENS], key=len, reverse=True))
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:[,\u00a0\u202f'’]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALE = "|".join(sorted((s for s in _SCALES if len(s) > 1 or not s.isascii()), key=len, reverse=True))
_CURRENCY = "|".join(re.escape(c) for c in sorted(_CURRENCIES, key=len, reverse=True))
_UNIT = "|".join(re.escape(u) for u in sorted(_UNITS, key=len, reverse=True))

_DATES = (
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:day\s+of\s+|of\s+|de\s+)?(?P<name>{_MONTH})\b\.?,?"
        r"(?:\s+(?:de\s+)?(?P<y>\d{4})(?!\d))?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<name>{_MONTH})\b\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y>\d{{4}})(?!\d))?",
        re.IGNORECASE,
    ),
    re.compile(rf"\b(?P<name>{_MONTH})\b\.?,?\s+(?:of\s+|de\s+)?(?P<y>\d{{4}})(?!\d)", re.IGNORECASE),
    re.compile(r"(?<!\d)(?P<y>\d{4})年(?:(?P<m>\d{1,2})月)?(?:(?P<d>\d{1,2})日)?"),
    re.compile(r"(?<![\d.])(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})(?!\d)"),
    re.compile(r"(?<![\d/])(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4})(?!\d)"),
)
_TIME = re.compile(r"(?<![\d:])(?P<h>\d{1,2}):(?P<min>\d{2})(?::\d{2})?\s*(?P<half>[ap]\.?m\b\.?)?", re.IGNORECASE)
_AMOUNT = re.compile(
    rf"(?P<sign>(?<![^\s(])[-−](?=\d))?(?:(?P<before>{_CURRENCY})\s?)?(?<![\w.,])(?P<number>{_NUMBER})"
    rf"(?P<ordinal>st|nd|rd|th)?(?!\d)"
    rf"(?:[\s-]?(?P<scale>{_SCALE}|[kmb](?![\w/]))(?![a-z])|(?<=\d)(?P<tight>[km]|bn|mn)(?![\w/]))?"
    rf"(?:[\s\u00a0-]?(?P<unit>{_CURRENCY}|{_UNIT})(?![\w]))?",
    re.IGNORECASE,
)
_WORDS = re.compile(
    rf"\b(?P<words>(?:{_SPELLED})(?:[\s-](?:and\s+)?(?:{_SPELLED}))*)\b(?:[\s-]?(?P<scale>{_SCALE}))?"
    rf"(?:[\s-](?P<unit>{_UNIT}|{_CURRENCY})\b)?",
    re.IGNORECASE,
)
_ORDINAL = re.compile(rf"\b(?P<word>{'|'.join(_ORDINALS)})\b", re.IGNORECASE)
_HEDGE = re.compile(
    r"\b(about|around|approximately|approx|nearly|almost|roughly|some|over|more than|at least|up to|under|less than|"
    r"circa|ca|estimated|etwa|rund|casi|environ)\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text.

    `kind` is "number", "date", "time" or "ordinal". `value` is the number, or for a date year, month, day with 0 for
    what is not said. `unit` is "" where none is written. `loose` is true for "about", "over" and the like.
    """

    kind: str
    value: tuple[Decimal, ...]
    unit: str
    start: int
    end: int
    text: str
    loose: bool = False
    spelled: bool = False

    @property
    def hard(self) -> bool:
        """Whether a claim stands or falls with it: no ordinal ("third"), no small number in a word ("two")."""
        return self.kind != "ordinal" and not (self.spelled and not self.unit and self.value[0] <= 10)

    @property
    def year(self) -> bool:
        """Whether it is a bare number that reads as a year."""
        return self.kind == "number" and not self.unit and self.text.isdigit() and 1000 <= self.value[0] <= 2100


def quantities(text: str) -> list[Quantity]:
    """All that are written in a text, in order.

    >>> [(q.kind, str(q.value[0]), q.unit) for q in quantities("They paid USD 1.5m, or 20 percent.")]
    [('number', '1500000', 'usd'), ('number', '20', 'percent')]
    """
    found: list[Quantity] = []
    taken = [False] * len(text)
    for one in (*_dates(text), *_times(text), *_amounts(text), *_spelled(text)):
        if any(taken[one.start : one.end]):
            continue
        taken[one.start : one.end] = [True] * (one.end - one.start)
        found.append(one)
    return sorted(found, key=lambda one: one.start)


def same(claim: Quantity, source: Quantity) -> bool:
    """Whether a source's quantity is what the claim says.

    A unit that one of them leaves out does not part them; a date may be told in less detail than the source has.
    """
    if claim.kind == "date" or source.kind == "date":
        return _same_date(claim, source)
    if claim.kind == "time" or source.kind == "time":
        return claim.kind == source.kind and claim.value == source.value
    if claim.kind != source.kind and "ordinal" in (claim.kind, source.kind) and claim.unit + source.unit:
        return False
    if claim.unit and source.unit and claim.unit != source.unit:
        return False
    return claim.value == source.value or _rounded(claim, source)


def comparable(claim: Quantity, source: Quantity) -> bool:
    """Whether both say the same kind of thing, so that different values contradict each other."""
    if claim.kind == source.kind and claim.value == source.value:
        return claim.unit != source.unit
    dated = [one.kind == "date" or one.year for one in (claim, source)]
    if any(dated):
        return all(dated)
    return claim.kind == source.kind and claim.unit == source.unit


def missing(claim: Sequence[Quantity], sources: Sequence[Quantity], text: str = "") -> list[Quantity]:
    """The quantities of a claim that its sources do not have; `text` is that of the sources without white space, in
    which a number stands that was pulled apart ("235, 000")."""
    return [one for one in claim if not any(same(one, other) for other in sources) and not _pulled_apart(one, text)]


def measures(text: str, one: Quantity) -> bool:
    """Whether a number says how much or when: a date, a year, something with a unit; in "Python 2" it is a name.

    >>> [measures(text, quantities(text)[0]) for text in ("Python 2 is old.", "It took 2 days.", "It has 2 rows.")]
    [False, True, True]
    """
    from strati.knowledge.ask.words import NOISE, fold

    before = text[: one.start].rstrip().rpartition(" ")[2]
    if one.kind in ("date", "time") or one.unit or one.year:
        return True
    return not before[:1].isupper() or fold(before) in NOISE


def _pulled_apart(one: Quantity, text: str) -> bool:
    said = "".join(one.text.split())
    return bool(text and re.search(r"\d[.,]\d", said) and re.search(rf"(?<![\d.,]){re.escape(said)}(?!\d)", text))


def _same_date(claim: Quantity, source: Quantity) -> bool:
    a, b = _ymd(claim), _ymd(source)
    if a is None or b is None:
        return False
    pairs = list(zip(a, b, strict=True))
    agree = [x == y or 0 in (x, y) for x, y in pairs]
    return all(agree) and (a[0] == b[0] != 0 or (a[1] == b[1] != 0 and a[2] == b[2] != 0))


def _ymd(one: Quantity) -> tuple[Decimal, ...] | None:
    if one.kind == "date":
        return one.value
    return (one.value[0], Decimal(0), Decimal(0)) if one.year else None


def _rounded(claim: Quantity, source: Quantity) -> bool:
    """A claim may round: to two digits or more, or with a word such as "about"."""
    value, exact = claim.value[0], source.value[0]
    if claim.year and source.year and value % 100:  # 2030 is no rounded 2027
        return False
    if value == 0 or exact == 0:
        return False
    digits = len(value.normalize().as_tuple().digits)
    apart = abs(value - exact) / abs(exact)
    if claim.loose and digits <= 2 and apart <= Decimal("0.05"):
        return True
    wanted = f"{{:.{max(digits, 1) - 1}e}}"
    rounds = Decimal(wanted.format(exact)) == value
    return rounds and (digits >= 2 or claim.loose) and (abs(exact) >= 100 or exact != int(exact))


def _dates(text: str) -> Iterator[Quantity]:
    from strati.knowledge.ask.words import fold

    for pattern in _DATES:
        for found in pattern.finditer(text):
            groups = found.groupdict()
            year = int(groups.get("y") or 0)
            if groups.get("a"):
                a, b = int(groups["a"]), int(groups["b"])
                month, day = (b, a) if a > 12 else (a, b)
            else:
                name = groups.get("name")
                month = _MONTHS[fold(name)] if name else int(groups.get("m") or 0)
                day = int(groups.get("d") or 0)
            if month > 12 or day > 31 or not (year or (month and day)):
                continue
            value = (Decimal(year), Decimal(month), Decimal(day))
            yield Quantity("date", value, "", *found.span(), found[0])


def _times(text: str) -> Iterator[Quantity]:
    for found in _TIME.finditer(text):
        hour, minute = int(found["h"]), int(found["min"])
        half = (found["half"] or "").lower().replace(".", "")
        if hour > 24 or minute > 59:
            continue
        hour = hour % 12 + 12 if half == "pm" else hour % 12 if half == "am" else hour
        yield Quantity("time", (Decimal(hour), Decimal(minute)), "", *found.span(), found[0])


def _amounts(text: str) -> Iterator[Quantity]:
    for found in _AMOUNT.finditer(text):
        value = Decimal(re.sub(r"[,\u00a0\u202f'’]", "", found["number"]))
        scale = (found["scale"] or found["tight"] or "").lower()
        unit = (found["unit"] or "").lower()
        currency = _CURRENCIES.get((found["before"] or "").lower(), "")
        if scale == "m" and not currency and unit not in _CURRENCIES:  # metres, unless money is spoken of
            scale, unit = "", "m"
        value *= _SCALES.get(scale, 1)
        named = currency or _CURRENCIES.get(unit) or _UNITS.get(unit, "")
        start = found.start("before") if found["before"] else found.start("number")
        value = -value if found["sign"] else value
        yield Quantity(
            "ordinal" if found["ordinal"] else "number", (value.normalize() + 0,), named, start, found.end(),
            text[start : found.end()], bool(_HEDGE.search(text, max(0, start - 24), start)),
        )  # fmt: skip


def _spelled(text: str) -> Iterator[Quantity]:
    for found in _WORDS.finditer(text):
        value = Decimal(0)
        for word in re.split(r"[\s-]+(?:and\s+)?", found["words"].lower()):
            value += _SMALL.get(word, _TENS.get(word, 0))
        value *= _SCALES.get((found["scale"] or "").lower(), 1)
        unit = (found["unit"] or "").lower()
        named = _CURRENCIES.get(unit) or _UNITS.get(unit, "")
        if found["words"].lower() == "one" and not named and not found["scale"]:
            continue  # a pronoun more often than a number
        loose = bool(_HEDGE.search(text, max(0, found.start() - 24), found.start()))
        yield Quantity("number", (value.normalize() + 0,), named, *found.span(), found[0], loose, True)
    for found in _ORDINAL.finditer(text):
        value = Decimal(_ORDINALS[found["word"].lower()])
        yield Quantity("ordinal", (value,), "", *found.span(), found[0], False, True)
