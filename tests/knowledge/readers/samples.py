"""Small files of every format, written by hand: what a test needs to know stands in the test."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from strati.knowledge.document import Document
from strati.knowledge.reader import Limits, Reader

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
MORE = f'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" xmlns:r="{OFFICE}"'
Text = tuple[float, float, float, str]  # x and y from the bottom left corner, size, text


def read(reader: Reader, data: bytes, name: str = "it") -> Document:
    return reader.read(data, name, Limits())


def found(document: Document, phrase: str) -> str:
    """The place of a phrase, for people."""
    start = document.text.index(phrase)
    return str(document.locate(start, start + len(phrase)))


def kinds(document: Document) -> list[tuple[str, str]]:
    return [(block.kind.value, document.text[block.start : block.end]) for block in document.blocks]


def zipped(members: Mapping[str, str | bytes], stored: Sequence[str] = ("mimetype",)) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return file.getvalue()


def pdf(
    pages: Sequence[Sequence[Text]],
    outline: Sequence[tuple[int, str]] = (),
    rotate: int = 0,
    extra: str = "",
    trailer: str = "",
    annotations: str = "",
) -> bytes:
    """A PDF with Helvetica on pages of 612 by 792 points; `outline` has (page from 0, title); `annotations` are
    on every page."""
    first = 4 + 2 * len(pages)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    outlines = f"/Outlines {first} 0 R" if outline else ""
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {outlines} {extra} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, texts in enumerate(pages):
        content = "".join(
            f"BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({_escaped(text)}) Tj ET\n" for x, y, size, text in texts
        )
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Rotate {rotate} "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R "
            f"/Annots [{annotations}] >>"
        )
        objects.append(f"<< /Length {len(content.encode('cp1252'))} >>\nstream\n{content}\nendstream")
    if outline:
        last = first + len(outline)
        objects.append(f"<< /Type /Outlines /First {first + 1} 0 R /Last {last} 0 R /Count {len(outline)} >>")
        for number, (page, title) in enumerate(outline, first + 1):
            following = f"/Next {number + 1} 0 R" if number < last else ""
            objects.append(
                f"<< /Title ({_escaped(title)}) /Parent {first} 0 R /Dest [{4 + 2 * page} 0 R /Fit] {following} >>"
            )
    return _pdf_file(objects, trailer)


def _pdf_file(objects: Sequence[str], trailer: str) -> bytes:
    data = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode("cp1252")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + end.encode()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def lines(texts: Sequence[str], x: float = 72, y: float = 700, size: float = 10, step: float = 12) -> list[Text]:
    return [(x, y - step * number, size, text) for number, text in enumerate(texts)]


def docx(body: str, inside: Mapping[str, tuple[str, str, bytes]] | None = None, **parts: str) -> bytes:
    """A Word file with this content of `w:body`; `parts` are files of the folder `word`, `inside` others by the id of
    their relation: its kind, name and bytes."""
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/{name}" Target="{name}.xml"/>' for n, name in enumerate(parts)
    )
    for identity, (kind, name, _) in (inside or {}).items():
        relations += f'<Relationship Id="{identity}" Type="{OFFICE}/{kind}" Target="{name}"/>'
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": _relations("officeDocument", "word/document.xml"),
            "word/document.xml": f"<w:document {W} {MORE}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{RELATIONS}">{relations}</Relationships>',
            **{f"word/{name}.xml": content for name, content in parts.items()},
            **{f"word/{name}": content for _, name, content in (inside or {}).values()},
        }
    )


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def _relations(kind: str, target: str, identity: str = "r1") -> str:
    inner = f'<Relationship Id="{identity}" Type="{OFFICE}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{RELATIONS}">{inner}</Relationships>'


def pptx(slides: Sequence[str], notes: str = "") -> bytes:
    """A presentation with these contents of `p:spTree`; `notes` are those of the first slide."""
    space = (
        f'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="{DRAWING}" xmlns:r="{OFFICE}"'
    )
    listed = "".join(f'<p:sldId id="{255 + n}" r:id="s{n}"/>' for n in range(1, len(slides) + 1))
    targets = "".join(
        f'<Relationship Id="s{n}" Type="{OFFICE}/slide" Target="slides/slide{n}.xml"/>'
        for n in range(1, len(slides) + 1)
    )
    members = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _relations("officeDocument", "ppt/presentation.xml"),
        "ppt/presentation.xml": f"<p:presentation {space}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": f'<Relationships xmlns="{RELATIONS}">{targets}</Relationships>',
    }
    for number, shapes in enumerate(slides, 1):
        members[f"ppt/slides/slide{number}.xml"] = (
            f"<p:sld {space}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
        )
    if notes:
        members["ppt/slides/_rels/slide1.xml.rels"] = _relations("notesSlide", "../notesSlides/notesSlide1.xml")
        inner = f"<p:cSld><p:spTree>{shape(notes, 'body')}</p:spTree></p:cSld>"
        members["ppt/notesSlides/notesSlide1.xml"] = f"<p:notes {space}>{inner}</p:notes>"
    return zipped(members)


def shape(text: str, placeholder: str = "") -> str:
    """A shape with a paragraph for each line of text."""
    place = f'<p:nvPr><p:ph type="{placeholder}"/></p:nvPr>' if placeholder else "<p:nvPr/>"
    paragraphs = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in text.split("\n"))
    return f"<p:sp><p:nvSpPr>{place}</p:nvSpPr><p:txBody>{paragraphs}</p:txBody></p:sp>"


def xlsx(
    sheets: Mapping[str, Mapping[str, str | float]], raw: str = "", beside: Mapping[str, tuple[str, str]] | None = None
) -> bytes:
    """A workbook: sheet name -> cell name -> value; `raw` rows are added to the first sheet, `beside` are parts that it
    points at: name -> (kind of relation, content)."""
    space = f'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{OFFICE}"'
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
    targets = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    members: dict[str, str] = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _relations("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f"<workbook {space}><sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}">{targets}</Relationships>',
    }
    for number, cells in enumerate(sheets.values(), 1):
        rows: dict[int, list[str]] = {}
        for name, value in cells.items():
            row = int("".join(c for c in name if c.isdigit()))
            inner = f"<v>{value}</v>" if not isinstance(value, str) else f"<is><t>{value}</t></is>"
            kind = ' t="inlineStr"' if isinstance(value, str) else ""
            rows.setdefault(row, []).append(f'<c r="{name}"{kind}>{inner}</c>')
        data = "".join(f'<row r="{row}">{"".join(inner)}</row>' for row, inner in sorted(rows.items()))
        data += raw if number == 1 else ""
        members[f"xl/worksheets/sheet{number}.xml"] = f"<worksheet {space}><sheetData>{data}</sheetData></worksheet>"
    if beside:
        related = "".join(
            f'<Relationship Id="b{n}" Type="{OFFICE}/{kind}" Target="../{name}"/>'
            for n, (name, (kind, _)) in enumerate(beside.items())
        )
        members["xl/worksheets/_rels/sheet1.xml.rels"] = f'<Relationships xmlns="{RELATIONS}">{related}</Relationships>'
        members |= {f"xl/{name}": content for name, (_, content) in beside.items()}
    return zipped(members)


def open_document(kind: str, body: str, styles: str = "") -> bytes:
    """An OpenDocument text or presentation with this content of `office:text` or `office:presentation`."""
    names = {"office": "office", "table": "table", "text": "text", "draw": "drawing", "style": "style"}
    names |= {"presentation": "presentation", "svg": "svg-compatible"}
    space = " ".join(f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for short, n in names.items())
    content = f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    members: dict[str, str | bytes] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": f"<office:document-content {space}>{content}</office:document-content>",
    }
    if styles:
        members["styles.xml"] = f"<office:document-styles {space}>{styles}</office:document-styles>"
    return zipped(members)


def ods(rows: Sequence[Sequence[str]]) -> bytes:
    space = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "table", "text")
    )
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    table = "".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in rows)
    sheet = f'<office:spreadsheet><table:table table:name="Plan">{table}</table:table></office:spreadsheet>'
    body = f"<office:body>{sheet}</office:body>"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": "<manifest:manifest "
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
            "content.xml": f"<office:document-content {space}>{body}</office:document-content>",
        }
    )


def epub(chapters: Sequence[str], extra: Mapping[str, str] | None = None) -> bytes:
    """A book with these contents of `body`."""
    items = "".join(
        f'<item id="c{n}" href="text/c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
            '<rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
            "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<metadata><dc:title>Rivers</dc:title><dc:creator>A. Stone</dc:creator></metadata>"
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
            **{
                f"OEBPS/text/c{n}.xhtml": '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
                f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{body}</body></html>'
                for n, body in enumerate(chapters)
            },
            **(extra or {}),
        }
    )


def notebook(cells: Sequence[Mapping[str, Any]]) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}).encode()


def ole(streams: Mapping[str, bytes]) -> bytes:
    """A container of [MS-CFB], version 3; `a/b` is the stream b in the storage a. Streams are filled up with zeros."""
    tree: dict[str, Any] = {}
    for path, data in streams.items():
        folder, _, name = path.rpartition("/")
        (tree.setdefault(folder, {}) if folder else tree)[name] = data.ljust(4096, b"\0")
    entries: list[list[Any]] = [["Root Entry", 5, None, b""]]

    def add(children: Mapping[str, Any]) -> int:
        places = []
        for name, value in children.items():
            places.append(len(entries))
            inner = isinstance(value, dict)
            entries.append([name, 1 if inner else 2, None, b"" if inner else value])
            if inner:
                entries[places[-1]][2] = add(value)
        for place, following in zip(places, [*places[1:], None], strict=True):
            entries[place].append(following)
        return places[0]

    entries[0][2] = add(tree)
    entries[0].append(None)
    folder_sectors = (len(entries) + 3) // 4
    content, starts, chain = b"", [], [*range(2, folder_sectors + 1), 0xFFFFFFFE]
    for entry in entries:
        starts.append(len(chain) + 1 if entry[3] else 0xFFFFFFFE)
        if entry[3]:
            sectors = (len(entry[3]) + 511) // 512
            chain += [*range(len(chain) + 2, len(chain) + 1 + sectors), 0xFFFFFFFE]
            content += entry[3].ljust(512 * sectors, b"\0")
    table = struct.pack("<128I", *([0xFFFFFFFD, *chain] + [0xFFFFFFFF] * 128)[:128])
    folders = b"".join(_entry(entry, start) for entry, start in zip(entries, starts, strict=True))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<9I", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0) + b"\xff" * 432
    return head + table + folders.ljust(512 * folder_sectors, b"\0") + content


def _entry(entry: Sequence[Any], start: int) -> bytes:
    name, kind, child, data, right = entry
    none = 0xFFFFFFFF
    text: bytes = name.encode("utf-16-le")
    links = struct.pack("<3I", none, none if right is None else right, none if child is None else child)
    place = start if kind == 2 else 0
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBB", len(text) + 2, kind, 1)
        + links
        + bytes(36)
        + struct.pack("<IQ", place, len(data))
    )


def msg(subject: str, body: str, attachment: tuple[str, bytes] | None = None) -> bytes:
    streams = {
        "__properties_version1.0": bytes(32) + struct.pack("<IIQ", 0x00390040, 6, 133_000_000_000_000_000),
        "__substg1.0_0037001F": subject.encode("utf-16-le"),
        "__substg1.0_0C1A001F": "Ada".encode("utf-16-le"),
        "__substg1.0_1000001F": body.encode("utf-16-le"),
    }
    if attachment:
        streams["__attach_version1.0_#00000000/__substg1.0_3707001F"] = attachment[0].encode("utf-16-le")
        streams["__attach_version1.0_#00000000/__substg1.0_37010102"] = attachment[1]
    return ole(streams)
