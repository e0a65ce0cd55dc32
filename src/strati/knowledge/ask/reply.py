"""What `strati ask` delivers: sentences with their citations, or why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from strati.core.records import JSON, Case, Evidence, Outcome, State, Step, Usage
from strati.knowledge.ask.gate import gap_of, passages_of
from strati.knowledge.ask.sources import Citation, Sources, misquoted

if TYPE_CHECKING:
    from strati.knowledge.graph.route import Route

NEAREST = 3  # passages that are shown when nothing is answered


@dataclass(frozen=True, slots=True)
class Sentence:
    """One delivered sentence: "quoted" as it stands, "supported" when a model wrote it and the checks passed it, or
    "disputed" when the sources disagree. `citations` are the numbers of its citations."""

    text: str
    state: str
    citations: tuple[int, ...]

    def to_json(self) -> dict[str, JSON]:
        return {"text": self.text, "state": self.state, "citations": list(self.citations)}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its evidence, or an honest none.

    `state` is "answered" or "withheld"; `reason` says why it was withheld, or what to know about the answer;
    `confidence` is not calibrated unless `calibrated`; `nearest` are passages worth a look when it was withheld.
    `route` says how the base's graph connects what the question names, where there is one; it is not part of the JSON.
    """

    question: str
    answer: str
    state: str
    reason: str
    confidence: float | None
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    nearest: tuple[Citation, ...]
    steps: tuple[Step, ...]
    usage: Usage
    snapshot: str
    calibrated: bool = False
    sent_to: str = ""
    route: Route | None = None

    @property
    def answered(self) -> bool:
        return self.state == State.ANSWERED

    def to_json(self) -> dict[str, JSON]:
        return {
            "question": self.question,
            "answer": self.answer,
            "state": self.state,
            "reason": self.reason,
            "confidence": self.confidence,
            "sentences": [one.to_json() for one in self.sentences],
            "citations": [one.to_json() for one in self.citations],
            "nearest": [one.to_json() for one in self.nearest],
            "steps": [_step(one) for one in self.steps],
            "usage": asdict(self.usage),
            "snapshot": self.snapshot,
        }


def reply_of(case: Case, sources: Sources, *, note: str = "", sent_to: str = "") -> Reply:
    """A finished case as a reply; every quote is read again at its place, and what does not stand there is left out.

    Nothing is delivered of a sentence without a citation.
    """
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    dropped = 0
    if case.answer is not None:
        for said, state, pieces in _by_sentence(case.answer.citations):
            found = _placed(pieces, citations, sources)
            dropped += not found
            if found:
                citations += [one for one in found if one.n > len(citations)]
                sentences.append(Sentence(said, state, tuple(dict.fromkeys(one.n for one in found))))
    answered = bool(sentences)
    steps = case.steps
    if dropped:
        steps = (*steps, Step("cite", Outcome.VETOED, f"{dropped} sentences: their quote is not at its place any more"))
    reason = _reason(case, answered)
    disputed = next((str(one.data.get("why")) for one in _pieces(case) if one.data.get("why")), "")
    many = any(one.data.get("list") for one in _pieces(case))
    return Reply(
        question=case.text,
        answer=("\n" if many else " ").join(one.text for one in sentences),
        state=str(State.ANSWERED if answered else State.WITHHELD),
        reason="; ".join(part for part in (disputed if answered else reason, note) if part),
        confidence=case.answer.confidence if answered and case.answer else None,
        sentences=tuple(sentences),
        citations=tuple(citations),
        nearest=() if answered else _nearest(case, sources),
        steps=steps,
        usage=case.usage,
        snapshot=sources.snapshot,
        sent_to=sent_to,
    )


def _by_sentence(pieces: Sequence[Evidence]) -> list[tuple[str, str, list[Evidence]]]:
    groups: dict[int, list[Evidence]] = {}
    for piece in pieces:
        groups.setdefault(int(piece.data.get("sentence", 0)), []).append(piece)
    return [(str(found[0].data["said"]), str(found[0].data["state"]), found) for _, found in sorted(groups.items())]


def _placed(pieces: Sequence[Evidence], have: Sequence[Citation], sources: Sources) -> list[Citation]:
    """The pieces as citations, numbered on from those there are; the same place keeps its number."""
    found: list[Citation] = []
    for piece in pieces:
        known = [*have, *found]
        one = sources.cite(len({c.n for c in known}) + 1, piece)
        if one is None or misquoted(sources, [one]):
            continue
        same = next((c for c in known if (c.document, c.start, c.end) == (one.document, one.start, one.end)), None)
        found.append(same or one)
    return found


def _pieces(case: Case) -> Sequence[Evidence]:
    return case.answer.citations if case.answer else ()


def _reason(case: Case, answered: bool) -> str:
    if answered:
        return ""
    gap = gap_of(case)
    if gap is not None:
        return gap.text
    last = next((step for step in reversed(case.steps) if step.reason), None)
    return f"not in your sources: {last.reason}" if last else "not in your sources"


def _nearest(case: Case, sources: Sources) -> tuple[Citation, ...]:
    gap = gap_of(case)
    pieces = [gap] if gap is not None and gap.source is not None else []
    found = [sources.cite(n, one) for n, one in enumerate([*pieces, *passages_of(case)][:NEAREST], 1)]
    return tuple(one for one in found if one is not None)


def _step(step: Step) -> dict[str, JSON]:
    told: dict[str, JSON] = {
        "layer": step.layer, "outcome": str(step.outcome), "reason": step.reason, "usage": asdict(step.usage),
    }  # fmt: skip
    if step.failure:
        told["failure"] = str(step.failure)
    if step.proposed is not None:
        told["proposed"] = step.proposed
    if step.confidence is not None:
        told["confidence"] = step.confidence
    return told
