"""Delimited text (CSV, TSV and the like) into the table "raw": its encoding, delimiter, quotes, what is wrong where."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from strati.core.errors import DataError
from strati.core.figures import several
from strati.tables.raw import NULL, fill, names_of
from strati.tables.schema import literal
from strati.tables.sources import Source

_LONGEST = 1 << 24  # characters of a cell


def read_csv(connection: Any, source: Source, scratch: Path) -> Iterator[str]:
    path, text = _as_utf8(source, scratch)
    delimiter, escape = _dialect(text)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, **_escaping(escape))
    try:
        header = next((row for row in rows if row), [])
    except csv.Error as error:
        raise DataError(f"{source.name}: is no table: {error}") from None
    names = names_of(header, source.name)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    options = (
        f"delim={literal(delimiter)}, quote='\"', escape={literal(escape)}, header=false, skip=1, auto_detect=false, "
        f"columns={{{columns}}}, strict_mode=true, null_padding=false, max_line_size=4000000, nullstr={literal(NULL)}"
    )
    import duckdb

    try:
        if "\n" in "".join(header):  # skip counts lines, not records
            raise duckdb.InvalidInputException("line break in the header")
        connection.execute(f"CREATE TABLE raw AS SELECT * FROM read_csv({literal(str(path))}, {options})")
    except duckdb.Error as error:
        fill(connection, names, _checked(path, delimiter, escape, len(names), source.name), scratch, error)
    yield Path(source.name).stem


def _as_utf8(source: Source, scratch: Path) -> tuple[Path, str]:
    """A path to the file in UTF-8, and its first characters."""
    path = Path(source.path)
    with path.open("rb") as file:
        head = file.read(1 << 18)
        whole = len(head) < 1 << 18
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    if encoding == "utf-8":
        try:
            text = head[: len(head) if whole else head.rfind(b"\n") + 1].decode("utf-8-sig")
            if not head.startswith(b"\xef\xbb\xbf") and not _old_ends(head) and (whole or _is_utf8(path)):
                return unpatterned(path, scratch), text
            encoding = "utf-8-sig" if head.startswith(b"\xef\xbb\xbf") else "cp1252"
        except UnicodeDecodeError:
            encoding = "cp1252"
    copy = scratch / "utf8.csv"
    with (
        path.open(encoding=encoding, errors="replace", newline=None if _old_ends(head) else "") as old,
        copy.open("w", encoding="utf-8", newline="") as new,
    ):
        while part := old.read(1 << 20):
            new.write(part)
    with copy.open(encoding="utf-8", newline="") as file:
        return copy, file.read(1 << 18)


def _old_ends(head: bytes) -> bool:
    """Whether lines end with a carriage return alone, as on the old Macintosh."""
    return b"\r" in head and b"\n" not in head


def unpatterned(path: Path, scratch: Path) -> Path:
    """The file under a name that DuckDB takes for no pattern: `*.csv` is one file and not all of a folder."""
    if not set("*?[") & set(str(path)):
        return path
    link = scratch / f"given{path.suffix}"
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    return link


def _is_utf8(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _dialect(text: str) -> tuple[str, str]:
    """The delimiter that gives most records the same number of fields, and how a quote inside quotes is written."""
    escape = "\\" if re.search(r'\\"', text) and '""' not in text.replace('"",', "").replace(',""', "") else '"'
    best, chosen = (0.0, 0), ","
    for delimiter in (",", "\t", ";", "|"):
        sample = io.StringIO(text[: 1 << 16])
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=delimiter, **_escaping(escape)) if row][:200]
        except csv.Error:
            continue
        if len(widths) > 2 and len(text) > 1 << 16:
            widths.pop()
        width, often = Counter(widths).most_common(1)[0] if widths else (0, 0)
        if width > 1 and (often / len(widths), width) > best:
            best, chosen = (often / len(widths), width), delimiter
    return chosen, escape


def _escaping(escape: str) -> dict[str, Any]:
    return {"doublequote": False, "escapechar": "\\"} if escape == "\\" else {"doublequote": True}


def _checked(path: Path, delimiter: str, escape: str, width: int, source: str) -> Iterator[list[str | None]]:
    """The records of a CSV file after its header, read by the standard library, which can say what is wrong where."""
    csv.field_size_limit(_LONGEST)
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader((line.replace("\0", "") for line in file), delimiter=delimiter, **_escaping(escape))
        try:
            number = 0
            for row in rows:
                if not row:
                    continue
                number += 1
                if number == 1:
                    continue
                if len(row) != width:
                    raise DataError(
                        f"{source}: line {rows.line_num} has {several(len(row), 'field')}, "
                        f"expected {width} as in the header"
                    )
                yield [cell or None for cell in row]
        except csv.Error as error:
            told = (
                f"has a cell of more than {_LONGEST:,} characters"
                if "field limit" in str(error)
                else f"is no record: {error}"
            )
            raise DataError(f"{source}: line {rows.line_num} {told}") from None
