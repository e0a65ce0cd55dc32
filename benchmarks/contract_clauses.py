"""Which contracts have a clause, and what does it say: lists over many documents against the experts' answers of CUAD.

    python benchmarks/contract_clauses.py --data FOLDER [--half tune|report] [--show CLAUSE]

FOLDER holds cuad/contracts_txt and cuad/master_clauses.csv. All contracts are one base; a question for each of ten
clauses is asked as `strati ask` is. No model. A document is right when it gets a line and the experts found the clause
in it; a line is at the right place when it shares eight words in a row (or half of itself) with a span of theirs.
Printed for each clause and all: precision and recall of documents and of places, and how many documents that have it
are wrongly left out. The turns of phrase were chosen on every second contract (tune). Intervals: Clopper-Pearson; those
over all clauses take documents as independent.
"""

from __future__ import annotations

import argparse
import ast
import csv
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

from strati.knowledge.ask.every import EveryDocument, Line, listed
from strati.knowledge.ask.sources import Sources
from strati.knowledge.base import KnowledgeBase
from strati.statistics import clopper_pearson

QUESTIONS = {
    "Governing Law": "Which agreements name a governing law?",
    "Renewal Term": "Which agreements renew automatically, and for how long?",
    "Notice Period To Terminate Renewal": "Which agreements need notice to stop a renewal, and how much?",
    "Termination For Convenience": "Which agreements can be ended for convenience, and with what notice?",
    "Anti-Assignment": "Which agreements cannot be assigned without consent?",
    "Change Of Control": "Which agreements say something about a change of control?",
    "Exclusivity": "Which agreements are exclusive?",
    "Cap On Liability": "Which agreements limit liability?",
    "Audit Rights": "Which agreements give a right to audit books and records?",
    "Insurance": "Which agreements require insurance?",
}


def plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\.(pdf|txt)$", "", name.strip().lower()))


def tokens(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def at_place(line: Line, spans: Sequence[str]) -> bool:
    quote = [word for piece in line.pieces[:1] for word in tokens(piece.text)]
    for span in spans:
        other = tokens(span)
        match = SequenceMatcher(None, quote, other, autojunk=False).find_longest_match()
        if match.size >= min(8, max(1, len(quote) // 2), len(other)):
            return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("tune", "report"), default="tune")
    parser.add_argument(
        "--show", nargs="*", default=[], choices=list(QUESTIONS), help="print what is missed and what is wrong"
    )
    asked = parser.parse_args()
    with (asked.data / "cuad" / "master_clauses.csv").open(encoding="utf-8") as file:
        rows = {plain(row["Filename"]): row for row in csv.DictReader(file)}
    with tempfile.TemporaryDirectory() as folder, KnowledgeBase.open(Path(folder) / "a.kb") as base:
        base.ingest([asked.data / "cuad" / "contracts_txt"])
        entries = sorted(base.documents(), key=lambda entry: entry.sha256)
        part = {plain(Path(entry.name).name) for entry in entries[asked.half == "report" :: 2]} & rows.keys()
        print(f"{len(part)} of {len(entries)} contracts")
        layer = EveryDocument(Sources(base))
        whole: Counter[str] = Counter()
        for clause, question in QUESTIONS.items():
            began = time.perf_counter()
            taken = listed(question)
            assert taken is not None
            found = {plain(Path(line.name).name): line for line in layer.lines(taken)}
            seconds = time.perf_counter() - began
            counts = counted(clause, {name: line for name, line in found.items() if name in part}, rows, part)
            whole += counts
            print(f"{clause:36} {shown(counts)}  {seconds:.1f} s", flush=True)
            if clause in asked.show:
                details(clause, found, rows, part)
        print(f"{'all':36} {shown(whole)}")


def counted(clause: str, found: dict[str, Line], rows: dict[str, dict[str, str]], part: set[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name in part:
        spans = ast.literal_eval(rows[name][clause] or "[]")
        line = found.get(name)
        counts["has"] += bool(spans)
        counts["told"] += line is not None
        counts["right"] += bool(spans) and line is not None
        counts["placed"] += line is not None and at_place(line, spans)
    return counts


def shown(counts: Counter[str]) -> str:
    precision = clopper_pearson(counts["right"], counts["told"])
    recall = clopper_pearson(counts["right"], counts["has"])
    placed = clopper_pearson(counts["placed"], counts["told"])
    reached = clopper_pearson(counts["placed"], counts["has"])
    parts = (("P", precision), ("R", recall), ("place P", placed), ("place R", reached))
    numbers = " ".join(f"{what} {one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for what, one in parts)
    return f"{numbers}  left out {counts['has'] - counts['right']} of {counts['has']}"


def details(clause: str, found: dict[str, Line], rows: dict[str, dict[str, str]], part: set[str]) -> None:
    for name in sorted(part):
        spans = ast.literal_eval(rows[name][clause] or "[]")
        line = found.get(name)
        if spans and line is None:
            print(f"  MISSED {name[:40]}: {' '.join(spans[0].split())[:400]}")
        elif line is not None and not at_place(line, spans):
            print(f"  {'ELSEWHERE' if spans else 'WRONG'} {name[:40]}: {' '.join(line.pieces[0].text.split())[:400]}")


if __name__ == "__main__":
    main()
