"""From what a model wrote to the option it means, or to none: nothing is guessed, and nothing is searched for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from strati.core.errors import ModelError

THOUGHT_START = re.compile(r"\s*<(?:think|thinking|reasoning)>", re.IGNORECASE)
THOUGHT_END = re.compile(r"^.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
FENCE = re.compile(r"^\s*```[\w-]*\n(.*?)\n?```\s*$", re.DOTALL)
LEAD = re.compile(
    r"^(?:the |my )?(?:(?:correct|right|best|final|most likely) )?"
    r"(?:label|category|class|answer|intent|topic|letter|option|output)(?: is)?\s*[:=]?\s+|^[\w ]{1,24}[:=]\s*",
    re.IGNORECASE,
)
END = re.compile(r"(?:<\|[^|<>]*\|>|</s>|<eos>|<end_of_turn>)$")
"""What some servers tell as the token that ends a reply."""
EDGES = " \t\r\n\"'`*_.,;:!?()[]{}<>«»“”‘’„‹›-–—。、！？："
SEPARATORS = re.compile(r"[\s_\-‐‑]+")


@dataclass(frozen=True, slots=True)
class Found:
    """An option, by its number, and the characters of the reply that name it."""

    option: int
    start: int
    end: int


class Options:
    """The options of one question, compared as loosely as they can be without two of them becoming the same.

    Loosest: capitals do not count, blanks, underscores and hyphens are alike, punctuation at the ends does not count.
    """

    def __init__(self, options: Sequence[str]) -> None:
        if not options or len(set(options)) < len(options) or not all(option.strip() for option in options):
            raise ModelError(f"the options are {list(options)!r}, expected at least one, none empty and no two alike")
        self.texts = tuple(options)
        self.form: Callable[[str], str] = next(
            form for form in (_loose, _folded, str) if len({form(option) for option in options}) == len(options)
        )
        self.forms = tuple(self.form(option) for option in options)
        self._numbers = {form: number for number, form in enumerate(self.forms)}

    def find(self, reply: str) -> Found | None:
        """The option that a reply consists of, once thoughts, fences, quotes and a leading "Label:" are left out.

        Of a reply of several lines the first or the last may be the option, unless they are two different ones; a part
        of a sentence never is.
        """
        start = match.end() if (match := THOUGHT_END.match(reply)) else 0
        body = reply[start:]
        if THOUGHT_START.match(body):
            return None  # a thought without an end
        if fence := FENCE.match(body):
            start, body = start + fence.start(1), fence.group(1)
        lines = [line for line in re.finditer(r"[^\n]+", body) if line.group().strip(EDGES)]
        ends = [(line.start(), line.end()) for line in (lines[0], lines[-1])] if lines else []
        for spans in ([(0, len(body))], ends):
            named = [(first, found) for first, last in spans if (found := self._whole(body[first:last]))]
            if len({found.option for _, found in named}) == 1:
                first, found = named[0]
                return Found(found.option, start + first + found.start, start + first + found.end)
        return None

    def matching(self, text: str) -> frozenset[int]:
        """The options that a reply beginning with this text may yet turn out to be, or is already."""
        begun = self.begun(text)
        return frozenset(
            number
            for number, form in enumerate(self.forms)
            if form.startswith(begun) or (begun.startswith(form) and not begun[len(form) :].strip(EDGES))
        )

    def begun(self, text: str) -> str:
        """The beginning of a reply in the form in which options are compared; its end counts as a full stop."""
        text = END.sub(".", text)
        if self.form is _loose:
            return SEPARATORS.sub(" ", text.casefold()).lstrip(EDGES)
        return (text.casefold() if self.form is _folded else text).lstrip()

    def _whole(self, text: str) -> Found | None:
        """The option that a text is, as it stands or after a lead such as "Label:" or in a JSON object of one key."""
        lead = LEAD.match(text)
        starts = [0, lead.end()] if lead else [0]
        for start in starts:
            number = self._number(text[start:])
            if number is not None:
                inner = text[start:]
                left = len(inner) - len(inner.lstrip(EDGES))
                return Found(number, start + left, start + len(inner.rstrip(EDGES)))
        value = _json_value(text)
        number = None if value is None else self._number(value)
        if number is None or value is None:
            return None
        place = text.rfind(json.dumps(value, ensure_ascii=False)[1:-1])
        return Found(number, max(0, place), max(0, place) + len(value))

    def _number(self, text: str) -> int | None:
        for tried in (text, text.strip(), text.strip(EDGES)):
            number = self._numbers.get(self.form(tried))
            if number is not None:
                return number
        return None


def _json_value(text: str) -> str | None:
    """The text of a JSON object with one key, as {"label": "refund"}."""
    if not text.strip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    values = list(found.values()) if isinstance(found, dict) else []
    return values[0] if len(values) == 1 and isinstance(values[0], str) else None


def _loose(text: str) -> str:
    return SEPARATORS.sub(" ", text.casefold()).strip(EDGES)


def _folded(text: str) -> str:
    return text.casefold().strip()
