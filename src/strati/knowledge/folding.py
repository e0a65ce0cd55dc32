"""Text as the search index and queries see it: spellings that mean the same made one, scripts without blanks cut up.

Ligatures, width and compatibility forms are folded (NFKC), soft hyphens and marks nobody sees dropped, accents taken
off Latin and Greek letters. Runs of Chinese, Japanese, Korean, Thai and their kin, which put no blanks between words,
become overlapping pairs of characters and the last one alone: so a word of any length is found, two characters as a
term, more as terms in a row, one as the beginning of a term.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

# Han, kana, Hangul, Thai, Lao, Tibetan, Burmese, Khmer: letters and the marks on them, no punctuation.
UNSPACED = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uac00-\ud7a3\u1100-\u11ff\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ebd\u0ec0-\u0ecd\u0f40-\u0fbc"
    "\u1000-\u103f\u1050-\u109f\u1780-\u17d3\U00020000-\U0003134f"
)
RUN = re.compile(f"[{UNSPACED}]+")
# Marks of the scripts of India belong to words, which Python's \w does not know.
_INDIC = "\u0900-\u0963\u0966-\u0df3"
WORD = re.compile(rf"[\w{_INDIC}{UNSPACED}]+")
_PIECE = re.compile(r"[ -~]?[^\x00-\x7f]+")  # what is not ASCII, with the letter that a mark may stand on
_GROUP = re.compile(
    r"[\u1100-\u115f][\u1160-\u11ff]*|.[\u0300-\u036f\u064b-\u065f\u0e31\u0e34-\u0e3a\u3099\u309a\uff9e\uff9f]*", re.S
)
_UNSEEN = re.compile(
    "[\u00ad\u0640\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\u0591-\u05bd\u05bf\u05c1-\u05c7\u064b-\u065f\u0670]"
)
_ACCENTED = re.compile("[\u00c0-\u024f\u0300-\u03ff\u1e00-\u1fff]+")
_MARKS = re.compile("[\u0300-\u036f]")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_FRACTION = re.compile("[\u00bc-\u00be\u2150-\u215e]")
_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d",
     "Đ": "d", "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ı": "i", "ё": "е", "Ё": "Е"}
)  # fmt: skip
# What NFKC would do to the signs of Chinese and Japanese text, at a tenth of the time.
_WIDE = {0x3000: " ", 0x2026: "..."} | {0xFF01 + place: chr(0x21 + place) for place in range(94)}
SHORT = 16  # characters of a piece that is worth remembering: quotation marks, letters with accents


def folded(text: str) -> str:
    """The text as it is indexed.

    >>> folded("The ﬁnal oﬃce agree\\u00adment, café, ＡＢＣ"), folded("第30条书面通知")
    ('The final office agreement, cafe, ABC', ' 第 30 条书 书面 面通 通知 知 ')
    """
    if text.isascii():
        return text
    plain = plainly(text)
    return plain if plain.isascii() else RUN.sub(lambda run: f" {pairs(run[0])} ", plain)


def plainly(text: str) -> str:
    """The text with spellings folded, and runs without blanks as they are."""
    return text if text.isascii() else _PIECE.sub(lambda found: _piece(found[0]), text)


def pairs(run: str, *, last: bool = True) -> str:
    """The terms of a run: overlapping pairs, and the last character where `last` asks for it.

    >>> pairs("书面通知"), pairs("书"), pairs("书面", last=False)
    ('书面 面通 通知 知', '书', '书面')
    """
    terms = [a + b for a, b in pairwise(run)]
    return " ".join([*terms, run[-1]] if last or not terms else terms)


class Folded(NamedTuple):
    """A folded text, and for each of its characters where in the text it comes from."""

    text: str
    starts: list[int]
    ends: list[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where characters `start` to `end` come from."""
        return self.starts[start], self.ends[end - 1]


def folded_with_places(text: str) -> Folded:
    """As `folded`, with the places; slower."""
    characters: list[tuple[str, int, int]] = []
    at = 0
    for found in _PIECE.finditer(text):
        characters += ((text[place], place, place + 1) for place in range(at, found.start()))
        at = found.end()
        for group in _GROUP.finditer(text, found.start(), found.end()):
            characters += ((character, *group.span()) for character in _piece(group[0]))
    characters += ((text[place], place, place + 1) for place in range(at, len(text)))
    characters = list(_in_pairs(characters))
    return Folded("".join(c for c, _, _ in characters), [s for _, s, _ in characters], [e for _, _, e in characters])


def _in_pairs(characters: list[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    plain = "".join(character for character, _, _ in characters)
    at = 0
    for run in RUN.finditer(plain):
        yield from characters[at : run.start()]
        at = run.end()
        first, last = characters[run.start()], characters[run.end() - 1]
        blank = (" ", first[1], first[1])
        for place in range(run.start(), run.end() - 1):
            yield from (blank, characters[place], characters[place + 1])
        yield from (blank, last, (" ", last[2], last[2]))
    yield from characters[at:]


def _piece(text: str) -> str:
    return _remembered(text) if len(text) <= SHORT else _fold(text)


def _fold(text: str) -> str:
    text = _UNSEEN.sub("", text)
    text = _RAISED_RUN.sub(lambda found: f"^{found[0].translate(_RAISED)}", text)
    text = _FRACTION.sub(lambda found: f" {found[0]}", text)
    text = unicodedata.normalize("NFKC", text.translate(_WIDE))
    text = _ACCENTED.sub(lambda found: _MARKS.sub("", unicodedata.normalize("NFKD", found[0])), text)
    return text.translate(_LETTERS)


_remembered = lru_cache(maxsize=20_000)(_fold)
