"""A language model that writes the sentences of a draft from evidence; what the evidence does not support is dropped.

The model sees numbered sentences of the sources and names for each of its own the numbers it rests on. A check that
knows nothing of the model then holds the sentence against exactly these: its words, numbers, dates, names and
negations have to stand there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON
from strati.models.ask import write
from strati.models.contract import ContextOverflow, LanguageModel, Prompt
from strati.write.common import is_common
from strati.write.draft.compose import Wrote
from strati.write.draft.evidence import Candidate
from strati.write.draft.outline import Section
from strati.write.draft.record import Cited, Written
from strati.write.facts import FactKind, facts
from strati.write.facts.names import first_words, said_in, words

SYSTEM = (
    "You write one short paragraph of a report, only from the numbered sentences. Say nothing that they do not say. "
    "Keep their numbers, dates and names as they are. For each sentence that you write, give the numbers of those it "
    "rests on."
)
SCHEMA: JSON = {
    "type": "object",
    "properties": {
        "sentences": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "sources": {"type": "array", "items": {"type": "integer"}},
                },
                "required": ["text", "sources"],
            },
        }
    },
    "required": ["sentences"],
}
_TOKENS_EACH = 90  # for one sentence and its numbers


@dataclass(frozen=True)
class ModelWriter:
    """Writes with a language model and keeps what its own sources support."""

    model: LanguageModel

    @property
    def name(self) -> str:
        return self.model.card.name

    def fingerprint(self) -> str:
        return fingerprint("draft_writer.v1", model=self.model.fingerprint(), system=SYSTEM)

    def write(self, section: Section, point: str, found: Sequence[Candidate], most: int, ctx: Context) -> Wrote:
        """At most so many sentences; none when the model writes nothing that can be used."""
        listed = "\n".join(f"{n}. {one.text}" for n, one in enumerate(found, 1))
        asked = f"{section.heading}: {point}" if section.heading != point else point
        user = f"{listed}\n\nWrite at most {most} sentences on: {asked}"
        try:
            made = write(self.model, Prompt(user=user, system=SYSTEM), _TOKENS_EACH * most + 40, ctx, schema=SCHEMA)
            rows = json.loads(made.text)["sentences"]
        except (ContextOverflow, UnicodeEncodeError, ValueError, KeyError, TypeError):
            return Wrote((), 1)
        kept: list[Written] = []
        dropped = 0
        for row in rows[: 2 * most]:
            one = self._one(row, point, found)
            if one is None:
                dropped += 1
            elif len(kept) < most and one.text not in {other.text for other in kept}:
                kept.append(one)
        return Wrote(tuple(kept), dropped)

    def _one(self, row: JSON, point: str, found: Sequence[Candidate]) -> Written | None:
        text = " ".join(str(row.get("text", "")).split())
        cited = [found[n - 1].cited for n in dict.fromkeys(row.get("sources", [])) if 0 < n <= len(found)]
        if not text or not cited or not supported(text, cited):
            return None
        return Written(text if text.endswith((".", "!", "?")) else f"{text}.", point, tuple(cited), self.name)


def supported(text: str, cited: Sequence[Cited]) -> bool:
    """Whether the quotes say what a sentence says: by words in common, and each of its facts among theirs."""
    from strati.knowledge.ask.support import Verdict, support
    from strati.knowledge.ask.text import Text

    quotes = " ".join(" ".join(one.quote.split()) for one in cited)
    return support(text, Text.of(quotes)).verdict is Verdict.SUPPORTED and not unsaid(text, quotes)


def unsaid(text: str, quotes: str) -> list[str]:
    """Facts of a sentence that do not stand in the quotes.

    >>> unsaid("Ann paid 5 euros.", "On Monday Ann paid 6 euros.")
    ['5 euros']
    """
    there = facts(quotes)
    values = {fact.value for fact in there}
    spoken, own = words(quotes), words(text)
    denied = any(fact.kind is FactKind.NEGATION for fact in there)
    lost = [fact.text for fact in facts(text) if not _stands(fact.kind, fact.value, values, spoken, own, denied=denied)]
    begins = [fact for fact in first_words(text) if not is_common(fact.value)]
    return lost + [fact.text for fact in begins if not said_in(fact.value, spoken, own)]


def _stands(kind: FactKind, value: str, values: set[str], spoken: set[str], own: set[str], *, denied: bool) -> bool:
    if kind is FactKind.NEGATION:
        return denied
    if kind is FactKind.NAME:
        return said_in(value, spoken, own)
    return value in values or any(value in other for other in values if kind is FactKind.QUOTATION)
