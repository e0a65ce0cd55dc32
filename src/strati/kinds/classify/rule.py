"""One keyword rule, as a record and as a line of text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from strati.core.errors import DataError
from strati.core.scripts import UNSPACED

_LETTERS = rf"[^\W_{UNSPACED}]+"
_WORD = re.compile(rf"[{UNSPACED}]|{_LETTERS}(?:['’]{_LETTERS})*")
_RULE = re.compile(r'when\s+(?P<phrases>"[^"]+"(?:\s+and\s+"[^"]+")*)\s+then\s+(?P<value>"(?:[^"\\]|\\.)*"|\S+)$')
_DEFAULT = re.compile(r'otherwise\s+(?P<value>"(?:[^"\\]|\\.)*"|\S+)$')
_RIGHT = re.compile(r"\s#\s*right (?P<right>\d+) of (?P<seen>\d+)\s*$")


def words(text: str) -> list[str]:
    """The words of a text in lower case: runs of letters and digits, apostrophes inside kept.

    In scripts without blanks between words (Chinese, Japanese, Thai) each character is one.

    >>> words("Can't find my card_number!")
    ["can't", 'find', 'my', 'card', 'number']
    """
    return _WORD.findall(text.lower())


def padded(text: str) -> str:
    """The words of a text joined by single blanks, with a blank at both ends, so that phrases match whole words."""
    return f" {' '.join(words(text))} "


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the list: all `phrases` must occur; none means `otherwise`. `right` of `seen` in training."""

    phrases: tuple[str, ...]
    value: str
    right: int = 0
    seen: int = 0

    @property
    def precision(self) -> float:
        """The share right in training, pulled towards 1/2 by one row each way (Laplace)."""
        return (self.right + 1) / (self.seen + 2)

    def matches(self, text: str) -> bool:
        """Whether all phrases occur in a padded text."""
        return all(f" {phrase} " in text for phrase in self.phrases)

    def __str__(self) -> str:
        value = self.value if re.fullmatch(r"[^\s\"#]+", self.value) else json.dumps(self.value, ensure_ascii=False)
        joined = " and ".join(f'"{phrase}"' for phrase in self.phrases)
        head = f"when {joined} then {value}" if self.phrases else f"otherwise {value}"
        return f"{head}  # right {self.right} of {self.seen}" if self.seen else head


def parse_rules(text: str, source: str = "rules") -> tuple[Rule, ...]:
    """Read a decision list; raises `DataError` with the line for what is not a rule."""
    rules = []
    for number, line in enumerate(text.split("\n"), 1):
        right = _RIGHT.search(line)
        bare = line[: right.start()].strip() if right else line.strip()
        if not bare or bare.startswith("#"):
            continue
        match = _RULE.match(bare) or _DEFAULT.match(bare)
        if match is None:
            raise DataError(
                f'{source}, line {number}: found {bare!r}, expected: when "phrase" [and "phrase"] then label, '
                "or: otherwise label"
            )
        phrases = tuple(
            " ".join(words(phrase)) for phrase in re.findall(r'"([^"]+)"', match.groupdict().get("phrases") or "")
        )
        if not all(phrases) or (match.re is _RULE and not phrases):
            raise DataError(f"{source}, line {number}: a phrase has no letters or digits, expected at least one word")
        value = match["value"]
        value = json.loads(value) if value.startswith('"') else value
        counts = (int(right["right"]), int(right["seen"])) if right else (0, 0)
        rules.append(Rule(phrases, value, *counts))
    return tuple(rules)
