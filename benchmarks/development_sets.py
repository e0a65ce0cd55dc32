"""strati's ladder beside a careful hand-made scikit-learn pipeline, on the same rows, in one run.

    python benchmarks/development_sets.py --data FOLDER [--sets trec sms emotion financial banking77] [--quick]

FOLDER holds the public sets as their authors publish them: banking77/{train,test}.csv, trec_qc/*.label,
sms_spam/SMSSpamCollection, tweet_eval/emotion/{train,test}_{text,labels}.txt,
financial_phrasebank/Sentences_75Agree.txt. Sets without a published test part are
split 80/20 once. The pipeline has word and character TF-IDF and a linear SVM whose C is chosen by five-fold
cross-validation on all training rows. strati's figures are those of the refit on all training rows of the rung that
was best on tune. Printed: accuracy of both on the test part with exact intervals, the paired difference with Tango's
interval, seconds. Embedding models that are pulled take part; language models do not.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from strati import Dataset, Example, Task, bench
from strati.kinds.classify.metrics import Accuracy
from strati.measure.answers_file import answer_lines
from strati.measure.journal import Journal
from strati.models.contract import Embedder
from strati.models.open import open_models
from strati.statistics import clopper_pearson, compare

Rows = list[tuple[str, str]]
QUICK = ("trec", "sms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--quick", action="store_true", help=f"only {' and '.join(QUICK)}, and no embedding model")
    arguments = parser.parse_args()
    names = QUICK if arguments.quick else arguments.sets
    embedders = [] if arguments.quick else open_models([], [], llms=False)[1]
    print(f"embedding models: {', '.join(model.card.name for model in embedders) or 'none'}")
    failed = [name for name in names if not side_by_side(name, *SETS[name](arguments.data), embedders)]
    if failed:
        sys.exit(f"below the hand-made pipeline: {', '.join(failed)}")


def side_by_side(name: str, train: Rows, test: Rows, embedders: Sequence[Embedder]) -> bool:
    """Print the comparison; False when strati is shown to be below the pipeline."""
    start = time.perf_counter()
    hand = np.array(hand_made(train, test)) == np.array([label for _, label in test])
    middle = time.perf_counter()
    rung, ours_, verdict = ours(train, test, embedders)
    seconds = time.perf_counter() - middle
    mine = np.array(ours_) == np.array([label for _, label in test])
    print(f"\n{name}: {len(train):,} training rows, {len(test):,} test rows, {len({y for _, y in train})} labels")
    for who, right, took in (("hand-made", hand, middle - start), (f"strati: {rung}", mine, seconds)):
        found = clopper_pearson(int(right.sum()), len(right))
        print(f"  {who:34} {found.value:.4f} ({found.low:.4f} to {found.high:.4f})  {took:6.1f} s")
    one = np.ones(len(test))
    result = compare(np.column_stack([mine, one]), np.column_stack([hand, one]), Accuracy(), 0.03, 0.05)
    print(
        f"  difference {result.difference:+.4f} "
        f"(90 % interval {result.low:+.4f} to {result.high:+.4f}, {result.method})"
    )
    print(f"  the verdict: {verdict}")
    return bool(result.high >= 0)


def hand_made(train: Rows, test: Rows) -> list[str]:
    """Word and character TF-IDF, linear SVM, C by cross-validation."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    pipeline = make_pipeline(features, LinearSVC())
    search = GridSearchCV(pipeline, {"linearsvc__C": [0.1, 0.3, 1.0, 3.0]}, cv=5, n_jobs=2)
    search.fit([text for text, _ in train], [label for _, label in train])
    return [str(label) for label in search.predict([text for text, _ in test])]


def ours(train: Rows, test: Rows, embedders: Sequence[Embedder]) -> tuple[str, list[str], str]:
    """The rung that is best on tune, its test answers after the refit, and the headline of the verdict."""
    with tempfile.TemporaryDirectory() as folder:
        task = Task(repeats="traffic")  # every row of the test part is answered by both
        outcome = bench(dataset(train), task, test=dataset(test), embedders=embedders, runs=Path(folder) / "runs")
        best = max(outcome.verdict["candidates"], key=lambda c: max(form["tune"] or 0.0 for form in c["forms"]))["name"]
        with Journal(outcome.journal, read_only=True) as journal:
            lines = [line for line in answer_lines(journal) if (line["candidate"], line["split"]) == (best, "refit")]
    answers = {line["id"]: line["value"] for line in lines}
    headline = outcome.verdict["choice"]["headline"]
    return best, [answers[str(row)] for row in range(1, len(test) + 1)], headline


def dataset(rows: Rows) -> Dataset:
    return Dataset(tuple(Example(str(n), text, label, row=n) for n, (text, label) in enumerate(rows, 1)))


def banking77(data: Path) -> tuple[Rows, Rows]:
    return _csv(data / "banking77/train.csv"), _csv(data / "banking77/test.csv")


def trec(data: Path) -> tuple[Rows, Rows]:
    return _trec(data / "trec_qc/train_5500.label"), _trec(data / "trec_qc/TREC_10.label")


def sms(data: Path) -> tuple[Rows, Rows]:
    lines = (data / "sms_spam/SMSSpamCollection").read_text(encoding="utf-8").splitlines()
    rows = [
        (text, label) for label, text in (line.split("\t", 1) for line in lines if line.startswith(("ham\t", "spam\t")))
    ]
    random.Random(0).shuffle(rows)
    cut = len(rows) // 5
    return rows[cut:], rows[:cut]


def financial(data: Path) -> tuple[Rows, Rows]:
    lines = (data / "financial_phrasebank/Sentences_75Agree.txt").read_text(encoding="latin-1").splitlines()
    rows = [(text, label) for text, _, label in (line.rpartition("@") for line in dict.fromkeys(lines))]
    random.Random(0).shuffle(rows)
    cut = len(rows) // 5
    return rows[cut:], rows[:cut]


def emotion(data: Path) -> tuple[Rows, Rows]:
    folder = data / "tweet_eval/emotion"
    return _parallel(folder, "train"), _parallel(folder, "test")


def _csv(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def _trec(path: Path) -> Rows:
    lines = path.read_text(encoding="latin-1").splitlines()
    return [(text, label.split(":")[0]) for label, text in (line.split(" ", 1) for line in lines)]


def _parallel(folder: Path, part: str) -> Rows:
    texts = (folder / f"{part}_text.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    labels = (folder / f"{part}_labels.txt").read_text(encoding="utf-8").split()
    return [(text, label) for text, label in zip(texts, labels, strict=True) if text.strip()]


SETS = {"trec": trec, "sms": sms, "emotion": emotion, "financial": financial, "banking77": banking77}

if __name__ == "__main__":
    main()
