"""Sentences rewritten by something that cannot be trusted, taken apart into edits that keep the facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Protocol

from strati.write.keep import best_kept, names_of
from strati.write.proposal import Edit, Span, changed

_TOKEN = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*|[^\w\s]|_+")


class Fluency(Protocol):
    """Corrects one sentence beyond the rules; None where it has nothing to say. `reason` says who it is."""

    @property
    def reason(self) -> str: ...

    def rewrite(self, sentence: str) -> str | None: ...


def rewritten(
    text: str, spans: Sequence[Span], edits: Sequence[Edit], fluency: Fluency
) -> tuple[list[Edit], list[Edit]]:
    """The edits after each sentence, as the earlier edits leave it, was rewritten; and those that change a fact.

    Where what was rewritten is dropped, the earlier edits stand.
    """
    known = names_of(text)
    good: list[Edit] = []
    dropped: list[Edit] = []
    left = sorted(edits, key=lambda edit: edit.start)
    for span in spans:
        good += [edit for edit in left if edit.start < span.start]
        left = [edit for edit in left if edit.start >= span.start]
        own = [edit for edit in left if edit.start < span.end]
        if any(edit.end > span.end for edit in own):
            continue  # it joins two sentences
        left = left[len(own) :]
        before = text[span.start : span.end]
        fixed = changed(before, [_moved(edit, -span.start) for edit in own])
        new = fluency.rewrite(fixed)
        if new is None or new.split() == fixed.split():
            good += own
            continue
        mine = {(edit.start, edit.end, edit.after): edit for edit in own}
        made = [_moved(edit, span.start) for edit in edits_between(before, new, fluency.reason)]
        wanted = [mine.get((edit.start, edit.end, edit.after), edit) for edit in made]
        kept, lost = _kept(text, span, wanted, own, known)
        good += kept
        dropped += lost
    return good + left, dropped


def _kept(
    text: str, span: Span, wanted: Sequence[Edit], own: Sequence[Edit], known: set[str]
) -> tuple[list[Edit], list[Edit]]:
    kept: list[Edit] = []
    lost: list[Edit] = []
    for edit in [*wanted, *(one for one in own if one not in wanted)]:
        later = edit not in wanted
        if any(_meet(edit, other) for other in kept) or (later and not any(_meet(edit, other) for other in lost)):
            continue
        best, changes = best_kept(text, edit, span, known, kept)
        if best is not None:
            kept.append(best)
        elif not later:
            lost.append(replace(edit, facts=tuple(changes)))
    return sorted(kept, key=lambda edit: edit.start), lost


def _meet(one: Edit, other: Edit) -> bool:
    return (one.start < other.end and other.start < one.end) or one.start == other.start


def _moved(edit: Edit, by: int) -> Edit:
    return replace(edit, start=edit.start + by, end=edit.end + by)


def edits_between(before: str, after: str, reason: str = "") -> list[Edit]:
    """The smallest edits, in whole words, that make one text of another.

    >>> [(e.before, e.after) for e in edits_between("He go school.", "He goes to school.")]
    [('go', 'goes to')]
    """
    old, new = list(_TOKEN.finditer(before)), list(_TOKEN.finditer(after))
    matcher = SequenceMatcher(None, [m[0] for m in old], [m[0] for m in new], autojunk=False)
    found = []
    for op, a, b, c, d in matcher.get_opcodes():
        if op != "equal":
            start, end = _cut(before, old, a, b, both=op == "delete")
            first, last = _cut(after, new, c, d, both=op == "insert")
            found.append(Edit(start, end, before[start:end], after[first:last], reason))
    return found


def _cut(text: str, tokens: Sequence[re.Match[str]], first: int, last: int, *, both: bool) -> tuple[int, int]:
    """The characters of tokens; with the blank before them (or after, at the start) where one side has none."""
    if first == last:  # a place between two tokens
        at = tokens[first - 1].end() if first else 0
        return at, at
    start, end = tokens[first].start(), tokens[last - 1].end()
    if both and first:
        start = tokens[first - 1].end()
    elif both:
        end = tokens[last].start() if last < len(tokens) else len(text)
    return start, end
