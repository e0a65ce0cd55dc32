"""How good are the edits, and what do they do to facts? JFLEG's development set, and a long text for the time.

    python benchmarks/write_jfleg.py --data FOLDER [--half tune|report|all] [--model NAME] [--most 0] [--words 100000]

Each sentence of FOLDER/jfleg/dev is put into natural spacing and corrected by: nothing, the rules' first word taken
blindly with no regard to facts, the rules as `strati write` uses them, and with --model a language model that chooses
words, or rewrites too. GLEU with the four references (strati.write.gleu), with 95 % bootstrap intervals over sentences
(BCa), and the paired difference to the blind first word. Facts: sentences in which an applied edit changes a fact that
every person kept. Even sentences are for tuning (the weights of `strati.write.rerank` and the rules that are off come
from them), odd ones for the report. --words measures the processor time for a text made of these sentences.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from facts_kept import corrections
from strati.core.context import Context
from strati.core.records import Case
from strati.stack.contract import Layer
from strati.statistics.resampling import Units, bca_interval
from strati.write import propose, tools
from strati.write.gleu import Gleu, accepted, facts_kept, statistics
from strati.write.layers import AsItIs, ModelEdits, Rules

DRAWS = 2000
METRIC = Gleu()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="tune")
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--most", type=int, default=0, help="Only so many sentences.")
    parser.add_argument("--words", type=int, default=0)
    given = parser.parse_args()
    rows = corrections(given.data)
    rows = {"tune": rows[::2], "report": rows[1::2], "all": rows}[given.half]
    rows = rows[: given.most or None]
    print(f"{given.half}: {len(rows)} sentences")
    blind: np.ndarray | None = None
    for layer in layers(given.model):
        table = measured(layer, rows)
        if layer.name == "first word, blindly":
            blind = table
        elif blind is not None:
            print(f"    to the blind first word: {difference(table, blind)}")
    if given.words:
        speed([source for source, _ in rows], given.words)


def layers(models: Sequence[str]) -> list[Layer]:
    found: list[Layer] = [AsItIs(), Rules("first", keep_facts=False, name="first word, blindly"), Rules()]
    if models:
        from strati.models.open import open_models

        for model in open_models(models, [], llms=True)[0]:
            found.append(ModelEdits(model, name=f"rules, words by {model.card.name}"))
            found.append(ModelEdits(model, rewrites=True, name=f"rules, rewritten by {model.card.name}"))
    return found


def measured(layer: Layer, rows: Sequence[tuple[str, list[str]]]) -> np.ndarray:
    start = time.process_time()
    cases = layer.run([Case(str(n), source) for n, (source, _) in enumerate(rows)], Context())
    seconds = time.process_time() - start
    values = [str(case.answer.value) if case.answer else source for case, (source, _) in zip(cases, rows, strict=True)]
    pairs = [({"source": s, "references": people}, v) for (s, people), v in zip(rows, values, strict=True)]
    table = np.array([statistics(one["source"], value, one["references"]) for one, value in pairs])
    interval = bca_interval(Units(table, np.ones(len(table))), METRIC.aggregate)
    low, high = (interval.low, interval.high) if interval else (float("nan"), float("nan"))
    good, every = np.sum([accepted(one["source"], value, one["references"]) for one, value in pairs], axis=0)
    lost = sum(not facts_kept(value, one) for one, value in pairs)
    print(
        f"{layer.name:40} GLEU {100 * METRIC.aggregate(table.sum(axis=0)):.2f} ({100 * low:.2f} to {100 * high:.2f}), "
        f"{good} of {every} edits accepted, {lost} sentences with a changed fact, {seconds:.1f} s"
    )
    return table


def difference(table: np.ndarray, other: np.ndarray) -> str:
    """Paired: the same sentences are drawn for both."""
    draw = np.random.default_rng(1)
    weights = draw.multinomial(len(table), np.full(len(table), 1 / len(table)), DRAWS)
    gaps = METRIC.aggregate(weights @ table) - METRIC.aggregate(weights @ other)
    gap = METRIC.aggregate(table.sum(axis=0)) - METRIC.aggregate(other.sum(axis=0))
    low, high = np.quantile(gaps, (0.025, 0.975))
    return f"{100 * gap:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"


def speed(sources: Sequence[str], words: int) -> None:
    draw = random.Random(1)
    paragraphs: list[str] = []
    count = 0
    while count < words:
        paragraphs.append(" ".join(draw.choices(sources, k=6)))
        count += len(paragraphs[-1].split())
    using = tools()
    start = time.process_time()
    proposal = propose("\n\n".join(paragraphs), using=using, markdown=True)
    seconds = time.process_time() - start
    print(f"{count} words: {seconds:.1f} s of processor time, {len(proposal.edits)} edits")


if __name__ == "__main__":
    main()
