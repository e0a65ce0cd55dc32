"""`python -m strati.serve.pages.draw FILE PAGE`: one page of a PDF as PNG on standard output, and nothing else.

A process of its own with little memory and time, because the file may be hostile.
"""

from __future__ import annotations

import struct
import sys
import zlib

SCALE = 1.6
MOST = 2400  # pixels of the longer side
MEMORY = 1_500_000_000
SECONDS = 10


def main() -> int:
    """Draw the page; exit code 1 when it cannot be drawn."""
    path, number = sys.argv[1], int(sys.argv[2])
    _limit()
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    if not 1 <= number <= len(document):
        return 1
    page = document[number - 1]
    scale = min(SCALE, MOST / max(page.get_width(), page.get_height(), 1))
    bitmap = page.render(scale=scale, rev_byteorder=True)
    sys.stdout.buffer.write(png(bitmap.width, bitmap.height, bitmap.n_channels, bytes(bitmap.buffer), bitmap.stride))
    return 0


def png(width: int, height: int, channels: int, pixels: bytes, stride: int) -> bytes:
    """Pixels as a PNG file."""
    colour = {1: 0, 3: 2, 4: 6}[channels]
    lines = b"".join(b"\x00" + pixels[y * stride : y * stride + width * channels] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
