"""A person goes through a proposal edit by edit: by the keyboard, or by lines of text where there is no keyboard."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from strati.write.proposal import Edit, Proposal


class Reply(StrEnum):
    """What a person says to one edit."""

    YES = "y"
    NO = "n"
    REST = "a"
    QUIT = "q"


Ask = Callable[[Edit, int, int], Reply]  # the edit, its number from 1, how many there are


def review(proposal: Proposal, ask: Ask) -> Proposal:
    """What the person took, as a proposal of its own; edits that change a fact are asked about last.

    "The rest" takes the rest of the edits that keep the facts, never one that changes a fact. Quitting takes what was
    taken so far.
    """
    taken: list[Edit] = []
    total = len(proposal.edits) + len(proposal.dropped)
    rest = quit_ = False
    for number, edit in enumerate(proposal.edits, 1):
        reply = Reply.YES if rest else ask(edit, number, total)
        rest = rest or reply is Reply.REST
        quit_ = reply is Reply.QUIT
        if quit_:
            break
        if reply in (Reply.YES, Reply.REST):
            taken.append(edit)
    for number, edit in enumerate(() if quit_ else proposal.dropped, len(proposal.edits) + 1):
        if any((edit.start < other.end and other.start < edit.end) or edit.start == other.start for other in taken):
            continue
        reply = ask(edit, number, total)
        if reply is Reply.QUIT:
            break
        if reply is Reply.YES:
            taken.append(edit)
    return proposal.only(taken)
