"""Jupyter notebooks (nbformat 3 and 4): text cells as Markdown, code cells as code, outputs as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from strati.core.records import JSON
from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.decoding import decode, looks_like_text
from strati.knowledge.document import Document, Kind, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers.markdown import MarkdownReader

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class NotebookReader:
    """Jupyter notebooks."""

    name = "notebook"
    version = "1"

    def sniff(self, data: bytes, name: str) -> float:
        if not looks_like_text(data) or not data.lstrip().startswith(b"{"):
            return 0.0
        return 0.9 if b'"nbformat"' in data and b'"cell_type"' in data else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        made = DocumentBuilder(limits)
        try:
            notebook = json.loads(decode(data)[0])
        except (ValueError, RecursionError) as error:
            raise Refused(Reason.MALFORMED, "it is no valid JSON") from error
        language = _language(notebook)
        for number, cell in enumerate(_cells(notebook), 1):
            at = Locator(part=f"cell {number}")
            source = _joined(cell.get("source", cell.get("input")))
            if cell.get("cell_type") == "markdown":
                _markdown(made, source, at, limits)
            elif cell.get("cell_type") == "heading":
                level = cell.get("level")
                made.block(Kind.HEADING, source, level=level if isinstance(level, int) and 0 < level < 7 else 1, at=at)
            else:
                _code(made, source, at)
                for output in _outputs(cell):
                    _code(made, output, Locator(part=f"output of cell {number}"))
        metadata = Metadata(other={"programming_language": language} if language else {})
        return made.document(name, media_type="application/x-ipynb+json", reader=label(self), metadata=metadata)


def _cells(notebook: JSON) -> Iterator[Mapping[str, JSON]]:
    if not isinstance(notebook, dict):
        raise Refused(Reason.MALFORMED, "it is no JSON object with cells")
    sheets = notebook.get("worksheets")
    holders = sheets if isinstance(sheets, list) else [notebook]
    for holder in holders:
        cells = holder.get("cells") if isinstance(holder, dict) else None
        if not isinstance(cells, list):
            raise Refused(Reason.MALFORMED, "it has no list of cells")
        yield from (cell for cell in cells if isinstance(cell, dict))


def _outputs(cell: Mapping[str, JSON]) -> Iterator[str]:
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if isinstance(output, dict):
            data = output.get("data")
            plain = data.get("text/plain") if isinstance(data, dict) else None
            trace = output.get("traceback")
            yield _COLOURS.sub("", _joined(output.get("text") or plain or (trace if isinstance(trace, list) else "")))


def _markdown(made: DocumentBuilder, source: str, at: Locator, limits: Limits) -> None:
    """The blocks that the Markdown reader finds, at their line of the cell."""
    try:
        inner = MarkdownReader().read(source.encode("utf-8", "replace"), "cell.md", limits)
    except Refused:
        return
    moved: dict[int, tuple[int, int]] = {}
    for block in inner.blocks:
        header = moved.get(block.header[0]) if block.header and block.header[0] != block.start else None
        made.begin(block.kind, level=block.level, header=header)
        position = block.start
        for start, end, locator in inner.places(block.start, block.end):
            made.add(inner.text[position:start])
            made.add(inner.text[start:end], at=replace(at, line=locator.line))
            position = end
        made.add(inner.text[position : block.end])
        span = made.end()
        if span is not None:
            moved[block.start] = span


def _code(made: DocumentBuilder, source: str, at: Locator) -> None:
    lines = source.strip("\n").split("\n")
    made.lines(Kind.CODE, ((line, replace(at, line=number)) for number, line in enumerate(lines, 1)))


def _joined(value: JSON) -> str:
    if isinstance(value, list):
        return "".join(piece for piece in value if isinstance(piece, str))
    return value if isinstance(value, str) else ""


def _language(notebook: JSON) -> str:
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = kernel.get("language") if isinstance(kernel, dict) else None
    return language if isinstance(language, str) else ""
