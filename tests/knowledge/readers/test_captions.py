from __future__ import annotations

import json

import pytest

from strati.knowledge.document import Document
from strati.knowledge.reader import Reader, Reason, Refused
from strati.knowledge.readers.sbv import SbvReader
from strati.knowledge.readers.subrip import SubRipReader
from strati.knowledge.readers.timedtext import TimedTextReader
from strati.knowledge.readers.transcript import TranscriptReader
from strati.knowledge.readers.webvtt import WebVttReader
from strati.knowledge.readers.youtube_json import YoutubeJsonReader

from .samples import kinds, read


def cues(document: Document) -> list[tuple[float | None, float | None, str]]:
    return [(m.locator.seconds, m.locator.until, document.text[m.start : m.end]) for m in document.marks]


def vtt(text: str) -> Document:
    return read(WebVttReader(), ("WEBVTT\n\n" + text).encode())


def test_voices_tags_entities_and_names_of_cues() -> None:
    document = vtt("intro\n00:01.000 --> 01:02.500 align:start\n<v Ada>Hi &amp; <b>bye</b>\n<c.red>now</c>\n")
    assert cues(document) == [(1.0, 62.5, "Ada: Hi & bye now")]


def test_notes_styles_and_regions_are_left_out() -> None:
    blocks = (
        "STYLE\n::cue { color: red }\n\nNOTE a remark\nin two lines\n\nREGION\nid:x\n\n00:01.000 --> 00:02.000\nHi\n"
    )
    assert [text for _, _, text in cues(vtt(blocks))] == ["Hi"]


def test_lines_that_roll_up_come_once() -> None:
    rolling = (
        "00:01.000 --> 00:03.000\nwe go\n\n00:03.000 --> 00:03.010\nwe go\n\n"
        "00:03.010 --> 00:05.000\nwe go\nto the sea\n\n00:05.000 --> 00:07.000\nto the sea\nand swim\n"
    )
    assert [text for _, _, text in cues(vtt(rolling))] == ["we go", "to the sea", "and swim"]


def test_a_refrain_is_no_rolling_line() -> None:
    document = vtt("00:01.000 --> 00:03.000\nla la\n\n00:03.000 --> 00:05.000\nla la\n")
    assert [text for _, _, text in cues(document)] == ["la la", "la la"]


def test_text_under_an_unreadable_time_is_kept_with_its_line() -> None:
    document = vtt("00:01.000 --> 00:02.000\none\n\n00:02.000 --> 00:0x.000\ntwo\n\n00:03.000 --> 00:04.000\nthree\n")
    assert kinds(document) == [("caption", "one"), ("paragraph", "two"), ("caption", "three")]
    assert document.marks[1].locator.line == 6
    assert "line 6 holds no readable time" in document.warnings[0]


def test_captions_come_in_order_of_time() -> None:
    document = vtt("00:05.000 --> 00:06.000\nlater\n\n00:01.000 --> 00:02.000\nfirst\n")
    assert [text for _, _, text in cues(document)] == ["first", "later"]


def test_a_line_with_an_arrow_ends_a_cue() -> None:
    document = read(SubRipReader(), b"1\n00:00:01,000 --> 00:00:02,000\none\n2\n00:00:02,000 --> 00:00:03,000\ntwo\n")
    assert cues(document) == [(1.0, 2.0, "one"), (2.0, 3.0, "two")]


def test_subrip_with_points_and_places() -> None:
    document = read(SubRipReader(), "\ufeff1\r\n00:00:01,5 --> 00:00:02.250\r\n{\\an8}<i>café</i>\r\n".encode())
    assert cues(document) == [(1.5, 2.25, "café")]


def test_sbv_that_ends_before_it_starts() -> None:
    document = read(SbvReader(), b"0:00:02.000,0:00:01.000\nHi\nyou\n")
    assert cues(document) == [(2.0, 2.0, "Hi you")]
    assert "ends before it starts" in document.warnings[0]


