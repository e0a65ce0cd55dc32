"""A team's own rules, in `style.toml`: terms, spelling variants, banned words, names, rules on and off.

It has the settings `dialect` and `keep` (words that are right), and the tables `[terms]` and `[spelling]` (what is
written = what should be), `[banned]` (a word = another, or "" when it is only to be told) and `[rules]` (`on`, `off`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from strati.core.errors import TaskError
from strati.core.records import JSON
from strati.write.proposal import Edit, Note

_TABLES = ("terms", "spelling", "banned")
_REASONS = {
    "terms": "the style file says {new!r}",
    "spelling": "the style file spells it {new!r}",
    "banned": "the style file bans {old!r}",
}


@dataclass(frozen=True, slots=True)
class Style:
    """A team's own rules; the three tables map what is written to what should be."""

    dialect: str = "american"
    keep: tuple[str, ...] = ()
    terms: Mapping[str, str] = field(default_factory=dict)
    spelling: Mapping[str, str] = field(default_factory=dict)
    banned: Mapping[str, str] = field(default_factory=dict)
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Style:
        """Read a style file.

        Raises `TaskError` when it is not there, no TOML, or holds something else than such rules.
        """
        try:
            read = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise TaskError(f"the style file {path} is not there") from None
        except OSError as error:
            raise TaskError(f"the style file {path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise TaskError(f"the style file {path} is not UTF-8 text, expected TOML") from None
        except tomllib.TOMLDecodeError as error:
            raise TaskError(f"the style file {path} is no TOML: {error}") from None
        return _style(path, read)

    def edits(self, text: str) -> Iterator[Edit]:
        """What the three tables change, table by table; capitals are kept."""
        for table in _TABLES:
            for old, new in self._table(table).items():
                if not new:
                    continue
                reason = _REASONS[table].format(old=old, new=new)
                for match in _whole(old).finditer(text):
                    after = _as_written(match[0], old, new)
                    if after != match[0] and not _inside(text, match, new):
                        yield Edit(match.start(), match.end(), match[0], after, reason, rule=f"style.{table}")

    def notes(self, text: str) -> Iterator[Note]:
        """Banned words for which the style file has no other."""
        for old, new in self.banned.items():
            if not new:
                for match in _whole(old).finditer(text):
                    yield Note(match.start(), match.end(), f"the style file bans {match[0]!r}")

    def _table(self, name: str) -> Mapping[str, str]:
        return {"terms": self.terms, "spelling": self.spelling, "banned": self.banned}[name]


def _style(path: Path, read: Mapping[str, JSON]) -> Style:
    known = {"dialect", "keep", "rules", *_TABLES}
    strange = sorted(set(read) - known)
    if strange:
        raise TaskError(f"{path}: there is no setting {strange[0]!r}, expected {', '.join(sorted(known))}")
    tables = {name: _words(path, name, read.get(name, {})) for name in _TABLES}
    rules = read.get("rules", {})
    if not isinstance(rules, dict) or set(rules) - {"on", "off"}:
        raise TaskError(f"{path}: [rules] has two lists, on and off, found {rules!r}")
    dialect = read.get("dialect", "american")
    if not isinstance(dialect, str):
        raise TaskError(f"{path}: dialect is a word such as 'british', found {dialect!r}")
    on, off = (_list(path, f"rules.{name}", rules.get(name, [])) for name in ("on", "off"))
    return Style(dialect, _list(path, "keep", read.get("keep", [])), **tables, on=on, off=off)


def _words(path: Path, name: str, value: JSON) -> dict[str, str]:
    if name == "banned" and isinstance(value, list):
        value = dict.fromkeys(_list(path, name, value), "")
    if not isinstance(value, dict):
        raise TaskError(f'{path}: [{name}] maps words to words, as in color = "colour", found {value!r}')
    for old, new in value.items():
        if not isinstance(new, str) or not old.strip():
            raise TaskError(f"{path}: [{name}] {old!r} has to be a word, found {new!r}")
    return value


def _list(path: Path, name: str, value: JSON) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise TaskError(f"{path}: {name} is a list of words, found {value!r}")
    return tuple(value)


def _whole(word: str) -> re.Pattern[str]:
    inner = r"\s+".join(map(re.escape, word.split()))
    return re.compile(rf"(?<![\w-]){inner}(?![\w-])", re.IGNORECASE)


def _as_written(found: str, old: str, new: str) -> str:
    """In the capitals of what stands there, unless the style file asks for capitals of its own."""
    if any(c.isupper() for c in new) or any(c.isupper() for c in old):
        return new
    if len(found) > 1 and found.isupper():
        return new.upper()
    return new[0].upper() + new[1:] if found[:1].isupper() else new


def _inside(text: str, match: re.Match[str], new: str) -> bool:
    """What should stand there stands there already, and the old word is a part of it ("site" in "web site")."""
    return any(
        found.start() <= match.start() and match.end() <= found.end()
        for found in _whole(new).finditer(text, max(0, match.start() - len(new)), match.end() + len(new))
    )
