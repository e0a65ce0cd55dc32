"""The files in a zip archive, under limits: never written to disk, never larger than allowed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from strati.knowledge.document import Attachment
from strati.knowledge.reader import Limits, Reason, Refused
from strati.knowledge.readers.package import DAMAGE

_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
# Members that make a zip file a document of its own kind, which a reader knows.
_DOCUMENTS = ("[Content_Types].xml", "mimetype", "META-INF/container.xml")
_LEFT_OUT = ("__MACOSX/",)
_PIECE = 1 << 20


def is_archive(data: bytes) -> bool:
    """Whether the bytes are a zip archive of files, not a document that happens to be zipped."""
    if not data.startswith(_SIGNATURES):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except DAMAGE:
        return False
    return not names.intersection(_DOCUMENTS)


def members(data: bytes, limits: Limits) -> Iterator[Attachment | tuple[str, Refused]]:
    """Each file, or its name with the reason why it is refused.

    Raises:
        Refused: the archive is damaged, or holds more than the limits allow.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except DAMAGE as error:
        raise Refused(Reason.MALFORMED, f"the archive is damaged: {error}") from error
    with archive:
        files = [
            info
            for info in archive.infolist()
            if not info.filename.endswith("/") and not info.filename.startswith(_LEFT_OUT)
        ]
        if len(files) > limits.members:
            raise Refused(Reason.TOO_LARGE, f"it holds {len(files):,} files, the limit is {limits.members:,}")
        unpacked = 0
        for info in files:
            try:
                found = _member(archive, info, limits, limits.expanded - unpacked)
            except Refused as refusal:
                if refusal.reason is Reason.TOO_LARGE and unpacked + info.file_size > limits.expanded:
                    raise
                yield info.filename, refusal
                continue
            unpacked += len(found.data)
            yield found


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits, left: int) -> Attachment:
    if leaves(info.filename):
        raise Refused(Reason.UNSAFE, "its path leads out of the archive")
    if info.flag_bits & 1:
        raise Refused(Reason.ENCRYPTED, "it is protected by a password")
    allowed = min(limits.size, left)
    pieces, size = [], 0
    try:
        with archive.open(info) as file:
            while piece := file.read(_PIECE):
                size += len(piece)
                if size > allowed:
                    raise Refused(Reason.TOO_LARGE, f"it unpacks to more than {allowed:,} bytes")
                pieces.append(piece)
    except DAMAGE as error:
        raise Refused(Reason.MALFORMED, f"it cannot be unpacked: {error}") from error
    return Attachment(info.filename, b"".join(pieces))


def leaves(name: str) -> bool:
    """Whether a member's path leads out of its archive.

    >>> leaves("a/b.txt"), leaves("../b.txt"), leaves("/etc/passwd")
    (False, True, True)
    """
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or (len(name) > 1 and name[1] == ":")
