"""How long a search takes in a large base, and how much memory reading many documents takes.

    python benchmarks/search_speed.py [--passages 100000] [--queries 300] [--documents 10000]

The text is made up: words with the frequencies of natural language (Zipf-Mandelbrot, 100,000 different ones), about 100
a passage; queries are 2 to 8 words of a passage, without the 50 most frequent. Vectors are random, 384 numbers each;
what the embedder needs for the query is measured apart and together where `minilm` is pulled. Printed: median and 95th
percentile of a whole search (10 hits with places and highlights) by BM25 and by both lists fused, with the 95 %
bootstrap interval of the percentile; then the memory of the process that ingests N small files, after each tenth.
"""

from __future__ import annotations

import argparse
import string
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strati.core.errors import UserError
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Kind
from strati.knowledge.ingest.pipeline import Settings
from strati.knowledge.locator import Locator
from strati.knowledge.record import Record, record_of
from strati.models.contract import ModelCard
from strati.models.open import open_models

WORDS, FREQUENT, PER_PASSAGE, PER_DOCUMENT = 100_000, 50, 100, 100
DIMENSIONS = 384


class Random:
    """An embedder of random directions: what matters here is how many numbers are compared."""

    card = ModelCard("random", "none", None, True, {})

    def __init__(self) -> None:
        self.dice = np.random.default_rng(1)

    def fingerprint(self) -> str:
        return "random"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = self.dice.standard_normal((len(texts), DIMENSIONS), dtype=np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--documents", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.passages:
            search(Path(folder), arguments.passages, arguments.queries)
        if arguments.documents:
            memory(Path(folder), arguments.documents)


def search(folder: Path, passages: int, queries: int) -> None:
    dice = np.random.default_rng(0)
    words = vocabulary(dice)
    embedder = Random()
    with KnowledgeBase.open(folder / "large", embedder) as base:
        start = time.perf_counter()
        asked = fill(base, passages, queries, words, dice)
        seconds = time.perf_counter() - start
        count = base.status()["passages"]
        size = base.status()["bytes"] / 1e6
        print(f"{count:,} passages, {size:,.0f} MB, written at {count / seconds:,.0f} passages a second")
        timed("by BM25", asked, lambda query: base.search(query, mode="bm25"))
        base.search(asked[0])  # the matrix of vectors is read once
        timed("fused", asked, lambda query: base.search(query))
        timed("fused, one hit a document", asked, lambda query: base.search(query, per_document=1))
        try:
            model = open_models(["minilm"], [], llms=False)[1][0]
        except UserError as reason:
            print(f"with the query's own embedding was not measured: {reason}")
        else:
            model.embed(["warm"])
            timed("embedding the query (minilm)", asked, lambda query: model.embed([query]))
            timed("both together", asked, lambda query: (model.embed([query]), base.search(query)))


def vocabulary(dice: np.random.Generator) -> list[str]:
    letters = np.array(list(string.ascii_lowercase))
    made = {"".join(dice.choice(letters, size=dice.integers(3, 11))) for _ in range(int(WORDS * 1.1))}
    return sorted(made, key=lambda word: (hash_of(word), word))[:WORDS]


def hash_of(word: str) -> int:
    return sum(ord(letter) * 31**place for place, letter in enumerate(word)) % 1_000_003


def fill(base: KnowledgeBase, passages: int, queries: int, words: list[str], dice: np.random.Generator) -> list[str]:
    """Write documents into the store; returns the queries."""
    shares = 1 / (np.arange(len(words)) + 2.7) ** 1.05
    edges = np.cumsum(shares / shares.sum())
    asked: list[str] = []
    for number in range(passages // PER_DOCUMENT):
        drawn = np.searchsorted(edges, dice.random((PER_DOCUMENT, PER_PASSAGE))).clip(max=len(words) - 1)
        record = document(f"{number:05}.txt", [[words[at] for at in row] for row in drawn])
        vectors = {"random": base.embedder.embed([row.text for row in record.rows])} if base.embedder else {}
        base.store.put(record, vectors)
        row = drawn[0][drawn[0] >= FREQUENT]
        if len(asked) < queries and len(row) >= 8:
            asked.append(" ".join(words[at] for at in dice.choice(row, size=dice.integers(2, 9), replace=False)))
    return asked


def document(name: str, paragraphs: list[list[str]]) -> Record:
    made = DocumentBuilder()
    for number, paragraph in enumerate(paragraphs, 1):
        text = " ".join(paragraph).capitalize() + "."
        made.block(Kind.HEADING, f"Part {number}", level=1, at=Locator(line=2 * number))
        made.block(Kind.PARAGRAPH, text, at=Locator(line=2 * number + 1))
    found = made.document(name, media_type="text/plain", reader="text.v1")
    return record_of(found, path="/" + name, name=name, container="", data=name.encode(), modified="2024-01-01")


def timed(what: str, asked: Sequence[str], call: Callable[[str], object]) -> None:
    for query in asked[:10]:
        call(query)
    taken = []
    for query in asked:
        start = time.perf_counter()
        call(query)
        taken.append(1000 * (time.perf_counter() - start))
    draws = np.random.default_rng(0).choice(taken, size=(2000, len(taken)))
    low, high = np.percentile(np.percentile(draws, 95, axis=1), [2.5, 97.5])
    print(f"{what}: median {np.median(taken):.1f} ms, p95 {np.percentile(taken, 95):.1f} ms [{low:.1f}, {high:.1f}]")


def memory(folder: Path, documents: int) -> None:
    dice = np.random.default_rng(2)
    words = np.array(vocabulary(dice))
    source = folder / "many"
    source.mkdir()
    for number in range(documents):
        text = "\n\n".join(" ".join(words[dice.integers(len(words), size=80)]) for _ in range(3))
        (source / f"{number:06}.txt").write_text(text, encoding="utf-8")
    steps: dict[int, float] = {}

    def told(what: str, done: int, total: int) -> None:
        if what == "reading" and done and done % max(1, total // 10) == 0:
            steps.setdefault(done, resident())

    start = time.perf_counter()
    with KnowledgeBase.open(folder / "many") as base:
        report = base.ingest([source], Settings(told=told))
    seconds = time.perf_counter() - start
    print(f"{len(report.outcomes):,} files in {seconds:.1f} s; memory of the writing process, MB, after so many files:")
    print("  " + "  ".join(f"{done:,}: {megabytes:.0f}" for done, megabytes in steps.items()))


def resident() -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
