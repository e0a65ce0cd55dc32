"""Drafts from sources: cited letter by letter, told where there is nothing, gone on with, brought up to date."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from strati.cli import main
from strati.core.budget import Budget, FileBook
from strati.core.context import Context
from strati.core.errors import BudgetReached, DataError, Stopped
from strati.knowledge.base import KnowledgeBase
from strati.write.draft import Settings, compose, read_outline, refresh
from strati.write.draft.record import load, path_of, spent_path
from strati.write.draft.refresh import refreshed
from strati.write.journal import apply

LEASE = """# Lease of the mill

## Ending the lease

Either party may end the lease with 90 days of notice. The tenant pays a penalty of $500 for an early end.

## Rent

The rent of the mill is $2,000 a month. The rent is due on the first day of the month.
"""
OUTLINE = """# Brief on the mill
## Ending
- notice to end the lease
- dragons of the mountain
## Rent
"""


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    source = tmp_path / "in" / "lease.md"
    source.parent.mkdir()
    source.write_text(LEASE, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "work.kb") as made:
        made.ingest([source])
        yield made


def changed(base: KnowledgeBase, tmp_path: Path, old: str, new: str) -> None:
    source = tmp_path / "in" / "lease.md"
    text = source.read_text("utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")
    base.ingest([source])


def test_outlines() -> None:
    deep = read_outline("# A\n## B\n### C\n- one\n2. two\nthree\n# D\n")
    assert [(one.heading, one.level, one.path, one.points) for one in deep.sections] == [
        ("A", 1, (), ()),
        ("B", 2, ("A",), ()),
        ("C", 3, ("A", "B"), ("one", "two", "three")),
        ("D", 1, (), ()),
    ]
    assert deep.title == ""
    listed = read_outline("- Rent\n  - when\n- Ending\n")
    assert [(one.heading, one.points) for one in listed.sections] == [("Rent", ("when",)), ("Ending", ())]
    with pytest.raises(DataError, match="the outline has no section"):
        read_outline("\n\n")


def test_every_sentence_is_cited_and_stands_in_its_source(base: KnowledgeBase, tmp_path: Path) -> None:
    out = tmp_path / "brief.md"
    record = compose(read_outline(OUTLINE), base, out, settings=Settings(per_point=1, per_section=2))
    text = out.read_text("utf-8")
    assert "Either party may end the lease with 90 days of notice [1]." in text
    assert "The rent of the mill is $2,000 a month [2]." in text
    assert "*Nothing in the sources on: dragons of the mountain.*" in text
    assert "1. lease.md, Lease of the mill > Ending the lease, lines " in text
    assert [one.missing for one in record.sections] == [("dragons of the mountain",), ()]
    for section in record.sections:
        for sentence in section.sentences:
            (cited,) = sentence.cited
            assert base.document(cited.document).text[cited.start : cited.end] == cited.quote == sentence.text


def test_a_draft_that_was_stopped_goes_on(base: KnowledgeBase, tmp_path: Path) -> None:
    out = tmp_path / "brief.md"
    outline = read_outline(OUTLINE)
    stop = threading.Event()
    with pytest.raises(Stopped):
        compose(outline, base, out, ctx=Context(cancelled=stop), told=lambda heading, number, total: stop.set())
    half = load(out)
    assert half is not None
    assert [one.heading for one in half.sections] == ["Ending"]
    assert "Rent" not in out.read_text("utf-8")
    written: list[str] = []
    compose(outline, base, out, told=lambda heading, number, total: written.append(heading))
    assert written == ["Rent"]
    whole = out.read_bytes()
    compose(outline, base, out, told=lambda heading, number, total: written.append(heading))
    assert written == ["Rent"]
    other = tmp_path / "other.md"
    compose(outline, base, other)
    assert other.read_bytes() == whole


def test_the_budget_of_a_draft_holds_over_all_runs_of_the_command(tmp_path: Path) -> None:
    path = spent_path(tmp_path / "brief.md")
    first = Budget(1.0, FileBook(path))
    assert not path.exists()
    first.reserve(0.5).settle(0.4)
    first.reserve(0.3)  # and the process dies
    with path.open("ab") as file:
        file.write(b"[2, 1")
    again = Budget(1.0, FileBook(path))
    assert again.spent == pytest.approx(0.7)
    with pytest.raises(BudgetReached):
        again.reserve(0.4)
    again.reserve(0.2).settle(0.1)
    assert Budget(1.0, FileBook(path)).spent == pytest.approx(0.8)
    path.write_bytes(b"{}\n")
    with pytest.raises(DataError, match="damaged, expected what was spent"):
        FileBook(path)


def test_what_a_person_wrote_is_not_written_over(base: KnowledgeBase, tmp_path: Path) -> None:
    out = tmp_path / "brief.md"
    out.write_text("mine", encoding="utf-8")
    outline = read_outline(OUTLINE)
    with pytest.raises(DataError, match="was not drafted by strati"):
        compose(outline, base, out)
    compose(outline, base, out, again=True)
    out.write_text(out.read_text("utf-8") + "mine", encoding="utf-8")
    with pytest.raises(DataError, match="was changed since it was drafted"):
        compose(outline, base, out)
    path_of(out).write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="is no record of a draft"):
        compose(outline, base, out)


def test_refresh_tells_what_lost_its_source(base: KnowledgeBase, tmp_path: Path) -> None:
    out = tmp_path / "brief.md"
    compose(read_outline(OUTLINE), base, out, settings=Settings(per_point=1, per_section=2))
    assert refresh(base, out).proposal.edits == ()

    changed(base, tmp_path, "# Lease", "# The new text before it\n\nA line of it.\n\n# Lease")
    moved = refresh(base, out)
    assert (moved.kept, moved.lost, moved.proposal.edits) == (3, (), ())

    changed(base, tmp_path, "$2,000", "$2,500")
    found = refreshed(base, out)
    assert [(one.text, str(ground)) for one, ground in found.lost] == [
        ("The rent of the mill is $2,000 a month.", "changed")
    ]
    apply(out, found.proposal.hash)
    text = out.read_text("utf-8")
    assert "The rent of the mill is $2,500 a month [" in text
    assert "$2,000" not in text
    assert refresh(base, out).proposal.edits == ()
    numbers = [line.split(".")[0] for line in text.splitlines() if ".md, " in line]
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]

    base.forget([base.documents()[0].id])
    gone = refresh(base, out)
    assert {str(ground) for _, ground in gone.lost} == {"gone"}
    assert all(edit.after.startswith("~~") for edit in gone.proposal.edits)
    with pytest.raises(DataError, match="there is no draft to refresh"):
        refresh(base, tmp_path / "none.md")


def test_command(
    base: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "models"))
    base.close()
    Path("outline.md").write_text(OUTLINE, encoding="utf-8")

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["strati", "draft", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code if isinstance(ended.value.code, int) else 0

    assert run("outline.md", "--kb", "work", "-o", "brief.md") == 0
    shown = capsys.readouterr().out
    assert "brief.md: 2 sections, " in shown
    assert "nothing in the sources on: dragons of the mountain" in shown
    assert run("outline.md", "--kb", "work", "-o", "brief.md", "--json") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Brief on the mill"
    assert run("--kb", "work", "-o", "brief.md", "--refresh") == 0
    assert "4 of 4 sentences still have their source" in capsys.readouterr().out
    Path("brief.md").write_text(Path("brief.md").read_text("utf-8").replace("$2,000", "$3,000"), "utf-8")
    assert run("--kb", "work", "-o", "brief.md", "--refresh") == 0
    assert "1 sentence rewritten or taken out by people: left alone" in capsys.readouterr().out
    Path("folder.md").mkdir()
    mistakes = {
        "outline.md": "is the outline itself",
        "folder.md": "is a folder",
        "gone/brief.md": "there is no folder gone",
        "brief.docx": "a draft is Markdown: expected a name such as brief.md",
    }
    for name, words in mistakes.items():
        assert run("outline.md", "--kb", "work", "-o", name, "--force") == 2
        assert words in capsys.readouterr().err
    assert Path("outline.md").read_text("utf-8") == OUTLINE
    assert not list(Path().glob("folder.md.*"))
    Path("asked.md").write_text("## Dragons\n- where do dragons live?\n", "utf-8")
    assert run("asked.md", "--kb", "work", "-o", "none.md") == 0
    assert "none.md: 1 section, 0 sentences, 0 sources cited" in capsys.readouterr().out
    assert "*Nothing in the sources on: where do dragons live?*" in Path("none.md").read_text("utf-8")
    Path("none.md").unlink()
    assert run("--kb", "work", "-o", "brief.md") == 2
    assert run("none.md", "--kb", "work", "-o", "brief.md") == 2
    assert "there is no file none.md" in capsys.readouterr().err
    assert run("outline.md", "--kb", "none", "-o", "brief.md") == 2


def test_a_sentence_that_was_struck_out_is_not_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.write.test_command import run

    monkeypatch.chdir(tmp_path)
    source, brief = tmp_path / "lease.md", tmp_path / "brief.md"
    stays, goes = "The notice period is three months.", "A late payment costs a penalty of 25 euros."
    source.write_text(f"# Lease\n\n{stays} {goes}\n")
    (tmp_path / "outline.md").write_text("# The mill\n## Terms\n- notice period\n- penalty for late payment\n")
    assert run(monkeypatch, "ingest", "lease.md", "--kb", "work") == 0
    assert run(monkeypatch, "draft", "outline.md", "--kb", "work", "-o", "brief.md") == 0
    source.write_text(f"# Lease\n\n{stays}\n")
    assert run(monkeypatch, "ingest", "lease.md", "--kb", "work") == 0
    refresh = ("draft", "--refresh", "--kb", "work", "-o", "brief.md")
    capsys.readouterr()
    assert run(monkeypatch, *refresh, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["text"] for one in found["lost"]] == [goes]
    assert run(monkeypatch, "write", "brief.md", "--apply", found["hash"]) == 0
    assert f"~~{goes[:-1]}" in brief.read_text()
    capsys.readouterr()
    assert run(monkeypatch, *refresh) == 0
    assert capsys.readouterr().out == "brief.md: 1 of 1 sentences still have their source\n"
    assert run(monkeypatch, "write", "brief.md", "--undo") == 0
    capsys.readouterr()
    assert run(monkeypatch, *refresh) == 0
    assert "1 of 2 sentences" in capsys.readouterr().out
