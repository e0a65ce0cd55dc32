"""Every reader through the published checker, over samples of every format; and damaged by chance."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strati.core.errors import MissingExtra
from strati.knowledge.document import faults
from strati.knowledge.reader import Limits, Refused, reader_for, readers
from strati.testing import check_reader

from . import samples

VTT = "WEBVTT\n\n00:01.000 --> 00:02.500\n<v Ada>Hello &amp; welcome\n\n00:02.500 --> 00:04.000\nto the show\n"
SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello\n\n2\n00:00:02,500 --> 00:00:04,000\nto the <i>show</i>\n"
MAIL = (
    "From: Ada <ada@example.org>\nTo: Bob <bob@example.org>\nSubject: The lease\nDate: Mon, 5 Feb 2024 10:00:00 +0000\n"
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n'
    'Please sign.\n\nAda\n--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename="terms.txt"\n\n'
    "Either party may leave.\n--b--\n"
)
HTML = (
    "<!doctype html><html lang=en><head><title>Leases</title></head><body><nav><a href=/>Home</a></nav><main>"
    "<h1>Leases</h1><p>Either party<br>may leave.</p><ul><li>one<ul><li>two</li></ul></li></ul>"
    "<table><tr><th>Name</th><th>Rent</th></tr><tr><td>Ada</td><td>900</td></tr></table>"
    "<pre>a  b\n c</pre></main></body></html>"
)
RSS = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><item><title>Rain</title>'
    "<description>&lt;p&gt;It rains.&lt;/p&gt;</description></item></channel></rss>"
)
TTML = (
    '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="00:00:01.000" end="00:00:02.000">Hello<br/>you</p>'
    "</div></body></tt>"
)
JSON3 = json.dumps({"events": [{"tStartMs": 1000, "dDurationMs": 500, "segs": [{"utf8": "Hello"}, {"utf8": " you"}]}]})
TALK = "A talk\n\nplay00:00\n\nhello\n\nplay00:05\n\nall of you\n\nplay00:09\n\nhere\n\nplay01:00\n\nbye\n"
LETTER = samples.lines(["Either party may end the lease", "with a notice of thirty days.", "(a) in writing, or"])
RTF = (
    r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}}{\stylesheet{\s1 heading 1;}}\pard\s1 Lease\par"
    r"\pard Either soci\'e9t\'e9 may leave.\par\trowd\cellx1\cellx2\intbl Name\cell Rent\cell\row"
    r"\trowd\intbl Ada\cell 900\cell\row\pard Signed\par}"
)
RST = (
    "=====\nLease\n=====\n\n.. _ending:\n\nEnding it\n=========\n\nEither :ref:`party <parties>` may *leave*.\n\n"
    ".. note::\n\n    In writing, see ``DAYS``::\n\n        DAYS = 30\n\n* one\n* two\n"
)
ODT = '<text:h text:outline-level="1">Lease</text:h><text:p>Either party<text:s/>may leave.</text:p>'
TABLE = [["Name", "Rent"], ["Ada", "900"], ["Bob", "850"]]

SAMPLES: Mapping[str, tuple[str, bytes]] = {
    "pdf": ("lease.pdf", samples.pdf([LETTER, samples.lines(["Second page"])], outline=[(1, "Second page")])),
    "docx": ("lease.docx", samples.docx(samples.paragraph("Either party may leave.") + samples.paragraph("Signed"))),
    "pptx": (
        "talk.pptx",
        samples.pptx([samples.shape("Rivers", "title") + samples.shape("one\ntwo", "body")], "Breathe"),
    ),
    "spreadsheet": ("plan.xlsx", samples.xlsx({"Plan": {"A1": "Name", "B1": "Rent", "A2": "Ada", "B2": 900}})),
    "rtf": ("lease.rtf", RTF.encode("ascii")),
    "opendocument": ("lease.odt", samples.open_document("text", ODT)),
    "restructuredtext": ("lease.rst", RST.encode()),
    "epub": ("book.epub", samples.epub(["<h1>Source</h1><p>It springs.</p>", "<h1>Mouth</h1><p>It ends.</p>"])),
    "email": ("lease.eml", MAIL.encode()),
    "outlook": ("lease.msg", samples.msg("The lease", "Please sign.", ("terms.txt", b"Either party"))),
    "notebook": ("a.ipynb", samples.notebook([{"cell_type": "markdown", "source": "# Rivers\n\n* one"}])),
    "csv": ("plan.csv", "\n".join(map(",".join, TABLE)).encode()),
    "html": ("page.html", HTML.encode()),
    "feed": ("news.xml", RSS.encode()),
    "timedtext": ("talk.ttml", TTML.encode()),
    "webvtt": ("talk.vtt", VTT.encode()),
    "subrip": ("talk.srt", SRT.encode()),
    "sbv": ("talk.sbv", b"0:00:01.000,0:00:02.500\nHello\n\n0:00:02.500,0:00:04.000\nto the show\n"),
    "youtube_json": ("talk.json3", JSON3.encode()),
    "transcript": ("talk.txt", TALK.encode()),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_reader(name: str) -> None:
    others = [data for other, (_, data) in SAMPLES.items() if other != name]
    check_reader(readers()[name], [SAMPLES[name]], others=others)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_content_decides_and_not_the_ending(name: str) -> None:
    file, data = SAMPLES[name]
    assert reader_for(data, file).name == name
    if name != "csv":  # three lines with a comma each could be prose
        assert reader_for(data, "renamed.txt").name == name


def test_every_reader_with_a_format_of_its_own_has_a_sample() -> None:
    assert set(readers()) - set(SAMPLES) == {"text", "markdown", "image", "audio"}


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("pdf", "pypdfium2"),
        ("html", "lxml"),
        ("docx", "lxml"),
        ("spreadsheet", "python_calamine"),
        ("outlook", "olefile"),
    ],
)
def test_a_missing_package_names_the_extra(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"pip install -e '\.\[docs\]'"):
        readers()[name].read(SAMPLES[name][1], "it", Limits())


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damage_is_refused_or_read(name: str, data: st.DataObject) -> None:
    """Bytes changed, cut out and put in: a document that keeps the contract, or `Refused`, and nothing else."""
    content = bytearray(SAMPLES[name][1])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 20))
        content[place : place + cut] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b"<", b">", b"&", b"-->", b"\0"])
        )
    try:
        document = readers()[name].read(bytes(content), "it", Limits())
    except Refused:
        return
    assert list(faults(document)) == []


@pytest.mark.parametrize("name", ["docx", "pptx", "spreadsheet", "epub", "opendocument"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damage_inside_a_package(name: str, data: st.DataObject) -> None:
    """A member of the zip file changed, the container whole."""
    import io
    import zipfile

    archive = zipfile.ZipFile(io.BytesIO(SAMPLES[name][1]))
    members = {member: archive.read(member) for member in archive.namelist()}
    changed = data.draw(st.sampled_from(sorted(members)))
    content = bytearray(members[changed])
    place = data.draw(st.integers(0, len(content)))
    content[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=5))
    try:
        document = readers()[name].read(samples.zipped({**members, changed: bytes(content)}), "it", Limits())
    except Refused:
        return
    assert list(faults(document)) == []
