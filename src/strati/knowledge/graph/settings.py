"""`[graph]` of strati.toml: which types to find, and patterns and names of one's own.

[graph]
types = ["organisation", "date", "product"]     # nothing else is kept; all by default
[graph.patterns]
product = ["Model [A-Z]\\\\d+"]                   # regular expressions
[graph.names]
product = ["Widget Pro", "Widget Light"]
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from strati.core.errors import TaskError
from strati.core.identity import fingerprint
from strati.core.records import JSON
from strati.knowledge.graph.records import TYPES

VERSION = "graph.v8"
KEYS = ("types", "patterns", "names", "extractor")


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """What to look for. `types` empty means all; `extractor` is the folder of a trained stack of the kind `extract`."""

    types: tuple[str, ...] = ()
    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    extractor: str = ""

    @property
    def version(self) -> str:
        """Documents that were read by another version or with other settings are read again."""
        own = fingerprint(
            VERSION, types=sorted(self.types),
            patterns={k: list(v) for k, v in sorted(self.patterns.items())},
            names={k: list(v) for k, v in sorted(self.names.items())},
        )  # fmt: skip
        return f"{VERSION}:{own[:12]}"

    def to_json(self) -> dict[str, JSON]:
        """As `settings_of` reads it; the extractor by its whole path, so that it is found from any folder."""
        return {
            "types": list(self.types), "patterns": {key: list(some) for key, some in self.patterns.items()},
            "names": {key: list(some) for key, some in self.names.items()},
            "extractor": str(Path(self.extractor).resolve()) if self.extractor else "",
        }  # fmt: skip

    def keeps(self, type_: str) -> bool:
        return not self.types or type_ in self.types or type_ == "document"


def load_settings(path: Path | None) -> GraphSettings:
    """The section [graph] of a file; without a file, or the section, what holds by default.

    Raises:
        TaskError: the file cannot be read, a key or type is unknown, or a pattern is no regular expression.
    """
    if path is None:
        return GraphSettings()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise TaskError(f"{path} does not exist, expected a strati.toml with a section [graph]") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TaskError(f"{path} cannot be read as TOML: {error}") from None
    return settings_of(data.get("graph", {}), str(path))


def settings_of(value: JSON, where: str = "strati.toml") -> GraphSettings:
    """Settings from the section's values; raises `TaskError` in one sentence for what is not understood.

    >>> settings_of({"types": ["organisation"]}).types
    ('organisation',)
    """
    if not isinstance(value, dict):
        raise TaskError(f"{where}: graph is {value!r}, expected a section [graph]")
    for key in value:
        if key not in KEYS:
            raise TaskError(
                f"{where}: found the key {key!r} in [graph], expected one of: {', '.join(KEYS)}{_near(key, KEYS)}"
            )
    patterns = _lists(value.get("patterns", {}), "patterns", where)
    names = _lists(value.get("names", {}), "names", where)
    for type_, made in patterns.items():
        for pattern in made:
            _must_compile(pattern, type_, where)
    types = value.get("types", [])
    if not isinstance(types, list) or not all(isinstance(one, str) for one in types):
        raise TaskError(f"{where}: graph.types is {types!r}, expected a list of texts")
    known = (*TYPES, *patterns, *names)
    for one in types:
        if one not in known:
            raise TaskError(
                f"{where}: graph.types names the unknown type {one!r}, "
                f"expected one of: {', '.join(known)}{_near(one, known)}"
            )
    extractor = value.get("extractor", "")
    if not isinstance(extractor, str):
        raise TaskError(f"{where}: graph.extractor is {extractor!r}, expected text")
    return GraphSettings(tuple(types), patterns, names, extractor)


def _near(key: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key, known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _lists(value: JSON, key: str, where: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise TaskError(
            f"{where}: graph.{key} is {value!r}, expected a section [graph.{key}] with a list for each type"
        )
    found = {}
    for type_, items in value.items():
        texts = [items] if isinstance(items, str) else items
        if not isinstance(texts, list) or not texts or not all(isinstance(one, str) and one.strip() for one in texts):
            raise TaskError(f"{where}: graph.{key}.{type_} is {items!r}, expected a list of texts")
        found[type_] = tuple(texts)
    return found


def _must_compile(pattern: str, type_: str, where: str) -> None:
    try:
        made = re.compile(pattern)
    except re.error as error:
        raise TaskError(
            f"{where}: graph.patterns.{type_} holds {pattern!r}, which is no regular expression: {error}"
        ) from None
    if made.match(""):
        raise TaskError(f"{where}: graph.patterns.{type_} holds {pattern!r}, which matches the empty text")
