"""The members of a zip archive, Zstandard among the ways of compression, one at a time."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from strati.core.errors import DataError, MissingExtra
from strati.core.records import JSON

_ZSTANDARD = 93


class Archive:
    """A zip archive of JSON files. Raises `DataError` for one that is cut off or damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise DataError(f"there is no file {path}") from None
        except zipfile.BadZipFile:
            raise DataError(
                f"{path} is not a whole zip archive: it is cut off, still being written, or no log"
            ) from None
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
        self.names = tuple(self._zip.namelist())

    def json(self, name: str) -> JSON:
        """One member, parsed."""
        try:
            return json.loads(self._bytes(self._zip.getinfo(name)))
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RecursionError, OSError) as error:
            raise DataError(f"{self.path}: {name} is damaged or not JSON") from error

    def close(self) -> None:
        self._zip.close()

    def _bytes(self, info: zipfile.ZipInfo) -> bytes:
        try:
            return self._zip.read(info)
        except NotImplementedError:  # zipfile knows Zstandard from Python 3.14 on
            if info.compress_type != _ZSTANDARD:
                raise DataError(
                    f"{self.path}: {info.filename} is compressed by method {info.compress_type}, "
                    "expected stored, deflate or Zstandard"
                ) from None
        return self._unpacked(info)

    def _unpacked(self, info: zipfile.ZipInfo) -> bytes:
        unpack = _zstandard()
        with self.path.open("rb") as file:
            file.seek(info.header_offset)
            name, extra = struct.unpack("<26xHH", file.read(30))
            file.seek(info.header_offset + 30 + name + extra)
            data = unpack(file.read(info.compress_size))
        if zlib.crc32(data) != info.CRC:
            raise zipfile.BadZipFile(info.filename)
        return data


def _zstandard() -> Callable[[bytes], bytes]:
    try:
        import zstandard
    except ImportError:
        raise MissingExtra("zstandard", "imports") from None

    def unpack(data: bytes) -> bytes:
        try:
            return zstandard.ZstdDecompressor().decompressobj().decompress(data)
        except zstandard.ZstdError as error:
            raise zlib.error(str(error)) from error

    return unpack
