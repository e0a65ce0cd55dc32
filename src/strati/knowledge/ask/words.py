"""The words of a text as the checks compare them: folded, stemmed, with their place; pieces of two characters where a
script puts no blanks between words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from strati.knowledge.search.query import STOPWORDS

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f"
_WORD = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:['’.&-](?=[^\W_{_UNSPACED}])[^\W_{_UNSPACED}]+)*")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_PART = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_ENDINGS = (
    "izations", "ization", "ational", "fulness", "iveness", "ations", "ements", "ation", "ement", "ities", "ments",
    "ingly", "ness", "ment", "ings", "ally", "edly", "ance", "ence", "ors", "ers", "ity", "ies", "ing", "ion", "ed",
    "es", "or", "er", "ly", "al", "s", "e", "y",
)  # fmt: skip
_LEAST_STEM = 4  # letters that stay: shorter stems are shared by words that have nothing in common
_QUESTION_WORDS = (
    "what when where which who whom whose why how did does do done tell say said explain describe list name give show "
    "many much please according quand que qui wer was wann wo wie warum quien cuando donde como cual"
)
_MORE_WORDS = (
    "also any both each either every few more most other own same very just only over under again further once here "
    "about after before between during through above below up down out off because until against itself themselves "
    "himself herself am being having us them too per via among within upon toward towards across along onto "
    "there's it's s t"
)
_FOREIGN_WORDS = (
    "der die das den dem des ein eine einer eines und oder nicht ist sind war waren wird werden von zu mit auf für "
    "im am an bei als auch sich welche welcher welches el la los las un una unos unas y o de del en por para con "
    "es son fue se su sus lo al qué cuál cuándo dónde cómo quién le les des du et ou est sont dans sur pour par"
)
NOISE = STOPWORDS | {*_QUESTION_WORDS.split(), *_MORE_WORDS.split(), *_FOREIGN_WORDS.split()}


class Word(NamedTuple):
    """A word of a text: `key` is what is compared, `text` what is written at `start` to `end`."""

    key: str
    start: int
    end: int
    text: str


def words(text: str) -> tuple[Word, ...]:
    """All words in order; runs of a script without blanks as overlapping pairs of characters.

    >>> [word.key for word in words("The contracts, terminated.")]
    ['the', 'contract', 'terminat']
    >>> [word.key for word in words("知识库")]
    ['知识', '识库']
    """
    return _words(text)


@lru_cache(4096)
def _words(text: str) -> tuple[Word, ...]:
    found: list[Word] = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        if _IS_UNSPACED.match(text, start):
            if end - start == 1:
                found.append(Word(text[start], start, end, text[start]))
            found += [Word(text[at : at + 2], at, at + 2, text[at : at + 2]) for at in range(start, end - 1)]
            continue
        for part in _PART.finditer(text, start, end):
            found.append(Word(key_of(part[0]), *part.span(), part[0]))
    return tuple(found)


def content(text: str) -> list[Word]:
    """The words that carry meaning: no function words, no question words."""
    return [word for word in words(text) if carries(word)]


def carries(word: Word) -> bool:
    """Whether a word means something by itself."""
    low = fold(word.text)
    return low not in NOISE and (len(low) > 1 or low.isdigit() or not low.isascii())


@lru_cache(100_000)
def fold(text: str) -> str:
    """Lower case, without accents, in one form of every character.

    >>> fold("Café"), fold("Ｅ５")
    ('cafe', 'e5')
    """
    if text.isascii():
        return text.lower()
    flat = unicodedata.normalize("NFKD", text)
    return "".join(c for c in flat if not unicodedata.combining(c)).casefold().replace("’", "'")


@lru_cache(100_000)
def key_of(word: str) -> str:
    """What two forms of a word have in common: folded, without its ending.

    >>> key_of("establishing") == key_of("established") == key_of("Establishes")
    True
    """
    low = fold(word)
    low = low[:-2] if low.endswith("'s") else low.rstrip("'")
    if not low.isalpha() or not low.isascii():
        return low
    if low in _IRREGULAR:
        low = _IRREGULAR[low]
    for _ in range(2):
        for ending in _ENDINGS:
            if low.endswith(ending) and len(low) - len(ending) >= _LEAST_STEM - (ending in ("s", "es", "ed", "ing")):
                low = low[: -len(ending)]
                break
        else:
            break
    if len(low) > _LEAST_STEM and low[-1] == low[-2] and low[-1] not in "ls":
        low = low[:-1]
    return low[:-1] + "i" if low.endswith("y") and len(low) > 3 else low


_IRREGULAR_PAIRS = (
    "won:win began:begin begun:begin became:become wrote:write written:write held:hold led:lead left:leave "
    "lost:lose made:make met:meet paid:pay ran:run sent:send sold:sell spent:spend stood:stand took:take "
    "taken:take taught:teach told:tell thought:think went:go gone:go grew:grow grown:grow gave:give given:give "
    "found:find fought:fight fell:fall fallen:fall felt:feel built:build bought:buy brought:bring broke:break "
    "broken:break chose:choose chosen:choose came:come drew:draw drawn:draw kept:keep knew:know known:know "
    "rose:rise risen:rise said:say saw:see seen:see shown:show spoke:speak spoken:speak children:child men:man "
    "women:woman people:person feet:foot died:die dead:die death:die born:birth lives:live"
)
_IRREGULAR = dict(pair.split(":") for pair in _IRREGULAR_PAIRS.split())

IRREGULAR_FORMS: dict[str, tuple[str, ...]] = {}
for _form, _plain in _IRREGULAR.items():
    _family = [_plain, *(form for form, plain in _IRREGULAR.items() if plain == _plain)]
    IRREGULAR_FORMS[_form] = tuple(form for form in _family if form != _form)
    IRREGULAR_FORMS[_plain] = tuple(form for form in _family if form != _plain)
