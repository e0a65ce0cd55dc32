"""Words, numbers and dates of a question."""

from __future__ import annotations

import itertools
import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from strati.tables.parse.lexicon import ABBREVIATIONS, PLURALS, ROOTS, SCALES

_TOKEN = re.compile(
    r"\"[^\"]{1,200}\"|“[^”]{1,200}”|(?<![\w'])'[^']{2,200}'(?!\w)"  # quoted
    r"|\d{4}-\d{1,2}-\d{1,2}|\d{4}-\d{1,2}(?!\d)|\d{1,2}[/.]\d{1,2}[/.]\d{4}|\d{4}/\d{1,2}/\d{1,2}"  # dates
    r"|(?:1\d|20)\d0s\b"
    r"|(?:(?<=\s)-)?[$€£]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
    r"|(?:(?<=\s)-)?[$€£]?\d+(?:\.\d+)?(?:st|nd|rd|th)?(?![^\W\d_]{4})(?:[kKmMbB]n?(?![^\W_]))?%?"
    r"|(?:isn|aren|wasn|weren|doesn|don|didn|hasn|haven)['’]t"
    r"|[^\W_]+(?:[.&+/-](?=[^\W_])[^\W_]+)*|['’]s\b|>=|<=|==|[<>=≥≤%&?,;:$€£]"
)
_NUMBER = re.compile(
    r"^(?P<sign>-?)[$€£]?(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<scale>[kKmMbB]n?)?(?P<percent>%)?$"
)
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "œ": "oe", "ı": "i"})
_SHORT = frozenset(("max", "min", "avg", "qty", "amt", "dept", "temp", "emp", "cust", "prod", "pct", "yr", "addr"))
_ORDINAL = re.compile(r"^(\d+)(st|nd|rd|th)$")
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen",
)  # fmt: skip
_WORD_NUMBERS = {word: place for place, word in enumerate(_SMALL)} | {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "hundred": 100,
    "dozen": 12,
}
_NTH = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
ORDINALS = {word: place for place, word in enumerate(_NTH, 1)}
MONTHS = {
    "january": 1, "jan": 1, "february": 2, "feb": 2, "march": 3, "mar": 3, "april": 4, "apr": 4, "may": 5, "june": 6,
    "jun": 6, "july": 7, "jul": 7, "august": 8, "aug": 8, "september": 9, "sep": 9, "sept": 9, "october": 10,
    "oct": 10, "november": 11, "nov": 11, "december": 12, "dec": 12,
}  # fmt: skip
WEEKDAYS = {
    name: place
    for place, names in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1)
    for name in (names, names + "s")
}
_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": 4}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the question as written, in lower case without accents, and its stem."""

    text: str
    lower: str
    stem: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number at tokens `start` to `end` (exclusive); `scale` when a word such as million was part of it."""

    start: int
    end: int
    value: float
    scale: float = 1.0
    ordinal: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time at tokens `start` to `end`: from `first` to before `after`, or a part of any year."""

    start: int
    end: int
    text: str
    first: date | None = None
    after: date | None = None
    month: int = 0
    quarter: int = 0
    weekday: int = 0
    day: int = 0
    relative: bool = False

    @property
    def year(self) -> int | None:
        """The year, if the span is one whole year."""
        whole = self.first and self.after and (self.first.month, self.first.day) == (1, 1)
        return self.first.year if whole and self.first and self.after == date(self.first.year + 1, 1, 1) else None


@lru_cache(maxsize=100_000)
def plain(text: str) -> str:
    """Lower case, without accents.

    >>> plain("Zürich")
    'zurich'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@lru_cache(maxsize=100_000)
def key(text: str) -> str:
    """Letters and digits of a value, blanks between: what two spellings of it share.

    >>> key("A.C. Milan (2nd)")
    'a c milan 2nd'
    """
    return " ".join(re.findall(r"[^\W_]+", plain(text)))


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A noun in the singular.

    >>> [stem(word) for word in ("cities", "classes", "employees", "people", "status")]
    ['city', 'class', 'employee', 'person', 'status']
    """
    if word in PLURALS:
        return PLURALS[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and re.search(r"(ss|x|ch|sh|zz|us)es$", word):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=100_000)
