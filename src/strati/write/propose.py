"""From a text to a proposal: rules, their words in order, protected regions, and facts that are kept."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from strati.knowledge.language import language_of
from strati.knowledge.sentences import sentences
from strati.write.harper import SPELLING, Harper
from strati.write.keep import facts_kept
from strati.write.proposal import Edit, Note, Proposal, Span, sha256
from strati.write.regions import protected as regions
from strati.write.rerank import Ranker, RuleRanker
from strati.write.rewrite import Fluency, rewritten
from strati.write.style import Style

_LEAST_WORDS = 8  # words of a text below which it is taken for English
_MOST_UNKNOWN = 0.4  # share of words that the rules do not know, in a text that is still English
_LEAST_TO_TELL = 40  # characters of a paragraph below which its language is not asked for


@dataclass(frozen=True, slots=True)
class Tools:
    """What takes part in a proposal. Without `rules` only the style file and the model speak."""

    style: Style = field(default_factory=Style)
    rules: Harper | None = None
    ranker: Ranker = field(default_factory=RuleRanker)
    fluency: Fluency | None = None


def tools(style: Style | None = None) -> Tools:
    """The tools for a style: Harper's rules with its dialect, the words it keeps, and its rules on and off.

    Raises `MissingExtra` when harper-py is not installed.
    """
    style = style or Style()
    rules = Harper(style.dialect, style.keep, style.on, style.off)
    return Tools(style, rules, RuleRanker(rules.knows))


def propose(
    text: str,
    *,
    using: Tools | None = None,
    markdown: bool = False,
    protected: Sequence[Span] | None = None,
    language: str | None = None,
    of: str | None = None,
) -> Proposal:
    """Edits for a text, each with its reason; none changes a fact or meets a protected region.

    Args:
        text: the draft.
        using: what takes part; by default Harper's rules for American English.
        markdown: the text is Markdown: code, links, tables and front matter are left alone.
        protected: the regions to leave alone, where the caller knows them better.
        language: its language ("en"); by default it is told from the text.
        of: the SHA-256 that the proposal is for; by default the text's own.

    Raises:
        MissingExtra: harper-py is not installed.

    >>> proposal = propose("I has an apple.")
    >>> [(edit.before, edit.after) for edit in proposal.edits]
    [('has', 'have')]
    """
    chosen = tools() if using is None else using
    shield = regions(text, markdown=markdown) if protected is None else tuple(protected)
    foreign, notes = _foreign(text, chosen, language)
    closed = _Shield((*shield, *foreign))
    wanted = _candidates(text, chosen, closed, markdown, bool(foreign) and _whole(foreign, text))
    open_ = [edit for edit in wanted if edit.before != edit.after and not closed.meets(edit.start, edit.end)]
    good, dropped = facts_kept(text, _apart(open_))
    if chosen.fluency is not None and not (foreign and _whole(foreign, text)):
        spans = [Span(a, b) for a, b in sentences(text) if not closed.meets(a, b)]
        good, more = rewritten(text, spans, good, chosen.fluency)
        dropped = sorted([*dropped, *more], key=lambda edit: (edit.start, edit.end))
    notes += [note for note in chosen.style.notes(text) if not _Shield(shield).meets(note.start, note.end)]
    return Proposal(sha256(text) if of is None else of, tuple(good), tuple(dropped), tuple(notes))


def _candidates(text: str, using: Tools, closed: _Shield, markdown: bool, foreign: bool) -> Iterable[Edit]:
    """In the order of their right of way: the team's own rules, then the grammar's."""
    yield from using.style.edits(text)
    if foreign:
        return
    if using.rules is not None:
        for flag in using.rules.flags(text, markdown=markdown):
            if not closed.meets(flag.start, flag.end):
                words = using.ranker.rank(text, flag)
                if words:
                    before = text[flag.start : flag.end]
                    yield Edit(flag.start, flag.end, before, words[0], flag.message, (), flag.rule, words[1:])


def _foreign(text: str, using: Tools, language: str | None) -> tuple[list[Span], list[Note]]:
    """Parts that the rules do not know: they are checked by facts only."""
    own = {
        (start, end): language_of(text[start:end]) for start, end in _paragraphs(text) if end - start >= _LEAST_TO_TELL
    }
    whole = language or language_of(text) or ("en" if "en" in own.values() else _guess(text, using))
    if whole != "en":
        named = "this language" if whole is None else whole
        return [Span(0, len(text))], [Note(0, len(text), f"no rules for {named}: checked by facts only")]
    other = {Span(*span): code for span, code in own.items() if code not in (None, "en")}
    return list(other), [Note(*span, f"left alone: it is in another language ({code})") for span, code in other.items()]


def _guess(text: str, using: Tools) -> str | None:
    """A text whose function words do not tell: English when the rules know most of its words."""
    letters = [c for c in text if c.isalpha()]
    if sum(map(str.isascii, letters)) < 0.9 * len(letters):
        return None
    words = len(text.split())
    if using.rules is None or words < _LEAST_WORDS:
        return "en"
    unknown = sum(flag.rule == SPELLING for flag in using.rules.flags(text))
    return "en" if unknown <= _MOST_UNKNOWN * words else None


def _whole(spans: Sequence[Span], text: str) -> bool:
    return spans[0] == Span(0, len(text))


def _paragraphs(text: str) -> Iterable[tuple[int, int]]:
    start = 0
    for part in text.split("\n\n"):
        yield start, start + len(part)
        start += len(part) + 2


class _Shield:
    """Regions, asked quickly whether one meets a span."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = sorted(spans)
        self._starts = [span.start for span in self.spans]
        self._ends: list[int] = []
        for span in self.spans:
            self._ends.append(max(span.end, self._ends[-1] if self._ends else 0))

    def meets(self, start: int, end: int) -> bool:
        last = bisect_right(self._starts, max(start, end - 1))
        if not last or self._ends[last - 1] <= start:
            return False
        first = bisect_left(self._ends, start)
        return any(span.meets(start, max(end, start)) for span in self.spans[first:last])


def _apart(edits: Sequence[Edit]) -> list[Edit]:
    """Those that do not run over an earlier one in the order of right of way, by place."""
    taken: list[Edit] = []
    starts: list[int] = []
    for edit in edits:
        at = bisect_left(starts, edit.start)
        near = taken[max(0, at - 1) : at + 1]
        if not any(_touch(edit, other) for other in near):
            taken.insert(at, edit)
            starts.insert(at, edit.start)
    return taken


def _touch(a: Edit, b: Edit) -> bool:
    """They share a character, or both stand at the same place."""
    return (a.start < b.end and b.start < a.end) or a.start == b.start
