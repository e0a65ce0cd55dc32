"""YouTube's captions in JSON (`fmt=json3`): events with milliseconds and segments of text."""

from __future__ import annotations

import json
from collections.abc import Iterator

from strati.core.records import JSON
from strati.knowledge.decoding import begin_text, looks_like_text
from strati.knowledge.document import Document
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers.cues import Cue, without_rolling, write_cues


class YoutubeJsonReader:
    """YouTube JSON3."""

    name = "youtube_json"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        head = data[:20_000]
        likely = looks_like_text(data) and head.lstrip().startswith(b"{")
        return 0.9 if likely and b'"events"' in head and b'"tStartMs"' in head else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        text, made = begin_text(data, limits)
        try:
            events = json.loads(text)["events"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Refused(Reason.MALFORMED, "it is no JSON object with a list of events") from error
        if not isinstance(events, list):
            raise Refused(Reason.MALFORMED, f"its events are {type(events).__name__}, expected a list")
        write_cues(made, without_rolling(_cues(events)))
        return made.document(name, media_type="application/json", reader=label(self))


def _cues(events: list[JSON]) -> Iterator[Cue]:
    for number, event in enumerate(events, 1):
        segments = event.get("segs") if isinstance(event, dict) else None
        if not isinstance(segments, list):
            continue  # windows and styles
        pieces = (segment.get("utf8") for segment in segments if isinstance(segment, dict))
        text = "".join(piece for piece in pieces if isinstance(piece, str))
        start, lasts = _seconds(event.get("tStartMs")), _seconds(event.get("dDurationMs")) or 0.0
        yield Cue(start, (start or 0.0) + lasts, tuple(text.split("\n")), number)


def _seconds(value: JSON) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e12:
        return None
    return value / 1000
