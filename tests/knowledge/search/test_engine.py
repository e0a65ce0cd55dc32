from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.errors import TaskError
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.search.fusion import fuse
from strati.knowledge.search.hits import Hit
from strati.knowledge.search.query import Term, parse, telling
from strati.knowledge.store import sqlite_search
from strati.knowledge.store.contract import Filter
from tests.knowledge.small import Trigrams, record

RECORDS = [
    record(
        "lease.txt", "Either party may end the lease early.", "The early termination fee is two rents.", title="Lease"
    ),
    record("car.txt", "The car has an early warning light.", "Nothing about the environment.", title="Car"),
    record("copy.txt", "Either party may end the lease early, on the last day of any month.", title="Copy"),
    record("copy2.txt", "Either party may end the lease early, on the last day of any month.", title="Copy"),
]


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    with KnowledgeBase.open(tmp_path / "small") as made:
        for one in RECORDS:
            made.store.put(one, {"trigrams.v1": Trigrams().embed([row.embedded for row in one.rows])})
        yield made


def names(hits: Sequence[Hit]) -> list[str]:
    return [hit.name for hit in hits]


def test_hits_show_their_exact_place(base: KnowledgeBase) -> None:
    (hit,) = base.search("termination fees", k=1)
    assert hit.name == "lease.txt"
    document = base.document("lease.txt")
    assert document.text[hit.start : hit.end] == hit.text
    marked = [document.text[one.start : one.end] for one in hit.highlights]
    assert marked == ["termination", "fee"]
    assert str(hit.highlights[0].locator) == "Lease, line 3"
    assert hit.place == "lease.txt, Lease, lines 1-3"
    assert hit.source.sha256 == RECORDS[0].sha256
    assert hit.evidence.kind == "passage"


def test_phrases_fields_and_exclusions(base: KnowledgeBase) -> None:
    assert names(base.search('"early termination"')) == ["lease.txt"]
    assert names(base.search('"termination early"')) == []
    assert names(base.search("title:car")) == []  # the documents have headings, not titles
    assert names(base.search("heading:car early")) == ["car.txt"]
    assert set(names(base.search("early -car -copy"))) == {"lease.txt"}


def test_mistakes_in_rare_words_are_forgiven(base: KnowledgeBase) -> None:
    (hit,) = base.search("enviroment")
    assert hit.name == "car.txt"
    assert [hit.text[one.start - hit.start : one.end - hit.start] for one in hit.highlights] == ["environment"]
    assert names(base.search("terminatoin", k=1)) == ["lease.txt"]
    assert base.search("zzzzzz") == []


def test_repeated_passages_are_folded(base: KnowledgeBase) -> None:
    hits = base.search("end lease month", k=5)
    assert sorted(names(hits)) == ["copy.txt", "lease.txt"]
    assert hits[0].same == ("copy2.txt, Copy, lines 1-2",)
    ((other, share),) = base.alike(hits[0].passage)
    assert base.store.entry(other.document).name == "copy2.txt"
    assert share == 1.0


def test_filters_and_documents(base: KnowledgeBase) -> None:
    assert names(base.search("early", filters=Filter(documents=("car*",)))) == ["car.txt"]
    assert len(base.search("early", per_document=1)) == 3
    assert base.search("early", filters=Filter(since="2030-01-01")) == []


def test_meaning_and_fusion(base: KnowledgeBase) -> None:
    with pytest.raises(TaskError, match="needs an embedder"):
        base.search("x", mode="fusion")
    with pytest.raises(TaskError, match="expected one of"):
        base.search("x", mode="guess")
    with KnowledgeBase.open(base.store.folder, Trigrams()) as other:
        hits = other.search("warnings of cars", k=2)
        assert hits[0].name == "car.txt"
        assert hits[0].ranks == {"bm25": 1, "embeddings": 1}
        assert other.search("warnings of cars", mode="embeddings", k=1)[0].ranks == {"embeddings": 1}
        only = other.search("warnings of cars", filters=Filter(documents=("lease.txt",)))
        assert set(names(only)) == {"lease.txt"}
        base.store.put(record("new.txt", "warnings of cars"), {"trigrams.v1": Trigrams().embed(["warnings of cars"])})
        assert other.search("warnings of cars", k=1)[0].name == "new.txt"  # a new generation is noticed


def test_a_reranker_has_the_last_word(base: KnowledgeBase) -> None:
    class Shortest:
        def rerank(self, query: str, hits: Sequence[Hit]) -> Sequence[float]:
            assert query == "early"
            return [-len(hit.text) for hit in hits]

    hits = base.search("early", k=2, reranker=Shortest())
    assert [len(hit.text) for hit in hits] == sorted(len(hit.text) for hit in base.search("early"))[:2]


def test_frequent_words_refine_and_do_not_choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with KnowledgeBase.open(tmp_path / "many") as base:
        for number in range(40):
            extra = " unicorn" if number < 4 else ""
            again = " common common" if number == 2 else ""
            base.store.put(record(f"{number:02}.txt", f"common word{number}{extra}{again}"), {})
        whole = [(hit.name, hit.score) for hit in base.search("common unicorn", k=4)]
        monkeypatch.setattr(sqlite_search, "ENOUGH", 2)
        monkeypatch.setattr(sqlite_search, "AFFORDABLE", 10)
        plan = sqlite_search.plan(base.store.db, parse("common unicorn"))
        assert [term.text for term in plan.words] == ["unicorn"]
        assert [term.text for term in plan.refining] == ["common"]
        assert [(hit.name, hit.score) for hit in base.search("common unicorn", k=4)] == whole
        assert len(base.search("common", k=9)) == 9


@given(st.text())
def test_any_text_is_a_query(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    global _BASE
    if _BASE is None:
        _BASE = KnowledgeBase.open(tmp_path_factory.mktemp("any") / "any")
        _BASE.store.put(RECORDS[0], {})
    for hit in _BASE.search(text):
        for one in hit.highlights:
            assert hit.start <= one.start < one.end <= hit.end


_BASE: KnowledgeBase | None = None


def test_stop_words_alone_are_kept() -> None:
    assert telling(parse("to be or not to be").terms) == [Term(word) for word in ("to", "be", "or", "not")]
    assert telling(parse("the lease").terms) == [Term("lease")]


def test_fusion_by_hand() -> None:
    assert fuse({"a": [1, 2], "b": [2]}, {"b": 0.5}, k=0) == {1: 1.0, 2: 1.0}
    assert fuse({}) == {}
