"""Building the index of vectors that `approximate` searches."""

from __future__ import annotations

import os
import shutil
import threading
from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING

from strati.core.errors import install
from strati.core.identity import sha256_of
from strati.knowledge.search.approximate import FORMAT, Graph
from strati.knowledge.search.hnsw import empty_index, installed
from strati.knowledge.store import derived
from strati.knowledge.store.reading import in_words

if TYPE_CHECKING:
    from pathlib import Path

    from strati.knowledge.store.sqlite import SqliteStore

LEAST = 250_000  # vectors: fewer are compared exactly in the time that people do not notice
GROWN = 0.1  # share of the vectors that may come after the index before it is built anew
CONNECTIVITY, EXPANSION = 16, 128  # M and efConstruction of the paper
_AT_ONCE = 5_000
_SPARE = 1.1  # the graph's own part of a file, measured at 1.08 for 384 dimensions

Told = Callable[[str, int, int], None]


def bring_up_to_date(
    store: SqliteStore, embedder: str, least: int, threads: int, told: Told, cancelled: threading.Event
) -> str:
    """Build the index when the base has more than `least` vectors and no index that fits; the caller holds the base.

    With one thread, the same base gives the same index.

    Returns a sentence when one is wanted and cannot be had, else "". Nothing depends on it: searches are exact then.
    """
    count = store.vector_count(embedder)
    if count <= least:
        return ""
    if not installed():
        return why_exact(count, least)
    graph = Graph.open(store, embedder)
    if graph is not None and count - graph.count <= GROWN * count:
        return ""
    derived.erase(store.folder)
    try:
        _build(store, embedder, count, threads, told, cancelled)
    except (OSError, RuntimeError) as error:
        derived.erase(store.folder)
        reason = in_words(error, store.folder) if isinstance(error, OSError) else error
        return f"the index of vectors was not built, so searches compare all {count:,}: {reason}"
    return ""


def why_exact(count: int, least: int = LEAST) -> str:
    """A sentence for a base without an index that would have one; "" for a small base."""
    if count <= least:
        return ""
    get = "strati ingest builds an index" if installed() else f"{install('vectors')}, then ingest for an index"
    return f"searches by meaning compare all {count:,} vectors: {get}"


def _build(store: SqliteStore, embedder: str, count: int, threads: int, told: Told, cancelled: threading.Event) -> None:
    import numpy as np

    paths = {name: store.folder / (name + derived.PART) for name in (derived.ROWS, derived.GRAPH)}
    documents, mark = store.vector_mark(embedder)
    size = _write_rows(store, embedder, count, paths[derived.ROWS])
    rows = np.memmap(paths[derived.ROWS], "<f4", "r", shape=(count, size))
    index = empty_index(size, connectivity=CONNECTIVITY, expansion_add=EXPANSION)
    for start in range(0, count, _AT_ONCE):
        if cancelled.is_set():
            derived.erase(store.folder)
            return
        told("indexing", start, count)
        some = np.array(rows[start : start + _AT_ONCE])
        index.add(np.arange(start, start + len(some), dtype=np.uint64), some, threads=threads)
    index.save(paths[derived.GRAPH])
    told("indexing", count, count)
    files = {}
    for name, path in paths.items():
        _sync(path)
        path.replace(store.folder / name)
        files[name] = [*derived.stamp(store.folder / name), sha256_of(store.folder / name)]
    about = {"format": FORMAT, "embedder": embedder, "count": count, "dimensions": size, "files": files}
    store.note_derived({**about, "documents": documents, "mark": mark})


def _write_rows(store: SqliteStore, embedder: str, count: int, path: Path) -> int:
    """All vectors, then `ids`, `documents` and `lengths` of `Embedded`; returns how many numbers a vector has."""
    import numpy as np

    ids, documents, lengths = array("q"), array("Q"), array("q")
    size = 0
    with path.open("wb") as file:
        for document, some, rows in store.vector_parts(embedder):
            if not size:
                size = rows.shape[1]
                _must_have_room(store.folder, int(count * (6 * size + 8) * _SPARE))
            file.write(rows.tobytes())
            ids.extend(some)
            documents.append(document)
            lengths.append(len(some))
        for numbers in (ids, documents, lengths):
            file.write(np.array(numbers).astype("<u8" if numbers is documents else "<i8").tobytes())
    return size


def _must_have_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(f"No space left: it needs {needed:,} bytes, {free:,} are free")


def _sync(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
