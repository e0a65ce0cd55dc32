"""Words of any script are found at their length, whatever spelling of them the file has."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.knowledge.base import KnowledgeBase
from strati.knowledge.folding import folded, folded_with_places
from strati.knowledge.search.query import parse
from strati.knowledge.store.schema import SCHEMA
from strati.knowledge.store.sqlite import FILE
from tests.knowledge.small import record

TEXTS = {
    "zh.txt": "本合同自签字之日起生效。任何一方可提前三十天书面通知终止本合同。",
    "ja.txt": "契約は三十日前の通知により解除できる。費用はｶﾒﾗ代を含む。",
    "ko.txt": "계약은 삼십일 전에 통지하여 해지할 수 있다.",
    "th.txt": "สัญญานี้มีผลบังคับใช้ตั้งแต่วันที่ลงนาม",
    "hi.txt": "अनुबंध हिन्दी में लिखा गया है",
    "lig.txt": "The ﬁnal oﬃce agree\u00adment of the Cafe\u0301 Straße, ＡＢＣ１２, 10³ m² at 3½.",
    "other.txt": "Nothing of this kind, and the fin of a fish.",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(tmp_path_factory.mktemp("scripts") / "all") as made:
        for name, text in TEXTS.items():
            made.store.put(record(name, text), {})
        yield made


@pytest.mark.parametrize(
    ("query", "name", "marked"),
    [
        ("终止", "zh.txt", ["终止"]),
        ("书面通知", "zh.txt", ["书面通知"]),
        ("提前三十天书面通知终止", "zh.txt", ["提前三十天书面通知终止"]),
        ('"书面通知终止"', "zh.txt", ["书面通知终止"]),
        ("签", "zh.txt", ["签字"]),
        ("解除", "ja.txt", ["解除"]),
        ("カメラ", "ja.txt", ["ｶﾒﾗ"]),
        ("해지", "ko.txt", ["해지"]),
        ("통지 해지", "ko.txt", ["통지", "해지"]),
        ("บังคับใช้", "th.txt", ["บังคับใช้"]),
        ("สัญญา", "th.txt", ["สัญญา"]),
        ("हिन्दी", "hi.txt", ["हिन्दी"]),
        ("final office", "lig.txt", ["ﬁnal", "oﬃce"]),
        ("agreement", "lig.txt", ["agree\u00adment"]),
        ("café", "lig.txt", ["Cafe\u0301"]),
        ("ﬁnal", "lig.txt", ["ﬁnal"]),
        ("strasse", "lig.txt", ["Straße"]),
        ("abc12", "lig.txt", ["ＡＢＣ１２"]),
    ],
)
def test_found_and_marked(base: KnowledgeBase, query: str, name: str, marked: list[str]) -> None:
    hit, *_ = base.search(query)
    assert hit.name == name
    text = base.document(name).text
    assert [text[one.start : one.end] for one in hit.highlights] == marked


def test_what_is_not_there_is_not_found(base: KnowledgeBase) -> None:
    assert base.search('"终止通知"') == []
    assert base.search("税") == []
    assert base.search("终止 -书面") == []


def test_a_term_is_counted_inside_longer_runs(base: KnowledgeBase) -> None:
    assert [base.store.holding(word) for word in ("合同", "书面通知", "税", "agreement", "")] == [1, 1, 0, 1, 0]


def test_terms_of_a_query() -> None:
    assert [term.text for term in parse("第30条书面 ﬁnal").terms] == ["第", "30", "条书", "书面", "final"]
    assert parse("書面 通知 -x").meaning == "書面 通知"


@given(st.text(alphabet=st.sampled_from("aé ﬁ书面通知ｶﾞ3½³\u0301\u00ad한국ที่")))
def test_both_ways_of_folding_give_the_same_words(text: str) -> None:
    made = folded_with_places(text)
    assert made.text.split() == folded(text).split()
    assert len(made.starts) == len(made.ends) == len(made.text)
    assert all(0 <= start <= end <= len(text) for start, end in zip(made.starts, made.ends, strict=True))


def test_a_base_of_the_first_format_is_indexed_anew(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "old") as base:
        base.store.put(record("zh.txt", TEXTS["zh.txt"]), {})
    with closing(sqlite3.connect(tmp_path / "old.kb" / FILE)) as db:
        db.executescript(
            "DROP TABLE terms; DROP TABLE passages_fts; DROP VIEW passages_folded;"
            "CREATE VIRTUAL TABLE passages_fts USING fts5(title, heading, text, content='passages', content_rowid='id',"
            " tokenize='porter unicode61 remove_diacritics 2');"
            "CREATE VIRTUAL TABLE terms USING fts5vocab(passages_fts, row);"
            "INSERT INTO passages_fts (passages_fts) VALUES ('rebuild');"
            "UPDATE meta SET value = '1' WHERE key = 'schema';"
        )
    with KnowledgeBase.open(tmp_path / "old") as base:
        assert [hit.name for hit in base.search("终止")] == ["zh.txt"]
        assert base.store.integrity() == []
        assert base.status()["schema"] == SCHEMA


def test_a_short_document_does_not_take_all_places(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "many") as base:

        def filler(number: int) -> str:
            return " ".join(f"word{number}x{n}" for n in range(60))

        base.store.put(record("two.txt", *(f"heron heron heron {filler(n)}." for n in range(4))), {})
        for number in range(8):
            base.store.put(record(f"{number}.txt", f"heron {filler(10 + number)}"), {})
        hits = base.search("heron", k=5)
        assert hits[0].name == "two.txt"
        assert len({hit.name for hit in hits}) == 5
