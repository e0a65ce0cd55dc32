"""Pictures by OCR and recordings by Whisper: what runs without them, and, where they are installed, with them."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest

from strati.core.errors import ModelError
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers import ocr
from strati.knowledge.readers.audio import AudioReader
from strati.knowledge.readers.image import ImageReader
from strati.knowledge.readers.pdf import PdfReader
from strati.models.local.speech import speech_model
from tests.models.speech_entries import speech_entry

from .samples import found, read

PNG = b"\x89PNG\r\n\x1a\n"


def silence(seconds: float = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(bytes(int(32000 * seconds)))
    return file.getvalue()


@pytest.mark.parametrize(
    ("start", "sure"),
    [
        (PNG, 1),
        (b"\xff\xd8\xff\xe0", 1),
        (b"BM\x10\0\0\0\0\0\0\0", 1),
        (b"BMW drives", 0),
        (b"II*\0", 1),
        (b"%PDF-1", 0),
    ],
)
def test_pictures_are_known_by_their_signature(start: bytes, sure: float) -> None:
    assert ImageReader().sniff(start + b"x" * 20, "a.txt") == sure


@pytest.mark.parametrize("start", [b"fLaC", b"OggS\0", b"ID3\x04", b"\0\0\0\x20ftypM4A ", silence()[:44]])
def test_recordings_are_known_by_their_signature(start: bytes) -> None:
    assert AudioReader().sniff(start + b"x" * 20, "a.txt") == 1


def test_a_picture_without_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "available", lambda: False)
    with pytest.raises(Refused, match=r"\.\[ocr\]") as refusal:
        read(ImageReader(), PNG)
    assert refusal.value.reason is Reason.NO_TEXT_LAYER


def test_a_recording_without_a_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    monkeypatch.delenv("STRATI_WHISPER", raising=False)
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path))
    with pytest.raises(Refused, match="run `strati models pull whisper-tiny-en`") as refusal:
        read(AudioReader(), silence())
    assert refusal.value.reason is Reason.MISSING_EXTRA
    monkeypatch.setenv("STRATI_WHISPER", str(tmp_path))
    with pytest.raises(Refused, match=r"has no config\.json") as refusal:
        read(AudioReader(), silence())
    assert refusal.value.reason is Reason.MISSING_EXTRA


def test_another_speech_model_is_another_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "store"))
    monkeypatch.delenv("STRATI_WHISPER", raising=False)
    labels = [label(AudioReader())]
    for name in ("one", "two"):
        speech_entry(tmp_path, name)
        monkeypatch.setenv("STRATI_WHISPER", str(tmp_path / name))
        labels += [label(AudioReader()), label(AudioReader())]
    none, one, again, two, _ = labels
    assert none == "audio.v2"
    assert one == again != two
    assert one.startswith("audio.v2+")
    assert two.startswith("audio.v2+")


def picture(text: str) -> bytes:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (420, 120), "white")
    ImageDraw.Draw(image).text((20, 40), text, fill="black", font_size=36)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_the_text_of_a_picture() -> None:
    pytest.importorskip("rapidocr")
    document = read(ImageReader(), picture("Rent is due"))
    assert document.text == "Rent is due"
    box = document.marks[0].locator.box
    assert box is not None
    assert 0 <= box.left < 60 < 180 < box.right <= 420
    assert found(document, "due") == "page 1"


def test_a_scanned_page() -> None:
    """A page that is a picture of 420 by 120 pixels, shown at half their size."""
    pytest.importorskip("rapidocr")
    from PIL import Image

    file = io.BytesIO()
    Image.open(io.BytesIO(picture("Rent is due"))).save(file, "PDF", resolution=144)
    document = read(PdfReader(), file.getvalue())
    assert document.text == "Rent is due"
    box = document.marks[0].locator.box
    assert box is not None
    assert box.right <= document.pages[0].width == pytest.approx(210)


def test_a_picture_that_is_cut_off_or_too_large() -> None:
    pytest.importorskip("rapidocr")
    with pytest.raises(Refused, match="malformed"):
        read(ImageReader(), picture("Rent")[:200])
    huge = picture("Rent")[:16] + (100_000).to_bytes(4, "big") * 2 + picture("Rent")[24:]
    with pytest.raises(Refused):
        ImageReader().read(huge, "it", Limits())


def test_silence_holds_no_text() -> None:
    pytest.importorskip("faster_whisper")
    try:
        speech_model()
    except ModelError:
        pytest.skip("no speech model on this machine")
    with pytest.raises(Refused) as refusal:
        read(AudioReader(), silence())
    assert refusal.value.reason is Reason.EMPTY
    with pytest.raises(Refused) as refusal:
        read(AudioReader(), silence()[:30])
    assert refusal.value.reason is Reason.MALFORMED
