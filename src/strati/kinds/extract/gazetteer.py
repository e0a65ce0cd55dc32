"""Names and patterns induced from train: readable, editable, and the rung that others have to beat.

`gazetteer.json` holds, for each label, the names that mostly carry it and regular expressions that mostly find it
(group 1 is the span). Anyone may edit the file.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Example, Usage
from strati.kinds.extract.tokens import tokens
from strati.kinds.extract.values import Entity, Extraction
from strati.stack.explain import SHOWN, Explanation
from strati.stack.layers.timing import Stopwatch

_LEAST_PATTERN = 3  # occurrences
_SHAPES = ((re.compile(r"\d+"), r"\d+"), (re.compile(r"[^\W\d_]+"), r"[^\W\d_]+"))
_RUN = r"[A-Z][\w'’&-]*(?:\s(?:(?:of|the|and|de|van|&)\s)?[A-Z][\w'’&-]*){0,4}"


@dataclass(frozen=True)
class Gazetteer:
    """Finds names of a list and matches of patterns; the longest match wins.

    Attributes:
        precision: share of a name's or pattern's occurrences in train that must carry the label.
        names: label -> names.
        patterns: label -> regular expressions.
    """

    precision: float = 0.7
    names: Mapping[str, tuple[str, ...]] | None = None
    patterns: Mapping[str, tuple[str, ...]] | None = None
    name: str = "gazetteer"
    kind: ClassVar[str] = "gazetteer.v1"
    answers_from_train: ClassVar[bool] = True

    def fingerprint(self) -> str:
        return fingerprint(
            self.kind, precision=self.precision, names=_plain(self.names), patterns=_plain(self.patterns)
        )

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        ctx.check()
        rows = [(example.text, Extraction.from_json(example.reference).entities) for example in train]
        return replace(self, names=_names(rows, self.precision), patterns=_patterns(rows, self.precision))

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        finder = Finder(self.names or {}, self.patterns or {})
        with Stopwatch() as watch:
            found = [finder.entities(case.text) for case in cases]
        usage = Usage(seconds=watch.each(len(cases))) if cases else Usage()
        return [
            case.answered(Answer(Extraction(tuple(entities)).to_json(), None, self.name), usage)
            for case, entities in zip(cases, found, strict=True)
        ]

    def explain(self, case: Case, ctx: Context) -> Explanation:
        """Which name of the list, or which pattern, each entity is from."""
        ctx.check()
        value = Extraction.from_json(case.answer.value if case.answer else {"entities": []})
        known = {name: label for label, names in (self.names or {}).items() for name in names}
        found: list[JSON] = []
        for one in value.entities[:SHOWN]:
            text = case.text[one.start : one.end]
            pattern = next((p for p in (self.patterns or {}).get(one.label, ()) if _finds(p, case.text, one)), None)
            by = "name" if known.get(text) == one.label or pattern is None else "pattern"
            found.append({"text": text, "label": one.label, "by": by, "pattern": pattern if by == "pattern" else None})
        parts = [f"“{one['text']}” {one['label']}: {one['pattern'] or 'a name of the list'}" for one in found[:3]]
        return Explanation("; ".join(parts) or "no name and no pattern is in it", {"kind": "names", "entities": found})

    def save(self, folder: Path) -> dict[str, JSON]:
        value = {"names": _plain(self.names), "patterns": _plain(self.patterns)}
        (folder / "gazetteer.json").write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
        return {"precision": self.precision}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        value = json.loads((folder / "gazetteer.json").read_text(encoding="utf-8"))
        return cls(settings["precision"], _tuples(value["names"]), _tuples(value["patterns"]), settings["name"])


def _finds(pattern: str, text: str, one: Entity) -> bool:
    compiled = re.compile(pattern)
    group = 1 if compiled.groups else 0
    return any(match.span(group) == (one.start, one.end) for match in compiled.finditer(text))


class Finder:
    """Looks names and patterns up in texts."""

    def __init__(self, names: Mapping[str, Sequence[str]], patterns: Mapping[str, Sequence[str]]) -> None:
        self.known = {tuple(_words(name)): label for label, some in sorted(names.items()) for name in some}
        self.longest = max(map(len, self.known), default=0)
        self.patterns = [(label, re.compile(one)) for label, some in sorted(patterns.items()) for one in some]

    def entities(self, text: str) -> list[Entity]:
        """The matches in order, without overlaps; names before patterns of the same length."""
        found = sorted([*self._by_name(text), *self._by_pattern(text)], key=lambda e: (e.start - e.end, e.start))
        kept: list[Entity] = []
        for one in found:
            if all(one.end <= other.start or one.start >= other.end for other in kept):
                kept.append(one)
        return sorted(kept)

    def _by_name(self, text: str) -> Iterator[Entity]:
        words = tokens(text)
        at = 0
        while at < len(words):
            for size in range(min(self.longest, len(words) - at), 0, -1):
                label = self.known.get(tuple(token.text for token in words[at : at + size]))
                if label is not None:
                    yield Entity(words[at].start, words[at + size - 1].end, label)
                    at += size - 1
                    break
            at += 1

    def _by_pattern(self, text: str) -> Iterator[Entity]:
        for label, pattern in self.patterns:
            for match in pattern.finditer(text):
                group = 1 if pattern.groups else 0
                if match.end(group) > match.start(group) >= 0:
                    yield Entity(*match.span(group), label)


def _words(name: str) -> list[str]:
    return [token.text for token in tokens(name)]


def _names(rows: Sequence[tuple[str, Sequence[Entity]]], precision: float) -> dict[str, tuple[str, ...]]:
    carried: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    shown: dict[tuple[str, ...], str] = {}
    for text, entities in rows:
        for one in entities:
            words = tuple(_words(text[one.start : one.end]))
            if words:
                carried[words][one.label] += 1
                shown.setdefault(words, text[one.start : one.end])
    longest = max(map(len, carried), default=0)
    seen: Counter[tuple[str, ...]] = Counter()
    for text, _ in rows:
        here = _words(text)
        for at in range(len(here)):
            for size in range(1, min(longest, len(here) - at) + 1):
                some = tuple(here[at : at + size])
                if some in carried:
                    seen[some] += 1
    found: defaultdict[str, list[str]] = defaultdict(list)
    for key, labels in sorted(carried.items()):
        label, count = max(labels.items(), key=lambda pair: (pair[1], pair[0]))
        if count >= precision * seen[key] and any(map(str.isalnum, "".join(key))):
            found[label].append(shown[key])
    return {label: tuple(names) for label, names in sorted(found.items())}


def _patterns(rows: Sequence[tuple[str, Sequence[Entity]]], precision: float) -> dict[str, tuple[str, ...]]:
    """Shapes with digits ("$5,000"), the word before ("Mr. X"), the last word of a name ("X Inc")."""
    tried: defaultdict[tuple[str, str], int] = defaultdict(int)
    for text, entities in rows:
        for one in entities:
            for pattern in _proposed(text, one):
                tried[one.label, pattern] += 1
    good: defaultdict[str, list[str]] = defaultdict(list)
    for (label, pattern), count in sorted(tried.items()):
        if count < _LEAST_PATTERN:
            continue
        compiled = re.compile(pattern)
        right = total = 0
        for text, entities in rows:
            spans = {(e.start, e.end): e.label for e in entities}
            for match in compiled.finditer(text):
                total += 1
                right += spans.get(match.span(1)) == label
            if total > 50 and right < 0.5 * precision * total:
                break
        if right >= _LEAST_PATTERN and right >= precision * total:
            good[label].append(pattern)
    return {label: tuple(patterns) for label, patterns in sorted(good.items())}


def _proposed(text: str, one: Entity) -> Iterator[str]:
    surface = text[one.start : one.end]
    if any(map(str.isdigit, surface)) and len(surface) <= 40:
        shape = re.escape(surface)
        shape = re.sub(r"\d+", r"\\d+", shape)
        yield rf"(?<!\w)({shape})(?!\w)"
    if surface[:1].isupper():
        before = re.search(r"(\w+\.?)\s$", text[max(0, one.start - 20) : one.start])
        if before:
            yield rf"(?<!\w){re.escape(before[1])}\s({_RUN})(?!\w)"
        last = surface.split()[-1]
        if " " in surface:
            yield rf"(?<!\w)((?:[A-Z][\w'’&-]*\s(?:(?:of|the|and|&)\s)?){{1,4}}{re.escape(last)})(?!\w)"


def _plain(value: Mapping[str, Sequence[str]] | None) -> JSON:
    return {label: list(some) for label, some in sorted((value or {}).items())}


def _tuples(value: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {label: tuple(some) for label, some in value.items()}
