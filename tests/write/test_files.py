"""Drafts come back byte for byte where nothing was edited; Word documents keep their formatting."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from strati.core.errors import DataError, TaskError
from strati.write import Edit, Proposal, apply, read_draft, remember, undo
from strati.write.files import LARGEST, read_bytes
from strati.write.proposal import sha256

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
BODY = (
    "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>I ha</w:t></w:r><w:r><w:t>s an</w:t></w:r><w:r><w:t> apple.</w:t></w:r></w:p>"
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>teh cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    "<w:p><w:hyperlink><w:r><w:t>teh link</w:t></w:r></w:hyperlink><w:r><w:tab/><w:t>is teh end.</w:t></w:r></w:p>"
    "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:rPr><w:rStyle w:val='CodeChar'/></w:rPr>"
    "<w:t>teh code</w:t></w:r></w:p>"
)


def word(body: str = BODY) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("_rels/.rels", RELATIONS)
        file.writestr("word/document.xml", f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>')
        file.writestr("word/styles.xml", "<styles/>")
    return made.getvalue()


def document(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return file.read("word/document.xml").decode()


@pytest.mark.parametrize(
    "data",
    [
        "caf\u00e9 teh\r\nend".encode(),
        b"\xef\xbb\xbfteh\n",
        "teh \u20ac".encode("cp1252"),
        b"\xff\xfe" + "teh\r\n".encode("utf-16-le"),
        b"",
    ],
)
def test_encodings_stay(data: bytes) -> None:
    draft = read_draft(Path("a.txt"), data)
    assert draft.with_edits([]) == data
    if "teh" in draft.text:
        at = draft.text.index("teh")
        new = draft.with_edits([Edit(at, at + 3, "teh", "the", "")])
        assert read_draft(Path("a.txt"), new).text == draft.text.replace("teh", "the")


def test_word_documents_keep_their_formatting() -> None:
    data = word()
    draft = read_draft(Path("a.docx"), data)
    assert draft.text == "I has an apple.\n\nteh link\tis teh end.\n\nteh code"
    assert draft.with_edits([]) == data
    assert not draft.markdown
    shielded = "".join(draft.text[a:b] for a, b in draft.protected)
    assert "teh link" in shielded
    assert "teh code" in shielded
    at = draft.text.index("is teh") + 3
    new = draft.with_edits([Edit(2, 5, "has", "have", ""), Edit(at, at + 3, "teh", "the", "")])
    again = read_draft(Path("a.docx"), new)
    assert again.text == draft.text.replace("has", "have").replace("is teh", "is the")
    assert '<w:b/></w:rPr><w:t xml:space="preserve">I have</w:t>' in document(new)
    assert "teh cell" in document(new)
    assert "<w:delText>gone</w:delText>" in document(new)
    assert draft.with_edits([]) == data, "an edit leaves the draft as it was"
    with zipfile.ZipFile(io.BytesIO(new)) as file:
        assert file.namelist() == ["[Content_Types].xml", "_rels/.rels", "word/document.xml", "word/styles.xml"]
        assert file.read("word/styles.xml") == b"<styles/>"


def test_footnotes_headers_and_footers_of_a_word_document() -> None:
    kinds = {"footnotes": "footnotes", "header1": "header", "footer1": "footer"}
    relations = "".join(
        f'<Relationship Id="r{n}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
        f'Target="{name}.xml"/>'
        for n, (name, kind) in enumerate(kinds.items())
    )
    made = io.BytesIO(word())
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as file:
        head = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
        file.writestr("word/_rels/document.xml.rels", f"<Relationships {head}>{relations}</Relationships>")
        run = "<w:p><w:r><w:rPr><w:i/></w:rPr><w:t>teh {}</w:t></w:r></w:p>"
        note = f'<w:footnote w:id="1">{run.format("note")}</w:footnote>'
        file.writestr("word/footnotes.xml", f'<w:footnotes xmlns:w="{W}">{note}</w:footnotes>')
        file.writestr("word/header1.xml", f'<w:hdr xmlns:w="{W}">{run.format("head")}</w:hdr>')
        file.writestr("word/footer1.xml", f'<w:ftr xmlns:w="{W}">{run.format("foot")}</w:ftr>')
    data = made.getvalue()
    draft = read_draft(Path("a.docx"), data)
    assert draft.text.endswith("teh code\n\nteh note\n\nteh head\n\nteh foot")
    edits = [Edit(at := draft.text.index(f"teh {name}"), at + 3, "teh", "the", "") for name in ("note", "foot")]
    new = draft.with_edits(edits)
    assert read_draft(Path("a.docx"), new).text == draft.text.replace("teh note", "the note").replace(
        "teh foot", "the foot"
    )
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(io.BytesIO(new)) as file:
        assert file.namelist() == old.namelist()
        other = [name for name in old.namelist() if old.read(name) != file.read(name)]
        assert other == ["word/footnotes.xml", "word/footer1.xml"]
        assert b'<w:i/></w:rPr><w:t xml:space="preserve">the note</w:t>' in file.read("word/footnotes.xml")
    assert draft.with_edits([]) == data


def test_what_is_no_draft(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.txt is binary, expected a Markdown"):
        read_draft(Path("a.txt"), bytes(range(256)))
    with pytest.raises(DataError, match=r"a\.docx is no Word document that can be read"):
        read_draft(Path("a.docx"), b"PK\x03\x04 but no more")
    with pytest.raises(DataError, match="there is no file"):
        read_bytes(tmp_path / "none.md")
    with pytest.raises(DataError, match="is a folder"):
        read_bytes(tmp_path)
    huge = tmp_path / "huge.md"
    with huge.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(DataError, match="a draft has at most 20 MB"):
        read_bytes(huge)


def shown(path: Path, after: str = "the") -> Proposal:
    data = path.read_bytes()
    text = data.decode()
    at = text.index("teh")
    proposal = Proposal(sha256(data), (Edit(at, at + 3, "teh", after, "spelling"),))
    remember(path, proposal)
    return proposal


def test_apply_by_hash_and_undo(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"teh end of teh world\r\n")
    path.chmod(0o640)
    first = shown(path)
    with pytest.raises(TaskError, match=r"no proposal for .*a\.md was shown under the hash '0123'"):
        apply(path, "0123")
    with pytest.raises(TaskError, match="no proposal"):
        apply(path, "../shown/x")
    assert path.read_bytes() == b"teh end of teh world\r\n"
    assert apply(path, first.hash).edits == 1
    assert path.read_bytes() == b"the end of teh world\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    with pytest.raises(DataError, match="has changed since"):
        apply(path, first.hash)
    apply(path, shown(path).hash)
    assert path.read_bytes() == b"the end of the world\r\n"
    undo(path)
    undo(path)
    assert path.read_bytes() == b"teh end of teh world\r\n"
    with pytest.raises(TaskError, match="nothing to undo"):
        undo(path)


def test_a_changed_draft_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"teh end")
    apply(path, shown(path).hash)
    path.write_bytes(b"my own words")
    with pytest.raises(DataError, match="undo would lose that"):
        undo(path)
    assert path.read_bytes() == b"my own words"


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"teh end")
    hash = shown(path).hash
    file = tmp_path / ".strati" / "write" / "shown" / f"{hash}.json"
    file.write_text(file.read_text("utf-8").replace('"the"', '"thx"'), encoding="utf-8")
    with pytest.raises(DataError, match="is damaged"):
        apply(path, hash)
    other = tmp_path / "b.md"
    other.write_bytes(b"teh end")
    with pytest.raises(TaskError, match=r"is for a\.md, not for b\.md"):
        apply(other, shown(path).hash)


def test_a_killed_apply_can_be_done_again(tmp_path: Path) -> None:
    """The undo list was written, the draft was not: undo has nothing to do, and apply works."""
    path = tmp_path / "a.md"
    path.write_bytes(b"teh end")
    proposal = shown(path)
    apply(path, proposal.hash)
    path.write_bytes(b"teh end")
    with pytest.raises(TaskError, match="nothing to undo"):
        undo(path)
    apply(path, proposal.hash)
    assert path.read_bytes() == b"the end"