@pytest.mark.parametrize(
    ("reader", "data", "reason"),
    [
        (WebVttReader(), b"WEBVTT", Reason.EMPTY),
        (WebVttReader(), b"WEBVTT\n\nonly words\n", Reason.MALFORMED),
        (SubRipReader(), b"1\n", Reason.EMPTY),
        (SubRipReader(), b"1\nsome text", Reason.MALFORMED),
        (SbvReader(), b"some text", Reason.MALFORMED),
        (YoutubeJsonReader(), b'{"events": 3}', Reason.MALFORMED),
        (TimedTextReader(), b"<transcript><text></transcript>", Reason.MALFORMED),
        (TimedTextReader(), b"<other/>", Reason.MALFORMED),
        (TranscriptReader(), b"0:01 hello", Reason.MALFORMED),
    ],
)
def test_refusals(reader: Reader, data: bytes, reason: Reason) -> None:
    with pytest.raises(Refused) as refusal:
        read(reader, data)
    assert refusal.value.reason is reason


def test_ttml_times() -> None:
    tt = (
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25" '
        'xml:lang="de"><body><div><p begin="00:00:01:05" dur="2s">Guten <span>Tag</span></p></div></body></tt>'
    )
    document = read(TimedTextReader(), tt.encode())
    assert cues(document) == [(1.2, 3.2, "Guten Tag")]
    assert document.metadata.language == "de"


@pytest.mark.parametrize(
    "xml",
    [
        '<transcript><text start="1.2" dur="2">it&amp;#39;s here</text></transcript>',
        '<timedtext format="3"><body><p t="1200" d="2000"><s>it\'s</s><s t="300"> here</s></p></body></timedtext>',
        '<timedtext><text t="1200" d="2000">it\'s here</text></timedtext>',
    ],
)
def test_the_forms_of_youtube(xml: str) -> None:
    assert cues(read(TimedTextReader(), xml.encode())) == [(1.2, 3.2, "it's here")]


def test_json3_leaves_out_events_without_text() -> None:
    events = [
        {"id": 1},
        {"tStartMs": 500, "dDurationMs": 1000, "segs": [{"utf8": "a "}, {"utf8": "b"}]},
        {"segs": [{}]},
    ]
    assert cues(read(YoutubeJsonReader(), json.dumps({"events": events}).encode())) == [(0.5, 1.5, "a b")]


def test_a_transcript_keeps_what_stands_before_it() -> None:
    outline = "A talk\n10 Jul 202337:04\n\nOutline\n\n00:00\n\nHello\n\n05:02\n\nRisks\n\n"
    talk = outline + "".join(f"play{n:02}:30\n\nword {n}\n\n" for n in range(6))
    document = read(TranscriptReader(), talk.encode())
    captions = [(second, text) for second, _, text in cues(document) if second is not None]
    assert captions == [(60.0 * n + 30, f"word {n}") for n in range(6)]
    assert document.marks[-1].locator.until == 330
    assert ("paragraph", "Risks") in kinds(document)


@pytest.mark.parametrize(
    "form", ["[0:{n}0:00] Ada: word", "({n}:00) Ada: word", "{n}:00 - Ada: word", "{n}:00\nAda: word"]
)
def test_forms_of_stamps(form: str) -> None:
    document = read(TranscriptReader(), "\n".join(form.format(n=n) for n in range(1, 6)).encode())
    assert [text for _, _, text in cues(document)] == ["Ada: word"] * 5


def test_a_programme_of_the_day_is_no_transcript() -> None:
    day = "9:30 Welcome\n10:00 Talks\n11:00 Coffee\n11:30 More talks\n12:30 Lunch\n"
    assert TranscriptReader().sniff(day.encode(), "day.txt") == 0
    assert TranscriptReader().sniff(day.replace("9:30", "0:30").encode(), "day.txt") > 0


def test_prose_with_a_few_times_is_no_transcript() -> None:
    prose = "\n".join(
        ["The shop opens", "9:30", "and the door is red.", *["More words."] * 40, "12:30", "13:30", "14:30"]
    )
    assert TranscriptReader().sniff(prose.encode(), "a.txt") == 0
