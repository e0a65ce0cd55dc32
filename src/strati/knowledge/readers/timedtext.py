"""Captions in XML: TTML (W3C, `tt`), and YouTube's timed text in its three forms (`transcript`, `timedtext`)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document, Metadata
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers.cues import Cue, without_rolling, write_cues
from strati.knowledge.readers.package import parse_xml

_ROOT = re.compile(rb"<(?:[\w.-]+:)?(tt|transcript|timedtext)[\s>]")
_OFFSET = re.compile(r"(\d+(?:\.\d+)?)(h|m|s|ms|f|t)")
_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d)(?:\.(\d+)|:(\d+)(?:\.\d+)?)?")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


class TimedTextReader:
    """TTML and YouTube's timed text."""

    name = "timedtext"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        head = data[:2048].removeprefix(b"\xef\xbb\xbf").lstrip()
        if not head.startswith(b"<") or not _ROOT.search(head):
            return 0.0
        return 0.9 if re.search(rb"ttml|<text |<timedtext|<p t=|begin=", data[:20_000]) else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        root = parse_xml(data, name)
        made = DocumentBuilder(limits)
        kind = _local(root)
        if kind == "tt":
            cues = _ttml(root)
        elif kind == "transcript":
            cues = _youtube(root, "text", "start", "dur", 1.0)
        elif next(_named(root, "p"), None) is not None:
            cues = _youtube(root, "p", "t", "d", 0.001)
        elif kind == "timedtext":
            cues = _youtube(root, "text", "t", "d", 0.001)
        else:
            raise Refused(Reason.MALFORMED, f"the root element is {kind}, expected tt, transcript or timedtext")
        write_cues(made, without_rolling(cues))
        metadata = Metadata(language=root.get(_LANGUAGE) or None)
        return made.document(name, media_type="application/ttml+xml", reader=label(self), metadata=metadata)


def _youtube(root: Any, tag: str, start: str, length: str, unit: float) -> Iterator[Cue]:
    for element in _named(root, tag):
        begin, lasts = _number(element.get(start)), _number(element.get(length)) or 0.0
        text = html.unescape("".join(element.itertext()))
        first = None if begin is None else round(begin * unit, 3)
        yield Cue(first, round((first or 0.0) + lasts * unit, 3), tuple(text.split("\n")), element.sourceline or 1)


def _ttml(root: Any) -> Iterator[Cue]:
    rates = {key.rpartition("}")[2]: _number(value) for key, value in root.attrib.items()}
    frames = rates.get("frameRate") or 30.0
    ticks = rates.get("tickRate") or 1.0
    for element in _named(root, "p"):
        begin = _time(element.get("begin"), frames, ticks)
        end, lasts = _time(element.get("end"), frames, ticks), _time(element.get("dur"), frames, ticks)
        if end is None:
            end = (begin or 0.0) + (lasts or 0.0)
        yield Cue(begin, end, tuple("".join(_pieces(element)).split("\n")), element.sourceline or 1)


def _pieces(element: Any) -> Iterator[str]:
    yield re.sub(r"\s+", " ", element.text or "")
    for child in element:
        if _local(child) == "br":
            yield "\n"
        else:
            yield from _pieces(child)
        yield re.sub(r"\s+", " ", child.tail or "")


def _time(text: str | None, frames: float, ticks: float) -> float | None:
    """Seconds of a TTML time expression.

    >>> _time("00:01:02:15", 30, 1), _time("1.5s", 30, 1), _time("soon", 30, 1)
    (62.5, 1.5, None)
    """
    text = (text or "").strip()
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds, fraction, frame = clock.groups()
        found = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")
        return round(found + int(frame or 0) / frames, 3)
    if offset := _OFFSET.fullmatch(text):
        unit = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "f": 1 / frames, "t": 1 / ticks}[offset[2]]
        return round(float(offset[1]) * unit, 3)
    return None


def _number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d{1,12}(?:\.\d{1,9})?", text.strip()) else None


def _named(root: Any, name: str) -> Iterator[Any]:
    return (element for element in root.iter() if _local(element) == name)


def _local(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
