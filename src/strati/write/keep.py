"""Which edits keep the facts of their sentences: alone, and together with the others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from strati.knowledge.sentences import sentences
from strati.write.facts import Change, FactKind, facts, kept
from strati.write.proposal import Edit, Span, changed

_AROUND = 500  # characters on each side of an edit that are looked at in a sentence without an end, such as a list
_OTHERS = 2  # further words of an edit that are tried when the first changes a fact


def facts_kept(text: str, edits: Sequence[Edit]) -> tuple[list[Edit], list[Edit]]:
    """The edits that change no fact of their sentence, alone and together; and the others, with what they change."""
    bounds = [Span(a, b) for a, b in sentences(text)]
    known = names_of(text)
    good: list[Edit] = []
    dropped: list[Edit] = []
    for span, group in _by_sentence(bounds, edits):
        passed: list[Edit] = []
        for edit in group:
            kept_, changes = best_kept(text, edit, span, known, passed)
            if kept_ is None:
                dropped.append(replace(edit, facts=tuple(changes)))
            else:
                passed.append(kept_)
        good += passed
    return good, dropped


def names_of(text: str) -> set[str]:
    """The values of all names in a text."""
    return {fact.value for fact in facts(text) if fact.kind is FactKind.NAME}


def best_kept(
    text: str, edit: Edit, span: Span, known: set[str], passed: Sequence[Edit]
) -> tuple[Edit | None, list[Change]]:
    """The edit, or the same with the next word that keeps the facts; None, and what it changes, when no word does."""
    first: list[Change] = []
    for place, word in enumerate((edit.after, *edit.others[:_OTHERS])):
        others = tuple(one for one in (edit.after, *edit.others) if one != word)
        tried = edit if place == 0 else replace(edit, after=word, others=others)
        changes = _first_name(tried, span, known) or _changes(text, _near(text, span, tried, passed), [*passed, tried])
        if edit.rule.startswith("style."):  # the team itself wants another word there
            changes = [change for change in changes if change.kind is not FactKind.NAME]
        if not changes:
            return tried, []
        first = first or changes
    return None, first


def _by_sentence(bounds: Sequence[Span], edits: Sequence[Edit]) -> Iterable[tuple[Span, list[Edit]]]:
    """Edits by the sentences that they stand in; one that joins two sentences is checked against both."""
    starts = [span.start for span in bounds]
    groups: list[tuple[Span, list[Edit]]] = []
    for edit in edits:
        first = max(bisect_right(starts, edit.start) - 1, 0)
        last = max(bisect_right(starts, max(edit.end - 1, edit.start)) - 1, first)
        if not bounds:
            span = Span(edit.start, edit.end)
        else:
            span = Span(min(bounds[first].start, edit.start), max(bounds[last].end, edit.end))
        if groups and span.start < groups[-1][0].end:
            joined = Span(groups[-1][0].start, max(span.end, groups[-1][0].end))
            groups[-1] = (joined, [*groups[-1][1], edit])
        else:
            groups.append((span, [edit]))
    return groups


def _changes(text: str, span: Span, edits: Sequence[Edit]) -> list[Change]:
    before = text[span.start : span.end]
    inside = [edit for edit in edits if span.start <= edit.start and edit.end <= span.end]
    moved = [replace(edit, start=edit.start - span.start, end=edit.end - span.start) for edit in inside]
    return kept(before, changed(before, moved))


def _near(text: str, span: Span, edit: Edit, passed: Sequence[Edit]) -> Span:
    """The sentence; of one that is very long the words around the edit, so that many edits take no square of time."""
    if span.end - span.start <= 4 * _AROUND:
        return span
    start, end = max(span.start, edit.start - _AROUND), min(span.end, edit.end + _AROUND)
    while start > span.start and not text[start - 1].isspace():
        start -= 1
    while end < span.end and not text[end].isspace():
        end += 1
    cut = [one for one in passed if one.start < start < one.end or one.start < end < one.end]
    return Span(min([start, *(one.start for one in cut)]), max([end, *(one.end for one in cut)]))


def _first_name(edit: Edit, span: Span, known: set[str]) -> list[Change]:
    """A first word of a sentence that is a name elsewhere in the text, and would become another word."""
    word = edit.before.casefold()
    if edit.start != span.start or word not in known or edit.after.casefold() == word:
        return []
    return [Change(FactKind.NAME, edit.before, edit.after)]