def root(word: str) -> str:
    """What a verb and the noun made of it share.

    >>> root("shipped"), root("shipping"), root("hired"), root("hire"), root("delivered")
    ('ship', 'ship', 'hir', 'hir', 'deliver')
    """
    if word in ROOTS:
        return ROOTS[word]
    for ending in ("ments", "ment", "ions", "ion", "ures", "ure", "als", "al", "ing", "ed", "es", "s", "e", "d"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            cut = word[: -len(ending)]
            cut = cut[:-1] if len(cut) > 3 and cut[-1] == cut[-2] and cut[-1] not in "sl" else cut
            return cut[:-1] + "y" if cut.endswith("i") else cut
    return word


def doer(word: str) -> str:
    """The root of the verb in who does something.

    >>> doer("director"), doer("writer"), doer("city")
    ('direct', 'writ', '')
    """
    match = re.fullmatch(r"(\w{3,})[eo]rs?", word)
    return root(match[1] + "ed") if match else ""


def name_words(name: str) -> tuple[str, ...]:
    """The words of a column's or table's name: snake_case and camelCase taken apart, what stands in brackets left out.

    >>> name_words("unit_price"), name_words("orderDate"), name_words("Height (m)"), name_words("qty")
    (('unit', 'price'), ('order', 'date'), ('height',), ('quantity',))
    """
    bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", name)
    bare = bare if re.search(r"[^\W_]", bare) else name
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", bare)
    found = re.findall(r"[^\W_]+", plain(apart))
    return tuple(word for one in found for word in ABBREVIATIONS.get(one, one).split())


def tokens(question: str) -> list[Token]:
    """The words, numbers and signs of a question."""
    made = []
    for match in _TOKEN.finditer(question):
        text = match.group()
        if text[0] in "\"“'" and len(text) > 2 and text[-1] in "\"”'":
            inner = text[1:-1].strip()
            made.append(Token(inner, plain(inner), key(inner), True))
            continue
        lower = plain(text).replace("’", "'")
        made.append(Token(text, lower, ABBREVIATIONS[lower] if lower in _SHORT else stem(lower)))
    return made


def numbers(words: list[Token]) -> list[Number]:
    """Numbers in digits or words, with million and the like taken in."""
    found, place = [], 0
    while place < len(words):
        word = words[place].lower
        match = None if words[place].quoted else _NUMBER.match(word)
        ordinal = _ORDINAL.match(word)
        if ordinal or word in ORDINALS:
            found.append(Number(place, place + 1, float(ordinal[1]) if ordinal else ORDINALS[word], ordinal=True))
        elif match or (word in _WORD_NUMBERS and not words[place].quoted):
            value = float(match["digits"].replace(",", "")) if match else float(_WORD_NUMBERS[word])
            value = -value if match and match["sign"] else value
            scale = (
                SCALES[match["scale"].lower()]
                if match and match["scale"] and (match["scale"] != "m" or word[0] in "$€£")
                else 1.0
            )
            unit = "%" if match and match["percent"] else word[0] if word[0] in "$€£" else ""
            end = place + 1
            if end < len(words) and words[end].lower in SCALES and len(words[end].lower) > 1 and scale == 1.0:
                scale, end = SCALES[words[end].lower], end + 1
            found.append(Number(place, end, value * scale, scale, unit=unit))
            place = end - 1
        place += 1
    return found


def spans(words: list[Token], today: date | None = None) -> list[Span]:
    """Stretches of time: dates, months, quarters, years, decades, and words such as "last month"."""
    found, place = [], 0
    while place < len(words):
        one = _span(words, place, today or date.today())
        if one is not None:
            found.append(one)
            place = one.end
        else:
            place += 1
    return [_with_year(one, later) for one, later in itertools.pairwise([*found, None]) if one is not None]


def _with_year(one: Span, later: Span | None) -> Span:
    """A day or month whose year is only said at the other end: "between January 10 and February 10, 2024"."""
    if later is None or later.start - one.end != 1 or not one.month or later.first is None or later.year is not None:
        return one
    year = later.first.year - (one.month > later.first.month)
    if one.day:
        return _one_day(one.start, one.end, one.text, year, one.month, one.day) or one
    return _month(one.start, one.end, year, one.month)


def _year(words: list[Token], place: int) -> int | None:
    if place < len(words) and re.fullmatch(r"(1[0-9]|20)\d\d", words[place].lower):
        return int(words[place].lower)
    return None


def _day(words: list[Token], place: int) -> int | None:
    match = re.fullmatch(r"(\d{1,2})(st|nd|rd|th)?", words[place].lower) if place < len(words) else None
    return int(match[1]) if match and 1 <= int(match[1]) <= 31 else None


def _skip(words: list[Token], place: int, *lower: str) -> int:
    while place < len(words) and words[place].lower in lower:
        place += 1
    return place


def _one_day(start: int, end: int, text: str, year: int, month: int, day: int) -> Span | None:
    try:
        first = date(year, month, day)
    except ValueError:
        return None
    return Span(start, end, text, first, first + timedelta(days=1))


def _month(start: int, end: int, year: int, month: int) -> Span:
    last = monthrange(year, month)[1]
    return Span(
        start, end, f"{date(year, month, 1):%B %Y}", date(year, month, 1), date(year, month, last) + timedelta(days=1)
    )


def _quarter(start: int, end: int, year: int | None, quarter: int) -> Span:
    if year is None:
        return Span(start, end, f"quarter {quarter} of any year", quarter=quarter)
    first = date(year, 3 * quarter - 2, 1)
    after = date(year + (quarter == 4), 3 * quarter % 12 + 1, 1)
    return Span(start, end, f"quarter {quarter} of {year}", first, after)


def _span(words: list[Token], at: int, today: date) -> Span | None:
    word = words[at].lower
    year: int | None
    if match := re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", word):
        return _one_day(at, at + 1, word, *map(int, match.groups()))
    if (match := re.fullmatch(r"(\d{4})-(\d{1,2})", word)) and 1 <= int(match[2]) <= 12:
        return _month(at, at + 1, int(match[1]), int(match[2]))
    if match := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", word):
        a, b, full = map(int, match.groups())
        if a > 12 or "." in word or a == b:
            return _one_day(at, at + 1, f"{full}-{b:02}-{a:02}", full, b, a)
        if b > 12:
            return _one_day(at, at + 1, f"{full}-{a:02}-{b:02}", full, a, b)
        return None  # day and month cannot be told apart
    if word in MONTHS and (
        word != "may" or words[at].text[:1].isupper() or _year(words, at + 1) or _day(words, at + 1)
    ):
        return _named_month(words, at, MONTHS[word])
    if (day := _day(words, at)) is not None:
        end = _skip(words, at + 1, "of")
        if end < len(words) and words[end].lower in MONTHS:
            end, month = end + 1, MONTHS[words[end].lower]
            end = _skip(words, end, ",", "of")
            named = _year(words, end)
            if named:
                return _one_day(at, end + 1, f"{named}-{month:02}-{day:02}", named, month, day)
            return Span(at, end, f"{day} {words[end - 1].text}", month=month, day=day)
    if match := re.fullmatch(r"q([1-4])", word):
        end = _skip(words, at + 1, "of", ",")
        year = _year(words, end)
        return _quarter(at, end + 1 if year else at + 1, year, int(match[1]))
    if word in _QUARTERS and at + 1 < len(words) and words[at + 1].lower == "quarter":
        end = _skip(words, at + 2, "of", ",", "in")
        year = _year(words, end)
        return _quarter(at, end + 1 if year else at + 2, year, _QUARTERS[word])
    if match := re.fullmatch(r"h([12])", word):
        year = _year(words, at + 1)
        if year:
            half = int(match[1])
            ends = (date(year, 1, 1), date(year, 7, 1)) if half == 1 else (date(year, 7, 1), date(year + 1, 1, 1))
            return Span(at, at + 2, f"half {half} of {year}", *ends)
    if match := re.fullmatch(r"((?:1[0-9]|20)\d0)s", word):
        decade = int(match[1])
        return Span(at, at + 1, f"the {decade}s", date(decade, 1, 1), date(decade + 10, 1, 1))
    if word in WEEKDAYS:
        return Span(at, at + 1, word.rstrip("s").capitalize(), weekday=WEEKDAYS[word])
    if year := _year(words, at):
        if at + 1 < len(words) and re.fullmatch(r"q([1-4])", words[at + 1].lower):
            return _quarter(at, at + 2, year, int(words[at + 1].lower[1]))
        return Span(at, at + 1, str(year), date(year, 1, 1), date(year + 1, 1, 1))
    return _relative(words, at, today)


def _named_month(words: list[Token], at: int, month: int) -> Span | None:
    end = _skip(words, at + 1, ",", "of", "in")
    year = _year(words, end)
    if year:
        return _month(at, end + 1, year, month)
    day = _day(words, at + 1)
    if day is not None:
        end = _skip(words, at + 2, ",", "of", "in")
        year = _year(words, end)
        if year:
            return _one_day(at, end + 1, f"{year}-{month:02}-{day:02}", year, month, day)
        return Span(at, at + 2, f"{day} {words[at].text}", month=month, day=day)
    return Span(at, at + 1, f"{words[at].text.capitalize()} of any year", month=month)


def _relative(words: list[Token], at: int, today: date) -> Span | None:
    word = words[at].lower
    if word in ("today", "yesterday"):
        day = today - timedelta(days=word == "yesterday")
        return Span(at, at + 1, word, day, day + timedelta(days=1), relative=True)
    if word not in ("last", "this", "previous", "current", "past") or at + 1 >= len(words):
        return None
    unit, back = words[at + 1].lower, word in ("last", "previous", "past")
    if unit == "year":
        year = today.year - back
        return Span(at, at + 2, f"{word} year ({year})", date(year, 1, 1), date(year + 1, 1, 1), relative=True)
    if unit == "month":
        first = date(today.year - (back and today.month == 1), (today.month - back - 1) % 12 + 1, 1)
        month = _month(at, at + 2, first.year, first.month)
        return Span(at, at + 2, f"{word} month ({month.text})", month.first, month.after, relative=True)
    if unit == "week":
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return Span(at, at + 2, f"{word} week", monday, monday + timedelta(days=7), relative=True)
    if at + 2 < len(words) and words[at + 2].lower in ("day", "days") and unit.isdigit():
        first = today - timedelta(days=int(unit))
        return Span(at, at + 3, f"the {word} {unit} days", first, today + timedelta(days=1), relative=True)
    return None
