"""What local language models answer from a base, with and without the check.

    python benchmarks/ask_models.py --data FOLDER --models NAME... [--questions 60] [--set xquad|covid]

FOLDER as for ask_answers.py. Each model writes once for each question; the checks are then put on the same replies. An
answer is right when it states a reference answer within three sentences. Printed for questions spread over the set:
share answered, share wrong among the answered (Clopper-Pearson), token F1, seconds and prompt tokens an answer; the
same for questions whose own paragraph is left out of the evidence, where every answer counts as wrong.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ask_answers import SETS, Row, Without
from strati.core.context import Context
from strati.core.records import Case
from strati.knowledge.ask.extract import Extract
from strati.knowledge.ask.gate import Gate
from strati.knowledge.ask.judge import Rules, SentenceCheck
from strati.knowledge.ask.retrieve import Retrieve
from strati.knowledge.ask.right import f1, loss
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.words import words
from strati.knowledge.ask.write import Write
from strati.knowledge.base import KnowledgeBase
from strati.models.contract import LanguageModel
from strati.models.open import open_models
from strati.stack.contract import Layer
from strati.statistics import clopper_pearson

CHECKS: dict[str, tuple[SentenceCheck, ...]] = {"unchecked": (), "rules": (Rules(),)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--passages", type=int, default=3)
    parser.add_argument("--set", default="xquad", choices=sorted(SETS))
    arguments = parser.parse_args()
    texts, rows = SETS[arguments.set](arguments.data)
    rows = rows[1 :: max(1, len(rows) // arguments.questions)][: arguments.questions]
    models = open_models(arguments.models, [], llms=True)[0]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        with KnowledgeBase.open(Path(folder) / "x") as base:
            base.ingest([folder])
            sources = Sources(base)
            measured(sources, rows, texts, models, arguments.passages)


def measured(
    sources: Sources, rows: Sequence[Row], texts: dict[str, str], models: Sequence[LanguageModel], passages: int
) -> None:
    ctx = Context()
    print(f"{len(rows)} questions, {sources.size} passages")
    shown("extract", Extract(sources), [given(sources, row[0], ctx) for row in rows], rows, ctx)
    without = []
    for question, _, file in rows[::2]:
        keys = frozenset(word.key for word in words(texts[file]))
        without.append(given(Without(sources.base, gone=file, keys=keys), question, ctx))
    for model in models:
        for name, checks in CHECKS.items():
            layer = Write(sources, model, checks, passages)
            shown(f"{model.card.name}, {name}", layer, [given(sources, row[0], ctx) for row in rows], rows, ctx)
            cases = layer.run(without, ctx)
            answered = sum(case.answer is not None for case in cases)
            print(f"  without the paragraph: {answered} of {len(cases)} answered")


def given(sources: Sources, question: str, ctx: Context) -> Case:
    """The case as it reaches the last layer."""
    retrieved = Retrieve(sources).run([Case(question, question)], ctx)
    return Gate(sources).run(retrieved, ctx)[0]


def shown(name: str, layer: Layer, cases: Sequence[Case], rows: Sequence[Row], ctx: Context) -> None:
    start = time.perf_counter()
    done = layer.run(cases, ctx)
    seconds = time.perf_counter() - start
    answered = [(case, row) for case, row in zip(done, rows, strict=True) if case.answer is not None]
    wrong = sum(loss(case.answer.value, list(row[1])) > 0 for case, row in answered if case.answer)
    score = sum(f1(case.answer.value, list(row[1])) for case, row in answered if case.answer) / max(1, len(rows))
    used = [case.usage for case in done if case.usage.calls]
    interval = clopper_pearson(wrong, len(answered)) if answered else None
    bounds = f" [{interval.low:.3f}, {interval.high:.3f}]" if interval else ""
    print(f"{name}: answered {len(answered)} of {len(rows)}, wrong {wrong / max(1, len(answered)):.3f}{bounds}")
    tokens = sum(one.tokens_in for one in used) / max(1, len(used))
    print(
        f"  token F1 {score:.3f}; {seconds / len(rows):.2f} s a question; {tokens:.0f} prompt tokens a call", flush=True
    )


if __name__ == "__main__":
    main()
