"""Names, addresses and marks of identity: what is written with a capital inside a sentence, or with digits in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from strati.write.facts.fact import Fact, FactKind, Taken

_ADDRESS = re.compile(
    r"\bhttps?://[^\s<>\")\]]+|\bwww\.[^\s<>\")\]]+"
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.[\w.]{1,64}|(?<!\w)[@#]\w{2,}"
)
_WORD = re.compile(r"[^\W_]+(?:[.'’&-][^\W_]+)*")
_STARTS = re.compile(r"(?:^|[.!?…:;]|\n)[\s\"'“”‘’«»()\[\]*_#>•–—-]*$")
_POSSESSIVE = re.compile(r"['’]s?$|['’](?:s|re|ve|ll|d|m|t)$", re.IGNORECASE)
# Words that begin a sentence without being a name.
_PLAIN_WORDS = (
    "a about above according after again against all almost along already also although always am among an and another "
    "any anyone anything are around as at away be because been before being below besides best better between beyond "
    "both but by can cannot clearly could currently day despite did do does doing done during each either else "
    "especially even ever every everybody everyone everything except few finally first firstly for from further "
    "furthermore generally had has have having he hence her here hers herself him himself his how however i if in "
    "indeed instead into is it its itself just last lastly later least less let like likewise many may maybe me "
    "meanwhile might mine more moreover most much must my myself nearly neither never nevertheless next no nobody "
    "none nor not nothing now obviously of off often on once one only or other others otherwise our ours out over own "
    "people perhaps please possibly quite rather really recently same second secondly several shall she should "
    "similarly since so some somebody someone something sometimes soon still such than that the their theirs them "
    "themselves then there therefore these they thing things third thirdly this those though through throughout thus "
    "to today together tomorrow too two under unfortunately unless until up upon us usually very was we well were "
    "what whatever when whenever where whereas wherever whether which while who whoever whole whom whose why will with "
    "within without would yes yet you your yours yourself"
)
_PEOPLES = (
    "china:chinese france:french italy:italian spain:spanish germany:german england:english britain:british "
    "turkey:turkish poland:polish sweden:swedish denmark:danish ireland:irish scotland:scottish netherlands:dutch "
    "holland:dutch greece:greek canada:canadian mexico:mexican israel:israeli iraq:iraqi norway:norwegian "
    "switzerland:swiss wales:welsh finland:finnish thailand:thai brazil:brazilian egypt:egyptian belgium:belgian "
    "hungary:hungarian argentina:argentinian peru:peruvian portugal:portuguese pakistan:pakistani iceland:icelandic "
    "philippines:filipino usa:us usa:american us:american america:us america:usa uk:british tv:television"
)
DEMONYMS: dict[str, set[str]] = {}
"""Countries and their adjectives, each by the other."""
for _pair in _PEOPLES.split():
    _country, _people = _pair.split(":")
    DEMONYMS.setdefault(_country, set()).add(_people)
    DEMONYMS.setdefault(_people, set()).add(_country)
_PLAIN = frozenset(_PLAIN_WORDS.split())


def addresses(text: str, taken: Taken) -> Iterator[Fact]:
    """Web and mail addresses, @handles and #tags, as they are written."""
    for found in _ADDRESS.finditer(text):
        shown = found[0].rstrip(".,;:!?")
        taken.add(found.start(), found.start() + len(shown))
        yield Fact(FactKind.NAME, shown, shown, found.start(), found.start() + len(shown))


def words(text: str) -> set[str]:
    """Every word in small letters, possessives without their ending, and the parts of words with a hyphen."""
    whole = {value_of(found[0]) for found in _WORD.finditer(text)}
    return whole | {part for word in whole for part in re.split(r"[-&.]", word)}


def value_of(word: str) -> str:
    """By what two ways to write a name are the same.

    >>> value_of("Germany's"), value_of("U.S")
    ('germany', 'us')
    """
    bare = _POSSESSIVE.sub("", word).casefold()
    return bare.replace(".", "") if re.fullmatch(r"(?:\w\.)+\w?", bare) else bare


def names(text: str, taken: Taken) -> Iterator[Fact]:
    """Words with a capital that does not come from the start of a sentence, and words in capitals."""
    shouting = text.isupper()
    for found in _WORD.finditer(text):
        word = _POSSESSIVE.sub("", found[0])
        if (
            word
            and taken.free(*found.span())
            and _is_name(word, shouting)
            and not (_common_form(word) and _starts(text, found.start()))
        ):
            yield Fact(FactKind.NAME, word, value_of(word), found.start(), found.start() + len(word))


def first_words(text: str) -> Iterator[Fact]:
    """Words with a capital at the start of a sentence that may be names: they are none of the usual first words."""
    for found in _WORD.finditer(text):
        word = _POSSESSIVE.sub("", found[0])
        if len(word) > 2 and word[0].isupper() and value_of(word) not in _PLAIN and _starts(text, found.start()):
            yield Fact(FactKind.NAME, word, value_of(word), found.start(), found.start() + len(word))


def _is_name(word: str, shouting: bool) -> bool:
    if value_of(word) in ("i", "ok", "etc", "am", "pm", "a"):
        return False
    if word[0].isdigit() or (value_of(word) in _PLAIN and not word.isupper()):
        return False
    letters = [c for c in word if c.isalpha()]
    return any(c.isupper() for c in letters) and not (shouting and not any(c.isdigit() for c in word))


def _common_form(word: str) -> bool:
    """One capital, then small letters: at the start of a sentence any word looks so."""
    return word[1:].islower() or len(word) == 1 or (word[1:2].islower() and word[2:] == word[2:].lower())


def _starts(text: str, at: int) -> bool:
    return _STARTS.search(text[max(0, at - 40) : at]) is not None if at > 40 else _opens(text, at)


def _opens(text: str, at: int) -> bool:
    return not any(c.isalnum() for c in text[:at]) or _STARTS.search(text[:at]) is not None


_ENDINGS = ("s", "es", "n", "an", "ian", "ese")


def said_in(value: str, spoken: set[str], other: set[str]) -> bool:
    """A name, or a form of it, is among the words of a text.

    Args:
        value: the name, in small letters.
        spoken: the words of the text that is searched.
        other: the words of the other text: "latinamerican" is "Latin" where "american" stands there, too.
    """
    plain = value.replace("-", "")
    if plain in {word.replace("-", "") for word in spoken} or any(_form(plain, word) for word in spoken):
        return True
    if re.search(r"[-&.]", value) and all(part in spoken for part in re.split(r"[-&.]", value)):
        return True
    return len(value) >= 4 and any(_joined(value, word, other) for word in spoken if len(word) > len(value))


def _form(value: str, word: str) -> bool:
    short, long = sorted((value, word), key=len)
    return long.startswith(short) and (long[len(short) :] in _ENDINGS[: 6 if len(short) >= 4 else 2])


def _joined(value: str, word: str, other: set[str]) -> bool:
    return (word.startswith(value) and word[len(value) :] in other) or (
        word.endswith(value) and word[: -len(value)] in other
    )
