"""No delivered quote stands anywhere but at its place: English, Chinese, hyphenated lines, and a model that writes
anything at all."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from strati.knowledge.ask import Reply, ask, check_text
from strati.knowledge.ask.sources import Sources, piece_of
from strati.knowledge.base import KnowledgeBase
from strati.models.scripted import ScriptedModel
from tests.knowledge.ask import world

HYPHENATED = (
    "Either Party may termi-\nnate this “Agreement” – at any time – upon thirty (30) days’ notice. The de-\nposit of "
    "$ 235, 000 is not refund-\nable.",
)
CHINESE = ("本协议自签署之日起生效。任何一方可以提前三十天书面通知对方终止本协议。", "押金为五千元,不予退还。")
QUESTIONS = (
    "Who built the tower of Ems?",
    "When did the lease begin in Bern?",
    "May either party terminate the agreement?",
    "What is the deposit?",
    "任何一方可以提前三十天书面通知对方终止本协议",
    "How tall is it in winter?",
)


@pytest.fixture
def base(tmp_path: Path) -> KnowledgeBase:
    return world.base(
        tmp_path, lease=world.LEASE, memo=world.MEMO, tower=world.TOWER, agreement=HYPHENATED, vertrag=CHINESE
    )


def stand(base: KnowledgeBase, reply: Reply) -> int:
    """How many quotes there are; each has been found at its place."""
    quotes = (*reply.citations, *reply.nearest)
    for one in quotes:
        assert base.document(one.document).text[one.start : one.end] == one.quote
        assert one.quote.strip()
    assert all(sentence.citations for sentence in reply.sentences)
    return len(quotes)


def scrambled(rng: random.Random) -> str:
    """Pieces of the sources and of nothing, in any order, with marks, quotation signs and halves of words."""
    pieces = [piece for text in (*world.LEASE, *world.TOWER, *HYPHENATED, *CHINESE) for piece in text.split()]
    signs = [".", " [kut]", " [zzz].", "“", "”", '"', "。", "\n", "[1]", " 12 May 2023.", "\u200b", "not", "…"]
    made = [rng.choice(pieces if rng.random() < 0.8 else signs) for _ in range(rng.randrange(3, 50))]
    return " ".join(made) if rng.random() < 0.8 else "".join(made)


def test_every_quote_stands_at_its_place(base: KnowledgeBase) -> None:
    rng = random.Random(7)
    quotes = sum(stand(base, ask(base, question)) for question in QUESTIONS)
    for _ in range(60):
        model = ScriptedModel(lambda _: scrambled(rng))
        quotes += stand(base, ask(base, rng.choice(QUESTIONS), model=model))
    assert quotes > 60


def test_every_place_of_a_check_stands(base: KnowledgeBase) -> None:
    rng = random.Random(8)
    report = check_text(base, "\n\n".join(scrambled(rng) for _ in range(40)))
    for one in report.claims:
        for cited in one.citations:
            assert base.document(cited.document).text[cited.start : cited.end] == cited.quote


def test_what_has_changed_meanwhile_is_not_delivered(base: KnowledgeBase) -> None:
    sources = Sources(base)
    (found, *_) = sources.search("tower of Ems", 1)
    assert found.source is not None
    piece = piece_of(found, found.source.start, found.source.start + 20)
    assert sources.cite(1, piece) is not None
    base.forget(["tower.txt"])
    assert sources.cite(1, piece) is None
