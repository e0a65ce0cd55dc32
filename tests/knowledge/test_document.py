from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Block, Document, Kind, Mark, faults
from strati.knowledge.locator import Box, Locator
from strati.knowledge.reader import Limits, Reason, Refused

PIECES = st.lists(
    st.tuples(st.sampled_from([k for k in Kind if k is not Kind.HEADING]), st.lists(st.text(max_size=12), max_size=3)),
    max_size=8,
)


@given(PIECES)
def test_whatever_is_built_keeps_the_contract(pieces: list[tuple[Kind, list[str]]]) -> None:
    made = DocumentBuilder()
    expected = []
    for number, (kind, texts) in enumerate(pieces):
        made.begin(kind)
        spans = [made.add(text, at=Locator(line=number + 1)) for text in texts]
        span = made.end()
        if span is not None:
            expected.append((span, spans, number + 1))
    if not expected:
        with pytest.raises(Refused):
            made.document("x", media_type="text/plain", reader="x.v1")
        return
    found = made.document("x", media_type="text/plain", reader="x.v1")
    assert list(faults(found)) == []
    assert [(b.start, b.end) for b in found.blocks] == [span for span, _, _ in expected]
    for (start, end), _, line in expected:
        assert {mark.locator.line for mark in found.places(start, end)} == {line}


def test_headings_above_a_block() -> None:
    made = DocumentBuilder()
    for level, text in [(1, "A"), (2, "B"), (3, "C"), (2, "D")]:
        made.block(Kind.HEADING, text, level=level, at=Locator(line=1))
        made.block(Kind.PARAGRAPH, "x", at=Locator(line=1))
    found = made.document("x", media_type="text/plain", reader="x.v1")
    paths = [block.path for block in found.blocks if block.kind is Kind.PARAGRAPH]
    assert paths == [("A",), ("A", "B"), ("A", "B", "C"), ("A", "D")]


def test_a_place_goes_from_the_first_to_the_last_mark() -> None:
    marks = (
        Mark(0, 5, Locator(page=2, box=Box(10, 10, 50, 20))),
        Mark(6, 9, Locator(page=2, box=Box(5, 25, 40, 35))),
        Mark(10, 12, Locator(page=3, box=Box(0, 0, 1, 1))),
    )
    found = Document("x", "first two, xx", "a/b", "x.v1", (Block(Kind.PARAGRAPH, 0, 13),), marks)
    assert found.locate(0, 9) == Locator(page=2, box=Box(5, 10, 50, 35))
    assert str(found.locate(3, 12)) == "pages 2-3"
    assert found.locate(5, 6) == Locator()


def test_a_table_carries_its_header() -> None:
    made = DocumentBuilder()
    made.table(
        [[("name", Locator(cell="A1")), ("age", Locator(cell="B1"))], [("Eva\tB", Locator(cell="A2")), ("7", None)]]
    )
    found = made.document("x", media_type="text/csv", reader="x.v1")
    assert found.text == "name\tage\nEva B\t7"
    assert [block.header for block in found.blocks] == [(0, 8), (0, 8)]


def test_faults_are_found() -> None:
    bad = Document("x", "ab\0 cd\r", "a/b", "x.v1", (Block(Kind.HEADING, 0, 2), Block(Kind.PARAGRAPH, 1, 99)))
    told = " ".join(faults(bad))
    for words in ("NUL", "carriage return", "spans 1 to 99", "starts at 1", "level 0"):
        assert words in told


def test_a_text_past_the_limit_is_refused() -> None:
    made = DocumentBuilder(Limits(characters=10))
    with pytest.raises(Refused) as caught:
        made.block(Kind.PARAGRAPH, "x" * 11)
    assert caught.value.reason is Reason.TOO_LARGE


def test_locators_survive_json() -> None:
    for place in (
        Locator(page=1, box=Box(1, 2, 3, 4)),
        Locator(sheet="A", cell="B2", path=("x",)),
        Locator(seconds=0.5),
    ):
        assert Locator.from_json({**place.to_json(), "later": 1}) == place
