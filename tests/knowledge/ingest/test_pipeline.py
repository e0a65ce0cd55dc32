"""Ingest as users meet it: real files, real worker processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from strati.core.errors import BusyError, DataError
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.document import Metadata
from strati.knowledge.ingest.pipeline import Settings
from strati.knowledge.ingest.report import IngestReport, Status
from strati.knowledge.reader import Limits
from strati.knowledge.record import record_of
from strati.knowledge.store.lock import writing
from tests.knowledge.ingest.test_archive import zipped
from tests.knowledge.small import Trigrams, document, write

# A reader of another package, found by its entry point in the worker process: it does what files can do to a reader.
HARM = """
import os, signal, socket, time
from strati.knowledge.readers.text import TextReader

class HarmReader(TextReader):
    name = "harm"
    def sniff(self, data, name):
        return 1.0 if data.startswith(b"HARM") else 0.0
    def read(self, data, name, limits):
        what = data.split()[1]
        if what == b"die":
            os.kill(os.getpid(), signal.SIGSEGV)
        if what == b"sleep":
            time.sleep(60)
        if what == b"eat":
            [bytearray(10_000_000) for _ in range(1000)]
        if what == b"call":
            socket.create_connection(("127.0.0.1", 9))
        if what == b"print":
            print("noise on standard output", flush=True)
        if what == b"fail":
            raise KeyError("oops")
        return super().read(data, name, limits)
