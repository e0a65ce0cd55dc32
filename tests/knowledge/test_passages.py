from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Kind
from strati.knowledge.language import language_of
from strati.knowledge.locator import Locator
from strati.knowledge.passages import Sizes, passages, tokens
from strati.knowledge.sentences import sentences
from strati.knowledge.signature import alike, signature

BLOCKS = st.lists(
    st.tuples(st.sampled_from(list(Kind)), st.text(alphabet="ab .!?\n\té漢", min_size=1, max_size=120)), min_size=1
)


@settings(deadline=None)
@given(BLOCKS, st.integers(5, 40))
def test_passages_hold_everything_once(blocks: list[tuple[Kind, str]], size: int) -> None:
    made = DocumentBuilder()
    made.block(Kind.PARAGRAPH, "start", at=Locator(line=1))
    for number, (kind, text) in enumerate(blocks, 2):
        made.block(kind, text, level=1, at=Locator(line=number))
    found = made.document("x", media_type="text/plain", reader="x.v1")
    cut = passages(found, Sizes(text=size, table=size))
    assert all(one.end <= other.start for one, other in pairwise(cut))
    covered = {at for passage in cut for at in range(passage.start, passage.end)}
    left_out = {Kind.HEADER, Kind.FOOTER}
    wanted = {at for b in found.blocks if b.kind not in left_out for at in range(b.start, b.end)}
    assert {at for at in wanted if not found.text[at].isspace()} <= covered
    skipped = {at for b in found.blocks if b.kind in left_out for at in range(b.start, b.end)}
    assert not covered & skipped
    assert [passage.position for passage in cut] == list(range(len(cut)))


def test_a_long_section_is_cut_into_equal_parts_at_sentences() -> None:
    made = DocumentBuilder()
    made.block(Kind.HEADING, "Terms", level=1, at=Locator(line=1))
    made.block(Kind.PARAGRAPH, " ".join(f"Sentence number {n} is here." for n in range(40)), at=Locator(line=2))
    found = made.document("x", media_type="text/plain", reader="x.v1")
    cut = passages(found, Sizes(text=100))
    lengths = [tokens(found.text[p.start : p.end]) for p in cut]
    assert max(lengths) <= 100
    assert max(lengths) < 1.5 * min(lengths)
    assert all(found.text[p.end - 1] == "." for p in cut)
    assert {p.path for p in cut} == {("Terms",)}
    assert found.text[: cut[0].end].startswith("Terms\n\nSentence number 0")


def test_rows_know_their_header() -> None:
    made = DocumentBuilder()
    made.table([[(f"{row} {column}", Locator(cell="A1")) for column in "abc"] for row in range(60)])
    cut = passages(made.document("x", media_type="text/csv", reader="x.v1"), Sizes(table=50))
    assert len(cut) > 2
    assert cut[0].header == ""
    assert {p.header for p in cut[1:]} == {"0 a\t0 b\t0 c"}
    assert {p.kind for p in cut} == {"table"}


def test_captions_part_at_pauses() -> None:
    made = DocumentBuilder()
    for start, text in [(0, "one"), (2, "two"), (60, "three")]:
        made.block(Kind.CAPTION, text, at=Locator(seconds=float(start), until=start + 2.0))
    found = made.document("x", media_type="text/vtt", reader="x.v1")
    assert [found.text[p.start : p.end] for p in passages(found)] == ["one\ntwo", "three"]


def test_sentences_know_abbreviations_and_scripts() -> None:
    text = "Mr. A. Smith paid $3.50, e.g. in cash. He left! 今天好。明天見。 see fig. 3 there."
    found = [text[a:b] for a, b in sentences(text)]
    assert found[:2] == ["Mr. A. Smith paid $3.50, e.g. in cash.", "He left!"]
    assert found[2:] == ["今天好。", "明天見。", "see fig. 3 there."]


def test_languages() -> None:
    assert language_of("Der Vertrag ist mit einer Frist von drei Monaten zu kündigen und nicht früher.") == "de"
    assert language_of("Le contrat est conclu pour une durée de trois ans et ne peut pas être résilié.") == "fr"
    assert language_of("これはペンです") == "ja"
    assert language_of("Договор вступает в силу со дня подписания") == "ru"
    assert language_of("xyzzy plugh") is None


def test_near_duplicates_are_alike_and_others_are_not() -> None:
    text = " ".join(f"word{n} and some more text here" for n in range(30))
    near = text.replace("word7 ", "wort7 ")
    assert signature(text) == signature(text.upper())
    assert alike(signature(text), signature(near))
    assert not alike(signature(text), signature("another thing altogether that nobody has written down before now"))
    assert signature("too short") == b""
    assert not alike(b"", b"")
