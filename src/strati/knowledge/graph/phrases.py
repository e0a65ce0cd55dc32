"""Phrases that come back: "knowledge graph", "purchase price". Words in a row without small words or verbs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from strati.kinds.extract.lists import word_set
from strati.kinds.extract.lists.verbs import ADVERBS, AUXILIARIES, PREPOSITIONS, UNSURE, VERBS
from strati.kinds.extract.words import COMMON, Token
from strati.knowledge.document import Kind
from strati.knowledge.graph.segments import Sentence

LEAST = 3  # times in a document
_MOST = 40  # phrases of a document
_EMPTY = word_set(
    "thing things way ways lot lots bit kind kinds sort sorts example time times people day days week month year "
    "years number part parts case cases fact point reason question answer side sides really actually basically "
    "maybe pretty quite little much going gonna want wants know mean think see say said like right yeah well need "
    "needs make makes get got go come look take use used using able every forth set foot written prior respect "
    "accordance"
)
_STOP = COMMON | PREPOSITIONS | ADVERBS | AUXILIARIES | UNSURE | _EMPTY


def phrases(sentences: Sequence[Sentence], language: str | None) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Phrases of two or three lower-case words with their spans, in alphabetical order; English only."""
    if language not in ("en", None):
        return
    places: defaultdict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for sentence in sentences:
        if sentence.kind is Kind.CODE:
            continue
        for run in _runs(sentence.tokens):
            for size in (2, 3):
                for at in range(len(run) - size + 1):
                    some = run[at : at + size]
                    if _noun(some[-1].low):
                        places[tuple(token.low for token in some)].append((some[0].start, some[-1].end))
    kept = {words: spans for words, spans in places.items() if len(spans) >= LEAST}
    for words in list(kept):  # the whole phrase, not its pieces
        for piece in (words[:-1], words[1:]):
            if len(piece) > 1 and piece in kept and len(kept[piece]) <= len(kept[words]) * 1.3:
                del kept[piece]
    best = sorted(kept, key=lambda words: (-len(kept[words]) * len(words), words))[:_MOST]
    for words in sorted(best, key=lambda words: (-len(words), words)):
        yield " ".join(words), kept[words]


def _runs(found: Sequence[Token]) -> Iterator[list[Token]]:
    run: list[Token] = []
    for token in found:
        if (
            token.text.islower()
            and token.text.isalpha()
            and len(token.text) > 2
            and token.low not in _STOP
            and not _verb(token.low)
        ):
            run.append(token)
            continue
        if len(run) > 1:
            yield run
        run = []
    if len(run) > 1:
        yield run


def _verb(word: str) -> bool:
    return word in VERBS and not VERBS[word][1] & {"ing"} and not word.endswith("ed")


def _noun(word: str) -> bool:
    return len(word) > 3 and not word.endswith(("ly", "ed", "ing")) and word not in VERBS
