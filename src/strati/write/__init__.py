"""Write: edits that keep the facts, shown before they are made, and drafts from sources.

    from strati.write import propose
    proposal = propose("I has an apple.")
    for edit in proposal.edits:
        print(edit.before, "->", edit.after, edit.reason)

`strati.write.facts` tells the facts of a text and whether an edit kept them.
"""

from __future__ import annotations

from strati.write.facts import Change, Fact, FactKind, facts, kept
from strati.write.files import read_bytes, read_draft
from strati.write.journal import Applied, apply, remember, undo
from strati.write.proposal import Edit, Note, Proposal, Span, changed
from strati.write.propose import Tools, propose, tools
from strati.write.style import Style

__all__ = [
    "Applied",
    "Change",
    "Edit",
    "Fact",
    "FactKind",
    "Note",
    "Proposal",
    "Span",
    "Style",
    "Tools",
    "apply",
    "changed",
    "facts",
    "kept",
    "propose",
    "read_bytes",
    "read_draft",
    "remember",
    "tools",
    "undo",
]
