"""Files made to do harm: they are refused or read as text, and nothing is fetched or opened for them."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from contextlib import suppress
from io import BytesIO

import pytest

from strati.knowledge.reader import Limits, Reason, Refused, read

from .samples import W, docx, paragraph, zipped

GUARDED = """
import sys
from strati.knowledge.reader import Refused, read, readers
from tests.knowledge.readers.test_contract import SAMPLES
from tests.knowledge.readers.test_untrusted import REFERRING
opened = []
for reader in readers().values():  # first imports open files of their own
    for name, data in SAMPLES.values():
        reader.sniff(data, name)
for name, data in SAMPLES.values():
    read(data, name)
def watch(event, arguments):
    outside = event.startswith(("socket.", "subprocess.", "os.system", "urllib."))
    if outside or (event == "open" and "secret" in str(arguments)):
        opened.append((event, arguments))
sys.addaudithook(watch)
for name, data in [*SAMPLES.values(), *REFERRING]:
    try:
        text = read(data, name).text
        assert "root:" not in text, text
    except Refused:
        pass
assert not opened, opened
print("nothing")
"""
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b SYSTEM "http://127.0.0.1/secret">]>'
REFERRING = [
    ("a.docx", docx("<w:p/>", styles=f"{EXTERNAL}<w:styles {W}>&a;&b;</w:styles>")),
    ("a.ttml", f'{EXTERNAL}<tt xmlns="http://www.w3.org/ns/ttml"><p begin="1s">&a;&b;</p></tt>'.encode()),
    ("a.xml", f'<?xml version="1.0"?>{EXTERNAL}<rss><channel><title>&a;</title></channel></rss>'.encode()),
    (
        "a.html",
        b'<html><head><link rel=stylesheet href="http://127.0.0.1/secret"></head><body><img src="/etc/secret">x</body>',
    ),
]


def test_nothing_is_fetched_and_no_other_file_opened() -> None:
    done = subprocess.run([sys.executable, "-c", GUARDED], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "nothing", done.stderr


def test_a_billion_laughs() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]><rss><channel><title>&l9;</title></channel></rss>'
    with pytest.raises(Refused, match="malformed"):
        read(bomb.encode(), "a.xml")


def test_a_zip_bomb_is_known_by_its_directory() -> None:
    bomb = zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": b"\0" * 50_000_000})
    assert len(bomb) < 100_000
    with pytest.raises(Refused, match="it unpacks to 50,000,0") as refusal:
        read(bomb, "a.docx", Limits(expanded=10_000_000))
    assert refusal.value.reason is Reason.TOO_LARGE


def test_a_zip_file_that_lies_about_sizes() -> None:
    honest = docx(paragraph("Rent " * 1000))
    with zipfile.ZipFile(BytesIO(honest)) as archive:
        size = archive.getinfo("word/document.xml").file_size
    lying = honest.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    with pytest.raises(Refused) as refusal:
        read(lying, "a.docx")
    assert refusal.value.reason is Reason.MALFORMED


def test_a_locked_package() -> None:
    data = bytearray(docx(paragraph("Rent")))
    place = data.find(b"PK\x01\x02")
    data[place + 8] |= 1
    with pytest.raises(Refused) as refusal:
        read(bytes(data), "a.docx")
    assert refusal.value.reason is Reason.ENCRYPTED


def test_a_member_without_a_name() -> None:
    assert read(zipped({"[Content_Types].xml": "", "": "x", **_parts()}), "a.docx").text == "Rent"


def _parts() -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(docx(paragraph("Rent")))) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "[Content_Types].xml"}


def test_too_many_members() -> None:
    many = zipped({"[Content_Types].xml": "", "word/document.xml": "", **{f"word/{n}": "" for n in range(50)}})
    with pytest.raises(Refused, match="it has 52 members, the limit is 20"):
        read(many, "a.docx", Limits(members=20))


@pytest.mark.parametrize(
    "data",
    [
        b"<html><body>" + b"<div " + b"a=" * 100_000,
        b"<!doctype html>" + b"<!--" * 50_000,
        b"<html><style>" + b"display" * 50_000,
        b"WEBVTT\n\n" + b"<" * 200_000,
        b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<v " * 100_000,
        b"a:" * 100_000,
        b"1:" * 100_000,
        b"From: " * 50_000,
        b"," * 200_000,
        b'"' * 100_001,
        b"{" * 100_000,
        b"\n".join([b"12:34 " + b"-" * 1000] * 100),
        b"<?xml " * 50_000,
    ],
    ids=lambda data: repr(data[:12]),
)
@pytest.mark.timeout(30)
def test_no_pattern_takes_for_ever(data: bytes) -> None:
    """Each of these would take hours under a pattern that tries all ways; here it is read or refused."""
    with suppress(Refused):
        assert read(data, "it").text
