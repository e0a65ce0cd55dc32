"""Models that are several files: pulled one by one, shown to their engine as one folder."""

from __future__ import annotations

import http.server
import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from strati.core.errors import ModelError
from strati.models.catalog.catalog import Artefact
from strati.models.catalog.sources import HfSource
from strati.models.catalog.store import Store

from .speech_entries import contents, speech_entry


def read(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_all_files_are_pulled_and_have_their_names(tmp_path: Path) -> None:
    entry, store = speech_entry(tmp_path), Store(tmp_path / "store")
    told: list[tuple[int, int | None]] = []
    with pytest.raises(ModelError, match="run `strati models pull hear`"):
        store.folder(entry)
    store.pull(entry, lambda done, total: told.append((done, total)))
    assert store.pulled([entry]) == [entry]
    assert read(store.folder(entry)) == contents("hear")
    assert store.size(entry) == entry.bytes == told[-1][0] == told[-1][1]
    assert store.folder(entry) == store.folder(entry)
    store.verify(entry)


def test_one_file_is_missing(tmp_path: Path) -> None:
    entry, store = speech_entry(tmp_path), Store(tmp_path / "store")
    store.pull(entry)
    store.path(entry.files["vocabulary.txt"]).unlink()
    assert store.pulled([entry]) == []
    with pytest.raises(ModelError, match="hear is not on this machine: run `strati models pull hear`"):
        store.folder(entry)
    store.pull(entry)
    assert read(store.folder(entry)) == contents("hear")


def test_a_damaged_file_is_refused_and_pulled_again(tmp_path: Path) -> None:
    entry, store = speech_entry(tmp_path), Store(tmp_path / "store")
    store.pull(entry)
    store.path(entry.files["model.bin"]).write_bytes(b"x" * 100)
    with pytest.raises(ModelError, match=r"the file of hear at .* was changed"):
        store.folder(entry)
    store.pull(entry)
    assert read(store.folder(entry)) == contents("hear")


def test_other_bytes_are_refused_by_the_name_of_the_file(tmp_path: Path) -> None:
    entry, store = speech_entry(tmp_path), Store(tmp_path / "store")
    (tmp_path / "hear" / "tokenizer.json").write_bytes(b"[]")
    with pytest.raises(ModelError, match=r"the bytes of hear \(tokenizer\.json\) are not the expected ones"):
        store.pull(entry)
    assert store.pulled([entry]) == []


@pytest.mark.parametrize("harm", ["other bytes", "a link to elsewhere", "gone", "a dead link"])
def test_a_name_that_stands_for_something_else_is_set_right(tmp_path: Path, harm: str) -> None:
    entry, store = speech_entry(tmp_path), Store(tmp_path / "store")
    store.pull(entry)
    place = store.folder(entry) / "model.bin"
    place.unlink()
    if harm == "other bytes":
        place.write_bytes(b"x" * 100)
    elif harm == "a link to elsewhere":
        place.symlink_to(tmp_path / "hear" / "config.json")
    elif harm == "a dead link":
        place.symlink_to(tmp_path / "nowhere")
    assert read(store.folder(entry)) == contents("hear")


@pytest.mark.parametrize("missing", [{"symlink"}, {"symlink", "link"}])
def test_file_systems_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: set[str]) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    for name in missing:
        monkeypatch.setattr(f"strati.models.local.linked.os.{name}", refused)
    entry, store = speech_entry(tmp_path), Store(tmp_path / "store")
    store.pull(entry)
    folder = store.folder(entry)
    assert not any(file.is_symlink() for file in folder.iterdir())
    assert read(folder) == contents("hear")
    (folder / "model.bin").unlink()
    (folder / "model.bin").write_bytes(b"x" * 100)  # no link, and not the bytes
    assert read(store.folder(entry)) == contents("hear")


def test_a_store_that_was_moved_or_may_only_be_read(tmp_path: Path) -> None:
    entry, store = speech_entry(tmp_path), Store(tmp_path / "store")
    store.pull(entry)
    (tmp_path / "store").rename(tmp_path / "moved")
    moved = Store(tmp_path / "moved")
    assert read(moved.folder(entry)) == contents("hear")
    shutil.rmtree(tmp_path / "moved" / "folders")
    (tmp_path / "moved" / "folders").write_text("in the way: also for those who may write everywhere")
    own = moved.folder(entry)
    assert not own.is_relative_to(tmp_path)
    assert read(own) == contents("hear")
    shutil.rmtree(own)


def test_many_at_once(tmp_path: Path) -> None:
    entry, store = speech_entry(tmp_path), Store(tmp_path / "store")
    threads = [threading.Thread(target=Store(tmp_path / "store").pull, args=(entry,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read(store.folder(entry)) == contents("hear")


class Hub(http.server.BaseHTTPRequestHandler):
    """A hub with the files of `hear`, which breaks off in the middle of one of them, once."""

    breaks = ""
    asked: list[tuple[str, str | None]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        data, within = contents("hear")[name], self.headers["Range"]
        self.asked.append((name, within))
        start = int(re.findall(r"\d+", within)[0]) if within else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start : 60 if name == Hub.breaks else None])
        Hub.breaks = "" if name == Hub.breaks else Hub.breaks

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Hub.breaks, Hub.asked = "model.bin", []
    yield Hub
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_broken_download_goes_on_in_the_file_where_it_stopped(tmp_path: Path, hub: type[Hub]) -> None:
    local, store = speech_entry(tmp_path), Store(tmp_path / "store")
    files = {
        name: Artefact((HfSource("who/hear", name),), file.sha256, file.bytes) for name, file in local.files.items()
    }
    entry = replace(local, files=files)
    with pytest.raises(ModelError, match="broke off"):
        store.pull(entry)
    store.pull(entry)
    assert read(store.folder(entry)) == contents("hear")
    assert hub.asked == [
        ("config.json", None),
        ("model.bin", None),
        ("model.bin", "bytes=60-"),
        ("tokenizer.json", None),
        ("vocabulary.txt", None),
    ]


def test_a_touched_file_with_the_same_bytes_is_fine(tmp_path: Path) -> None:
    entry, store = speech_entry(tmp_path), Store(tmp_path / "store")
    store.pull(entry)
    os.utime(store.path(entry.files["model.bin"]), (1, 1))
    assert read(store.folder(entry)) == contents("hear")


def test_a_speech_model_is_no_language_model(tmp_path: Path) -> None:
    entry, store = speech_entry(tmp_path), Store(tmp_path / "store")
    store.pull(entry)
    with pytest.raises(ModelError, match="hear is a speech model, expected a language model or an embedder"):
        store.open(entry)
    with pytest.raises(ModelError, match="has no table `files`"):
        store.pull(replace(entry, files={}))
