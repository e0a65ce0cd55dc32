"""How well search finds: strati's BM25, embeddings and fusion beside plain SQLite FTS5 with its default tokeniser.

    python benchmarks/retrieval.py --data FOLDER [--bases FOLDER]
    python benchmarks/retrieval.py --data FOLDER --words [--save FILE] [--against FILE]

With `--words`, BM25 alone on all queries, without an embedding model, in English and Chinese; `--save` keeps the value
of every query, `--against` compares with those that another version kept, query by query.

FOLDER holds cranfield/{cran.all.1400,cran.qry,cranqrel} and squad_xquad/xquad.{en,zh}.json. Each document is a file,
is read by `strati ingest` as it is, and is found when one of its passages is. Cranfield: nDCG@10 with linear gains 4
to 1 for the codes 1 to 4 of the judgements' own description (-1, which it does not describe, gains nothing). XQuAD:
the share of questions whose own paragraph comes first. The settings of fusion are chosen on the queries with even
numbers; every figure is of those with odd numbers: the mean with its bootstrap (BCa) interval, and the paired
difference to plain FTS5.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strati.knowledge.base import KnowledgeBase
from strati.knowledge.search import engine
from strati.knowledge.search.fusion import fuse
from strati.knowledge.search.query import parse
from strati.knowledge.search.vectors import Matrix
from strati.knowledge.store.contract import ALL
from strati.models.contract import Embedder
from strati.models.open import open_models
from strati.statistics.resampling import bca_interval, units_of

DEPTHS, WEIGHTS, KS = (30, 50, 100), (0.3, 0.5, 0.7, 1.0), (20, 60, 100)
Ranking = list[str]
Quality = Callable[[int, Ranking], float]


class Collection:
    """Documents by name, queries, and how good a ranking of names is for a query."""

    def __init__(self, name: str, documents: Mapping[str, str], queries: Sequence[str], quality: Quality) -> None:
        self.name, self.documents, self.queries, self.quality = name, documents, queries, quality

    def values(self, rankings: Sequence[Ranking]) -> NDArray[np.float64]:
        return np.array([self.quality(number, ranking) for number, ranking in enumerate(rankings)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bases", type=Path, help="keep the knowledge bases here, for another run")
    parser.add_argument("--words", action="store_true", help="BM25 alone, without an embedding model")
    parser.add_argument("--save", type=Path, help="with --words: keep the value of every query in this file")
    parser.add_argument("--against", type=Path, help="with --words: compare with the values in this file")
    arguments = parser.parse_args()
    data: Path = arguments.data
    if arguments.words:
        by_words(data, arguments.save, arguments.against)
        return
    embedder = open_models(["minilm"], [], llms=False)[1][0]
    collections = [cranfield(data / "cranfield"), xquad(data / "squad_xquad" / "xquad.en.json", "XQuAD-en")]
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.bases or Path(temporary)
        lists = [ranked_lists(collection, embedder, folder / collection.name[:5]) for collection in collections]
    even = slice(0, None, 2)
    scores = {
        setting: sum(
            collection.values(fused(*found, *setting))[even].mean()
            for collection, found in zip(collections, lists, strict=True)
        )
        for setting in product(DEPTHS, WEIGHTS, KS)
    }
    best = max(scores, key=lambda setting: (scores[setting], setting))
    default = (engine.DEPTH, engine.WEIGHTS["embeddings"], 60)
    print(f"depth, weight of embeddings, k: {best} is best on the even queries; the default is {default}")
    print(f"sum of both measures there: {scores[best]:.4f}, default {scores[default]:.4f}\n")
    verdicts = [
        shown(collection, found, default, slice(1, None, 2))
        for collection, found in zip(collections, lists, strict=True)
    ]
    if not (any(low > 0 for low, _ in verdicts) and all(high >= 0 for _, high in verdicts)):
        sys.exit("fusion is not shown to be above plain FTS5")


def by_words(data: Path, save: Path | None, against: Path | None) -> None:
    """BM25 as `strati search` has it, beside plain FTS5 and beside another version."""
    folder = data / "squad_xquad"
    collections = [
        cranfield(data / "cranfield"),
        *(xquad(folder / f"xquad.{c}.json", f"XQuAD-{c}") for c in ("en", "zh")),
    ]
    before = json.loads(against.read_text(encoding="utf-8")) if against else {}
    kept: dict[str, list[float]] = {}
    for collection in collections:
        with tempfile.TemporaryDirectory() as temporary:
            rankings = searched(collection, Path(temporary))
        values = collection.values(rankings)
        kept[collection.name] = values.tolist()
        print(f"{collection.name}, {len(values)} queries")
        print(f"  BM25         {mean(values)}")
        print(f"  plain FTS5   {mean(collection.values(plain_fts5(collection)))}")
        if collection.name in before:
            change = values - np.array(before[collection.name])
            interval = bca_interval(units_of(change[:, None]), partial(average, len(change)))
            within = f" [{interval.low:+.3f}, {interval.high:+.3f}]" if interval else ""
            print(f"  before       {mean(np.array(before[collection.name]))}   difference {change.mean():+.3f}{within}")
    if save:
        save.write_text(json.dumps(kept), encoding="utf-8")


def average(count: int, sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return sums[..., 0] / count


def searched(collection: Collection, folder: Path) -> list[Ranking]:
    """The documents of the first ten hits of each query, as a user gets them."""
    for name, text in collection.documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(folder / "x") as base:
        base.ingest([folder])
        found = [base.search(_plain(query), 10, "bm25") for query in collection.queries]
    return [[f"{Path(hit.name).name}/0" for hit in hits] for hits in found]


def _plain(query: str) -> str:
    """A question without the signs that a query gives a meaning to."""
    return re.sub(r"[\"“”:-]", " ", query)


def shown(
    collection: Collection, found: tuple[list[Ranking], ...], default: tuple[int, float, int], part: slice
) -> tuple[float, float]:
    """Print the table; the interval of the difference between fusion and plain FTS5."""
    plain = collection.values(plain_fts5(collection))[part]
    print(f"{collection.name}, {len(plain)} queries")
    rows = {"BM25": found[0], "embeddings": found[1], "fusion": fused(*found, *default)}
    print(f"  {'plain FTS5':12} {mean(plain)}")
    last = (0.0, 0.0)
    for name, ranking in rows.items():
        values = collection.values(ranking)[part]
        interval = bca_interval(units_of((values - plain)[:, None]), lambda sums: sums[..., 0] / len(plain))
        last = (interval.low, interval.high) if interval else (0.0, 0.0)
        print(
            f"  {name:12} {mean(values)}   difference {(values - plain).mean():+.3f} [{last[0]:+.3f}, {last[1]:+.3f}]"
        )
    print()
    return last


def mean(values: NDArray[np.float64]) -> str:
    interval = bca_interval(units_of(values[:, None]), lambda sums: sums[..., 0] / len(values))
    return f"{values.mean():.3f}" + (f" [{interval.low:.3f}, {interval.high:.3f}]" if interval else "")


def ranked_lists(collection: Collection, embedder: Embedder, folder: Path) -> tuple[list[Ranking], list[Ranking]]:
    """Passages by BM25 and by embeddings for each query; a passage is named by its document and its number."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in collection.documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(folder / "x", embedder) as base:
        base.ingest([folder])
        names = {
            kept.id: f"{Path(entry.name).name}/{kept.row.position}"
            for entry in base.documents()
            for kept in base.store.passages_of(entry.id)
        }
        words = [base.store.search(parse(query), 200, ALL).ids for query in collection.queries]
        matrix = Matrix(base.store, embedder.fingerprint())
        vectors = embedder.embed(collection.queries)
        meaning = [matrix.search(vector, 200, base.store, ALL).ids for vector in vectors]
    return [[names[id] for id in ids] for ids in words], [[names[id] for id in ids] for ids in meaning]


