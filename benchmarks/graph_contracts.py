"""Contracts as graph facts against the experts' answers of CUAD: parties, date, governing law; and the build's speed.

    python benchmarks/graph_contracts.py --data FOLDER [--half tune|report|all]

FOLDER holds cuad/contracts_txt and cuad/master_clauses.csv. No model, no download. A party is right when its name
without legal form is that of the answer, nearly (similarity 88 of 100), or inside it. A date is right when it is the
agreement's or the effective date.
"""

from __future__ import annotations

import argparse
import csv
import re
import tempfile
import time
from pathlib import Path

from strati.kinds.extract.words import core_of, key_of
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.graph.build import build
from strati.knowledge.graph.find import View
from strati.knowledge.graph.records import Node
from strati.knowledge.graph.scoring import alike
from strati.statistics import clopper_pearson


def plain(name: str) -> str:
    """A file name as both lists have it."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\.(pdf|txt)$", "", name.strip().lower()))


def parties(row: dict[str, str]) -> list[str]:
    names = [re.split(r"\(", part)[0].strip(' .,"') for part in row["Parties-Answer"].split(";")]
    return [name for name in names if name]


def dates(row: dict[str, str]) -> set[str]:
    found = set()
    for column in ("Agreement Date-Answer", "Effective Date-Answer"):
        match = re.match(r"(\d+)/(\d+)/(\d+)", row[column].strip())
        if match:
            month, day, year = map(int, match.groups())
            year += (1900 if year > 40 else 2000) if year < 100 else 0
            found.add(f"{year}-{month:02}-{day:02}")
    return found


def same(a: str, b: str) -> bool:
    x, y = core_of(key_of(a))[0], core_of(key_of(b))[0]
    inside = min(len(x), len(y)) >= 5 and (f" {x} " in f" {y} " or f" {y} " in f" {x} ")
    return x == y or alike(x, y) >= 88 or inside


def names(node: Node) -> list[str]:
    return [node.name, *node.aliases]


class Tally:
    """Right, wrong and missed; shown with exact intervals."""

    def __init__(self) -> None:
        self.right = self.wrong = self.missed = 0

    def __str__(self) -> str:
        precision = clopper_pearson(self.right, self.right + self.wrong)
        recall = clopper_pearson(self.right, self.right + self.missed)
        return " ".join(
            f"{what} {one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for what, one in (("P", precision), ("R", recall))
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="tune")
    asked = parser.parse_args()
    with (asked.data / "cuad" / "master_clauses.csv").open(encoding="utf-8") as file:
        rows = {plain(row["Filename"]): row for row in csv.DictReader(file)}
    with tempfile.TemporaryDirectory() as folder, KnowledgeBase.open(Path(folder) / "a.kb") as base:
        base.ingest([asked.data / "cuad" / "contracts_txt"])
        report = build(base)
        view = View(base)
        print(f"{report.processor / report.characters * 1e6:.1f} processor seconds per megabyte, 0 tokens")
        began = time.perf_counter()
        quotes = [view.quote(place) for edge in view.graph.edges for place in edge.evidence]
        opened = sum(view.document(q.document).text[q.start : q.end] == q.quote != "" for q in quotes)
        print(f"{opened:,} of {len(quotes):,} quotes open at their span ({time.perf_counter() - began:.1f} s)")
        measure(view, rows, asked.half)
        began = time.perf_counter()
        base.forget([base.documents()[0].id])
        print(f"forgetting a document: {time.perf_counter() - began:.2f} s")


def measure(view: View, rows: dict[str, dict[str, str]], half: str) -> None:
    tallies = {"parties": Tally(), "date": Tally(), "governing law": Tally()}
    entries = sorted(view.entries.values(), key=lambda entry: entry.sha256)
    start, step = {"tune": (0, 2), "report": (1, 2), "all": (0, 1)}[half]
    for entry in entries[start::step]:
        stem = re.sub(r"\.txt$", "", Path(entry.name).name).strip()
        row = rows.get(plain(stem))
        if row is None:
            print(f"no answers for {stem}")
            continue
        node = next(n for n in view.graph.nodes if n.type == "document" and stem in n.aliases)
        edges = view.edges_of.get(node.id, ())
        told = {
            "parties": [view.nodes[e.head] for e in edges if e.label == "party to"],
            "date": [view.nodes[e.tail] for e in edges if e.label == "dated"],
            "governing law": [view.nodes[e.tail] for e in edges if e.label == "governed by"],
        }
        wanted = parties(row)
        hits = {w for w in wanted for one in told["parties"] if any(same(w, name) for name in names(one))}
        right = [one for one in told["parties"] if any(same(w, name) for w in wanted for name in names(one))]
        tallies["parties"].right += len(right)
        tallies["parties"].wrong += len(told["parties"]) - len(right)
        tallies["parties"].missed += len(wanted) - len(hits)
        one_of(tallies["date"], bool(told["date"]), bool(dates(row)), bool({n.name for n in told["date"]} & dates(row)))
        laws = [part.strip() for part in re.split(r"[;,/]", row["Governing Law-Answer"]) if part.strip()]
        found = any(same(law, name) for law in laws for one in told["governing law"] for name in names(one))
        one_of(tallies["governing law"], bool(told["governing law"]), bool(laws), found)
    print(f"{len(entries[start::step])} contracts ({half})")
    for what, tally in tallies.items():
        print(f"{what:14} {tally}")


def one_of(tally: Tally, told: bool, wanted: bool, right: bool) -> None:
    """One answer is asked for: right, wrong (told, and not that), missed (wanted, and not told right)."""
    tally.right += right
    tally.wrong += told and wanted and not right
    tally.missed += wanted and not right


if __name__ == "__main__":
    main()
