"""Dates, periods, amounts, percentages, e-mail addresses, URLs, identifiers and sections: what a form tells.

`key` is the value in one form, so that "$5 million" and "USD 5,000,000" are one amount and "3 March 2021" and
"2021-03-03" one date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from strati.kinds.extract.lists.names import MONTHS

_MONTH = "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True))
_GAP = r"[ \t\u00a0]*\n?[ \t\u00a0]*"
_SP = r"(?:[ \t\u00a0]+\n?[ \t]*|\n[ \t]*)"
_YEAR = r"(?:1[4-9]|20|21)\d\d"
_DATES = (
    rf"\b(?P<m1>{_MONTH})\b\.?{_SP}(?P<d1>\d{{1,2}})(?:st|nd|rd|th|t h)?\b,?{_SP}(?P<y1>{_YEAR})\b",
    rf"\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th|s t|n d|r d|t h|\.|er)?{_SP}(?:day{_SP}of{_SP}|of{_SP}|de{_SP})?"
    rf"(?P<m2>{_MONTH})\b\.?,?{_SP}(?:de{_SP})?(?P<y2>{_YEAR})\b",
    rf"\b(?P<m3>{_MONTH})\b\.?,?{_SP}(?:of{_SP})?(?P<y3>{_YEAR})\b",
    rf"\b(?P<y4>{_YEAR})-(?P<m4>\d\d)-(?P<d4>\d\d)(?:T[\d:.]+Z?)?\b",
    rf"\b(?P<a5>\d{{1,2}})(?P<s5>[/.])(?P<b5>\d{{1,2}})(?P=s5)(?P<y5>{_YEAR}|\d\d)\b(?![./]\d)",
    rf"(?<=\bin )(?P<y6>{_YEAR})\b(?![-,.]?\d)|(?<=\bsince )(?P<y7>{_YEAR})\b(?![-,.]?\d)",
    rf"\b(?P<y8>{_YEAR})年(?P<m8>\d{{1,2}})月(?P<d8>\d{{1,2}})日",
)
_DATE = re.compile("|".join(_DATES), re.I)
_SCALES = {
    "thousand": 1e3, "k": 1e3, "tsd": 1e3, "million": 1e6, "millions": 1e6, "mn": 1e6, "mio": 1e6, "m": 1e6,
    "mm": 1e6, "millionen": 1e6, "mln": 1e6, "billion": 1e9, "billions": 1e9, "bn": 1e9, "b": 1e9, "mrd": 1e9,
    "milliarden": 1e9, "trillion": 1e12, "tn": 1e12,
}  # fmt: skip
_SIGNS = {"$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "c$": "CAD",
          "a$": "AUD", "hk$": "HKD", "s$": "SGD", "nz$": "NZD", "r$": "BRL", "rs": "INR", "chf": "CHF"}  # fmt: skip
_WORDED = {
    "dollar": "USD", "dollars": "USD", "euro": "EUR", "euros": "EUR", "pound": "GBP", "pounds": "GBP", "yen": "JPY",
    "rupees": "INR", "francs": "CHF", "franken": "CHF", "yuan": "CNY", "renminbi": "CNY", "rmb": "CNY", "cents": "USD¢",
    "rubles": "RUB", "pesos": "MXN", "kronor": "SEK", "won": "KRW",
}  # fmt: skip
_CODE = (
    "USD|EUR|GBP|JPY|CHF|CAD|AUD|CNY|RMB|INR|HKD|SGD|SEK|NOK|DKK|NZD|BRL|MXN|KRW|PLN|CZK|HUF|ZAR|RUB|ILS|AED|SAR|TRY"
)
_NUMBER = r"\d{1,3}(?:[,.'\u00a0 ]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?"
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
_AMOUNT = re.compile(
    rf"(?:(?P<sign>(?:US|C|A|HK|S|NZ|R)?\$|[€£¥₹₩]|\b(?:{_CODE})\b|\bRs\.?){_GAP}(?P<n1>{_NUMBER})"
    rf"(?:{_GAP}(?P<s1>{_SCALE})\b)?)"
    rf"|(?<![\w.,])(?P<n2>{_NUMBER})(?:{_GAP}(?P<s2>{_SCALE})\b)?{_GAP}"
    rf"(?:(?P<after>[€£]|(?:{_CODE})\b)|(?:U\.?S\.?{_GAP})?(?P<word>{'|'.join(_WORDED)})\b)",
    re.I,
)
_PERCENT = re.compile(
    rf"(?<![\w.,])(?P<n>{_NUMBER}){_GAP}(?:%|percent\b|per{_SP}cent\b|Prozent\b|percentage{_SP}points?\b)", re.I
)
_NUMBERS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_COUNTS = {word: number for number, word in enumerate(_NUMBERS, 1)} | {
    "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50, "sixty": 60, "seventy-five": 75, "ninety": 90,
    "hundred": 100, "twenty-four": 24, "thirty-six": 36, "twenty-five": 25, "a": 1,
}  # fmt: skip
_UNITS = "day|week|month|year|hour|minute|quarter|decade"
_PERIOD = re.compile(
    rf"\b(?:(?P<word>{'|'.join(sorted((w for w in _COUNTS if w != 'a'), key=len, reverse=True))}){_GAP}-?{_GAP})?"
    rf"(?:\({_GAP}(?P<inner>\d+){_GAP}\)|(?P<n>(?<![.,\d])\d{{1,4}}))?{_GAP}-?{_GAP}"
    rf"(?:(?P<kind>business|calendar|working|trading|consecutive){_SP})?\b(?P<unit>{_UNITS})s?\b",
    re.I,
)
_EMAIL = re.compile(
    r"\b[A-Za-z0-9](?:[\w.+%-]*[A-Za-z0-9_])?@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}\b"
)
_URL = re.compile(r"\b(?:https?://|ftp://|www\.)[^\s<>\"“”()\[\]{}|\\^`]+", re.I)
_WITH = (
    r"invoice|order|purchase order|po|contract|agreement|case|ticket|policy|account|reference|ref|patent|serial|file|"
    r"registration|customer|claim|licen[cs]e|permit|project|part|model|bug|issue|request|cusip|isbn|isin|doi|vat|hrb|"
    r"quote|quotation|booking|flight|batch|lot|docket|document|rechnung|rechnungsnummer|bestellung|vertrag|kundennummer|"
    r"aktenzeichen|facture|commande"
)
_IDENTIFIER = re.compile(
    rf"\b(?P<what>{_WITH})\b{_GAP}(?:(?:no|nr|number|num|id|code|nummer)\b\.?|[#№])?{_GAP}:?{_GAP}[#№]?"
    r"(?P<id>(?=[\w./-]*\d)[A-Za-z0-9](?:[\w./-]*[A-Za-z0-9])?)",
    re.I,
)
_NUMBERED = re.compile(r"(?:no|nr|number|num|id|code|nummer)\b|[#№]", re.I)
_CODE_LIKE = re.compile(
    r"(?<![\w./@-])(?:[A-Z]{2,6}(?:[-_/][A-Z]{1,6})*(?:[-_/]|(?=\d))|(?:ISO|IEC|DIN|EN|RFC|IEEE|CAS|CELEX)[ -])"
    r"\d\d+(?:[-_/.:][A-Za-z0-9]+)*(?![\w@])"
)
_SECTION = re.compile(
    r"(?:\b(?P<what>sections?|sec\.|articles?|art\.|clauses?|paragraphs?|exhibits?|schedules?|annex(?:es)?|appendix|"
    r"appendices|attachments?|chapters?|figures?|fig\.|tables?|abschnitt|artikel|anhang|anlage|ziffer)|(?P<sign>§§?))"
    rf"{_GAP}(?P<n>\d+(?:\.\d+)*(?:{_GAP}\([a-z0-9]{{1,4}}\))*|[IVXLC]+\b(?:\.\d+)*|[A-Z]\b(?:-\d+)?(?:\.\d+)*)(?![\w])",
    re.I,
)
_KINDS = {
    "sec": "section", "art": "article", "annexe": "annex", "appendice": "appendix", "fig": "figure", "§": "section",
    "§§": "section", "abschnitt": "section", "artikel": "article", "anhang": "appendix", "anlage": "exhibit",
    "ziffer": "clause", "annexes": "annex", "appendices": "appendix", "appendix": "appendix", "annex": "annex",
}  # fmt: skip
_HOLDS_DATE = re.compile(rf"{_YEAR}|\d[/.]\d\d?[/.]\d\d")
_HOLDS_AMOUNT = re.compile(rf"[$€£¥₹₩]|\b(?:{_CODE}|Rs)\b|\b(?:{'|'.join(_WORDED)})\b|\b(?:Dollar|Euro|DOLLAR|EURO)")
_HOLDS_PERCENT = re.compile(r"%|[Pp]er ?cent|PERCENT|Prozent")
_HOLDS_PERIOD = re.compile(rf"\b(?:{_UNITS})s?\b|\b(?:{_UNITS.upper()})S?\b|\b(?:{_UNITS.title()})s?\b")
_KNOWN = f"{_WITH}|license".replace("[cs]", "c").split("|")
_HOLDS_IDENTIFIER = re.compile(
    rf"\b(?:{'|'.join(form(word) for form in (str.lower, str.capitalize, str.upper) for word in _KNOWN)})\b"
    r"(?=[^\n]{0,30}\d)"
)
_HOLDS_EMAIL = re.compile("@")


class Found(NamedTuple):
    """A value: its type, its key, and its span."""

    type: str
    key: str
    start: int
    end: int


def values(text: str, start: int = 0, end: int | None = None, day_first: bool = False) -> list[Found]:
    """All values in a text, in order; where two overlap, the longer one.

    Args:
        text: the whole text.
        start: where to begin.
        end: where to stop.
        day_first: whether 4/5/2021 is the fourth of May.

    >>> [(one.type, one.key) for one in values("Pay $5 million by 3 March 2021 (10%) as in Section 4.2.")]
    [('amount', 'USD 5000000'), ('date', '2021-03-03'), ('percentage', '10'), ('section', 'section 4.2')]
    """
    stop = len(text) if end is None else end
    found = [one for make in _ALL for one in make(text, start, stop)]
    found += _dates(text, start, stop, day_first)
    found.sort(key=lambda one: (one.start, -one.end, one.type))
    kept: list[Found] = []
    for one in found:
        if kept and one.start < kept[-1].end:
            if one.end - one.start > kept[-1].end - kept[-1].start:
                kept[-1] = one
            continue
        kept.append(one)
    return kept


def _near(
    anchor: re.Pattern[str], pattern: re.Pattern[str], text: str, start: int, end: int, before: int, after: int
) -> Iterator[re.Match[str]]:
    """Matches of a costly pattern, looked for only around what it must hold; each once."""
    done = start
    for found in anchor.finditer(text, start, end):
        first, last = max(done, found.start() - before), min(end, found.end() + after)
        if found.end() <= done:
            continue
        for match in pattern.finditer(text, first, last):
            done = match.end()
            yield match


def _dates(text: str, start: int, end: int, day_first: bool) -> Iterator[Found]:
    for match in _near(_HOLDS_DATE, _DATE, text, start, end, 40, 12):
        key = _date_key({name: value for name, value in match.groupdict().items() if value}, day_first)
        if key:
            yield Found("date", key, *match.span())


def _date_key(parts: dict[str, str], day_first: bool) -> str | None:
    kind = next(name[1] for name in parts if name[0] == "y")
    year = int(parts[f"y{kind}"])
    if kind in "67":
        return str(year)
    if kind == "5":
        if parts["s5"] == "." and len(parts["y5"]) == 2 and len(parts["a5"]) + len(parts["b5"]) < 4:
            return None  # 1.2.10 is a version or a section
        year += (1900 if year > 69 else 2000) if year < 100 else 0
        a, b = int(parts["a5"]), int(parts["b5"])
        day, month = (a, b) if a > 12 or ((day_first or parts["s5"] == ".") and b <= 12) else (b, a)
        return _iso(year, month, day)
    month_text = parts[f"m{kind}"].lower()
    month = int(month_text) if month_text.isdigit() else MONTHS[month_text]
    if f"d{kind}" not in parts:
        return f"{year}-{month:02}"
    return _iso(year, month, int(parts[f"d{kind}"]))


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def number(text: str) -> float:
    """A number as it is written in English or German.

    >>> number("1,200.50"), number("1.200,50"), number("1,200"), number("3,5")
    (1200.5, 1200.5, 1200.0, 3.5)
    """
    cleaned = re.sub(r"[\u00a0 ']", "", text)
    last = max(cleaned.rfind(","), cleaned.rfind("."))
    decimals = len(cleaned) - last - 1
    signs = set(re.sub(r"\d", "", cleaned))
    if last < 0:
        return float(cleaned)
    if (len(signs) == 1 and decimals == 3) or decimals == 0:
        return float(re.sub(r"[.,]", "", cleaned))
    return float(re.sub(r"[.,]", "", cleaned[:last]) + "." + cleaned[last + 1 :])


def _plain(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _amounts(text: str, start: int, end: int) -> Iterator[Found]:
    for match in _near(_HOLDS_AMOUNT, _AMOUNT, text, start, end, 40, 40):
        sign = match["sign"] or match["after"]
        currency = _WORDED[match["word"].lower()] if match["word"] else _currency(sign)
        scale = (match["s1"] or match["s2"] or "").lower()
        if match["word"] and match["word"].lower() in ("pounds", "won") and not scale and match["word"].islower():
            continue  # a weight, a verb
        value = number(match["n1"] or match["n2"]) * _SCALES.get(scale, 1.0)
        yield Found("amount", f"{currency} {_plain(value)}", *match.span())


def _currency(sign: str) -> str:
    low = sign.lower().rstrip(".")
    code = _SIGNS.get(low, sign.upper())
    return "CNY" if code == "RMB" else code


def _percentages(text: str, start: int, end: int) -> Iterator[Found]:
    for match in _near(_HOLDS_PERCENT, _PERCENT, text, start, end, 30, 1):
        yield Found("percentage", _plain(number(match["n"])), *match.span())


def _periods(text: str, start: int, end: int) -> Iterator[Found]:
    for match in _near(_HOLDS_PERIOD, _PERIOD, text, start, end, 45, 1):
        written = match["inner"] or match["n"]
        count = int(written) if written else _COUNTS.get((match["word"] or "").lower())
        if count is None:
            continue
        kind = f"{match['kind'].lower()} " if match["kind"] else ""
        yield Found("period", f"{count} {kind}{match['unit'].lower()}s", *_trim(text, *match.span()))


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and (text[start].isspace() or text[start] == "-"):
        start += 1
    return start, end


def _emails(text: str, start: int, end: int) -> Iterator[Found]:
    for match in _near(_HOLDS_EMAIL, _EMAIL, text, start, end, 64, 100):
        yield Found("email", match[0].lower(), *match.span())


def _urls(text: str, start: int, end: int) -> Iterator[Found]:
    for match in _URL.finditer(text, start, end):
        address = match[0].rstrip(".,;:!?'’*_")
        key = re.sub(r"^(?:https?://)?(?:www\.)?", "", address, flags=re.I).rstrip("/")
        if "." in key:
            yield Found("url", key.lower(), match.start(), match.start() + len(address))


def _identifiers(text: str, start: int, end: int) -> Iterator[Found]:
    for match in _near(_HOLDS_IDENTIFIER, _IDENTIFIER, text, start, end, 0, 60):
        made = match["id"]
        named = _NUMBERED.search(text, match.end("what"), match.start("id"))
        mixed = any(c.isalpha() for c in made) and any(c.isupper() for c in made)
        coded = made.count("-") + made.count("/") >= 1 and len(made) >= 6 and any(c.isalpha() for c in made)
        if not (named or mixed or coded) or re.fullmatch(r"\d{1,2}(st|nd|rd|th)", made.lower()) or len(made) < 2:
            continue
        what = "" if mixed else " ".join(match["what"].lower().split()) + " "
        yield Found("identifier", f"{what}{made.upper()}", *match.span())
    for match in _CODE_LIKE.finditer(text, start, end):
        if not re.match(r"(?:USD|EUR|GBP|CHF|ISO 8601)\b", match[0]):
            yield Found("identifier", " ".join(match[0].upper().split()), *match.span())


def _sections(text: str, start: int, end: int) -> Iterator[Found]:
    for match in _SECTION.finditer(text, start, end):
        what = (match["what"] or match["sign"]).lower().rstrip(".")
        made = re.sub(r"\s", "", match["n"])
        if not made[0].isdigit() and not match["n"][0].isupper():
            continue
        if made.isalpha() and match["what"] and match["what"][0].islower() and what.endswith("s"):
            continue
        kind = _KINDS.get(what) or _KINDS.get(what.rstrip("s"), what.rstrip("s"))
        yield Found("section", f"{kind} {made.lower()}", *match.span())


_ALL: tuple[Callable[[str, int, int], Iterator[Found]], ...] = (
    _emails, _urls, _amounts, _percentages, _periods, _identifiers, _sections,
)  # fmt: skip
