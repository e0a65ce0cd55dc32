"""`strati ingest`, `search` and `kb` as a user calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from strati.cli import main
from strati.knowledge.store.lock import writing
from tests.knowledge.small import write


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("STRATI_CATALOG", raising=False)
    lease = "# Lease\n\n## Ending it\n\nEither party may end the lease early.\n"
    return write(tmp_path, {"in/lease.md": lease, "in/car.txt": "The car is red.", "in/none.txt": ""})


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["strati", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return code if isinstance(code, int) else 0


@pytest.mark.usefixtures("folder")
def test_from_a_folder_to_a_receipt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "ingest", "in", "--kb", "work") == 0
    shown = capsys.readouterr().out
    assert "skipped in/none.txt: empty: the file has no content" in shown
    assert "2 passages read" in shown
    assert max(map(len, shown.splitlines())) <= 80

    assert run(monkeypatch, "search", "ending leases", "--kb", "work") == 0
    shown = capsys.readouterr().out
    assert "in/lease.md, Lease > Ending it, lines 1-5" in shown
    assert "Either party may end the lease early." in shown

    assert run(monkeypatch, "search", "lease", "--kb", "work", "--json", "--type", "md", "-k", "1") == 0
    (hit,) = json.loads(capsys.readouterr().out)["hits"]
    assert (hit["name"], hit["locator"]["line"], hit["ranks"]) == ("in/lease.md", 1, {"bm25": 1})
    assert run(monkeypatch, "search", "lease", "--kb", "work", "--document", "in/car*") == 0
    assert capsys.readouterr().out.startswith("nothing found in the documents asked for")

    assert run(monkeypatch, "kb", "status", "--kb", "work", "--documents") == 0
    assert "2 documents, 2 passages" in capsys.readouterr().out
    assert run(monkeypatch, "kb", "status", "--document", "in/lease.md") == 0  # the only base here
    assert "nothing of the file is left out" in capsys.readouterr().out
    assert run(monkeypatch, "kb", "verify", "--kb", "work") == 0
    assert "2 read again and the same" in capsys.readouterr().out
    assert run(monkeypatch, "kb", "export", "--kb", "work", "--out", "all.jsonl") == 0
    assert " written to all.jsonl" in capsys.readouterr().err
    records = [json.loads(line)["record"] for line in Path("all.jsonl").read_text(encoding="utf-8").splitlines()]
    assert records == ["document", "passage", "document", "passage"]

    capsys.readouterr()
    assert run(monkeypatch, "kb", "forget", "in/car.txt", "--kb", "work", "--json") == 0
    receipt = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in receipt["forgotten"]] == ["in/car.txt"]
    assert receipt["left"] == []
    assert receipt["snapshot_before"] != receipt["snapshot_after"]


def test_hits_for_people(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    long = "/".join(f"a folder with a long name {n}" for n in range(4))
    lines = "\n\n".join(f"Line {n} of words." for n in range(3)) + "\n\nThe heron waits here."
    table = "place,month,birds\nshore,May,a heron\nmarsh,June,two storks\n"
    write(folder, {f"in/{long}/notes.txt": lines, "in/birds.csv": table})
    assert run(monkeypatch, "ingest", str(folder / "in"), "--kb", "work") == 0
    capsys.readouterr()
    assert run(monkeypatch, "search", "heron") == 0
    shown = capsys.readouterr()
    assert f"in/{long}/notes.txt, line 7" in shown.out.splitlines()[0] + shown.out  # unbroken, and where the match is
    assert f"in/{long}/notes.txt, line 7\n" in shown.out
    assert "│ place │ month │ birds   │" in shown.out
    assert "│ shore │ May   │ a heron │" in shown.out
    assert "storks" not in shown.out
    assert "searched by words alone" in shown.err
    assert run(monkeypatch, "search", "heron", "--mode", "bm25") == 0
    assert capsys.readouterr().err == ""

    assert run(monkeypatch, "search", "hroens") == 0
    assert "nothing found\nnear words in this base: heron" in capsys.readouterr().out
    assert run(monkeypatch, "search", "storks", "--document", "*.txt") == 0
    assert "nothing found in the documents asked for; other documents have it" in capsys.readouterr().out
    assert run(monkeypatch, "search", "storks", "--json", "-k", "1") == 0
    (hit,) = json.loads(capsys.readouterr().out)["hits"]
    assert (hit["match"]["locator"]["cell"], hit["name"]) == ("C3", "in/birds.csv")


def test_whole_pages(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said = f"<main><p>{'The rent is due on the first day. ' * 20}</p></main>"
    write(folder, {"in/page.html": f"<html><body><nav>Sitemap</nav>{said}</body></html>"})
    for options, shown in (
        (["in"], "nothing found"),
        (["in", "--full-pages"], "in/page.html"),
        (["in"], "nothing found"),
    ):
        assert run(monkeypatch, "ingest", *options, "--kb", "work") == 0
        capsys.readouterr()
        assert run(monkeypatch, "search", "sitemap", "--kb", "work") == 0
        assert shown in capsys.readouterr().out
        assert run(monkeypatch, "kb", "verify", "--kb", "work") == 0
        assert "3 read again and the same" in capsys.readouterr().out


def test_progress_is_shown_to_a_person(folder: Path) -> None:
    """On a terminal: every step of the commands has a bar."""
    pty = pytest.importorskip("pty")
    for command in (["ingest", "in"], ["kb", "verify"]):
        master, slave = pty.openpty()
        call = [sys.executable, "-m", "strati", *command, "--kb", "work"]
        with subprocess.Popen(call, cwd=folder, stderr=slave, stdout=subprocess.PIPE) as process:
            os.close(slave)
            shown = b""
            with suppress(OSError):  # the end, as Linux tells it
                while piece := os.read(master, 4096):
                    shown += piece
        os.close(master)
        assert process.returncode == 0, shown
        assert b"reading" in shown
        assert b"Traceback" not in shown


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ingest nothing.txt --kb work", "none of the 1 documents could be read"),
        ("ingest in/none*.pdf --kb work", "no file was found in in/none*.pdf"),
        ("ingest in --kb in/car.txt/work", "cannot be written"),
        ("ingest in --kb work --embedder none-such", "no catalog has a model 'none-such'"),
        ("search x", "there are 2 knowledge bases here: name one, such as --kb made"),
        ("search x --kb none", "there is no knowledge base none.kb"),
        ("search x --kb made --mode guess", "the mode is 'guess', expected one of auto, bm25"),
        ("search x --kb made --mode fusion", "needs an embedder"),
        ("search x --kb made --since yesterday", "'yesterday' is no date, expected one such as 2024-01-31"),
        ("kb forget zzz --kb made", "made.kb has no document 'zzz'"),
        ("kb export --kb made --out in/car.txt/x", "cannot be written"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    line: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "ingest", "in", "--kb", "made")
    run(monkeypatch, "ingest", "in/car.txt", "--kb", "other")
    capsys.readouterr()
    assert run(monkeypatch, *line.split()) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.startswith("strati: ")
    assert told.count("\n") == 1


@pytest.mark.usefixtures("folder")
def test_a_base_in_use(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, "ingest", "in", "--kb", "work")
    with writing(Path("work.kb")):
        assert run(monkeypatch, "ingest", "in", "--kb", "work") == 2
        assert "work.kb is being written by process" in capsys.readouterr().err
        assert run(monkeypatch, "search", "lease", "--kb", "work") == 0
