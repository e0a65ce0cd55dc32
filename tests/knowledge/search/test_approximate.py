"""The index of vectors of large bases, built here for small ones."""

from __future__ import annotations

import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from strati.core.records import JSON
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.ingest.pipeline import Settings
from strati.knowledge.search import approximate
from strati.knowledge.search.approximate import Graph, open_vectors, usable
from strati.knowledge.search.build import bring_up_to_date, why_exact
from strati.knowledge.search.hnsw import installed
from strati.knowledge.search.vectors import Matrix
from strati.knowledge.store import derived
from strati.knowledge.store.contract import ALL, Filter
from strati.knowledge.store.sqlite import SqliteStore
from tests.knowledge.small import Trigrams, record, write

pytestmark = pytest.mark.skipif(not installed(), reason="usearch is not installed")
KEY = Trigrams().fingerprint()
WORDS = [
    "lease",
    "rent",
    "fees",
    "early",
    "late",
    "notice",
    "landlord",
    "tenant",
    "deposit",
    "repair",
    "roof",
    "garden",
]


def text(number: int) -> str:
    dice = np.random.default_rng(number)
    return f"{' '.join(dice.choice(WORDS, 6))} number {number}"


def put(store: SqliteStore, *numbers: int) -> None:
    for number in numbers:
        one = record(f"{number:03}.txt", text(number), modified=f"20{number % 20:02}-01-01")
        store.put(one, {KEY: Trigrams().embed([row.embedded for row in one.rows])})


def built(folder: Path, count: int) -> SqliteStore:
    store = SqliteStore(folder, create=True)
    put(store, *range(count))
    assert build(store) == ""
    return store


def build(store: SqliteStore, least: int = 0) -> str:
    return bring_up_to_date(store, KEY, least, 1, lambda what, done, total: None, threading.Event())


def asked(words: str) -> np.ndarray:
    vector: np.ndarray = Trigrams().embed([words])[0]
    return vector


def agree(store: SqliteStore, words: str, filter: Filter = ALL, limit: int = 10) -> list[int]:
    """The graph and the matrix give the same passages with the same numbers, to the last bit."""
    graph = Graph.open(store, KEY)
    assert graph is not None
    found = graph.search(asked(words), limit, store, filter)
    exact = Matrix(store, KEY).search(asked(words), limit, store, filter)
    assert found.ids.tolist() == exact.ids.tolist()
    assert found.scores.tolist() == exact.scores.tolist()
    ids: list[int] = found.ids.tolist()
    return ids


def test_the_graph_finds_what_the_matrix_finds(tmp_path: Path) -> None:
    store = built(tmp_path, 200)
    assert isinstance(open_vectors(store, KEY), Graph)
    for number in range(0, 200, 20):
        assert len(agree(store, text(number))) == 10
    assert len(agree(store, "roof", limit=500)) == 200
    store.close()


@pytest.mark.parametrize("library", ["onnxruntime", "tokenizers", "duckdb", "sklearn.linear_model", "xllamacpp"])
def test_other_libraries_can_be_loaded_after_the_index(library: str) -> None:
    """The linker gives symbols of the index's C++ library to others: that must not end the process."""
    if find_spec(library.split(".")[0]) is None:
        pytest.skip(f"{library} is not installed")
    call = f"from strati.knowledge.search.hnsw import empty_index as index; index(4); import {library}; index(4)"
    subprocess.run([sys.executable, "-c", call], check=True)


def test_a_filter_holds_whichever_way_it_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = built(tmp_path, 200)
    late, one, none = Filter(since="2015-01-01"), Filter(documents=("007.txt",)), Filter(types=("pdf",))
    for few in (20_000, 0):  # one by one; by the graph
        monkeypatch.setattr(approximate, "FEW", few)
        assert len(agree(store, "roof garden", late)) == 10
        assert len(agree(store, "roof garden", late, limit=40)) == 40
        assert len(agree(store, text(7), one)) == 1
        assert agree(store, "roof garden", none) == []
    monkeypatch.setattr(approximate, "MOST", 3)
    assert len(agree(store, "roof garden", late)) == 10
    store.close()


def test_what_comes_later_is_found_at_once(tmp_path: Path) -> None:
    store = built(tmp_path, 50)
    put(store, 900)
    (new,) = store.passages_of(store.find("900.txt").id)
    assert agree(store, text(900))[0] == new.id
    assert new.id in agree(store, text(900), Filter(documents=("900.txt", "001.txt")))
    assert new.id not in agree(store, text(900), Filter(documents=("001.txt",)))
    before = store.read(derived.NOTE)
    assert build(store) == ""
    assert store.read(derived.NOTE) == before  # one more of fifty is no reason to build it anew
    put(store, *range(100, 110))
    assert build(store) == ""
    assert store.read(derived.NOTE)["count"] == 61  # type: ignore[index]
    store.close()


