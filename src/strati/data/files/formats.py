"""Chooses the format of a file by its content; the ending of its name only helps to explain what is wrong."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from strati.core.content import Content
from strati.core.encoding import encoding_of, open_text
from strati.core.errors import DataError
from strati.data.files.conll import ENDINGS, Conll, looks_like_conll
from strati.data.files.delimited import Delimited
from strati.data.files.jsontable import JsonLines, JsonList, rows_key
from strati.data.files.orange import Orange, orange_header
from strati.data.files.parquet import Parquet
from strati.data.files.table import Table

FORMATS = ("csv", "tsv", "jsonl", "json", "parquet", "orange", "conll")
_BY_ENDING = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".parquet": "parquet"} | dict.fromkeys(
    ENDINGS, "conll"
)


class Opened(NamedTuple):
    """A file as a table, with the encoding it was read in."""

    table: Table
    encoding: str
    note: str = ""


def open_table(content: Content, known: Collection[str] = (), format: str | None = None) -> Opened:
    """The content as a table. `known` are column names the user gave; `format` overrides what the content shows."""
    if format is not None and format not in FORMATS:
        raise DataError(f"the format {format!r} is not known, expected one of: {', '.join(FORMATS)}")
    if content.head.startswith(b"PAR1"):
        return Opened(Parquet(content.name, _on_disk(content)), "binary")
    wanted = format or _BY_ENDING.get(content.path.suffix.lower() if content.path else "")
    if wanted == "parquet":
        raise DataError(f"{content.name} is not a Parquet file: it does not begin with PAR1")
    encoding = encoding_of(content)
    open_ = partial(open_text, content, encoding)
    with open_() as file:
        start = [line[:100_000] for line in islice(file, 4)]
    found = format or _shape(start, wanted)
    if found == "jsonl" and format is None and _one_wrapped(start):
        found = "json"
    table: Table
    if found == "json":
        table = JsonList(content.name, open_)
    elif found == "conll":
        table = Conll(content.name, open_)
    elif found == "jsonl":
        table = JsonLines(content.name, open_)
    elif found in ("orange", None) and (header := orange_header(start)):
        table = Orange(content.name, open_, header)
    elif found == "orange":
        raise DataError(
            f"{content.name} has none of Orange's headers: three lines of names, types and flags, or prefixes"
        )
    else:
        table = Delimited(content.name, open_, known, tabs=found == "tsv")
    return Opened(table, encoding.name, encoding.note)


def _shape(start: list[str], ending: str | None) -> str | None:
    text = "".join(start).lstrip()
    if re.match(r"\[\s*[{\[\]]", text):
        return "json"
    if text.startswith("{"):
        return "jsonl" if _is_object(text.splitlines()[0]) or ending == "jsonl" else "json"
    return "conll" if ending is None and looks_like_conll(start) else ending


def _one_wrapped(start: Sequence[str]) -> bool:
    """Whether a file is one object on one line that holds a list of rows, and no second line."""
    lines = [line for line in start if line.strip()]
    if len(lines) != 1:
        return False
    if len(lines[0]) >= 100_000:  # cut: a row a line is never so long and so full of objects
        return bool(re.match(r'\s*\{\s*"[^"]*"\s*:\s*\[\s*\{', lines[0]))
    try:
        found = json.loads(lines[0])
    except ValueError:
        return False
    return isinstance(found, dict) and rows_key(found) is not None


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return len(line) >= 100_000


def _on_disk(content: Content) -> Path:
    """A path that DuckDB takes literally: the file's own, or of a copy that is kept until the process ends."""
    if content.path is not None and not set("*?[") & set(str(content.path.resolve())):
        return content.path
    handle, name = tempfile.mkstemp(suffix=".parquet")
    atexit.register(Path(name).unlink, missing_ok=True)
    with os.fdopen(handle, "wb") as file, content.open() as data:
        shutil.copyfileobj(data, file)
    return Path(name)
