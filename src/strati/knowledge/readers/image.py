"""Pictures (PNG, JPEG, GIF, BMP, TIFF, WebP): their text by OCR, where that is installed. A pixel counts as a point."""

from __future__ import annotations

import io
from typing import Any

from strati.core.errors import install
from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document, Page
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers import ocr
from strati.knowledge.readers.pdf_page import PdfLine
from strati.knowledge.readers.pdf_structure import PageLines, blocks_of

_TYPES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
    b"BM": "image/bmp",
}


class ImageReader:
    """Scans and photographs of text."""

    name = "image"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        return 1.0 if _media_type(data) else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        if not ocr.available():
            raise Refused(Reason.NO_TEXT_LAYER, f"it is a picture; to read it: {install('ocr')}")
        made = DocumentBuilder(limits)
        for number, picture in enumerate(_frames(data, limits), 1):
            height, width = picture.shape[:2]
            made.pages.append(Page(float(width), float(height)))
            lines = [PdfLine(text, box, round(box.bottom - box.top), 0) for text, box in ocr.recognise(picture)]
            for block in blocks_of([PageLines(number, float(height), lines)], {}):
                at = ((line.text, Locator(page=number, box=line.box)) for line in block.lines)
                made.lines(block.kind, at, level=block.level)
        return made.document(name, media_type=_media_type(data), reader=label(self))


def _media_type(data: bytes) -> str:
    """The type by the signature, "" for what is no picture."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:2] == b"BM" and data[6:10] != b"\0\0\0\0":
        return ""
    return next((kind for magic, kind in _TYPES.items() if data.startswith(magic)), "")


def _frames(data: bytes, limits: Limits) -> list[Any]:
    """The pages of a picture as arrays: all of a TIFF file, the first of anything else."""
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    found = []
    try:
        with Image.open(io.BytesIO(data)) as picture:
            frames = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
            limits.check_pages(frames)
            for number in range(frames):
                picture.seek(number)
                if picture.width * picture.height > ocr.PIXELS_AT_MOST:
                    raise Refused(Reason.TOO_LARGE, f"it has {picture.width:,} by {picture.height:,} pixels")
                upright = ImageOps.exif_transpose(picture) or picture
                found.append(np.asarray(upright.convert("RGB"))[:, :, ::-1].copy())
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise Refused(Reason.MALFORMED, "the picture is damaged or cut off") from error
    return found
