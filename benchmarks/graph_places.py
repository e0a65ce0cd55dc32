"""Questions about two places: does the graph's route find more of their evidence than search, and no less on XQuAD?

    python benchmarks/graph_places.py --data FOLDER [--embedder NAME] [--half tune|report|all] [--xquad]

`graph_questions.jsonl` beside this file holds 60 questions of ours over CUAD's contracts and the talk: the question,
and for each piece of evidence the start of its document's SHA-256 and its span. Recall@5 is the share of the pieces of
a question that the first five passages hold the start of; odd questions are for choosing settings (`tune`), even ones
are reported. XQuAD: English questions on their 240 paragraphs, one file an article; the piece is the first answer. The
difference to search is paired, with a bootstrap (BCa) interval over questions.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from strati.core.context import Context
from strati.core.records import Case, Evidence
from strati.knowledge.ask.connect import Connect
from strati.knowledge.ask.retrieve import Retrieve
from strati.knowledge.ask.sources import Sources
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.graph.build import build
from strati.models.contract import Embedder
from strati.models.open import open_models
from strati.statistics.resampling import bca_interval, units_of

K = 5
QUESTIONS = Path(__file__).with_name("graph_questions.jsonl")


class Question(NamedTuple):
    text: str
    pieces: tuple[tuple[str, int], ...]  # the start of a document's SHA-256, and of the piece


def ours(half: str) -> list[Question]:
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    start, step = {"tune": (0, 2), "report": (1, 2), "all": (0, 1)}[half]
    return [
        Question(row["question"], tuple((e["document"], e["start"]) for e in row["evidence"]))
        for row in rows[start::step]
    ]


def xquad(data: Path, folder: Path, base: KnowledgeBase) -> list[Question]:
    """The paragraphs as files, ingested; a question's piece is its paragraph at its first answer."""
    articles = json.loads((data / "squad_xquad" / "xquad.en.json").read_text(encoding="utf-8"))["data"]
    asked = []
    for number, article in enumerate(articles):
        whole = "\n\n".join(" ".join(one["context"].split()) for one in article["paragraphs"])
        (folder / f"{number:03}.txt").write_text(f"{whole}\n", encoding="utf-8")
        for one in article["paragraphs"]:
            for qa in one["qas"]:
                first = qa["answers"][0]
                asked.append((number, " ".join(one["context"].split()), first["text"], first["answer_start"], qa))
    base.ingest([folder])
    names = {Path(entry.name).stem: entry for entry in base.documents()}
    texts = {stem: base.document(entry.id).text for stem, entry in names.items()}
    questions = []
    for number, context, answer, near, qa in asked:
        stem = f"{number:03}"
        start = texts[stem].find(context)
        if start < 0:
            continue
        at = min(
            (i for i in range(len(context)) if context.startswith(answer, i)), key=lambda i: abs(i - near), default=0
        )
        questions.append(Question(qa["question"], ((names[stem].sha256[:16], start + at),)))
    return questions


def recall(question: Question, found: Sequence[Evidence]) -> float:
    """The share of the pieces whose start one of the first passages holds."""
    held = 0
    for document, start in question.pieces:
        held += any(
            one.source is not None
            and one.source.sha256.startswith(document)
            and one.source.start <= start < one.source.end
            for one in found[:K]
        )
    return held / len(question.pieces)


def measure(base: KnowledgeBase, questions: Sequence[Question], what: str) -> None:
    sources = Sources(base)
    retrieve, connect = Retrieve(sources, K), Connect(sources, K)
    plain, routed, by = [], [], 0
    began = time.process_time()
    for question in questions:
        case = retrieve.run([Case("q", question.text)], Context())[0]
        done = connect.run([case], Context())[0]
        plain.append(recall(question, case.evidence))
        routed.append(recall(question, done.evidence))
        by += done.steps[-1].reason.startswith("the graph")
    spent = (time.process_time() - began) / len(questions)
    a, b = np.array(plain), np.array(routed)
    print(f"{what}: {len(questions)} questions, {by} by the graph, {spent:.2f} processor seconds each")
    for name, values in ((f"search recall@{K}", a), (f"routed recall@{K}", b), ("difference", b - a)):
        print(f"  {name:16} {values.mean():+.3f} {_interval(values)}")
    print(f"  better {int((b > a).sum())}, worse {int((b < a).sum())}")


def _interval(values: np.ndarray) -> str:
    if not np.ptp(values):
        return "(no spread)"
    found = bca_interval(units_of(values[:, None]), lambda sums: sums[..., 0] / len(values))
    return f"[{found.low:+.3f}, {found.high:+.3f}]" if found else "(no interval)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="tune")
    parser.add_argument("--embedder", help="a pulled embedder: search goes by meaning, too")
    parser.add_argument("--xquad", action="store_true", help="measure XQuAD instead")
    parser.add_argument("--base", type=Path, help="keep the base in this folder, and use it again")
    asked = parser.parse_args()
    embedder: Embedder | None = open_models([asked.embedder], [], llms=False)[1][0] if asked.embedder else None
    with (
        tempfile.TemporaryDirectory() as folder,
        KnowledgeBase.open(asked.base or Path(folder) / "a.kb", embedder) as base,
    ):
        if asked.xquad:
            (Path(folder) / "docs").mkdir()
            questions, what = xquad(asked.data, Path(folder) / "docs", base), "XQuAD"
        else:
            base.ingest([asked.data / "cuad" / "contracts_txt", *(asked.data / "talk").glob("0*.txt")])
            questions, what = ours(asked.half), f"questions about two places ({asked.half})"
        build(base)
        measure(base, questions, what)


if __name__ == "__main__":
    main()
