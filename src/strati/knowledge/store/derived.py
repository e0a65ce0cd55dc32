"""Files beside the base that are made from it: they may go at any time, and are erased before what they hold is.

Today that is the index of vectors. What it is made of is noted in the base (`NOTE`); a file without its note counts for
nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

ROWS, GRAPH = "vectors.f32", "vectors.usearch"
PART = ".part"
NOTE = "vector_index"
_PIECE = 1 << 20


def erase(folder: Path) -> None:
    """Overwrite the files with zeros and remove them, finished or not. Raises `OSError` when one has to stay."""
    for name in (ROWS, GRAPH, ROWS + PART, GRAPH + PART):
        path = folder / name
        if not path.is_file():
            continue
        with path.open("r+b") as file:
            for left in range(path.stat().st_size, 0, -_PIECE):
                file.write(bytes(min(left, _PIECE)))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


def stamp(path: Path) -> list[int]:
    """Size and time of a file: while both are the same, so are its bytes."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]
