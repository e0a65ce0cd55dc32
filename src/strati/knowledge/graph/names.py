"""Organisations, persons, places and other names in one sentence.

A chunk is a run of words that belong together: capitals, small words inside names ("Bank of America"), legal forms
after a comma ("Acme, Inc."). Where capitals tell nothing (lines in capitals, headings, German nouns) only forms,
titles, given names and lists count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from strati.kinds.extract.lists import word_set
from strati.kinds.extract.lists.names import (
    FAMILY,
    GIVEN,
    LEGAL_FORMS,
    OF_NOUNS,
    ORG_NOUNS,
    PERSON_VERBS,
    PLACE_NOUNS,
    ROLE_NOUNS,
    SHORT_TITLES,
    TITLES,
    WEEKDAYS,
)
from strati.kinds.extract.lists.places import CODES, COUNTRIES, DEMONYMS, DOUBTFUL, PLACES, STATES
from strati.kinds.extract.lists.verbs import PREPOSITIONS, VERBS
from strati.kinds.extract.words import COMMON, Token, bare, capital, legal_form, technical
from strati.knowledge.graph.boilerplate import FIELDS, SMALL, no_place, trimmed
from strati.knowledge.graph.definitions import is_role

_BEGIN = word_set(
    "new north south east west northern southern eastern western great big first second third old high long good "
    "best one two three four seven little grand royal united"
)  # common words that names begin with, when a capital follows
_PARTICLES = word_set("de del della di da dos van von der den zu zum la le du des el al bin ibn af y e")
_BREAK = word_set(
    "ceo cfo cto coo cmo cio president chairman chairwoman director minister senator governor mayor chancellor "
    "secretary spokesman spokeswoman professor founder cofounder attorney mr mrs ms dr prof"
)
_RANKS = word_set(
    "prime vice deputy executive chief managing senior junior general assistant associate acting former interim "
    "co-founder head manager officer president director chairman ceo cfo cto coo"
)
_SUFFIXES = word_set("jr sr ii iii iv phd md esq")
_LATE_SURNAMES = word_set("may young long early best good new little small west east north day page banks bush")
_PLAIN = COMMON - _BEGIN
_NO_SURNAMES = COMMON - _LATE_SURNAMES
_AFTER_PERSON = word_set("born died married resigned retired smiled laughed nodded joked graduated who whose aged")
_PERSON_ROLES = ROLE_NOUNS - word_set(
    "subsidiary affiliate division unit branch parent supplier distributor reseller customer client contractor "
    "capital subcontractor competitor rival maker manufacturer provider vendor suburb part successor predecessor "
    "licensor licensee landlord tenant shareholder investor creditor lender borrower principal member agent"
)
# Titles that names begin with, too: "General Motors", "King County".
_IN_NAMES = word_set(
    "general major king queen prince princess judge justice premier lord captain director secretary minister attorney "
    "pope officer"
)
_WRAPPED = 45  # characters: a line that ends before is a line of its own, such as a field of a form
_LISTED = frozenset("abcdefgh")
LONGEST = 12  # words


class Chunk(NamedTuple):
    """Tokens `first` to `last` (not included) of a sentence are a name of this type ("" when unknown)."""

    first: int
    last: int
    type: str
    sure: bool


def chunks(found: Sequence[Token], blocked: Sequence[bool], text: str, telling: bool) -> Iterator[Chunk]:
    """The names of one sentence.

    Args:
        found: its tokens.
        blocked: which of them are part of a value and of no name.
        text: the whole text the tokens point into.
        telling: whether capitals tell something here.
    """
    at = 0
    while at < len(found):
        if blocked[at] or not _starts(found, at, text):
            lower = _lower_company(found, blocked, text, at)
            if lower is not None:
                yield lower
                at = lower.last
            else:
                at += 1
            continue
        end = _end(found, blocked, at, text)
        yield from _typed(found, at, end, telling)
        at = max(end, at + 1)


def joined(text: str, a: Token, b: Token) -> bool:
    """Whether only a blank stands between two tokens, or the end of a line that was full."""
    between = text[a.end : b.start]
    if not between:
        return True
    if not between.isspace() or "\t" in between or len(between) > 5:
        return False
    lines = between.count("\n")
    return not lines or (lines == 1 and a.end - text.rfind("\n", 0, a.end) > _WRAPPED)


def _starts(found: Sequence[Token], at: int, text: str) -> bool:
    token = found[at]
    if not token.text[0].isalnum():
        return False
    if not capital(token):
        return technical(token.text) and any(map(str.isalpha, token.text))
    if "__" in token.text:
        return False
    if token.low in COMMON and token.low not in SMALL and _form_ahead(found, at, text) and (at or token.text.isupper()):
        return True
    if token.low in COMMON or token.low.rstrip(".") in WEEKDAYS:
        after = found[at + 1] if at + 1 < len(found) else None
        if after is None or not joined(text, token, after) or not capital(after) or after.low in _PLAIN:
            return False
        two = f"{token.low} {after.low}"
        return token.low in _BEGIN or two in PLACES
    return True


def _form_ahead(found: Sequence[Token], at: int, text: str) -> bool:
    """Whether words with capitals lead to a legal form: "CURRENT ELECTRONICS, INC."."""
    for place in range(at + 1, min(at + 6, len(found))):
        token, last = found[place], found[place - 1]
        if not joined(text, last, token):
            return False
        if legal_form(token) and place - at > 1 and bare(token.text) not in ("company", "corporation"):
            return True
        comma = token.text == "," and place + 1 < len(found) and legal_form(found[place + 1]) is not None
        if not comma and (not capital(token) or token.low in SMALL):
            return False
    return False


def _goes_on(found: Sequence[Token], at: int, before: int, text: str) -> bool:
    token = found[at]
    if token.low.rstrip(".") in FIELDS or "__" in token.text:
        return False
    if token.low in ("head", "executive", "vice") and found[before].low in GIVEN:
        return False
    if token.low in COMMON and token.low not in SMALL and capital(token) and _form_ahead(found, at, text):
        return True
    if not capital(token) and not token.text[0].isdigit() and not technical(token.text):
        return False
    if token.text[0].isdigit():
        return token.text.isdigit() and len(token.text) <= 4 and at + 1 < len(found) and capital(found[at + 1])
    if token.low in COMMON and token.low not in _BEGIN:
        return found[at - 1].low in GIVEN and token.low in _LATE_SURNAMES
    return not (token.low.rstrip(".") in _BREAK and at > before)


def _end(found: Sequence[Token], blocked: Sequence[bool], first: int, text: str) -> int:
    """Where the chunk that starts at `first` ends."""
    at = first + 1
    while at < len(found) and at - first < LONGEST and not blocked[at]:
        token, last = found[at], found[at - 1]
        if not joined(text, last, token):
            break
        closed = legal_form(last) is not None and at - 1 > first
        form = legal_form(token)
        if form and capital(token):
            at += 1
            continue
        inner = token.text == "(" and at + 3 < len(found) and found[at + 2].text == ")"
        if inner and legal_form(found[at + 1]) and legal_form(found[at + 3]):  # "Acme (Pty) Ltd"
            at += 4
            continue
        if token.text == "," and at + 1 < len(found) and not blocked[at + 1]:
            after = found[at + 1]
            if legal_form(after) and joined(text, token, after) and (len(bare(after.text)) > 2 or after.text.isupper()):
                at += 2
                continue
            break
        if closed and not (token.text == "&" and at + 1 < len(found) and found[at + 1].low.startswith(("co", "cie"))):
            break
        step = 1 if _goes_on(found, at, first, text) else _connected(found, blocked, first, at, text)
        if not step:
            break
        at += step
    return at


def _connected(found: Sequence[Token], blocked: Sequence[bool], first: int, at: int, text: str) -> int:
    """How many tokens a small word inside a name takes with it; 0 when the name ends before it."""
    token = found[at]
    after = found[at + 1] if at + 1 < len(found) else None
    if after is None or blocked[at + 1] or not joined(text, token, after):
        return 0
    if token.text in ("&", "+"):
        return 2 if capital(after) or after.text[0].isdigit() else 0
    if token.low in _PARTICLES and capital(after) and after.low not in COMMON:
        return 2
    if token.low in ("of", "for"):
        heads = {one.low for one in found[first:at]}
        if not heads & (OF_NOUNS if token.low == "of" else ORG_NOUNS | OF_NOUNS):
            return 0
        if capital(after) and after.low not in _PLAIN:
            return 2
        if after.low == "the" and at + 2 < len(found) and capital(found[at + 2]) and not blocked[at + 2]:
            return 3
        return 0
    if token.low in ("and", "und", "et") and capital(after):
        beyond = found[at + 2] if at + 2 < len(found) else None
        if after.low.rstrip(".") in FAMILY and (beyond is None or beyond.low not in ("of", "for")):
            return 2
        short = at - first == 1 and legal_form(found[first]) is None and not is_role(found[first].low.rstrip("s"))
        ends = beyond is not None and joined(text, after, beyond) and legal_form(beyond) is not None
        nouns = {one.low for one in found[first:at]} & (ORG_NOUNS | OF_NOUNS)
        if short and ends and after.low not in COMMON:
            return 2
        if found[at - 1].low in ORG_NOUNS and beyond is not None and beyond.low in ORG_NOUNS:
            return 2  # Securities and Exchange Commission
        if nouns and after.low in ORG_NOUNS and found[first].low in OF_NOUNS:
            return 2
    return 0


def _lower_company(found: Sequence[Token], blocked: Sequence[bool], text: str, at: int) -> Chunk | None:
    """A company written small: "acme ltd". Only forms that are no words."""
    token = found[at]
    after = found[at + 1] if at + 1 < len(found) else None
    if after is None or blocked[at] or not token.text[0].isalpha() or token.low in COMMON or token.low in PREPOSITIONS:
        return None
    if after.text == "," and at + 2 < len(found) and "." in token.text:  # "drkoop.com, inc."
        form = found[at + 2]
        named = bare(form.text) in ("inc", "ltd", "llc", "corp") and joined(text, after, form)
        return Chunk(at, at + 3, "organisation", True) if named else None
    if bare(after.text) not in ("ltd", "inc", "llc", "gmbh", "corp", "plc") or not joined(text, token, after):
        return None
    return None if token.low in LEGAL_FORMS else Chunk(at, at + 2, "organisation", True)


def _typed(found: Sequence[Token], first: int, last: int, telling: bool) -> Iterator[Chunk]:
    """The chunk with its type, its titles left out; nothing when it is no name."""
    while last > first and (found[last - 1].text in (",", "&") or (not found[last - 1].text[0].isalnum())):
        last -= 1
    titled = False
    low = [token.low for token in found[first:last]]
    if " ".join(low) not in PLACES:
        begin, end = trimmed(low)
        first, last = first + begin, first + end
    if first >= last:
        return
    while last - first > 1 and found[first].low.rstrip(".") in TITLES and _is_title(found, first, last):
        titled, first = True, first + 1
        while last - first > 1 and found[first].text in ("&", ","):
            first += 1
    if found[first].low.rstrip(".") in TITLES and last - first == 1:
        after = found[last] if last < len(found) else None
        if not (after is not None and found[first].low.rstrip(".") in SHORT_TITLES and capital(after)):
            return
    words = [token.low for token in found[first:last]]
    if (
        first >= last
        or not any(map(str.isalpha, "".join(words)))
        or all(word.rstrip(".") in _RANKS or word in _PLAIN for word in words)
    ):
        return
    if titled and len(words) <= 4:
        yield Chunk(first, last, "person", True)
        return
    made = _type_of(found, first, last)
    if made is None:
        return
    type_, sure = made
    if not type_ and not telling and not (last - first == 1 and technical(found[first].text) and not _loud(found)):
        return
    yield Chunk(first, last, type_, sure)


def _loud(found: Sequence[Token]) -> bool:
    words = [token.text for token in found if token.text.isalpha()]
    return sum(map(str.isupper, words)) * 2 > len(words)


def _is_title(found: Sequence[Token], first: int, last: int) -> bool:
    """Whether the first word is a title of the person that follows, not part of a name ("General Motors")."""
    word, rest = found[first].low.rstrip("."), [token.low.rstrip(".") for token in found[first + 1 : last]]
    if legal_form(found[last - 1]) or rest[-1] in ORG_NOUNS or rest[-1] in PLACE_NOUNS or rest[0] == "of":
        return False
    if word in SHORT_TITLES or rest[0] in GIVEN or rest[0] in TITLES:
        return True
    return word not in _IN_NAMES


def _type_of(found: Sequence[Token], first: int, last: int) -> tuple[str, bool] | None:
    tokens = found[first:last]
    words = [token.low.rstrip(".") for token in tokens]
    name = " ".join(token.low for token in tokens)
    if legal_form(tokens[-1]):
        if first and found[first - 1].low in ("a", "an") and words[-1] in ("corporation", "company"):
            return None  # "a Nevada Corporation" says what something is
        return ("organisation", True) if len(tokens) > 1 and not set(words[:-1]) <= LEGAL_FORMS.keys() else None
    if name in PLACES:
        return ("place", True) if name not in DOUBTFUL or _in_place(found, first, last) else ("", False)
    if len(words) > 2 and words[0] in ("state", "city", "republic", "province", "commonwealth", "county", "kingdom"):
        return ("place", True) if words[1] == "of" else ("", False)
    if _before_state(found, last) and len(words) <= 3 and not no_place(words):
        return "place", True
    if _is_person(found, first, last, words):
        return "person", True
    if (words[-1] in ORG_NOUNS and len(words) > 1) or (
        words[0] in OF_NOUNS and len(words) > 2 and words[1] in ("of", "for")
    ):
        return "organisation", True
    if 1 < len(words) < 5 and (words[-1] in PLACE_NOUNS or words[0] in ("lake", "mount", "port", "fort", "cape")):
        return "place", True
    return "", False


def _in_place(found: Sequence[Token], first: int, last: int) -> bool:
    before = found[first - 1].low if first else ""
    return before in ("in", "from", "at", "near", "to", "of", ",", "within", "outside", "into") or _before_state(
        found, last
    )


def _before_state(found: Sequence[Token], last: int) -> bool:
    """Whether ", California" or ", CA" follows."""
    if last + 1 >= len(found) or found[last].text != ",":
        return False
    one = found[last + 1]
    two = f"{one.low} {found[last + 2].low}" if last + 2 < len(found) else one.low
    return (
        one.low in STATES or two in STATES or one.low in COUNTRIES or two in COUNTRIES
        or (one.text.isupper() and one.low in CODES and not _loud(found))
    )  # fmt: skip


def _is_person(found: Sequence[Token], first: int, last: int, words: Sequence[str]) -> bool:
    tokens = found[first:last]
    plain = [word for word in words if word not in _SUFFIXES]
    if not 1 <= len(plain) <= 4 or any(any(map(str.isdigit, word)) or word in ("&", "of", "for") for word in plain):
        return False
    if plain[-1] in ORG_NOUNS or plain[-1] in PLACE_NOUNS or plain[-1] in OF_NOUNS:
        return False
    before = found[first - 1].low.rstrip(".") if first else ""
    if before in SHORT_TITLES and len(plain) <= 3:
        return True
    if before.isdigit():
        return False  # a street
    if len(plain) >= 2:
        if plain[0] in GIVEN and plain[-1] not in _NO_SURNAMES and plain[-1] not in PLACES:
            return True
        initials = [token for token in tokens[:-1] if len(token.text.replace(".", "")) == 1]
        listed = len(plain) == 2 and plain[0] in _LISTED and (not first or found[first - 1].text in ":;.")
        if listed or is_role(plain[-1]) or plain[-1] in _NO_SURNAMES:
            return False  # "A. Recipient": a letter of a list
        if initials and len(tokens[-1].text) > 2 and len(plain) <= 3 and "." in initials[0].text:
            return len(initials) == len(tokens) - 1 or tokens[0] not in initials
    if before in _PERSON_ROLES and not technical(tokens[0].text):
        return True
    following = [token.low for token in found[last : last + 5]]
    if len(plain) >= 2 and following and following[0] in _AFTER_PERSON:
        return True
    if len(plain) >= 2 and following[:1] == [","] and len(following) > 2:
        if following[1].isdigit() and following[2] == ",":
            return True
        return any(word in _PERSON_ROLES for word in following[1:4]) and following[1] not in PERSON_VERBS
    return False


def ordinary(word: str) -> bool:
    """Whether a single capitalised word is more likely no name: a verb, a role, a small word."""
    return any(word in some for some in (COMMON, DEMONYMS, VERBS, ROLE_NOUNS, LEGAL_FORMS, _RANKS, TITLES))
