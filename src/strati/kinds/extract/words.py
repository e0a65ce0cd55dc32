"""Tokens with their places, and what their capitals tell."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from strati.kinds.extract.lists import word_set
from strati.kinds.extract.lists.names import LEGAL_FORMS

_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}[^\W\d_]?|\w+(?:[’'\-&./@+]\w+)*\+*|[^\w\s]")
_POSSESSIVE = re.compile(r"['’][sS]?$")
_ABBREVIATED = word_set(
    "inc corp co ltd pty pte pvt sdn bhd mr mrs ms dr prof rev sen rep gov gen col maj capt lt sgt hon dipl ing "
    "st jr sr no nr dept univ bros jan feb mar apr jun jul aug sep sept oct nov dec calif ariz colo conn fla ill "
    "mich minn tenn vt md wis mass ark okla penn tex wash nev ore"
)
ROMAN = re.compile(r"^(?=[ivxlcdm])m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})$")
# Small and frequent words: with a capital they begin a sentence or stand in a heading; they name nothing.
COMMON = word_set(
    "the a an this that these those it its he she his her him they them their we our us you your i my me mine in "
    "on at by for from to with of as and or but nor so yet if then than when while where who whom whose which "
    "what why how not no yes all any both each every either neither some such many much more most other others "
    "another few several one two three four five six seven eight nine ten first second third last next new old "
    "same only also just even still already again after before during since until although though because however "
    "therefore moreover furthermore meanwhile otherwise instead indeed perhaps maybe here there now today "
    "yesterday tomorrow tonight once never always often sometimes usually is are was were be been being am do "
    "does did done have has had having will would shall should can could may might must let please thank thanks "
    "dear hello hi sincerely regards best kind yours re fw fwd cc bcc ps p.s subject sent date page note notes "
    "see e.g i.e etc eg ie vs via per about above below between among under over into onto upon within without "
    "against toward towards through across behind beyond near off out up down around along except despite unlike "
    "like according due given whereas hereby herein hereof hereto hereunder hereafter hereinafter thereof therein "
    "thereto thereafter witness witnesseth whereof recitals background monday tuesday wednesday thursday friday "
    "saturday sunday january february march april june july august september october november december mr mrs ms "
    "dr too very well good great big small large high low long short early late left right north south east west "
    "northern southern eastern western spring summer autumn winter morning afternoon evening night ok okay oh "
    "there's it's that's let's we're i'm don't can't won't didn't doesn't isn't what's here's he's she's they're "
    "you're i've we've i'll we'll you'll ve ll don didn doesn isn der die das ein eine und oder aber ist sind war "
    "mit von zu im auf für aus bei nach vor über unter durch wir sie er es ich ihr uns le la les un une et ou est "
    "sont dans pour par sur avec el los las y o en por para con del se su unless whether ask talks shares "
    "customers sponsors rumours rumors analysts investors critics officials sources experts lawyers besides "
    "nevertheless nonetheless thus hence accordingly additionally finally subsequently previously later earlier "
    "soon former current including"
)
SHOUTED = 0.6


class Token(NamedTuple):
    """A word or a sign: `text[start:end]`; `low` is in lower case."""

    start: int
    end: int
    text: str
    low: str


def tokens(text: str, start: int, end: int) -> list[Token]:
    """The words and signs of `text[start:end]`. A possessive ending is a token of its own; "Inc." keeps its stop,
    unless the text ends there.

    >>> [token.text for token in tokens("Acme Inc.'s U.S. boss, J. Lee.", 0, 31)]
    ['Acme', 'Inc.', "'s", 'U.S.', 'boss', ',', 'J.', 'Lee', '.']
    """
    found: list[Token] = []
    for match in _TOKEN.finditer(text, start, end):
        first, last = match.span()
        word = match[0]
        if word == "." and last < end and found and found[-1].end == first and _takes_stop(found[-1]):
            before = found.pop()
            found.append(Token(before.start, last, before.text + ".", before.low + "."))
            continue
        ending = _POSSESSIVE.search(word) if len(word) > 2 else None
        if ending and word[0].isalnum():
            at = first + ending.start()
            found.append(Token(first, at, word[: ending.start()], word[: ending.start()].lower()))
            found.append(Token(at, last, ending[0], ending[0].lower()))
            continue
        if word.lower() == "s" and found and found[-1].text in "'’" and found[-1].end == first:
            quote = found.pop()
            found.append(Token(quote.start, last, quote.text + word, "'s"))
            continue
        found.append(Token(first, last, word, word.lower()))
    return found


def _takes_stop(token: Token) -> bool:
    return token.low in _ABBREVIATED or (len(token.text) == 1 and token.text.isupper())


def bare(word: str) -> str:
    """A word in lower case without full stops, as the lists have it."""
    return word.lower().replace(".", "")


def legal_form(token: Token) -> str | None:
    """The legal form a token stands for, or None.

    >>> [legal_form(token) for token in tokens("L.L.C. gmbh as AS", 0, 17)]
    ['llc', 'gmbh', None, 'as']
    """
    from strati.kinds.extract.lists.names import CAPITAL_FORMS, SHORT_FORMS

    word = bare(token.text)
    form = LEGAL_FORMS.get(word)
    if form is None or (word in SHORT_FORMS and not token.text.replace(".", "")[:2].isupper()):
        return "kg" if token.text == "KG" else None
    if word in CAPITAL_FORMS and not token.text[0].isupper():
        return None
    return form


def capital(token: Token) -> bool:
    """Whether a token begins with a capital letter."""
    return token.text[0].isupper()


def shouted(found: list[Token]) -> bool:
    """Whether most words are all in capitals: there capitals tell nothing."""
    words = [token.text for token in found if token.text[0].isalpha() and len(token.text) > 1]
    if len(words) < 4:
        return False
    return sum(word.isupper() for word in words) >= SHOUTED * len(words)


@lru_cache(maxsize=65_536)
def technical(word: str) -> bool:
    """Whether a word looks like a technical name: GPT-4, PostgreSQL, snake_case, NASA.

    >>> [technical(word) for word in ("GPT-4", "iPhone", "max_tokens", "NASA", "Company", "4.2", "II")]
    [True, True, True, True, False, False, False]
    """
    if len(word) < 2 or (word.islower() and word.isalpha()) or ROMAN.match(word.lower()):
        return False
    letters = [c for c in word if c.isalpha()]
    if not letters:
        return False
    if "_" in word.strip("_") and word.replace("_", "").isalnum():
        return True
    if any(c.isdigit() for c in word):
        return any(c.isupper() for c in letters) and sum(c.isdigit() for c in word) <= 4 and "/" not in word
    inner = word.replace("-", "").replace("&", "").replace("/", "").replace(".", "")
    if inner.isupper():
        return 2 <= len(inner) <= 6
    return "-" not in word and "." not in word and any(c.isupper() for c in word[1:]) and any(c.islower() for c in word)


@lru_cache(maxsize=65_536)
def key_of(words: str) -> str:
    """A name as it is compared: lower case, single blanks, no signs.

    >>> key_of("The  Johns-Hopkins University, Inc.")
    'johns hopkins university inc'
    """
    cleaned = re.sub(r"[^\w&+#]+", " ", re.sub(r"(?<=\w)\.(?=\w\b)|['’]", "", words.casefold())).split()
    while len(cleaned) > 1 and cleaned[0] in ("the", "a", "an", "this", "said", "such", "our", "der", "die", "das"):
        cleaned = cleaned[1:]
    return " ".join(cleaned)


def core_of(key: str) -> tuple[str, str]:
    """A company's name without its legal forms, and the forms.

    >>> core_of("acme holdings co ltd"), core_of("limited")
    (('acme holdings', 'co ltd'), ('limited', ''))
    """
    words = key.split()
    end = len(words)
    while end > 1 and words[end - 1] in LEGAL_FORMS:
        end -= 1
    forms = sorted({LEGAL_FORMS[word] for word in words[end:]})
    return " ".join(words[:end]), " ".join(forms)
