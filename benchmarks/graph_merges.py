"""Which mentions of a document are one entity: pairwise precision and recall of the graph's rules on Re-DocRED (dev).

    python benchmarks/graph_merges.py --data FOLDER [--half tune|report|all]

FOLDER holds re_docred/dev_revised.json. The mentions and their types are given; what is measured is which of them are
put together, against string rules: equal words. Intervals resample documents.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from strati.kinds.extract.words import key_of
from strati.knowledge.graph.mentions import Named, clusters

TYPES = {"PER": "person", "ORG": "organisation", "LOC": "place", "TIME": "date", "NUM": "amount", "MISC": "term"}


class Counts(NamedTuple):
    right: int
    said: int
    true: int


def mentions(document: dict) -> list[tuple[Named, int]]:
    """All mentions in order with the number of their entity."""
    found = []
    for entity, some in enumerate(document["vertexSet"]):
        for one in some:
            at = (one["sent_id"], one["pos"][0])
            found.append((at, Named(TYPES.get(one["type"], "term"), one["name"]), entity))
    found.sort(key=lambda row: row[0])
    return [(named, entity) for _, named, entity in found]


def counted(groups: list[int], truth: list[int]) -> Counts:
    right = said = true = 0
    for a, b in combinations(range(len(truth)), 2):
        same, real = groups[a] == groups[b], truth[a] == truth[b]
        said, true, right = said + same, true + real, right + (same and real)
    return Counts(right, said, true)


def by_words(some: list[Named]) -> list[int]:
    numbers: dict[str, int] = defaultdict(lambda: len(numbers))
    return [numbers[key_of(one.name)] for one in some]


def shown(rows: list[Counts], seed: int = 0) -> str:
    table = np.array(rows, float)
    draws = np.random.default_rng(seed).integers(0, len(rows), (1000, len(rows)))
    sums = table[draws].sum(axis=1)

    def figures(total: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        precision, recall = total[..., 0] / total[..., 1], total[..., 0] / total[..., 2]
        return precision, recall, 2 * precision * recall / (precision + recall)

    point, spread = figures(table.sum(axis=0)), figures(sums)
    named = zip(("precision", "recall", "F1"), point, spread, strict=True)
    return ", ".join(f"{n} {p:.3f} [{np.quantile(s, 0.025):.3f}, {np.quantile(s, 0.975):.3f}]" for n, p, s in named)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="tune")
    asked = parser.parse_args()
    documents = json.loads((asked.data / "re_docred" / "dev_revised.json").read_text(encoding="utf-8"))
    start, step = {"tune": (0, 2), "report": (1, 2), "all": (0, 1)}[asked.half]
    rules, words = [], []
    for document in documents[start::step]:
        some = mentions(document)
        truth = [entity for _, entity in some]
        rules.append(counted(clusters([named for named, _ in some]), truth))
        words.append(counted(by_words([named for named, _ in some]), truth))
    print(f"{len(rules)} documents, {sum(row.true for row in rules):,} pairs of mentions of one entity")
    print(f"equal words   {shown(words)}")
    print(f"rules         {shown(rules)}")


if __name__ == "__main__":
    main()
