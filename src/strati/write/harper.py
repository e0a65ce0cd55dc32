"""The spelling and grammar rules of Harper, behind one adapter: nothing else imports the package."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from strati.core.errors import MissingExtra, TaskError

if TYPE_CHECKING:
    from harper import Linter

DIALECTS = ("american", "british", "australian", "canadian", "indian")
SPELLING = "SpellCheck"
SPLITTING = "SplitWords"
_FORMS = "RegularIrregulars"
# What is a matter of taste, or of the dialect, and not an error: off unless `style.toml` turns it on.
_TASTE_KINDS = frozenset({"Enhancement", "Style", "Readability", "Regionalism"})
_TASTE_RULES = frozenset({
    "UseEllipsisCharacter", "EllipsisLength", "OrthographicConsistency", "UseTitleCase", "OxfordComma", "NoOxfordComma",
    "AvoidAndAlso", "LongSentences", "Dashes", "SpelledNumbers", "BoringWords", "ExpandTimeShorthands",
    "ExpandMemoryShorthands", "NumericRangeEnDash", "CurrencyPlacement", "QuoteSpacing", "NumberSuffixCapitalization",
})  # fmt: skip
# What guesses at a meaning: on JFLEG's even sentences none of these edits was one that a person made.
_GUESSING = frozenset({"WrongNegative", "MissingTo", "ModalBeAdjective"})
_CHUNK = 12_000  # characters given to the rules at once: their time grows faster than the text


@dataclass(frozen=True, slots=True)
class Flag:
    """Something a rule found at `text[start:end]`; `words` are what it would put there, best first."""

    start: int
    end: int
    rule: str
    kind: str
    message: str
    words: tuple[str, ...]


class Harper:
    """Harper's rules for one dialect of English.

    Args:
        dialect: one of `DIALECTS`.
        known: words that are right, such as names and terms.
        on: rules to use though they are a matter of taste.
        off: rules not to use.

    Raises:
        MissingExtra: harper-py is not installed.
        TaskError: no such dialect.
    """

    def __init__(
        self, dialect: str = "american", known: Sequence[str] = (), on: Sequence[str] = (), off: Sequence[str] = ()
    ) -> None:
        if dialect not in DIALECTS:
            raise TaskError(f"there is no dialect {dialect!r}, expected one of {', '.join(DIALECTS)}")
        self.dialect, self.known, self.on, self.off = dialect, tuple(known), frozenset(on), frozenset(off)
        self._linter, self._lock, self._known = _shared(dialect, self.known)

    @staticmethod
    def version() -> str:
        """The version of the package whose rules these are. Raises `MissingExtra`."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("harper-py")
        except PackageNotFoundError:
            raise MissingExtra("harper-py", "write") from None

    def rules(self) -> tuple[str, ...]:
        """The names of all rules."""
        return tuple(sorted(self._linter.get_default_lint_config()))

    def flags(self, text: str, *, markdown: bool = False) -> list[Flag]:
        """What the rules find, by place; rules that are off are left out.

        Where several speak of the same place, grammar comes before spelling, and more words before fewer.
        """
        found: list[Flag] = []
        with self._lock:
            for start, end in _chunks(text):
                part = text[start:end]
                language = "markdown" if markdown else "plaintext"
                lints = self._linter.organized_lints(part, language=language, dedup=False)
                found += [
                    _flag(rule, lint, start)
                    for rule, some in lints.items()
                    for lint in some
                    if self._wanted(rule, lint.lint_kind) and part[lint.span.start : lint.span.end] == lint.problem_text
                ]
        return sorted(found, key=lambda flag: (flag.start, flag.rule in (SPELLING, SPLITTING), -flag.end, flag.rule))

    def knows(self, word: str) -> bool:
        """Whether a word is spelled right; asked once for each word."""
        if word not in self._known:
            with self._lock:
                found = self._linter.organized_lints(f"The {word} is.", language="plaintext", dedup=False)[SPELLING]
            self._known[word] = not any(lint.problem_text == word for lint in found)
        return self._known[word]

    def _wanted(self, rule: str, kind: str) -> bool:
        if rule in self.off:
            return False
        return rule in self.on or not (rule in _TASTE_RULES or rule in _GUESSING or kind in _TASTE_KINDS)


@lru_cache(maxsize=4)
def _shared(dialect: str, known: tuple[str, ...]) -> tuple[Linter, threading.Lock, dict[str, bool]]:
    """One linter for all who ask for the same words: to make one takes a second. Only one thread at a time uses it."""
    return _linter(dialect, known), threading.Lock(), {}


def _linter(dialect: str, known: Sequence[str]) -> Linter:
    try:
        from harper import Dialect, Linter
    except ImportError:
        raise MissingExtra("harper-py", "write") from None
    linter = Linter(Dialect[dialect.upper()])
    if known:
        linter.import_words(list(known))
    return linter


def _flag(rule: str, lint: Any, shift: int) -> Flag:
    before = lint.problem_text
    words = [_put(before, suggestion) for suggestion in lint.suggestions]
    different = tuple(dict.fromkeys(word for word in words if word != before))
    message = lint.message
    if rule == _FORMS:  # its words come in another order in each process, and so does its message
        different = tuple(sorted(different, key=_participle))
        message = f"Use the irregular form {' or '.join(map(repr, different))} instead of {before!r}"
    return Flag(shift + lint.span.start, shift + lint.span.end, rule, lint.lint_kind, message, different)


def _participle(word: str) -> tuple[bool, bool, str]:
    """Sorts "went" before "gone", "ran" before "run": the past before the participle."""
    return "u" in word, word.endswith(("n", "ne")), word


def _put(before: str, suggestion: Any) -> str:
    kinds = ("replace", "remove", "insert_after")
    kind = kinds[int(suggestion.kind)]
    if kind == "remove":
        return ""
    return (before if kind == "insert_after" else "") + str(suggestion.replacement_text)


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """Pieces that end between paragraphs, or at a line where a paragraph is longer than a piece."""
    start = 0
    while len(text) - start > _CHUNK:
        end = max(text.rfind("\n\n", start, start + _CHUNK) + 2, start)
        if end <= start + 2:
            end = max(text.rfind("\n", start, start + _CHUNK) + 1, text.rfind(". ", start, start + _CHUNK) + 2)
        end = end if end > start + 2 else start + _CHUNK
        yield start, end
        start = end
    yield start, len(text)
