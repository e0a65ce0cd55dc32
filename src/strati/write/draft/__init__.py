"""Drafts from sources: an outline in, a document out in which every sentence is cited and checked."""

from __future__ import annotations

from strati.write.draft.compose import Settings, compose
from strati.write.draft.outline import Outline, Section, read_outline
from strati.write.draft.record import Cited, DraftRecord, Written
from strati.write.draft.refresh import Refreshed, refresh

__all__ = [
    "Cited",
    "DraftRecord",
    "Outline",
    "Refreshed",
    "Section",
    "Settings",
    "Written",
    "compose",
    "read_outline",
    "refresh",
]
