"""Text in pictures by RapidOCR (PP-OCR models under ONNX Runtime, carried by its package: nothing is downloaded)."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from strati.core.errors import MissingExtra
from strati.knowledge.locator import Box
from strati.knowledge.readers.reading_order import same_row

SURE = 0.5  # of the recogniser, at least
DPI = 200  # at which pages without a text layer are drawn
PIXELS_AT_MOST = 60_000_000


class Recognised(NamedTuple):
    """A line of text and its box, in pixels from the top left corner."""

    text: str
    box: Box


def available() -> bool:
    """Whether pictures can be read on this machine."""
    return importlib.util.find_spec("rapidocr") is not None


def recognise(picture: Any) -> list[Recognised]:
    """The lines of a picture (height x width x 3, uint8, BGR) from top to bottom, pieces of a row from left to right.

    Raises:
        MissingExtra: RapidOCR is not installed.
    """
    found = _engine()(picture)
    if found.boxes is None or found.txts is None:
        return []
    lines = []
    for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        if text.strip() and score >= SURE:
            xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
            lines.append(Recognised(text.strip(), Box(min(xs), min(ys), max(xs), max(ys))))
    return _by_rows(lines)


def _by_rows(lines: Sequence[Recognised]) -> list[Recognised]:
    rows: list[list[Recognised]] = []
    for line in sorted(lines, key=lambda line: line.box.top + line.box.bottom):
        if rows and same_row(rows[-1][-1].box, line.box):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.box.left)]


@cache
def _engine() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise MissingExtra("rapidocr", "ocr") from error
    return RapidOCR(params={"Global.log_level": "critical"})
