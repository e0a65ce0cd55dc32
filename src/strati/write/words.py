"""The words of a sentence that tell what it is about, in a form by which inflections are the same."""

from __future__ import annotations

import re

from strati.write.common import is_common

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_COMMON_WORDS = (
    "a about above after again against all also am among an and any are as at be because been before being below "
    "between both but by can could did do does doing down during each either else ever every few for from further had "
    "has have having he her here hers him his how i if in into is it its itself just like made make makes many may me "
    "might more most much must my neither no nor not now of off often on once one only or other our out over own per "
    "rather said same say says shall she should since so some such than that the their them then there these they "
    "this those through thus to too under until up upon us use used uses using very was we well were what when where "
    "whether which while who whom whose why will with within without would yet you your"
)
_COMMON = frozenset(_COMMON_WORDS.split())


def telling(text: str) -> list[str]:
    """The telling words in order, each in its short form.

    >>> telling("The leases were ending early.")
    ['leas', 'end', 'early']
    """
    found = (match[0].casefold() for match in _WORD.finditer(text))
    return [short(word) for word in found if len(word) > 1 and word.removesuffix("'s") not in _COMMON]


def short(word: str) -> str:
    """A word without the usual English endings.

    >>> short("ended"), short("ending"), short("policies"), short("monthly")
    ('end', 'end', 'policy', 'month')
    """
    word = re.sub(r"['’]s?$", "", word)
    if len(word) > 5 and word.endswith("ly") and is_common(word[:-2]):
        return short(word[:-2])
    if len(word) > 5 and word.endswith("ies"):
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            bare = word[: -len(ending)]
            return bare[:-1] if len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] not in "lsz" else bare
    return word
