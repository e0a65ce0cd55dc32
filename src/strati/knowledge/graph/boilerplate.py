"""What looks like a name and is none: labels of forms, running heads and feet, roles, words in capitals."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from strati.kinds.extract.lists import word_set
from strati.kinds.extract.lists.names import GIVEN
from strati.kinds.extract.lists.verbs import AUXILIARIES, CONJUNCTIONS, DETERMINERS, PREPOSITIONS, PRONOUNS, UNSURE
from strati.kinds.extract.words import COMMON

# Labels of fields: "Name: Ann Lee Title: Director".
FIELDS = word_set(
    "name title email e-mail tel telephone phone fax facsimile attention attn signature address item printed "
    "witness telecopy telecopier mobile website"
)
SMALL = PREPOSITIONS | CONJUNCTIONS | DETERMINERS | AUXILIARIES | PRONOUNS | UNSURE
# Words that many companies end with, and as many other things: "Additional Services", "New Technology".
_ANYTHING = word_set(
    "services service technology technologies software insurance group center centre partners operations systems "
    "networks solutions products media energy gas petroleum oil steel electric financial securities authority "
    "committee club capital fund funds trust logistics communications consulting transfer exchange administration "
    "office department associates ventures industries records pictures medical healthcare board council union "
    "company corporation"
)
_PARTIES = word_set("party parties person persons member members affiliate affiliates")
_BUILDING = word_set("suite floor room unit box building bldg apt")
_NOT_PLACES = word_set(
    "act law laws code agreement agreements contract party parties proceeding proceedings copyrights trademarks "
    "patents licensed assigned know-how services products"
)
_POSTCODE = re.compile(r"[A-Z]?\d[A-Z]\d?|[A-Z]\d[A-Z]")
_APART = 1_000  # characters between two lines that are furniture of two pages
_LEAST_PAGES = 3


def furniture(text: str) -> list[tuple[int, int]]:
    """The spans of lines that come back page after page, numbers aside: running heads and feet, notes of the source.

    >>> page = "Some words of a page. " * 60
    >>> text = "".join(f"{page}\\nSupply Agreement {n} of Acme Ltd\\n" for n in range(3))
    >>> [text[start:end] for start, end in furniture(text)][0]
    'Supply Agreement 0 of Acme Ltd'
    """
    places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for match in re.finditer(r"[^\n]+", text):
        line = match[0].strip()
        if 6 < len(line) <= 160:
            start = match.start() + match[0].index(line[0])
            places[re.sub(r"\d+", "0", line)].append((start, start + len(line)))
    _feet(text, places)
    found: list[tuple[int, int]] = []
    for spans in places.values():
        gaps = [b[0] - a[0] for a, b in pairwise(spans)]
        if sum(gap >= _APART for gap in gaps) >= _LEAST_PAGES - 1:
            found += spans
    return sorted(found)


def _feet(text: str, places: dict[str, list[tuple[int, int]]]) -> None:
    """The last words of a long line before a line of furniture, where a reader joined the foot to the page's text:
    words with a number in it that are the same, number aside, at the end of three lines."""
    ends: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for match in re.finditer(r"[^\n]{161,}", text):
        tail = re.search(r"(?:\S+ ){1,4}\d{1,3}(?: \S+){1,14}$", match[0].rstrip()[-160:])
        if tail:
            words = tail[0].split(" ")
            for first in range(min(4, len(words))):
                some = " ".join(words[first:])
                if re.search(r"\d", some) and some[0].isupper():
                    end = match.start() + len(match[0].rstrip())
                    ends[re.sub(r"\d+", "0", some)].append((end - len(some), end))
    for key, spans in ends.items():
        if len(spans) >= _LEAST_PAGES:
            places[key] += spans


def trimmed(words: Sequence[str]) -> tuple[int, int]:
    """The part of a chunk (words in lower case) without labels of fields and parts of an address at its ends.

    >>> trimmed(["suite", "200", "minneapolis"]), trimmed(["michael", "dunn", "name"])
    ((2, 3), (0, 2))
    """
    first, last = 0, len(words)
    while first < last and (words[first].rstrip(".") in FIELDS or _room(words, first, last)):
        first += 2 if _room(words, first, last) else 1
    while last > first and words[last - 1].rstrip(".") in FIELDS:
        last -= 1
    return min(first, last), last


def _room(words: Sequence[str], first: int, last: int) -> bool:
    return words[first] in _BUILDING and first + 1 < last and any(map(str.isdigit, words[first + 1]))


def no_place(words: Sequence[str]) -> bool:
    """Whether what stands before a state is something else: "Stock Purchase Agreement, Arizona"."""
    return bool(_NOT_PLACES & set(words)) or bool(_BUILDING & set(words)) or (len(words) == 1 and words[0] in COMMON)


def no_term(written: str) -> bool:
    """Whether capitalised words of unknown kind tell nothing: a label of a form, a postal code, a room.

    >>> [no_term(one) for one in ("Attn", "5A4", "Suite 500", "GPT-4", "MISCELLANEOUS")]
    [True, True, True, False, True]
    """
    words = [word.rstrip(".:").lower() for word in written.split()]
    heading = len(words) == 1 and written.isalpha() and written.isupper() and len(written) > 7
    return (
        set(words) <= FIELDS or heading or _POSTCODE.fullmatch(written) is not None or "__" in written
        or (words[0] in _BUILDING and any(map(str.isdigit, words[-1])))
    )  # fmt: skip


def named(type_: str, words: Sequence[str], lower: Mapping[str, int], form: bool) -> bool:
    """Whether a chunk can be of the type that its form suggests, seen from the whole document.

    Args:
        type_: organisation, person or place.
        words: the chunk's words in lower case.
        lower: how often each word stands in lower case in the document.
        form: whether it has a legal form.
    """
    some = [word.rstrip(".") for word in words if word[0].isalpha()]
    if not some or set(some) <= FIELDS:
        return False
    common = [word in COMMON or lower.get(word, 0) > 0 for word in some]
    if type_ == "organisation":
        own = "of" not in some and some[-1] in _ANYTHING and (not form or some[-1] in ("company", "corporation"))
        return some[-1] not in _PARTIES and not (own and all(common))
    if type_ == "person":
        return not (all(common) or (common[-1] and lower.get(some[-1], 0) > 1 and some[0] not in GIVEN))
    return not all(common)
