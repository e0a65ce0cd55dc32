"""Which words an answer hangs on: each is left out in turn, and what that does to the confidence is its weight."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import replace

from strati.core.context import Context
from strati.core.errors import StratiError
from strati.core.records import JSON, Case
from strati.serve.engine.rungs import Rung, stage_of
from strati.serve.service import Service
from strati.stack.models_of import held_models
from strati.stack.stack import Stack, Stage

MOST_WORDS = 80
_WORD = re.compile(r"\S+")


async def explained(service: Service, text: str, rungs: Sequence[Rung]) -> dict[tuple[str, str], list[JSON]]:
    """The words of each rung's answer with their weights, by stack and rung; rungs with a language model take too long
    for that and have none."""
    places = [(match.start(), match.end()) for match in _WORD.finditer(text)]
    if not 2 <= len(places) <= MOST_WORDS:
        return {}
    found = {}
    for rung in rungs:
        stage = stage_of(service.stacks[rung.stack], rung.rung)
        if stage is not None and rung.answer is not None and not held_models(Stack((stage,))):
            found[rung.stack, rung.rung] = await asyncio.to_thread(_words, stage, text, places, rung)
    return found


def _words(stage: Stage, text: str, places: Sequence[tuple[int, int]], rung: Rung) -> list[JSON]:
    cases = [Case(str(n), text[:start] + text[end:]) for n, (start, end) in enumerate(places)]
    try:
        done = replace(stage, threshold=0.0, checks=()).run(cases, Context(deadline=time.monotonic() + 2.0))
    except StratiError:
        return []
    before = _share(Case("", ""), rung)
    weights = [before - _share(case, rung) for case in done]
    return [
        {"start": start, "end": end, "weight": round(weight, 4)}
        for (start, end), weight in zip(places, weights, strict=True)
    ]


def _share(case: Case, rung: Rung) -> float:
    """The probability of the rung's answer: in a case, or in the rung itself."""
    if case.answer is None:
        pairs, value, sure = rung.alternatives, rung.answer, rung.confidence
    else:
        pairs, value, sure = case.answer.alternatives, case.answer.value, case.answer.confidence
    found = {str(label): share for label, share in pairs}.get(str(rung.answer))
    if found is not None:
        return float(found)
    return (sure or 0.0) if value == rung.answer else 0.0
