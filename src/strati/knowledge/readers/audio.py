"""Recordings and the sound tracks of videos by Whisper (faster-whisper); every segment with its times.

The model is a folder in CTranslate2's format that is on this machine: the one that STRATI_WHISPER names, or `whisper`
in the folder of pulled models. Nothing is downloaded while reading. What is heard may be wrong: it is a model's guess.
"""

from __future__ import annotations

import importlib.util
import io
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from strati.errors import MissingExtra
from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document, Kind, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.models.store import cache_folder

_STARTS = {
    b"fLaC": "audio/flac",
    b"OggS\0": "audio/ogg",
    b"ID3\2": "audio/mpeg",
    b"ID3\3": "audio/mpeg",
    b"ID3\4": "audio/mpeg",
    b"\xff\xfb": "audio/mpeg",
    b"\xff\xf3": "audio/mpeg",
    b"\xff\xf2": "audio/mpeg",
    b"#!AMR": "audio/amr",
    b"\x1aE\xdf\xa3": "video/webm",
}
_FORMS = {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo", b"AIFF": "audio/aiff", b"AIFC": "audio/aiff"}
_NEEDED = ("config.json", "model.bin", "tokenizer.json")


class AudioReader:
    """Speech in sound and video files."""

    name = "audio"
    version = "1"

    def sniff(self, data: bytes, name: str) -> float:
        return 1.0 if _media_type(data) else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        if importlib.util.find_spec("faster_whisper") is None:
            raise MissingExtra("faster-whisper", "audio")
        folder = model_folder()
        made = DocumentBuilder(limits)
        before = 0.0
        segments, language = _heard(data, folder)
        for start, end, text in segments:
            at = Locator(seconds=max(round(start, 2), before), until=max(round(end, 2), before))
            before = at.seconds or 0.0
            made.block(Kind.CAPTION, text.strip(), at=at)
        metadata = Metadata(language=language, other={"speech_model": folder.name})
        return made.document(name, media_type=_media_type(data), reader=label(self), metadata=metadata)


def model_folder(environment: Mapping[str, str] | None = None) -> Path:
    """The folder of the speech model.

    Raises:
        Refused: there is none, and where one would be looked for.
    """
    environment = os.environ if environment is None else environment
    named = environment.get("STRATI_WHISPER")
    folder = Path(named) if named else cache_folder(environment) / "whisper"
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        wanted = f"no speech model: {folder} has no {missing[0]}; set STRATI_WHISPER to a folder with a Whisper model"
        raise Refused(Reason.MISSING_EXTRA, f"{wanted} in CTranslate2's format")
    return folder


def _media_type(data: bytes) -> str:
    """The type by the signature, "" for what is no recording."""
    if data[:4] in (b"RIFF", b"FORM"):
        return _FORMS.get(data[8:12], "")
    if data[4:8] == b"ftyp":
        return "audio/mp4" if data[8:11] == b"M4A" else "video/mp4"
    return next((kind for magic, kind in _STARTS.items() if data.startswith(magic)), "")


def _heard(data: bytes, folder: Path) -> tuple[Iterator[tuple[float, float, str]], str | None]:
    """(start, end, text) of the segments, and the language."""
    model = _model(folder)
    import av
    from faster_whisper.audio import decode_audio

    try:
        sound = decode_audio(io.BytesIO(data))
    except IndexError as error:
        raise Refused(Reason.EMPTY, "it has no sound track") from error
    except (av.error.FFmpegError, ValueError, TypeError) as error:
        raise Refused(Reason.MALFORMED, "the recording is damaged or in an unknown format") from error
    if not len(sound):
        raise Refused(Reason.EMPTY, "it has no sound")
    # One temperature and no memory of earlier text: the same bytes give the same words.
    segments, about = model.transcribe(sound, temperature=0.0, condition_on_previous_text=False, vad_filter=True)
    return ((segment.start, segment.end, segment.text) for segment in segments), about.language


@cache
def _model(folder: Path) -> Any:
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)
    except (RuntimeError, ValueError, OSError) as error:
        raise Refused(Reason.MISSING_EXTRA, f"the speech model in {folder} cannot be loaded") from error
