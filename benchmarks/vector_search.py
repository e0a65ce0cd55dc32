"""The index of vectors against exact search: what it finds and how long it takes, side by side.

    python benchmarks/vector_search.py [--vectors 300000] [--queries 300] [--kind clustered]

Vectors are made up, 384 numbers each: `clustered` are points around n/150 centres, as far from their centre as centres
are from zero; `cloud` is one cloud with 32 directions in it. Queries are drawn like the vectors. Printed: how long
building and opening take, files, memory, recall of the best 10 (share of the exactly best 10 that is found) and the
time of one search for 50, median and 95th percentile, with 95 % bootstrap intervals over queries: unfiltered, with
filters by date that leave a half, a tenth and a hundredth of the documents, and after 1 % more vectors came.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Kind
from strati.knowledge.record import Record, record_of
from strati.knowledge.search.approximate import Graph
from strati.knowledge.search.build import bring_up_to_date
from strati.knowledge.search.vectors import Matrix, Vectors
from strati.knowledge.store.contract import ALL, Filter
from strati.knowledge.store.sqlite import SqliteStore

KEY, SIZE, PER_DOCUMENT, PER_CENTRE, DIRECTIONS = "random", 384, 500, 150, 32
BEST, LIMIT = 10, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=300_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--kind", choices=("clustered", "cloud"), default="clustered")
    arguments = parser.parse_args()
    if arguments.vectors < 100 * PER_DOCUMENT:
        parser.error(f"--vectors is {arguments.vectors}, expected {100 * PER_DOCUMENT} or more")
    drawn = Points(arguments.kind, arguments.vectors)
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder), create=True)
        fill(store, 0, arguments.vectors, drawn)
        start = time.perf_counter()
        problem = bring_up_to_date(store, KEY, 0, lambda what, done, total: None, threading.Event())
        if problem:
            raise SystemExit(problem)
        print(
            f"{arguments.vectors:,} vectors ({arguments.kind}): built in {time.perf_counter() - start:.0f} s; files",
            end="",
        )
        print(", ".join(f" {p.name} {p.stat().st_size / 1e6:,.0f} MB" for p in sorted(Path(folder).glob("vectors.*"))))
        queries = drawn(arguments.queries)
        compared(store, queries, arguments.vectors)
        fill(store, arguments.vectors, arguments.vectors // 100, drawn)
        graph, matrix = Graph.open(store, KEY), Matrix(store, KEY)
        told("after 1 % more", queries, matrix, graph, store, ALL)
        store.close()


def compared(store: SqliteStore, queries: NDArray[np.float32], count: int) -> None:
    first, graph = opened("the index", lambda: Graph.open(store, KEY), queries[0], store)
    second, matrix = opened("the matrix", lambda: Matrix(store, KEY), queries[0], store)
    print(f"{first}; {second}")
    told("no filter", queries, matrix, graph, store, ALL)
    for share in (2, 10, 100):
        told(
            f"1/{share} of documents",
            queries,
            matrix,
            graph,
            store,
            Filter(until=day(count // PER_DOCUMENT // share - 1)),
        )


def opened(
    what: str, make: Callable[[], Vectors | None], query: NDArray[np.float32], store: SqliteStore
) -> tuple[str, Vectors | None]:
    before, start = resident(), time.perf_counter()
    made = make()
    if made is not None:
        made.search(query, LIMIT, store, ALL)
    return (
        f"{what}: first search after {1000 * (time.perf_counter() - start):,.0f} ms, {resident() - before:,.0f} MB",
        made,
    )


def told(
    what: str,
    queries: NDArray[np.float32],
    matrix: Vectors | None,
    graph: Vectors | None,
    store: SqliteStore,
    filter: Filter,
) -> None:
    if matrix is None or graph is None:
        raise SystemExit("there is no index")
    shares, times = [], {"index": [], "exact": []}
    for query in queries:
        found = {}
        for name, one in (("index", graph), ("exact", matrix)):
            start = time.perf_counter()
            found[name] = one.search(query, LIMIT, store, filter).ids[:BEST]
            times[name].append(1000 * (time.perf_counter() - start))
        shares.append(len(np.intersect1d(found["index"], found["exact"])) / max(1, len(found["exact"])))
    recall = interval(shares, lambda rows: rows.mean(axis=1))
    print(f"{what:>20}: recall@10 {np.mean(shares):.4f} [{recall[0]:.4f}, {recall[1]:.4f}]", end="")
    for name, taken in times.items():
        low, high = interval(taken, lambda rows: np.percentile(rows, 95, axis=1))
        print(
            f"; {name} median {np.median(taken):.1f} ms, p95 {np.percentile(taken, 95):.1f} [{low:.1f}, {high:.1f}]",
            end="",
        )
    print()


def interval(
    values: list[float], statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    draws = np.random.default_rng(0).choice(values, size=(2000, len(values)))
    found: NDArray[np.float64] = np.percentile(statistic(draws), [2.5, 97.5])
    return found


class Points:
    """Draws vectors of length 1."""

    def __init__(self, kind: str, count: int) -> None:
        self.kind, self.dice = kind, np.random.default_rng(0)
        rows = max(1, count // PER_CENTRE) if kind == "clustered" else DIRECTIONS
        self.basis = self.dice.standard_normal((rows, SIZE), dtype=np.float32)

    def __call__(self, count: int) -> NDArray[np.float32]:
        if self.kind == "clustered":
            noise = self.dice.standard_normal((count, SIZE), dtype=np.float32)
            rows = self.basis[self.dice.integers(len(self.basis), size=count)] + noise
        else:
            rows = self.dice.standard_normal((count, DIRECTIONS), dtype=np.float32) @ self.basis
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def fill(store: SqliteStore, first: int, count: int, draw: Points) -> None:
    """Documents of 500 passages, a day apart."""
    for start in range(first, first + count, PER_DOCUMENT):
        store.put(document(start // PER_DOCUMENT), {KEY: draw(PER_DOCUMENT)})


def document(number: int) -> Record:
    made = DocumentBuilder()
    made.block(Kind.PARAGRAPH, f"number {number}")
    name = f"{number:06}.txt"
    found = made.document(name, media_type="text/plain", reader="text.v1")
    one = record_of(found, path="/" + name, name=name, container="", data=name.encode(), modified=day(number))
    return replace(one, rows=tuple(replace(one.rows[0], position=at) for at in range(PER_DOCUMENT)))


def day(number: int) -> str:
    return str(np.datetime64("2000-01-01") + number)


def resident() -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("RssAnon"))


if __name__ == "__main__":
    main()
