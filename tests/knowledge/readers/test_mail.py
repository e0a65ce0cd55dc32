from __future__ import annotations

from email.message import EmailMessage

import pytest

from strati.knowledge.reader import Limits, Reason, Refused
from strati.knowledge.readers.email import EmailReader
from strati.knowledge.readers.outlook import OutlookReader

from .samples import found, kinds, msg, ole, read

MAIL = EmailReader()
OUTLOOK = OutlookReader()


def message(**headers: str) -> EmailMessage:
    made = EmailMessage()
    for name, value in {
        "From": "Ada <ada@example.org>",
        "To": "bob@example.org",
        "Subject": "Miete für Mai",
        **headers,
    }.items():
        made[name] = value
    return made


def test_head_body_and_attachments() -> None:
    mail = message(Date="Mon, 5 Feb 2024 10:00:00 +0100")
    mail.set_content("Bitte zahlen.\n\nGrüße\nAda\n")
    mail.add_alternative("<p>Bitte <b>zahlen</b>.</p>", subtype="html")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="../miete.pdf")
    document = read(MAIL, bytes(mail))
    assert kinds(document)[0] == ("title", "Miete für Mai")
    assert kinds(document)[2:] == [("paragraph", "Bitte zahlen."), ("paragraph", "Grüße\nAda")]
    assert found(document, "Grüße") == "body, line 3"
    assert [(one.name, one.data) for one in document.attachments] == [("../miete.pdf", b"%PDF-1.4")]
    assert document.metadata.created == "2024-02-05T10:00:00+01:00"


def test_a_body_of_html_alone() -> None:
    mail = message()
    mail.set_content("<h1>Rent</h1><p>It is due.</p>", subtype="html")
    document = read(MAIL, bytes(mail))
    assert kinds(document)[2:] == [("heading", "Rent"), ("paragraph", "It is due.")]


def test_an_empty_text_beside_the_real_one() -> None:
    mail = message()
    mail.set_content("\n")
    mail.add_alternative("<p>It is due.</p>", subtype="html")
    assert kinds(read(MAIL, bytes(mail)))[2:] == [("paragraph", "It is due.")]


def test_an_attached_message_is_an_attachment() -> None:
    inner = message(Subject="Inner")
    inner.set_content("deep")
    mail = message()
    mail.set_content("see below")
    mail.add_attachment(inner)
    attached = read(MAIL, bytes(mail)).attachments
    assert len(attached) == 1
    assert read(MAIL, attached[0].data).metadata.title == "Inner"


@pytest.mark.parametrize("charset", ["no-such-charset", "ascii", "utf-8"])
def test_a_wrong_charset_is_read_all_the_same(charset: str) -> None:
    head = f"From: a@example.org\nTo: b@example.org\nSubject: x\nContent-Type: text/plain; charset={charset}\n\n"
    assert "Grüße" in read(MAIL, head.encode() + "Grüße".encode()).text


def test_an_encrypted_message() -> None:
    data = b"From: a@example.org\nTo: b\nSubject: x\nContent-Type: application/pkcs7-mime\n\nMIIB\n"
    with pytest.raises(Refused) as refusal:
        read(MAIL, data)
    assert refusal.value.reason is Reason.ENCRYPTED


def test_prose_that_looks_like_a_head_is_no_mail() -> None:
    assert MAIL.sniff(b"Note: this is it\nFrom: the office\n\nwords", "a.txt") == 0


def test_attachments_that_grow_too_large() -> None:
    mail = message()
    mail.set_content("x")
    mail.add_attachment(b"0" * 2000, maintype="application", subtype="octet-stream", filename="a.bin")
    with pytest.raises(Refused, match="too large"):
        MAIL.read(bytes(mail), "it", Limits(expanded=1000))


def test_an_outlook_message() -> None:
    document = read(OUTLOOK, msg("The lease", "Please sign.\r\n\r\nAda", ("terms.txt", b"Either party")))
    assert kinds(document)[0] == ("title", "The lease")
    assert found(document, "Please sign") == "body, line 1"
    assert document.metadata.created == "2022-06-18T04:26:40+00:00"
    assert [(one.name, one.data.rstrip(b"\0")) for one in document.attachments] == [("terms.txt", b"Either party")]


@pytest.mark.parametrize(
    ("stream", "reason", "told"),
    [
        ("EncryptedPackage", Reason.ENCRYPTED, "a password is needed"),
        ("WordDocument", Reason.UNKNOWN_TYPE, "it is a Word 97-2003 file; save it as .docx"),
        ("PowerPoint Document", Reason.UNKNOWN_TYPE, "save it as .pptx"),
        ("Something", Reason.UNKNOWN_TYPE, "without a message"),
    ],
)
def test_other_files_in_the_same_container(stream: str, reason: Reason, told: str) -> None:
    with pytest.raises(Refused, match=told) as refusal:
        read(OUTLOOK, ole({stream: b"x"}))
    assert refusal.value.reason is reason
