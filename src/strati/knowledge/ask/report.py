"""`check_text`: every claim of a text held against a knowledge base."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import DataError
from strati.core.records import JSON, Evidence
from strati.knowledge.ask.answer import sources_of
from strati.knowledge.ask.claims import Claim, claims
from strati.knowledge.ask.judge import RULES, SentenceCheck
from strati.knowledge.ask.question import names, read
from strati.knowledge.ask.sources import Citation, Sources, misquoted, piece_of
from strati.knowledge.ask.support import Support, Verdict
from strati.knowledge.ask.words import content

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase
    from strati.models.contract import Embedder

K = 6  # passages that a claim is held against
LONGEST = 1_000_000  # characters of a text


@dataclass(frozen=True, slots=True)
class Checked:
    """One claim of a text, `text[start:end]` there, and what the sources say about it.

    `state` is supported, contradicted, not_found or not_checkable; `reason` names the words that are missing or differ;
    `score` is how near the evidence comes, in [0, 1], not calibrated.
    """

    text: str
    start: int
    end: int
    state: Verdict
    reason: str
    score: float
    citations: tuple[Citation, ...]

    def to_json(self) -> dict[str, JSON]:
        return {
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "state": str(self.state),
            "reason": self.reason,
            "score": round(self.score, 3),
            "citations": [one.to_json() for one in self.citations],
        }


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All claims of a text. `ok` when none is contradicted and none was looked for in vain."""

    claims: tuple[Checked, ...]
    snapshot: str

    @property
    def counts(self) -> dict[str, int]:
        """How many claims there are of each state."""
        found = Counter(str(one.state) for one in self.claims)
        return {str(state): found[str(state)] for state in Verdict}

    @property
    def ok(self) -> bool:
        return all(one.state in (Verdict.SUPPORTED, Verdict.NOT_CHECKABLE) for one in self.claims)

    def to_json(self) -> dict[str, JSON]:
        return {
            "claims": [one.to_json() for one in self.claims],
            "counts": self.counts,
            "ok": self.ok,
            "snapshot": self.snapshot,
        }


def check_text(
    base: KnowledgeBase | None,
    text: str,
    *,
    against: str | Path | None = None,
    source: str | None = None,
    embedder: Embedder | None = None,
    k: int = K,
    check: SentenceCheck = RULES,
) -> CheckReport:
    """Hold every claim of a text against a knowledge base, or against one file.

    Args:
        base: an open base; may be None when `against` is given.
        text: what to check, in plain text or Markdown.
        against: a file that is read and takes the base's place.
        source: only documents with this id or name, or that fit this pattern.
        embedder: makes the search go by meaning too.
        k: how many passages each claim is held against.
        check: what judges a claim by a passage.

    Raises:
        TaskError: the base holds nothing.
        DataError: the file cannot be read, or the text is too long.

    Example:
        report = check_text(base, "The notice period is 30 days.")
        print(report.claims[0].state, report.claims[0].reason)
    """
    if len(text) > LONGEST:
        raise DataError(f"the text has {len(text):,} characters, expected at most {LONGEST:,}")
    if against is not None:
        with tempfile.TemporaryDirectory(prefix="strati-check-") as folder, _base_of(Path(against), folder) as one:
            return _report(sources_of(one, embedder, None), text, k, check)
    if base is None:
        raise DataError("there is nothing to check against, expected a knowledge base or a file")
    return _report(sources_of(base, embedder, source), text, k, check)


def _report(sources: Sources, text: str, k: int, check: SentenceCheck) -> CheckReport:
    return CheckReport(tuple(check_claim(one, sources, k, check) for one in claims(text)), sources.snapshot)


def check_claim(claim: Claim, sources: Sources, k: int = K, check: SentenceCheck = RULES) -> Checked:
    """One claim held against the passages that come nearest to it."""
    if claim.why_not:
        return Checked(claim.text, claim.start, claim.end, Verdict.NOT_CHECKABLE, claim.why_not, 0.0, ())
    query = claim.text
    if claim.before:
        query += " " + " ".join(word.text for word in content(claim.before) if word.text[:1].isupper())
    found = sources.search(query, k)
    judged = check.judge(claim.text, found, sources)
    if judged is None:
        reason = f"{_telling(claim, sources)} is in no source"
        return Checked(claim.text, claim.start, claim.end, Verdict.NOT_FOUND, reason, 0.0, ())
    best = judged.support
    shown = _citation(best, judged.passage, sources) if best.verdict is not Verdict.NOT_FOUND else ()
    return Checked(claim.text, claim.start, claim.end, best.verdict, best.reason, best.score, shown)


def _citation(found: Support, passage: Evidence, sources: Sources) -> tuple[Citation, ...]:
    if passage.source is None:
        return ()
    at = passage.source.start
    one = sources.cite(1, piece_of(passage, at + found.start, at + found.end))
    return (one,) if one is not None and not misquoted(sources, [one]) else ()


def _telling(claim: Claim, sources: Sources) -> str:
    lost = [word.text for word in names(read(claim.text))] or [word.text for word in sources.unknown(claim.text)]
    return " and ".join(repr(text) for text in dict.fromkeys(lost[:3])) or "what it says"


def _base_of(path: Path, folder: str) -> KnowledgeBase:
    """A base of one file, in a folder that is thrown away."""
    from strati.knowledge.base import KnowledgeBase
    from strati.knowledge.reader import Refused
    from strati.knowledge.reader import read as read_document
    from strati.knowledge.record import record_of

    try:
        data = path.read_bytes()
        document = read_document(data, path.name)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except Refused as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    made = record_of(document, path=str(path.resolve()), name=str(path), container="", data=data, modified="1970-01-01")
    base = KnowledgeBase.open(Path(folder) / "against")
    base.store.put(made, {})
    return base
