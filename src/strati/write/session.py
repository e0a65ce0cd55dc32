"""One draft file from its bytes to a proposal: what the command, the server's page and the tools of an LLM call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from strati.core.records import JSON
from strati.write.files import Draft, read_bytes, read_draft
from strati.write.journal import remember
from strati.write.proposal import Proposal, sha256
from strati.write.propose import Tools, propose, tools
from strati.write.style import Style

STYLE_FILE = "style.toml"


@dataclass(frozen=True, slots=True)
class Session:
    """A draft that was read, and what is proposed for it."""

    path: Path
    draft: Draft
    proposal: Proposal

    def remember(self) -> None:
        """Keep the proposal, so that its hash applies it."""
        if self.proposal.edits:
            remember(self.path, self.proposal)

    def to_json(self) -> dict[str, JSON]:
        return {**self.proposal.to_json(), "notes": [note.to_json() for note in self.proposal.notes]}


def opened(path: Path, style: Path | None = None, language: str | None = None) -> Session:
    """Read a draft and propose edits for it.

    Args:
        path: the draft.
        style: the style file; by default `style.toml` beside the draft, where there is one.
        language: its language; by default told from the text.

    Raises:
        DataError: the draft cannot be read.
        TaskError: the style file makes no sense.
        MissingExtra: an optional package is missing.
    """
    data = read_bytes(path)
    draft = read_draft(path, data)
    chosen = _style(path, style)
    return Session(path, draft, proposed(draft, tools(chosen), language, sha256(data)))


def proposed(draft: Draft, using: Tools, language: str | None, of: str) -> Proposal:
    """What is proposed for a draft whose bytes have this SHA-256."""
    return propose(
        draft.text, using=using, markdown=draft.markdown, protected=draft.protected, language=language, of=of
    )


def _style(path: Path, style: Path | None) -> Style:
    if style is not None:
        return Style.load(style)
    beside = path.parent / STYLE_FILE
    return Style.load(beside) if beside.is_file() else Style()
