"""What the tagger sees of each token: its form, its neighbours, and whether lists know it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from strati.kinds.extract.lists.names import GIVEN, LEGAL_FORMS, MONTHS, ORG_NOUNS, ROLE_NOUNS, TITLES
from strati.kinds.extract.lists.places import PLACES
from strati.kinds.extract.patterns import values
from strati.kinds.extract.tokens import Token

_LISTS = (
    ("given", GIVEN), ("title", TITLES), ("form", LEGAL_FORMS), ("org", ORG_NOUNS), ("month", MONTHS),
    ("role", ROLE_NOUNS),
    ("placeword", frozenset(word for name in PLACES for word in name.split())),
)  # fmt: skip


def features(found: Sequence[Token], text: str, known: Mapping[tuple[str, ...], str] | None = None) -> list[list[str]]:
    """A list of attributes for each token of one sentence.

    Args:
        found: the tokens of the sentence.
        text: the whole text.
        known: names of train with their label, by their words in lower case; left out while learning from them.
    """
    own = [_own(token) for token in found]
    _mark_values(own, found, text)
    _mark_places(own, found)
    rows = []
    for at, mine in enumerate(own):
        row = ["bias", *mine]
        for step in (-2, -1, 1, 2):
            place = at + step
            if 0 <= place < len(found):
                token = found[place]
                row += [f"{step}:w={token.text.lower()}", f"{step}:{_shape(token.text)}"]
                if abs(step) == 1:
                    row += [f"{step}:{one}" for one in mine_of(own[place])]
            else:
                row.append(f"{step}:edge")
        if at > 0:
            row.append(f"w-1|w={found[at - 1].text.lower()}|{found[at].text.lower()}")
            row.append(f"s-1|s={_shape(found[at - 1].text)}|{_shape(found[at].text)}")
        if at + 1 < len(found):
            row.append(f"w|w+1={found[at].text.lower()}|{found[at + 1].text.lower()}")
            row.append(f"s|s+1={_shape(found[at].text)}|{_shape(found[at + 1].text)}")
        rows.append(row)
    if known:
        _mark_known(rows, found, known)
    return rows


def mine_of(own: Sequence[str]) -> list[str]:
    """Of a neighbour, what lists and patterns say."""
    return [one for one in own if one.startswith(("in=", "value="))]


def _own(token: Token) -> list[str]:
    word, low = token.text, token.text.lower()
    row = [f"w={low}", f"shape={_shape(word)}", f"long={_long_shape(word)}"]
    if len(word) > 2:
        row += [f"p3={low[:3]}", f"s3={low[-3:]}", f"s2={low[-2:]}"]
    if len(word) > 4:
        row += [f"p4={low[:4]}", f"s4={low[-4:]}"]
    for name, some in _LISTS:
        if low.replace(".", "") in some:
            row.append(f"in={name}")
    return row


def _shape(word: str) -> str:
    """ "Aa", "A", "a", "0", "A0" or the sign itself."""
    if not word[0].isalnum():
        return word[0] if len(word) == 1 else "sign"
    digits, upper = any(map(str.isdigit, word)), any(map(str.isupper, word))
    if digits:
        return "0" if not any(map(str.isalpha, word)) else "A0" if upper else "a0"
    if not upper:
        return "a"
    if word.isupper():
        return "A" if len(word) > 1 else "A1"
    return "Aa" if word[0].isupper() and word[1:].islower() else "aA"


def _long_shape(word: str) -> str:
    made = re.sub(r"[^\W\d_]", lambda m: "A" if m[0].isupper() else "a", re.sub(r"\d", "0", word))
    return re.sub(r"(.)\1{3,}", r"\1\1\1", made)[:12]


def _mark_values(own: list[list[str]], found: Sequence[Token], text: str) -> None:
    for value in values(text, found[0].start, found[-1].end):
        for row, token in zip(own, found, strict=True):
            if token.start < value.end and value.start < token.end:
                row.append(f"value={value.type}")


def _mark_places(own: list[list[str]], found: Sequence[Token]) -> None:
    low = [token.text.lower() for token in found]
    for at in range(len(found)):
        for size in (3, 2, 1):
            if at + size <= len(found) and " ".join(low[at : at + size]) in PLACES and found[at].text[0].isupper():
                for place in range(at, at + size):
                    own[place].append("in=place")
                break


def _mark_known(rows: list[list[str]], found: Sequence[Token], known: Mapping[tuple[str, ...], str]) -> None:
    low = [token.text.lower() for token in found]
    longest = max(map(len, known))
    at = 0
    while at < len(found):
        for size in range(min(longest, len(found) - at), 0, -1):
            label = known.get(tuple(low[at : at + size]))
            if label is not None:
                for place in range(at, at + size):
                    rows[place].append(f"known={'B' if place == at else 'I'}-{label}")
                at += size - 1
                break
        at += 1
