from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strati.core.errors import BusyError, DataError, UserError
from strati.knowledge.record import Record, from_message, to_message
from strati.knowledge.search.query import parse
from strati.knowledge.store import schema
from strati.knowledge.store.contract import ALL, Filter
from strati.knowledge.store.lock import writing
from strati.knowledge.store.sqlite import FILE, SqliteStore
from tests.knowledge.small import Trigrams, record

WORDS = st.sampled_from(["lease", "rent", "fees", "early", "late", "notice", "Straße", "naïve", "契約", "x1"])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=9).map(" ".join), min_size=1, max_size=3)


def put(store: SqliteStore, *records: Record) -> None:
    embedder = Trigrams()
    for one in records:
        store.put(one, {embedder.fingerprint(): embedder.embed([row.embedded for row in one.rows])})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, max_size=4), st.lists(TEXTS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_forgetting_leaves_what_was_never_there(
    tmp_path_factory: pytest.TempPathFactory, kept: list[list[str]], gone: list[list[str]], dice: object
) -> None:
    first = [record(f"a{n}.txt", *texts) for n, texts in enumerate(kept)]
    second = [record(f"b{n}.txt", *texts, title="Secret") for n, texts in enumerate(gone)]
    both = [*first, *second]
    dice.shuffle(both)  # type: ignore[attr-defined]
    alone = SqliteStore(tmp_path_factory.mktemp("a"), create=True)
    mixed = SqliteStore(tmp_path_factory.mktemp("b"), create=True)
    put(alone, *first)
    put(mixed, *both)
    mixed.remove([one.id for one in second])
    assert list(mixed.dump()) == list(alone.dump())
    assert mixed.integrity() == []
    asked = parse("lease notice rent")
    assert sorted(mixed.search(asked, 50, ALL).scores) == pytest.approx(sorted(alone.search(asked, 50, ALL).scores))
    for store in (alone, mixed):
        store.close()


def test_a_base_that_cannot_be_written_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(tmp_path, create=True)
    put(store, record("a.txt", "plain words"))
    store.close()
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr("os.access", lambda path, mode: False)
    store = SqliteStore(tmp_path)
    assert len(store.search(parse("plain"), 5, ALL).ids) == 1
    assert store.integrity() == []
    with pytest.raises(UserError, match="cannot be opened for writing"):
        store.remove([record("a.txt", "plain words").id])
    store.close()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_nothing_of_a_forgotten_document_stays_in_the_files(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, create=True)
    secret = "xylophonequartz unforgettableword"
    put(store, record("a.txt", "plain words"), record("b.txt", secret, title="Zanzibarian"))
    assert any(b"xylophonequartz" in file.read_bytes() for file in tmp_path.iterdir())
    store.remove([record("b.txt", secret).id])
    for file in tmp_path.iterdir():
        for word in (b"xylophonequartz", b"unforgettableword", b"unforgett", b"anzibarian", b"b.txt"):
            assert word not in file.read_bytes(), (file, word)


def test_a_death_between_forgetting_and_erasing_is_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(tmp_path, create=True)
    put(store, record("a.txt", "plain words"), record("b.txt", "xylophonequartz"))

    def die(_: SqliteStore) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SqliteStore, "_erase", die)
    with pytest.raises(KeyboardInterrupt):
        store.remove([record("b.txt", "x").id])
    store.close()
    monkeypatch.undo()
    SqliteStore(tmp_path).close()
    assert all(b"xylophonequartz" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_document_comes_back_as_it_was(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, create=True)
    one = record("a.txt", "Rent is due.", "Fees too.", title="Lease")
    put(store, from_message(*to_message(one)))
    found = store.document(one.id)
    assert found.text == "Lease\n\nRent is due.\n\nFees too."
    assert [(str(b.kind), b.path) for b in found.blocks] == [
        ("heading", ()),
        ("paragraph", ("Lease",)),
        ("paragraph", ("Lease",)),
    ]
    (kept,) = store.passages_of(one.id)
    assert kept.row == one.rows[0]
    assert str(kept.row.locate(7, 19)) == "Lease, line 2"


def test_putting_again_replaces(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, create=True)
    put(store, record("a.txt", "old words"), record("a.txt", "new words"))
    assert len(store.entries()) == 1
    assert len(store.search(parse("old"), 9, ALL).ids) == 0
    assert len(store.search(parse("new"), 9, ALL).ids) == 1


def test_filters(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, create=True)
    put(store, record("in/a.txt", "x", modified="2023-01-01"), record("in/b_c.txt", "x"), record("out/d.md", "x"))

    def names(**filters: object) -> list[str]:
        return [entry.name for entry in store.entries(Filter(**filters))]  # type: ignore[arg-type]

    assert names(documents=("in/*",)) == ["in/a.txt", "in/b_c.txt"]
    assert names(documents=("in/b?c.txt",)) == ["in/b_c.txt"]
    assert names(documents=("in/a_txt",)) == []  # _ is no pattern
    assert names(since="2024-01-01", types=("txt",)) == ["in/b_c.txt"]
    assert names(until="2023-12-31") == ["in/a.txt"]
    assert names(types=("plain", "md")) == ["in/a.txt", "in/b_c.txt", "out/d.md"]
    assert len(store.search(parse("x"), 9, Filter(documents=("in/*",))).ids) == 2


def test_a_newer_base_is_refused(tmp_path: Path) -> None:
    SqliteStore(tmp_path, create=True).close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    db.close()
    with pytest.raises(UserError, match="written by a newer strati"):
        SqliteStore(tmp_path)


def test_an_older_base_is_brought_forward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(tmp_path, create=True)
    put(store, record("a.txt", "kept words"))
    before = list(store.dump())
    store.close()
    monkeypatch.setattr(schema, "SCHEMA", schema.SCHEMA + 1)
    monkeypatch.setattr("strati.knowledge.store.sqlite.SCHEMA", schema.SCHEMA)
    monkeypatch.setattr(
        schema, "MIGRATIONS", {schema.SCHEMA - 1: "CREATE TABLE later (x TEXT); CREATE INDEX l ON later (x)"}
    )
    store = SqliteStore(tmp_path)
    assert list(store.dump()) == before
    assert store.db.execute("SELECT count(*) FROM later").fetchone() == (0,)
    assert schema.version_of(store.db) == schema.SCHEMA
    store.close()


def test_what_is_no_base_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no knowledge base"):
        SqliteStore(tmp_path / "none")
    (tmp_path / FILE).write_text("not a database, but long enough to be looked at as one", encoding="utf-8")
    with pytest.raises(DataError, match="damaged or is no knowledge base"):
        SqliteStore(tmp_path)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with writing(tmp_path), pytest.raises(BusyError, match="is being written by process"), writing(tmp_path):
        pass
