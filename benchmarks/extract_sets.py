"""Extraction on three public sets: the ladder's rungs against a careful CRF pipeline as tutorials build it.

    python benchmarks/extract_sets.py --data FOLDER [--sets conll04,sec,wnut17] [--sizes 50,100,200,0]
        [--model NAME --sample 60]

FOLDER holds conll04, sec_filings_ner and wnut17. Each set is learnt on its own training file (0 stands for all of it)
and measured on its test file: micro-F1 of exact spans with 95 % intervals that resample texts, and the paired
difference to the comparator. With `--model` a pulled language model answers a sample of the test texts, and the CRF's
figure on the same texts stands beside it. spaCy pipelines that are installed are measured with their labels mapped on
the training texts.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from strati.core.context import Context
from strati.core.records import Case, Example
from strati.data.reading import read
from strati.kinds.extract.crf import CRF, learn
from strati.kinds.extract.gazetteer import Gazetteer
from strati.kinds.extract.llm import ExtractLLM
from strati.kinds.extract.metrics import get_metric
from strati.kinds.extract.pairs import Pairs
from strati.kinds.extract.ready import ReadyNER, installed
from strati.kinds.extract.tokens import Token as Word
from strati.kinds.extract.tokens import entities_of, tags_of
from strati.kinds.extract.values import Extraction
from strati.task.task import Task

SETS = {
    "conll04": ("conll04/train.txt", "conll04/test.txt"),
    "sec": ("sec_filings_ner/FIN5_train.txt", "sec_filings_ner/FIN3_test.txt"),
    "wnut17": ("wnut17/wnut17train.conll", "wnut17/emerging.test.annotated"),
}
Extractor = Callable[[str], Extraction]


def loaded(path: Path) -> list[Example]:
    return list(read(path, Task(inputs=("text",), kind="extract"), format="conll").examples)


def words_of(text: str) -> list[Word]:
    """The tokens of the file: blanks part them."""
    found, at = [], 0
    for word in text.split(" "):
        if word:
            found.append(Word(at, at + len(word), word))
        at += len(word) + 1
    return found


def shape_of(text: str) -> str:
    return "".join("X" if c.isupper() else "x" if c.islower() else "0" if c.isdigit() else c for c in text)[:10]


def seen(words: Sequence[Word]) -> list[list[str]]:
    """The attributes of the tutorials of sklearn-crfsuite, with prefixes and shapes added."""
    rows = []
    for at in range(len(words)):
        row = ["bias"]
        for step in (-2, -1, 0, 1, 2):
            if 0 <= at + step < len(words):
                text = words[at + step].text
                row += [
                    f"{step}:low={text.lower()}",
                    f"{step}:upper={text.isupper()}",
                    f"{step}:title={text.istitle()}",
                ]
                row.append(f"{step}:digit={text.isdigit()}")
                if step == 0:
                    row += [f"s3={text[-3:]}", f"s2={text[-2:]}", f"p2={text[:2]}", f"p3={text[:3]}"]
                    row.append("shape=" + shape_of(text))
            else:
                row.append(f"{step}:edge")
        rows.append(row)
    return rows


def comparator(train: Sequence[Example]) -> Extractor:
    """Plain CRF; c1 and c2 chosen on a fifth of train."""
    data = []
    for example in train:
        words = words_of(example.text)
        data.append((seen(words), tags_of(words, Extraction.from_json(example.reference).entities), words, example))
    cut = max(1, len(data) // 5)
    best, chosen = -1.0, (0.1, 0.1)
    for pair in ((0.1, 0.1), (0.02, 0.02), (0.1, 0.01)):
        weights = learn([row[:2] for row in data[cut:]], *pair)
        sums = np.zeros(3)
        for rows, _, words, example in data[:cut]:
            value = Extraction(tuple(entities_of(words, weights.decode(rows)[0])))
            sums += get_metric("f1").score(example.reference, value.to_json()).statistics
        quality = float(get_metric("f1").aggregate(sums))
        if quality > best:
            best, chosen = quality, pair
    weights = learn([row[:2] for row in data], *chosen)

    def extract(text: str) -> Extraction:
        words = words_of(text)
        return Extraction(tuple(entities_of(words, weights.decode(seen(words))[0]))) if words else Extraction()

    return extract


def layer(made: Gazetteer | CRF | ReadyNER, train: Sequence[Example]) -> Extractor:
    fitted = made.fit(train, [], Context())

    def extract(text: str) -> Extraction:
        answer = fitted.run([Case("x", text)], Context())[0].answer
        return Extraction.from_json(answer.value if answer else None)

    return extract


def statistics(extract: Extractor, test: Sequence[Example], metric: str = "f1") -> np.ndarray:
    return np.array([get_metric(metric).score(one.reference, extract(one.text).to_json()).statistics for one in test])


def shown(rows: np.ndarray, base: np.ndarray | None = None, metric: str = "f1") -> str:
    made = get_metric(metric)
    draws = np.random.default_rng(0).integers(0, len(rows), (2000, len(rows)))
    spread = made.aggregate(rows[draws].sum(axis=1))
    point, low, high = float(made.aggregate(rows.sum(axis=0))), np.quantile(spread, 0.025), np.quantile(spread, 0.975)
    text = f"{point:.3f} [{low:.3f}, {high:.3f}]"
    if base is not None:
        other = made.aggregate(base[draws].sum(axis=1))
        gap = float(made.aggregate(rows.sum(axis=0)) - made.aggregate(base.sum(axis=0)))
        low, high = np.quantile(spread - other, 0.025), np.quantile(spread - other, 0.975)
        text += f"  to the comparator {gap:+.3f} [{low:+.3f}, {high:+.3f}]"
    return text


def relations(train: Sequence[Example], test: Sequence[Example]) -> None:
    """End to end, and how precise the surest third is."""
    fitted = CRF(0.05, 0.01, pairs=Pairs()).fit(train, [], Context())
    for least in (0.3, 0.4, 0.5, 0.7, 0.9):
        if fitted.pairs is None:
            return
        at = replace(fitted, pairs=replace(fitted.pairs, least=least))
        rows = statistics(lambda text, at=at: at.extract(text)[0], test, "relation_f1")
        right, said, true = rows.sum(axis=0)
        precision, recall = right / max(1, said), right / true
        print(f"  relations from {least:.1f}: {shown(rows, metric='relation_f1')}, P {precision:.3f}, R {recall:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default="conll04,sec")
    parser.add_argument("--sizes", default="50,100,200,0")
    parser.add_argument("--model", help="a pulled language model")
    parser.add_argument("--sample", type=int, default=60, help="test texts that the language model answers")
    asked = parser.parse_args()
    for name in asked.sets.split(","):
        train, test = (loaded(asked.data / path) for path in SETS[name])
        shuffled = list(train)
        random.Random(0).shuffle(shuffled)
        print(f"{name}: {len(train):,} training texts, {len(test):,} test texts")
        for size in map(int, asked.sizes.split(",")):
            part = shuffled[:size] if size else shuffled
            print(f" {len(part):,} training texts")
            base = statistics(comparator(part), test)
            print(f"  comparator  {shown(base)}")
            rows = base
            for label, made in (
                *((one, ReadyNER.of(one)) for one in installed()),
                ("rules", Gazetteer(0.7)),
                ("CRF", CRF(0.05, 0.01)),
            ):
                began = time.process_time()
                rows = statistics(layer(made, part), test)
                print(f"  {label:11} {shown(rows, base)}  ({time.process_time() - began:.0f} s)", flush=True)
            if asked.model:
                some = sorted(random.Random(1).sample(range(len(test)), min(asked.sample, len(test))))
                by_model(asked.model, part, [test[at] for at in some], rows[some])
        if name == "conll04":
            relations(train, test)


def by_model(name: str, train: Sequence[Example], test: Sequence[Example], crf: np.ndarray) -> None:
    """A language model with examples of train on these texts, beside what the CRF scored on each of them."""
    from strati.models.open import open_models

    model = open_models([name], [], llms=True)[0][0]
    labels = tuple(sorted({e.label for one in train for e in Extraction.from_json(one.reference).entities}))
    fitted = ExtractLLM(model, labels).fit(train, [], Context())
    began = time.perf_counter()
    done = fitted.run([Case.of(one) for one in test], Context())
    seconds = (time.perf_counter() - began) / len(test)
    score = get_metric("f1").score
    rows = np.array(
        [score(e.reference, c.answer.value if c.answer else None).statistics for e, c in zip(test, done, strict=True)]
    )
    failed = sum(case.answer is None for case in done)
    print(f"  {name} on {len(done)} texts: {shown(rows, crf).replace('comparator', 'CRF')}, {failed} replies unusable, "
          f"{seconds:.1f} s a text; the CRF on these: {shown(crf)}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
