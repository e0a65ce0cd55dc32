"""One draft file from its bytes to a proposal: what the command, the server's page and the tools of an LLM call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.context import Context
from strati.core.records import JSON
from strati.write.files import Draft, read_bytes, read_draft
from strati.write.journal import remember
from strati.write.proposal import Proposal, sha256
from strati.write.propose import Tools, propose, tools
from strati.write.style import Style

if TYPE_CHECKING:
    from strati.knowledge.ask import Checked, CheckReport
    from strati.knowledge.base import KnowledgeBase
    from strati.models.contract import LanguageModel
    from strati.write.consistency import Disagreement

STYLE_FILE = "style.toml"


@dataclass(frozen=True, slots=True)
class Session:
    """A draft that was read, and what is proposed for it."""

    path: Path
    draft: Draft
    proposal: Proposal
    claims: CheckReport | None = None

    def remember(self) -> None:
        """Keep the proposal, so that its hash applies it."""
        if self.proposal.edits:
            remember(self.path, self.proposal)

    def to_json(self) -> dict[str, JSON]:
        told = {**self.proposal.to_json(), "notes": [note.to_json() for note in self.proposal.notes]}
        return told if self.claims is None else {**told, "claims": self.claims.to_json()}

    @property
    def doubtful(self) -> list[Checked]:
        """Claims that the base contradicts or does not know."""
        told = [] if self.claims is None else list(self.claims.claims)
        return [one for one in told if str(one.state) in ("contradicted", "not_found")]


def opened(
    path: Path,
    style: Path | None = None,
    language: str | None = None,
    base: KnowledgeBase | None = None,
    model: LanguageModel | None = None,
    ctx: Context | None = None,
) -> Session:
    """Read a draft and propose edits for it.

    Args:
        path: the draft.
        style: the style file; by default `style.toml` beside the draft, where there is one.
        language: its language; by default told from the text.
        base: an open knowledge base that its claims are checked against.
        model: a language model that chooses words by context and corrects sentences.
        ctx: what the model may take.

    Raises:
        DataError: the draft cannot be read.
        TaskError: the style file makes no sense.
        MissingExtra: an optional package is missing.
    """
    data = read_bytes(path)
    draft = read_draft(path, data)
    chosen = _style(path, style)
    using = tools(chosen)
    if model is not None:
        from strati.write.layers import with_model

        using = with_model(using, model, ctx or Context())
    return Session(path, draft, proposed(draft, using, language, sha256(data)), _checked(base, draft))


def _checked(base: KnowledgeBase | None, draft: Draft) -> CheckReport | None:
    if base is None:
        return None
    from strati.knowledge.ask import check_text

    return check_text(base, draft.text)


def compared(paths: Sequence[Path]) -> list[Disagreement]:
    """What the drafts, chapters of one text, do not agree on with one another and within each.

    Raises `DataError` when one cannot be read.
    """
    from strati.write.consistency import Chapter, disagreements

    return disagreements([Chapter(str(path), read_draft(path, read_bytes(path)).text) for path in paths])


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