def fused(words: list[Ranking], meaning: list[Ranking], depth: int, weight: float, k: int) -> list[Ranking]:
    found = []
    for one, other in zip(words, meaning, strict=True):
        number = {name: place for place, name in enumerate(dict.fromkeys([*one, *other]))}
        back = list(number)
        lists = {"bm25": [number[name] for name in one[:depth]], "embeddings": [number[name] for name in other[:depth]]}
        found.append([back[at] for at in fuse(lists, {"embeddings": weight}, k)])
    return found


def plain_fts5(collection: Collection) -> list[Ranking]:
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE VIRTUAL TABLE plain USING fts5(name UNINDEXED, text)")
        db.executemany("INSERT INTO plain VALUES (?, ?)", collection.documents.items())
        query = "SELECT name FROM plain WHERE plain MATCH ? ORDER BY rank LIMIT 100"
        matches = [" OR ".join(f'"{word}"' for word in re.findall(r"\w+", asked)) for asked in collection.queries]
        return [[name for (name,) in db.execute(query, (match,))] for match in matches]


def documents_of(ranking: Ranking) -> Ranking:
    return list(dict.fromkeys(name.split("/")[0] for name in ranking))


def cranfield(folder: Path) -> Collection:
    documents = {}
    for part in re.split(r"^\.I ", (folder / "cran.all.1400").read_text(encoding="utf-8"), flags=re.M)[1:]:
        number, rest = part.split("\n", 1)
        pieces = re.split(r"^\.([TABW])\n", rest, flags=re.M)
        fields = dict(zip(pieces[1::2], pieces[2::2], strict=True))
        title = " ".join(fields["T"].split())
        text = f"# {title}\n\n{fields['W'].strip()}\n"
        if title:
            documents[f"{int(number):04}.md"] = text
    parts = re.split(r"^\.I ", (folder / "cran.qry").read_text(encoding="utf-8"), flags=re.M)[1:]
    queries = [part.split(".W\n", 1)[1].strip() for part in parts]
    gains: dict[int, dict[str, int]] = {}
    for line in (folder / "cranqrel").read_text(encoding="utf-8").splitlines():
        query, document, code, *_ = (int(part) for part in line.split())
        if 1 <= code <= 4:
            gains.setdefault(query - 1, {})[f"{document:04}.md"] = 5 - code

    def quality(number: int, ranking: Ranking) -> float:
        wanted = gains.get(number, {})
        ideal = discounted(sorted(wanted.values(), reverse=True))
        return discounted([wanted.get(name, 0) for name in documents_of(ranking)]) / ideal if ideal else 0.0

    return Collection("Cranfield, nDCG@10", documents, queries, quality)


def discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains[:10]))


def xquad(path: Path, name: str) -> Collection:
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    documents = {f"{number:04}.txt": paragraph["context"] for number, paragraph in enumerate(paragraphs)}
    asked = [(qa["question"], f"{number:04}.txt") for number, p in enumerate(paragraphs) for qa in p["qas"]]

    def quality(number: int, ranking: Ranking) -> float:
        return float(documents_of(ranking)[:1] == [asked[number][1]])

    return Collection(f"{name}, hit@1", documents, [question for question, _ in asked], quality)


if __name__ == "__main__":
    main()
