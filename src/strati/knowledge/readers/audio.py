"""Recordings and the sound tracks of videos by Whisper (faster-whisper); every segment with its times.

The model is the one that STRATI_WHISPER names, or the largest speech model that is pulled (`models.local.speech`).
Nothing is downloaded while reading. What is heard may be wrong: it is a model's guess. Another model may hear another
text, so its hash is part of the reader's version.
"""

from __future__ import annotations

import importlib.util
import io
import os
from functools import cache
from typing import TYPE_CHECKING

from strati.core.errors import MissingExtra, ModelError
from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document, Kind, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from strati.models.local.whisper import WhisperModel

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
_VERSION = "2"
_DECIDE = ("STRATI_WHISPER", "STRATI_CATALOG", "STRATI_MODELS", "XDG_CACHE_HOME", "HOME")


class AudioReader:
    """Speech in sound and video files."""

    name = "audio"

    @property
    def version(self) -> str:
        """Ends with the hash of the speech model, where there is one."""
        try:
            return f"{_VERSION}+{_speech_model().model.sha256}"
        except ModelError:
            return _VERSION

    def sniff(self, data: bytes, name: str) -> float:
        return 1.0 if _media_type(data) else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        if importlib.util.find_spec("faster_whisper") is None:
            raise MissingExtra("faster-whisper", "audio")
        made = DocumentBuilder(limits)
        before = 0.0
        try:
            model = _speech_model()
            segments, language = model.hear(_decoded(data))
            for start, end, text in segments:
                at = Locator(seconds=max(round(start, 2), before), until=max(round(end, 2), before))
                before = at.seconds or 0.0
                made.block(Kind.CAPTION, text.strip(), at=at)
        except ModelError as error:
            raise Refused(Reason.MISSING_EXTRA, str(error)) from error
        other = {"speech_model": model.model.name, "speech_model_hash": model.model.sha256}
        metadata = Metadata(language=language, other=other)
        return made.document(name, media_type=_media_type(data), reader=label(self), metadata=metadata)


def _media_type(data: bytes) -> str:
    """The type by the signature, "" for what is no recording."""
    if data[:4] in (b"RIFF", b"FORM"):
        return _FORMS.get(data[8:12], "")
    if data[4:8] == b"ftyp":
        return "audio/mp4" if data[8:11] == b"M4A" else "video/mp4"
    return next((kind for magic, kind in _STARTS.items() if data.startswith(magic)), "")


def _decoded(data: bytes) -> NDArray[np.float32]:
    """The sound as the model takes it."""
    import av
    from faster_whisper.audio import decode_audio

    try:
        sound: NDArray[np.float32] = decode_audio(io.BytesIO(data))
    except IndexError as error:
        raise Refused(Reason.EMPTY, "it has no sound track") from error
    except (av.error.FFmpegError, ValueError, TypeError) as error:
        raise Refused(Reason.MALFORMED, "the recording is damaged or in an unknown format") from error
    if not len(sound):
        raise Refused(Reason.EMPTY, "it has no sound")
    return sound


def _speech_model() -> WhisperModel:
    """One model a process, as long as the variables that decide on it stay. Raises `ModelError`."""
    return _chosen(tuple((name, os.environ[name]) for name in _DECIDE if name in os.environ))


@cache
def _chosen(variables: tuple[tuple[str, str], ...]) -> WhisperModel:
    from strati.models.local.speech import speech_model
    from strati.models.local.whisper import WhisperModel

    return WhisperModel(speech_model(dict(variables)))