"""


@pytest.fixture
def harm(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    place = write(
        tmp_path_factory.mktemp("plugin"),
        {
            "harm.py": HARM,
            "harm-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: harm\nVersion: 1\n",
            "harm-1.dist-info/entry_points.txt": "[strati.readers]\nharm = harm:HarmReader\n",
        },
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(place), *sys.path]))


def ingest(base: KnowledgeBase, *paths: Path, **settings: object) -> IngestReport:
    return base.ingest(paths, Settings(workers=2, **settings))  # type: ignore[arg-type]


def told(report: IngestReport) -> dict[str, str]:
    return {Path(one.name).name: f"{one.status} {one.reason}".strip() for one in report.outcomes}


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "in", {"a.txt": "alpha", "deep/b.md": "# Beta\n\ntext", ".hidden": "no", "c.bin": "\0\1\2"}
    )
    (folder / "c.bin").write_bytes(bytes(range(256)))
    (folder / "empty.txt").touch()
    with KnowledgeBase.open(tmp_path / "x", Trigrams()) as base:
        first = ingest(base, folder)
        assert told(first)["a.txt"] == "read"
        assert told(first)["b.md"] == "read"
        assert told(first)["c.bin"].startswith("skipped unknown type")
        assert told(first)["empty.txt"].startswith("skipped empty")
        assert ".hidden" not in told(first)
        before = list(base.store.dump())
        assert {kept.path for kept in base.documents()} == {str(folder / "a.txt"), str(folder / "deep/b.md")}
        again = ingest(base, folder)
        assert told(again)["a.txt"] == "unchanged"
        assert again.embedded == 0
        assert list(base.store.dump()) == before
        (folder / "a.txt").write_text("changed", encoding="utf-8")
        assert told(ingest(base, folder))["a.txt"] == "read"
        assert base.document(str(folder / "a.txt")).text == "changed"


def test_gone_files_are_forgotten_when_asked(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.txt": "alpha", "b.txt": "beta"})
    other = write(tmp_path / "other", {"c.txt": "gamma"})
    with KnowledgeBase.open(tmp_path / "x") as base:
        ingest(base, folder, other)
        (folder / "a.txt").unlink()
        (other / "c.txt").unlink()
        assert "a.txt" not in told(ingest(base, folder))
        assert told(ingest(base, folder, prune=True)) == {"a.txt": "forgotten its file is gone", "b.txt": "unchanged"}
        assert [Path(entry.name).name for entry in base.documents()] == ["b.txt", "c.txt"]


def test_archives_are_read_member_by_member(tmp_path: Path) -> None:
    inner = zipped({"deep.txt": b"buried treasure"})
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"one.txt": b"one", "../out.txt": b"x", "in.zip": inner}))
    with KnowledgeBase.open(tmp_path / "x") as base:
        report = ingest(base, path)
        assert told(report)["out.txt"] == "failed unsafe path: its path leads out of the archive"
        (hit,) = base.search("treasure")
        assert hit.name == "a.zip!/in.zip!/deep.txt"
        path.write_bytes(zipped({"one.txt": b"one"}))
        again = told(ingest(base, path))
        assert again["one.txt"] == "unchanged"
        assert again["deep.txt"] == "forgotten its file is gone"
        receipt = base.forget([str(path)])
        assert (len(receipt.forgotten), receipt.left) == (1, ())
        assert base.documents() == []


def test_members_without_a_name_are_found_verified_and_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"": b"nobody called me", " ": b"not even a blank", "a.txt": b"named"}))
    with KnowledgeBase.open(tmp_path / "x") as base:
        ingest(base, path)
        names = [base.search(words)[0].name for words in ("nobody", "blank", "named")]
        assert len(set(names)) == 3
        assert (base.verify().same, base.verify().problems) == (3, [])
        assert ingest(base, path).count(Status.UNCHANGED) == 3
        assert len(base.forget([names[0]]).forgotten) == 1
        assert base.search("nobody") == []
        assert ingest(base, path).count(Status.READ) == 1


def page(text: str) -> str:
    content = f"<main><h1>Leases</h1><p>{text} {'All of it is said at length. ' * 20}</p></main>"
    return f"<html><head><title>Leases</title></head><body><nav>Sitemap</nav>{content}</body></html>"


def test_whole_pages_are_read_when_asked_and_read_again_when_it_changes(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.html": page("Rent is due."), "b.txt": "beta"})
    (folder / "c.zip").write_bytes(zipped({"d.html": page("Roofs leak.").encode()}))
    with KnowledgeBase.open(tmp_path / "x") as base:
        assert set(told(ingest(base, folder)).values()) == {"read"}
        main = list(base.store.dump())
        assert base.search("sitemap") == []
        whole = told(ingest(base, folder, full_pages=True))
        assert whole == {"a.html": "read", "b.txt": "unchanged", "d.html": "read"}
        assert sorted(Path(hit.name).name for hit in base.search("sitemap")) == ["a.html", "d.html"]
        assert {e.reader for e in base.documents()} == {"html.v2+full", "text.v1"}
        assert base.status()["types"] == {"html": 2, "text": 1}
        assert set(told(ingest(base, folder, full_pages=True)).values()) == {"unchanged"}
        found = base.verify()  # reads each file again the way it was read
        assert (found.same, found.changed, found.problems) == (3, [], [])
        ingest(base, folder)
        assert list(base.store.dump()) == main


@pytest.mark.usefixtures("harm")
def test_no_document_stops_the_rest(tmp_path: Path) -> None:
    files = {f"{what}.txt": f"HARM {what}" for what in ("die", "eat", "call", "fail", "print")}
    folder = write(tmp_path / "in", {**files, "a.txt": "first", "z.txt": "last"})
    (folder / "mixed.zip").write_bytes(zipped({"1.txt": b"before", "2.txt": b"HARM die", "3.txt": b"after"}))
    with KnowledgeBase.open(tmp_path / "x") as base:
        found = told(ingest(base, folder, limits=Limits(memory=1_500_000_000)))
    gave_up = "the library that reads it gave up (SIGSEGV): it is damaged, or needs more than 1,500 MB"
    assert found["die.txt"] == f"failed reader crashed: {gave_up}"
    assert found["eat.txt"].startswith("failed memory limit")
    assert found["call.txt"] == (
        "failed reader crashed: PermissionError: socket.getaddrinfo: documents are read without a network"
    )
    assert found["fail.txt"] == "failed reader crashed: KeyError: 'oops'"
    assert [found[name] for name in ("print.txt", "a.txt", "z.txt", "1.txt", "3.txt")] == ["read"] * 5
    assert found["2.txt"].startswith("failed reader crashed")


@pytest.mark.usefixtures("harm")
def test_a_document_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"sleep.txt": "HARM sleep", "a.txt": "first"})
    with KnowledgeBase.open(tmp_path / "x") as base:
        found = told(ingest(base, folder, limits=Limits(seconds=3)))
    late = "failed time limit: it takes longer than 3 seconds of processor time"
    assert found == {"sleep.txt": late, "a.txt": "read"}


def test_links_and_missing_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.txt": "alpha"})
    (folder / "loop").symlink_to(folder)
    (folder / "again.txt").symlink_to(folder / "a.txt")
    (folder / "nowhere.txt").symlink_to(folder / "none")
    os.mkfifo(folder / "pipe")
    with KnowledgeBase.open(tmp_path / "x") as base:
        found = told(ingest(base, folder, tmp_path / "missing.txt"))
        assert [entry.path for entry in base.documents()] == [str((folder / "a.txt").resolve())]
    assert found["nowhere.txt"] == "failed not readable: the link leads nowhere"
    assert found["missing.txt"] == "failed not readable: there is no such file"
    assert found["pipe"] == "failed not readable: it is not a regular file"
    assert "leads back" in found["loop"]


def test_what_cannot_be_read_now_keeps_its_old_version(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.txt": "alpha"})
    with KnowledgeBase.open(tmp_path / "x") as base:
        ingest(base, folder)
        (folder / "a.txt").write_bytes(bytes(range(256)))
        assert told(ingest(base, folder))["a.txt"].endswith("the version read earlier is kept")
        assert base.search("alpha")


def test_vectors_are_made_up_for(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.txt": "alpha", "b.txt": "beta"})
    with KnowledgeBase.open(tmp_path / "x") as base:
        ingest(base, folder)
    with KnowledgeBase.open(tmp_path / "x", Trigrams()) as base:
        assert ingest(base, folder).embedded == 2
        assert base.status()["embedded"] == 2
        late = base.snapshot()
    with KnowledgeBase.open(tmp_path / "y", Trigrams()) as other:
        assert ingest(other, folder).snapshot == late


def test_errors_a_user_can_fix(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with KnowledgeBase.open(tmp_path / "x") as base:
        with pytest.raises(DataError, match="no file was found"):
            ingest(base, tmp_path / "in")
        with writing(base.store.folder), pytest.raises(BusyError, match="is being written by process"):
            ingest(base, write(tmp_path / "in", {"a.txt": "x"}))


def test_stopping_keeps_what_is_done(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {f"{n}.txt": f"text {n}" for n in range(30)})
    cancelled = threading.Event()

    def stop(what: str, done: int, total: int | None) -> None:  # noqa: ARG001
        if done >= 5:
            cancelled.set()

    with KnowledgeBase.open(tmp_path / "x") as base:
        report = ingest(base, folder, cancelled=cancelled, told=stop)
        assert report.stopped
        kept = len(base.documents())
        assert 0 < kept < 30
        cancelled.clear()
        rest = ingest(base, folder)
        assert (sum(o.status == "unchanged" for o in rest.outcomes), len(base.documents())) == (kept, 30)


def test_verify_sees_changed_and_gone_sources_and_damage(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.txt": "alpha one", "b.txt": "beta", "c.txt": "gamma"})
    with KnowledgeBase.open(tmp_path / "x") as base:
        ingest(base, folder)
        assert (base.verify().same, base.verify().problems) == (3, [])
        (folder / "b.txt").write_text("other", encoding="utf-8")
        (folder / "c.txt").unlink()
        base.store.db.execute("UPDATE passages SET start_at = start_at + 1 WHERE text = 'alpha one'")
        found = base.verify()
        assert found.changed == ["in/b.txt"]
        assert found.gone == ["in/c.txt"]
        assert any("passage 0 is not the text" in problem for problem in found.problems)


def test_export_tells_everything(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "x") as base:
        ingest(base, write(tmp_path / "in", {"a.md": "# Top\n\ntext"}))
        document, passage = base.export()
    assert (document["record"], document["media_type"]) == ("document", "text/markdown")
    assert (passage["text"], passage["locator"]["line"]) == ("# Top\n\ntext"[2:], 1)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="there is no unshare here")
def test_ingest_needs_no_network(tmp_path: Path) -> None:
    alone = ["unshare", "-rn", "--"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("namespaces are not allowed here")
    folder = write(tmp_path / "in", {"a.txt": "alpha", "b.html": "<p>see <img src='http://192.0.2.1/x.png'> beta</p>"})
    command = [sys.executable, "-m", "strati", "ingest", str(folder), "--kb", str(tmp_path / "x"), "--embedder", "none"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([*alone, *command], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    with KnowledgeBase.open(tmp_path / "x") as base:
        assert len(base.documents()) == 2


def test_names_that_are_no_text(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"ok.txt": "alpha"})
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9.txt")).write_text("beta", encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "x") as base:
        found = told(ingest(base, folder))
    assert found == {"ok.txt": "read", "caf?.txt": "failed not readable: its name is not valid UTF-8: rename it"}


def test_odd_words_about_a_document_can_be_kept(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "x") as base:
        found = document("text", name="a.txt")
        odd = Metadata(title="two\nlines \ud800", author="\0", language="e\ud800", other={"k\ud800": "v\0"})
        made = record_of(
            replace(found, metadata=odd), path="/a.txt", name="a.txt", container="", data=b"text", modified="2024"
        )
        base.store.put(made, {})
        assert base.documents()[0].title == "two lines ?"
        assert base.document("a.txt").metadata.other == {"k?": "v\0"}


@pytest.mark.usefixtures("harm")
def test_what_cannot_be_reached_is_not_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"1.txt": b"one", "in.zip": zipped({"2.txt": b"two"}), "3.txt": b"three"}))
    with KnowledgeBase.open(tmp_path / "x") as base:
        ingest(base, path)
        path.write_bytes(zipped({"1.txt": b"one", "in.zip": b"HARM die", "3.txt": b"three"}))
        assert told(ingest(base, path))["in.zip"].startswith("failed reader crashed")
        assert len(base.documents()) == 3
        path.write_bytes(path.read_bytes()[:-30])
        assert told(ingest(base, path))["a.zip"].startswith(("failed", "skipped"))
        assert len(base.documents()) == 3
        path.write_text("plain text now", encoding="utf-8")
        ingest(base, path)
        assert [entry.path for entry in base.documents()] == [str(path)]
        path.write_bytes(zipped({"1.txt": b"one"}))
        ingest(base, path)
        assert [entry.path for entry in base.documents()] == [f"{path}!/1.txt"]


def test_a_mail_is_kept_after_what_is_attached(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["Date"] = "Hello", "a@example.org", "Mon, 01 Jan 2024 10:00:00 +0000"
    mail.set_content("The lease is attached.")
    mail.add_attachment(b"Rent is due on the first.", maintype="text", subtype="plain", filename="lease.txt")
    (tmp_path / "m.eml").write_bytes(mail.as_bytes())
    with KnowledgeBase.open(tmp_path / "x") as base:
        first = ingest(base, tmp_path / "m.eml")
        assert list(told(first).items()) == [("lease.txt", "read"), ("m.eml", "read")]
        assert set(told(ingest(base, tmp_path / "m.eml")).values()) == {"unchanged"}
        base.forget([f"{tmp_path / 'm.eml'}!/lease.txt"])
        assert [Path(entry.path).name for entry in base.documents()] == ["m.eml"]
