"""Numbers, amounts of money, quantities with a unit, dates and times, in digits and in English words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from strati.write.facts.fact import Fact, FactKind, Taken

_SMALL_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINAL_WORDS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth"
)
_MONTH_WORDS = "january february march april may june july august september october november december"
_DAY_WORDS = "monday tuesday wednesday thursday friday saturday sunday"
_SMALL, _TENS, _ORDINALS = _SMALL_WORDS.split(), _TENS_WORDS.split(), _ORDINAL_WORDS.split()
_MONTHS, _DAYS = _MONTH_WORDS.split(), _DAY_WORDS.split()
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_SHORT_SCALES = {"k": 10**3, "m": 10**6, "mn": 10**6, "bn": 10**9, "tn": 10**12} | {
    name: size for name, size in _SCALES.items() if size >= 1000
}
_VALUES = {word: at for at, word in enumerate(_SMALL)} | {word: 20 + 10 * at for at, word in enumerate(_TENS)}
_VALUES |= {"fourty": 40, "ninty": 90, "fourtheen": 14}
_RANKS = {word: at for at, word in enumerate(_ORDINALS)} | {
    f"{word[:-1]}ieth": 20 + 10 * at for at, word in enumerate(_TENS)
}
_OTHERS = {"half": "0.5", "halves": "0.5", "quarter": "0.25", "quarters": "0.25", "twice": "2x", "thrice": "3x"}
_OTHERS |= {"double": "2x", "doubled": "2x", "triple": "3x", "tripled": "3x"}
_MONTH = {name: at for at, name in enumerate(_MONTHS, 1)} | {name[:3]: at for at, name in enumerate(_MONTHS, 1)}
_MONTH |= {"sept": 9}
_CURRENCIES = {
    "$": "usd", "us$": "usd", "usd": "usd", "dollar": "usd", "dollars": "usd", "€": "eur", "eur": "eur",
    "euro": "eur", "euros": "eur", "£": "gbp", "gbp": "gbp", "pound": "gbp", "pounds": "gbp", "¥": "jpy", "jpy": "jpy",
    "yen": "jpy", "chf": "chf", "franc": "chf", "francs": "chf", "₹": "inr", "inr": "inr", "rupee": "inr",
    "rupees": "inr", "cny": "cny", "yuan": "cny", "cent": "cent", "cents": "cent", "¢": "cent", "₩": "krw",
    "krw": "krw", "won": "krw", "cad": "cad", "aud": "aud", "sek": "sek", "nok": "nok", "dkk": "dkk", "pln": "pln",
    "ruble": "rub", "rubles": "rub", "rub": "rub", "peso": "peso", "pesos": "peso",
}  # fmt: skip
_UNIT_FORMS = (
    "%:percent,percents,per cent,pct,percentage,percentages;percentage point:percentage points,pp;km:kilometer,"
    "kilometers,kilometre,kilometres,kms;m:meter,meters,metre,metres;cm:centimeter,centimeters,centimetre,centimetres;"
    "mm:millimeter,millimeters,millimetre,millimetres;mile:miles,mi;foot:feet,ft;inch:inches;yard:yards,yd;"
    "kg:kilogram,kilograms,kilo,kilos,kgs;g:gram,grams;mg:milligram,milligrams;t:ton,tons,tonne,tonnes;lb:lbs;"
    "ounce:ounces,oz;l:liter,liters,litre,litres;ml:milliliter,milliliters,millilitre,millilitres;gallon:gallons;"
    "second:seconds,sec,secs,s;minute:minutes,min,mins;hour:hours,hr,hrs,h;day:days;week:weeks;month:months;"
    "year:years,yr,yrs;decade:decades;century:centuries;ms:millisecond,milliseconds;kb:kilobyte,kilobytes;"
    "mb:megabyte,megabytes;gb:gigabyte,gigabytes,gib;tb:terabyte,terabytes;w:watt,watts;kw:kilowatt,kilowatts;"
    "mw:megawatt,megawatts;kwh:;mwh:;gw:gigawatt,gigawatts;v:volt,volts;hz:hertz;khz:;mhz:;ghz:;°c:celsius,degrees "
    "celsius;°f:fahrenheit,degrees fahrenheit;°:degree,degrees;k:kelvin;acre:acres;hectare:hectares,ha;km/h:kmh,kph;"
    "mph:;m²:m2;km²:km2,sq km;mmhg:;bar:;pa:pascal,pascals;j:joule,joules;kj:;cal:calorie,calories;kcal:"
)
_UNITS = {
    form: entry.partition(":")[0]
    for entry in _UNIT_FORMS.split(";")
    for form in (entry.partition(":")[0], *entry.partition(":")[2].split(","))
    if form
}

_DIGITS = r"(?:\d{1,3}(?:[,\u202f\u00a0]\d{3})+|\d+)(?:\.\d+)?"
_BELOW_100 = (
    rf"(?:(?:{'|'.join([*_TENS, 'fourty', 'ninty'])})(?:[\s-](?:{'|'.join(_SMALL[1:10])}))?"
    rf"|(?:{'|'.join(sorted([*_SMALL, 'fourtheen'], key=len, reverse=True))}))"
)
_SCALE_WORD = f"(?:{'|'.join(_SCALES)})s?"
_IN_WORDS = rf"(?:{_BELOW_100}|{_SCALE_WORD})\b(?:(?:[\s-]{_SCALE_WORD}\b)+(?:[\s-](?:and\s)?{_BELOW_100}\b)?)*"
_RANK = "(?:" + "|".join(sorted(_RANKS, key=len, reverse=True)) + ")"
_CURRENCY = "(?:US\\$|[$€£¥₹¢₩]|\\b(?:USD|EUR|GBP|JPY|CHF|INR|CNY|CAD|AUD|SEK|NOK|DKK|PLN|KRW)\\b)"
_AFTER = "(?:" + "|".join(sorted((re.escape(c) for c in _CURRENCIES if c.isalpha()), key=len, reverse=True)) + r")\b"
_UNIT = "(?:" + "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True)) + r")(?![\w/²])"
_SCALE = "(?:" + "|".join(sorted(_SHORT_SCALES, key=len, reverse=True)) + r")\b"
_SHORT_MONTHS = "|".join(sorted(_MONTH.keys() - set(_MONTHS), key=len, reverse=True))
_MONTH_NAME = rf"(?:(?:{'|'.join(_MONTHS)})\b|(?:{_SHORT_MONTHS})\b\.?)"
_ORDER = r"(?:st|nd|rd|th)"

_DATES = re.compile(
    rf"(?P<iso>\b\d{{4}}-\d{{2}}-\d{{2}}\b)"
    rf"|(?P<slash>\b\d{{1,4}}[/.]\d{{1,2}}[/.]\d{{2,4}}\b)"
    rf"|(?P<time>\b\d{{1,2}}[:.]\d{{2}}(?::\d{{2}})?(?:\s*[ap]\.?m\b\.?)|\b\d{{1,2}}:\d{{2}}(?::\d{{2}})?"
    rf"|\b\d{{1,2}}\s*[ap]\.?m\b\.?)"
    rf"|\b(?P<d1>\d{{1,2}}){_ORDER}?(?:\s+of)?\s+(?P<m1>{_MONTH_NAME})(?:,?\s+(?P<y1>\d{{4}})\b)?"
    rf"|\b(?P<m2>{_MONTH_NAME})\s+(?P<d2>\d{{1,2}}){_ORDER}?\b(?!\s*{_UNIT})(?:,?\s+(?P<y2>\d{{4}})\b)?"
    rf"|\b(?P<m3>{_MONTH_NAME})(?:,|\s+of)?\s+(?P<y3>\d{{4}})\b",
    re.IGNORECASE,
)
_NAMED_DAY = re.compile(rf"\b({'|'.join(_DAYS)})s?\b", re.IGNORECASE)
_NAMED_MONTH = re.compile(rf"\b({'|'.join(name.capitalize() for name in _MONTHS)})\b")
_QUANTITY = re.compile(
    rf"(?<![\w.])(?P<sign>[-−+])?(?P<cur>{_CURRENCY})?\s?(?P<num>{_DIGITS})(?P<order>{_ORDER}\b|['’]?s\b)?"
    rf"(?:[\s-]?(?P<scale>{_SCALE}))?(?:[\s-]?(?:(?P<unit>{_UNIT})|(?P<after>{_AFTER}|[$€£¢%])))?(?![\w])"
    rf"|\b(?P<words>{_IN_WORDS})\b(?:[\s-](?:(?P<wunit>{_UNIT})|(?P<wafter>{_AFTER})))?"
    rf"|\b(?P<rank>(?:(?:{'|'.join(_TENS)})[\s-])?{_RANK})(?:s|ly)?\b"
    rf"|\b(?P<other>{'|'.join(_OTHERS)})\b",
    re.IGNORECASE,
)
_MARKER = re.compile(r"\s*\(?\d{1,2}\s?[:)]\s?(?=[^\W\d_])")
"""The number of a point at the start of a text: "4: they", "2) the"."""
_LOOSE = re.compile(r"\d+(?:[.,]\d+)*")


def dates(text: str, taken: Taken) -> Iterator[Fact]:
    """Dates, times, days and months; "12 March 2024" and "March 12, 2024" are the same."""
    for found in _DATES.finditer(text):
        value = _date(found)
        if value and taken.free(*found.span()):
            taken.add(*found.span())
            yield _fact(FactKind.DATE, found, value)
    for found in [*_NAMED_DAY.finditer(text), *_NAMED_MONTH.finditer(text)]:
        sure = found[1] not in ("May", "March") or found.start() > 0
        if sure and taken.free(*found.span()):
            taken.add(*found.span())
            yield _fact(FactKind.DATE, found, found[1].lower())


def _date(found: re.Match[str]) -> str:
    if found["iso"]:
        return "-".join(str(int(part)) for part in found["iso"].split("-"))
    if found["slash"]:
        return re.sub(r"[/.]", "/", found["slash"])
    if found["time"]:
        return re.sub(r"[\s.]", "", found["time"].lower().replace(".", ":", found["time"].count(".") == 1))
    for year, month, day in (("y1", "m1", "d1"), ("y2", "m2", "d2"), ("y3", "m3", "")):
        if found[month]:
            if found[month] in ("may", "march", "mar", "sep", "dec", "jan", "jun", "jul"):  # "it may 2"
                return ""
            named = _MONTH[found[month].lower().rstrip(".")]
            parts = [found[year] or "", str(named), str(int(found[day])) if day else ""]
            return "-".join(part for part in parts if part) if found[year] else "-".join(["", *parts[1:]])
    return ""


def quantities(text: str, taken: Taken) -> Iterator[Fact]:
    """Numbers, amounts and units outside what is taken; the number of a point is none."""
    if marker := _MARKER.match(text):
        taken.add(*marker.span())
    for found in _QUANTITY.finditer(text):
        fact = _quantity(found) if taken.free(*found.span()) else None
        if fact is not None:
            taken.add(*found.span())
            yield fact
    for found in _LOOSE.finditer(text):  # digits that are part of something else: "B2", "v1.2", "3x"
        if taken.free(*found.span()):
            yield _fact(FactKind.NUMBER, found, found[0])


def _quantity(found: re.Match[str]) -> Fact | None:
    if found["other"]:
        return _fact(FactKind.NUMBER, found, _OTHERS[found["other"].lower()])
    if found["rank"]:
        return _ranked(found)
    if found["words"]:
        return _worded(found)
    sign = "-" if found["sign"] in ("-", "−") and not _joined(found) else ""
    number = _decimal(found["num"], found["scale"])
    if found["order"]:
        plural = found["order"].endswith("s")
        decade = plural and number.endswith("0")
        return _fact(FactKind.NUMBER, found, number + ("s" if decade else "" if plural else "th"))
    money = found["cur"] or (found["after"] if found["after"] != "%" else None)
    if money:
        return _fact(FactKind.AMOUNT, found, f"{sign}{number} {_CURRENCIES[money.lower().strip()]}")
    unit = found["unit"] or found["after"]
    if unit and unit.lower() == "century":  # "in the 20 century"
        return _fact(FactKind.NUMBER, found, f"{number}th")
    if unit:
        return _fact(FactKind.UNIT, found, f"{sign}{number} {_UNITS[unit.lower()]}")
    return _fact(FactKind.NUMBER, found, f"{sign}{number}")


def _joined(found: re.Match[str]) -> bool:
    """The sign joins two numbers or words ("10-12"): it is no minus."""
    before = found.string[: found.start()]
    return bool(before) and (before[-1].isalnum() or before[-1] in ")]")


def _ranked(found: re.Match[str]) -> Fact | None:
    tens, rank = 0, found["rank"].lower()
    for at, word in enumerate(_TENS):
        if rank.startswith(word) and rank != word:
            tens, rank = 20 + 10 * at, rank[len(word) :].lstrip(" -\t\n")
    value = tens + _RANKS[rank]
    # "first" orders a talk as often as it counts: on its own its coming or going is no change of fact
    return None if value <= 1 or (value == 2 and found[0].lower() == "seconds") else _fact_at(found, f"{value}th")


def _worded(found: re.Match[str]) -> Fact | None:
    unit = found["wunit"]
    money = found["wafter"]
    words = found["words"].lower()
    if words in ("one", "ones") and not (unit and unit.lower() in _UNITS) and not money:
        return None  # a pronoun as often as a number; "one" that becomes "two" is seen by the two
    value = _spoken(words)
    if money:
        return _fact(FactKind.AMOUNT, found, f"{value} {_CURRENCIES[money.lower()]}")
    if unit:
        return _fact(FactKind.UNIT, found, f"{value} {_UNITS[unit.lower()]}")
    return _fact_at(found, value)


def _spoken(words: str) -> str:
    total, part = 0, 0
    for word in re.findall(r"[a-z]+", words):
        known = word if word in _VALUES or word in _SCALES else word.removesuffix("s")
        if known in _VALUES:
            part += _VALUES[known]
        elif known in _SCALES and _SCALES[known] <= 100:
            part = max(part, 1) * _SCALES[known]
        elif known in _SCALES:
            total, part = total + max(part, 1) * _SCALES[known], 0
    return str(total + part)


def _decimal(digits: str, scale: str | None) -> str:
    try:
        number = Decimal(re.sub(r"[,\u202f\u00a0]", "", digits))
    except InvalidOperation:
        return digits
    number *= _SHORT_SCALES.get((scale or "").lower(), 1)
    return format(number.normalize(), "f")


def _fact(kind: FactKind, found: re.Match[str], value: str) -> Fact:
    shown = found[0].strip()
    start = found.start() + found[0].index(shown)
    return Fact(kind, shown, value, start, start + len(shown))


def _fact_at(found: re.Match[str], value: str) -> Fact:
    return _fact(FactKind.NUMBER, found, value)
