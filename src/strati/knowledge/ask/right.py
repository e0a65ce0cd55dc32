"""When a delivered text is right: it states a reference answer, within three sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from strati.core.records import JSON
from strati.knowledge.ask.quantities import quantities, same
from strati.knowledge.ask.words import fold
from strati.knowledge.sentences import sentences

MOST = 3  # sentences in which a right answer has to be stated
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_SIGNS = re.compile(r"[^\w\s]")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


def loss(value: JSON, reference: JSON) -> float:
    """0 when a delivered text states a reference answer within three sentences, else 1.

    >>> loss("It ends on 12 May 2023.", ["2023-05-12"]), loss("It ends in June.", ["2023-05-12"]), loss("It ends.", [])
    (0.0, 1.0, 1.0)
    """
    text = str(value)
    short = sum(1 for _ in sentences(text)) <= MOST
    return 0.0 if short and any(states(text, str(one)) for one in reference or ()) else 1.0


def states(text: str, answer: str) -> bool:
    """Whether a text holds an answer: without case, accents, punctuation and articles; a number in any of its forms.

    >>> states("They paid USD 1.5m.", "$1,500,000"), states("The cat sat.", "cat"), states("Concatenate.", "cat")
    (True, True, False)
    """
    wanted = plain(answer)
    if wanted and _UNSPACED.search(wanted):
        return wanted.replace(" ", "") in plain(text).replace(" ", "")
    if wanted and f" {wanted} " in f" {plain(text)} ":
        return True
    numbers = quantities(answer)
    if len(numbers) == 1 and answer.strip(" .") == numbers[0].text.strip(" ."):
        return any(same(numbers[0], one) for one in quantities(text))
    return False


def f1(value: JSON, reference: JSON) -> float:
    """Token F1 of a delivered text with the reference answer that is nearest to it.

    >>> f1("the red car", ["red car", "blue car"])
    1.0
    """
    said = plain(str(value)).split()
    return max((_f1(said, plain(str(one)).split()) for one in reference or ()), default=0.0)


def _f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted)) if shared else 0.0


def plain(text: str) -> str:
    """A text as answers are compared: folded, without punctuation and English articles."""
    return " ".join(_ARTICLES.sub(" ", _SIGNS.sub(" ", fold(text))).split())