@pytest.mark.parametrize("how", ["remove", "replace", "embed", "other"])
def test_a_vector_that_goes_takes_the_files_with_it(tmp_path: Path, how: str) -> None:
    store = built(tmp_path, 30)
    gone = Matrix(store, KEY).kept.rows[0].tobytes()
    document = record("000.txt", text(0)).id
    assert any(gone in file.read_bytes() for file in tmp_path.glob("vectors*"))
    (tmp_path / (derived.GRAPH + derived.PART)).write_bytes(gone)  # left by one that was killed
    if how == "remove":
        store.remove([document])
    elif how == "replace":
        store.put(record("000.txt", "something else altogether"), {})
    elif how == "embed":
        store.add_vectors(document, KEY, np.ones((1, 64), np.float32))
    else:
        put_other = {"other": np.ones((1, 3), np.float32)}
        store.put(record("new.txt", "something new"), put_other)
        store.keep_only("other")
    assert list(tmp_path.glob("vectors*")) == []
    assert usable(store, KEY) is None
    assert isinstance(open_vectors(store, KEY), Matrix)
    store.close()


def test_forgetting_leaves_no_byte_of_a_vector_and_the_next_build_none_either(tmp_path: Path) -> None:
    store = built(tmp_path, 40)
    vector = Trigrams().embed([record("003.txt", text(3)).rows[0].embedded])[0].tobytes()
    assert sum(vector in file.read_bytes() for file in tmp_path.iterdir()) >= 2
    store.remove([record("003.txt", text(3)).id])
    assert build(store) == ""
    assert store.read(derived.NOTE)["count"] == 39  # type: ignore[index]
    assert not any(vector in file.read_bytes() for file in tmp_path.iterdir())
    agree(store, text(3))
    store.close()


def test_files_are_overwritten_before_they_are_removed(tmp_path: Path) -> None:
    path = tmp_path / derived.ROWS
    path.write_bytes(b"secret" * 300_000)
    other = tmp_path / "link"
    other.hardlink_to(path)
    derived.erase(tmp_path)
    assert not path.exists()
    assert other.read_bytes() == bytes(1_800_000)


@pytest.mark.parametrize("name", [derived.ROWS, derived.GRAPH])
@pytest.mark.parametrize("how", ["cut", "changed", "gone", "touched"])
def test_a_file_that_does_not_fit_is_not_searched_and_is_built_anew(tmp_path: Path, name: str, how: str) -> None:
    store = built(tmp_path, 30)
    path = tmp_path / name
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "touched":
        path.write_bytes(data)
    else:
        path.write_bytes(data[:-7] if how == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    assert isinstance(open_vectors(store, KEY), Graph if how == "touched" else Matrix)
    assert build(store) == ""
    assert isinstance(open_vectors(store, KEY), Graph)
    agree(store, "roof")
    store.close()


def test_a_note_of_another_base_or_version_is_not_believed(tmp_path: Path) -> None:
    store = built(tmp_path, 30)
    note = store.read(derived.NOTE)
    assert isinstance(note, dict)
    wrong: JSON
    for wrong in ({"count": 31}, {"documents": 29}, {"files": {}}, {"format": 2}, {"embedder": "another"}):
        store.note_derived({**note, **wrong})
        assert isinstance(open_vectors(store, KEY), Matrix), wrong
    store.note_derived("old")
    assert isinstance(open_vectors(store, KEY), Matrix)
    store.close()


def test_a_search_sees_the_index_come_and_go(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {f"{n:02}.txt": text(n) for n in range(30)})
    with KnowledgeBase.open(tmp_path / "work", Trigrams()) as base, KnowledgeBase.open(base.store.folder) as other:
        searching = KnowledgeBase(other.store, Trigrams())
        base.ingest([folder], Settings(workers=1))
        exact = [(hit.name, hit.score) for hit in searching.search("roof garden repair", mode="embeddings")]
        report = base.ingest([folder], Settings(workers=1, approximate_above=29))
        assert (report.note, base.status()["indexed"], base.status()["vectors"]) == ("", 30, 30)
        assert [(hit.name, hit.score) for hit in searching.search("roof garden repair", mode="embeddings")] == exact
        assert isinstance(searching._engine._vectors, Graph)
        snapshot = base.snapshot()
        base.forget([exact[0][0]])
        assert isinstance(searching._engine._vectors, Graph)
        assert exact[0][0] not in [hit.name for hit in searching.search("roof garden repair", mode="embeddings")]
        assert isinstance(searching._engine._vectors, Matrix)
        assert base.snapshot() != snapshot


def test_few_vectors_need_no_index_and_many_say_when_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path, create=True)
    put(store, *range(10))
    assert build(store, least=10) == ""
    assert list(tmp_path.glob("vectors*")) == []
    assert why_exact(10, 10) == ""
    monkeypatch.setattr("strati.knowledge.search.build.installed", lambda: False)
    assert "'.[vectors]'" in build(store, least=9)
    assert "compare all 10 vectors" in why_exact(10, 9)
    store.close()


def test_without_the_extra_a_base_with_an_index_is_searched_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = built(tmp_path, 10)
    monkeypatch.setattr(approximate, "installed", lambda: False)
    assert isinstance(open_vectors(store, KEY), Matrix)
    store.close()


def test_an_index_that_cannot_be_written_is_a_note_not_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path, create=True)
    put(store, *range(10))
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 100}))
    assert "no space left on the disk" in build(store)
    assert list(tmp_path.glob("vectors*")) == []
    assert isinstance(open_vectors(store, KEY), Matrix)
    store.close()


def test_a_build_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, create=True)
    put(store, *range(10))
    stop = threading.Event()
    stop.set()
    assert bring_up_to_date(store, KEY, 0, 1, lambda what, done, total: None, stop) == ""
    assert list(tmp_path.glob("vectors*")) == []
    store.close()
