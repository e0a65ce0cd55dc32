"""Files that are no table, hold too much, or point elsewhere, for `tables_hostile.py`."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path


def files(secret: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Files that are no table, hold too much, or point elsewhere."""
    rng = random.Random(5)
    body = b"a,b\n" + b"1,x\n" * 50
    head = "a,b\n1,x\n"
    made: dict[str, bytes] = {
        "noise.csv": rng.randbytes(200_000), "nul.csv": b"a,b\n1,\x00x\n2,y\n",
        "one line.csv": b"a," * 5_000_000 + b"b",
        "long cell.csv": b"a,b\n1," + b"x" * 30_000_000 + b"\n", "quote.csv": b'a,b\n1,"' + b"x\n" * 2_000_000,
        "wide.csv": b",".join(b"c%d" % n for n in range(200_000)) + b"\n", "ragged.csv": body + b"1,2,3,4\n" * 9,
        "empty lines.csv": b"a,b\n" + b"\n" * 5_000_000, "commas.csv": b"," * 900 + b"\n" + (b"," * 900 + b"\n") * 2000,
        "same names.csv": b"a,a\n1,2\n", "delimiters.csv": b"a;b,c\td|e\n1;2,3\t4|5\n",
        "cr.csv": body.replace(b"\n", b"\r"),
        "mixed ends.csv": b"a,b\r\n1,x\n2,y\r3,z\r\n", "utf7.csv": b"a,b\n1,+ADw-script+AD4-\n",
        "utf16.csv": head.encode("utf-16"), "utf16 half.csv": head.encode("utf-16")[:-1],
        "utf32.csv": head.encode("utf-32"),
        "surrogates.csv": b"a,b\n1,\xed\xa0\x80\n", "overlong.csv": b"a,b\n1,\xc0\xaf\xe0\x80\xaf\n",
        "bom.csv": b"\xef\xbb\xbf" * 3 + body,
        "cp1252.csv": "a,b\n1,\u20ac\n".encode("cp1252"), "ebcdic.csv": head.encode("cp500"),
        "gzip.csv": gzip.compress(body),
        "bomb.csv.gz": gzip.compress(b"0" * 200_000_000), "png.csv": b"\x89PNG\r\n\x1a\n" + bytes(500),
        "deep.json": b"[" * 300_000, "deep object.json": b'[{"a":' + b'{"a":' * 50_000, "keys.jsonl": _keys(),
        "number.jsonl": b'{"a": 1' + b"0" * 6000 + b"}\n", "twice.jsonl": b'{"a": 1, "a": 2}\n',
        "nan.jsonl": b'{"a": NaN}\n',
        "pointer.json": json.dumps([{"$ref": f"file://{secret}", "a": 1}]).encode(),
        "cut.parquet": b"PAR1" + bytes(400) + b"PAR1", "noise.parquet": b"PAR1" + rng.randbytes(5000) + b"PAR1",
        "cut.xlsx": b"PK\x03\x04" + rng.randbytes(900), "bomb.xlsx": _zip_bomb(),
        "entity.xlsx": _entity(secret),
        "noise.sqlite": b"SQLite format 3\0" + rng.randbytes(8000),
        "noise.duckdb": bytes(8) + b"DUCK" + rng.randbytes(9000),
        "others.csv": b"a,b\n" + b"7,y\n" * 3,
        "*.csv": body, "[ab].csv": body, "a'); COPY (SELECT 1) TO 'x.csv.csv": body, "line\nbreak.csv": body,
        "-rf.csv": body,
    }  # fmt: skip
    for name, content in made.items():
        path = folder / name
        path.write_bytes(content)
        yield name, path
    yield "view.sqlite", _sqlite(folder / "view.sqlite", secret)
    yield "view.duckdb", _duckdb(folder / "view.duckdb", secret)
    (folder / "dangling.csv").symlink_to(folder / "nowhere.csv")
    yield "dangling.csv", folder / "dangling.csv"
    yield "a folder", folder
    os.mkfifo(folder / "pipe.csv")
    yield "pipe.csv", folder / "pipe.csv"
    yield "/dev/zero", Path("/dev/zero")


def _keys() -> bytes:
    return b"".join(b'{"k%d": 1}\n' % n for n in range(30_000))


def _book(parts: dict[str, str]) -> bytes:
    """A workbook with some parts put in place of good ones."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main, package = (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://schemas.openxmlformats.org/package/2006",
    )
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
    sheets = '<sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets>'
    link = '<Relationship Id="rId1" Type="{0}/{1}" Target="{2}"/>'
    good = {
        "_rels/.rels": link.format(office, "officeDocument", "xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": link.format(office, "worksheet", "worksheets/sheet1.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}">{sheets}</workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in {**good, **parts}.items():
            wrapped = name.endswith(".rels")
            xml = f'<Relationships xmlns="{package}/relationships">{text}</Relationships>' if wrapped else text
            book.writestr(name, xml)
    return packed.getvalue()


def _zip_bomb() -> bytes:
    row = '<row><c t="inlineStr"><is><t>x</t></is></c></row>'
    return _book({"xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{row * 3_000_000}</sheetData></worksheet>"})


def _entity(secret: Path) -> bytes:
    told = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>&e;</t></is></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
    return _book({"xl/worksheets/sheet1.xml": f"{told}<worksheet><sheetData>{cell}</sheetData></worksheet>"})


def _sqlite(path: Path, secret: Path) -> Path:
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE t (a, b)")
        base.execute("INSERT INTO t VALUES (1, 'x')")
        base.execute(f"CREATE VIEW v AS SELECT readfile('{secret}') AS a")
        base.execute("CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END")
        base.execute('CREATE TABLE "x\'); DROP TABLE t; --" (a)')
    base.close()
    return path


def _duckdb(path: Path, secret: Path) -> Path:
    import duckdb

    base = duckdb.connect(str(path))
    base.execute("CREATE TABLE t AS SELECT 1 AS a, 'x' AS b")
    base.execute(f"CREATE MACRO stolen() AS TABLE SELECT * FROM read_text('{secret}')")
    base.execute("CREATE VIEW v AS SELECT * FROM stolen()")
    base.close()
    return path
