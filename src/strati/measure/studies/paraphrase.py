"""A text said a little differently, by rules, so that it keeps its label: no model, no chance, English only.

What was learnt by heart is tied to its exact words; what was understood is not. The words below are chosen to be
neutral: none names a topic, a feeling or an intent.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping

CONTRACTIONS = {
    "do not": "don't",
    "does not": "doesn't",
    "did not": "didn't",
    "is not": "isn't",
    "are not": "aren't",
    "was not": "wasn't",
    "have not": "haven't",
    "has not": "hasn't",
    "will not": "won't",
    "would not": "wouldn't",
    "could not": "couldn't",
    "can not": "can't",
    "i am": "I'm",
    "i have": "I've",
    "i will": "I'll",
    "it is": "it's",
    "that is": "that's",
    "what is": "what's",
    "where is": "where's",
    "who is": "who's",
}
SYNONYMS = {
    "almost": "nearly",
    "begin": "start",
    "big": "large",
    "buy": "purchase",
    "currently": "at present",
    "finish": "complete",
    "help": "assist",
    "need": "require",
    "often": "frequently",
    "perhaps": "maybe",
    "quickly": "fast",
    "show": "display",
    "soon": "shortly",
    "want": "would like",
    "yearly": "annual",
}
WRAPPERS = (("Hello, ", ""), ("Hi there. ", ""), ("", " Thank you."), ("Good day. ", " Thanks."))
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_PAIRS = [*CONTRACTIONS.items(), *((short, long) for long, short in CONTRACTIONS.items())]


def paraphrase(text: str) -> str:
    """Contractions made or undone, neutral synonyms, two inner sentences swapped, another first letter, a greeting.

    >>> paraphrase("I do not need a big box.")
    "Hi there. i don't require a large box."
    """
    for rule in (_contracted, _synonyms, _swapped, _recased, _wrapped):
        text = rule(text)
    return text


def paraphrased(value: str | Mapping[str, str]) -> str | Mapping[str, str]:
    """An input said differently: its text, or the longest of its columns."""
    if isinstance(value, str):
        return paraphrase(value)
    longest = max(value, key=lambda name: len(value[name]), default=None)
    return {name: paraphrase(part) if name == longest else part for name, part in value.items()}


def _contracted(text: str) -> str:
    """Each long form made short and each short form made long, in one pass."""
    swap = {a.lower(): b for a, b in _PAIRS}
    return _replaced(text, swap)


def _synonyms(text: str) -> str:
    return _replaced(text, SYNONYMS)


def _replaced(text: str, swap: Mapping[str, str]) -> str:
    words = "|".join(sorted(map(re.escape, swap), key=len, reverse=True))
    found: Callable[[re.Match[str]], str] = lambda match: _like(match[0], swap[match[0].lower()])  # noqa: E731
    return re.sub(rf"(?<![\w'])(?:{words})(?![\w'])", found, text, flags=re.IGNORECASE)


def _like(old: str, new: str) -> str:
    """The new words in the case of the old ones."""
    if len(old) > 1 and old.isupper():
        return new.upper()
    return new[0].upper() + new[1:] if old[0].isupper() else new


def _swapped(text: str) -> str:
    """Of four sentences or more the second and the third change places; the first and the last stay."""
    parts = _SENTENCE.split(text)
    if len(parts) >= 4:
        parts[1], parts[2] = parts[2], parts[1]
        return " ".join(parts)
    return text


def _recased(text: str) -> str:
    """The first letter in the other case, unless the first word is in capitals."""
    first = text.split(" ", 1)[0]
    if not text or (len(first) > 1 and first.isupper()):
        return text
    return text[0].swapcase() + text[1:] if len(text[0].swapcase()) == 1 else text


def _wrapped(text: str) -> str:
    """A greeting or thanks around it; which one depends on the text alone."""
    before, after = WRAPPERS[zlib.crc32(text.encode("utf-8", "surrogatepass")) % len(WRAPPERS)]
    return f"{before}{text}{after}"
