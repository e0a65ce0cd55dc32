"""How well questions are answered, and how well it is seen that they cannot be, without a language model.

    python benchmarks/ask_answers.py --data FOLDER [--sets xquad covid qasper] [--embedder NAME] [--fit] [--learn]

FOLDER holds squad_xquad/xquad.en.json, covid_qa/200423_covidQA.json and qasper/qasper_sample_array.json. The
paragraphs (or articles) of a set are one knowledge base, each a file. A question is answered right when the delivered
sentence holds a reference answer (both without case, punctuation and articles). Printed for the odd questions: the
share whose first sentence is right, the same among the surest 60 %, the share answered and right at the default
threshold, token F1 of the best span, and how well the confidence tells questions with their own paragraph from the same
questions with that paragraph taken out of the base (area under the ROC curve). Intervals: bootstrap (BCa) over
questions. `--fit` prints the weights that the even questions of XQuAD give; those in the source are such. `--learn`
shows what weights learned from the even questions, as a bench learns them from train rows, change on the odd ones.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strati.core.records import Evidence
from strati.knowledge.ask.coverage import Coverage, cover
from strati.knowledge.ask.gate import ANSWERABLE, ANSWERS, LEAST, RIGHT, WEIGHTS, answerable, confidence
from strati.knowledge.ask.premises import contradicted_premise
from strati.knowledge.ask.question import no_question, read
from strati.knowledge.ask.retrieve import Retrieve
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.span import best_span
from strati.knowledge.ask.words import key_of, words
from strati.knowledge.base import KnowledgeBase
from strati.models.open import open_models
from strati.statistics.resampling import bca_interval, units_of

SHARE = 0.6
Row = tuple[str, tuple[str, ...], str]
"""A question, its reference answers, and the name of the file that holds them."""


@dataclass
class Without(Sources):
    """The base as it is without one document."""

    gone: str = ""
    keys: frozenset[str] = field(default_factory=frozenset)

    def search(self, text: str, k: int) -> list[Evidence]:
        found = super().search(text, k + 4)
        return [one for one in found if Path(str(one.data["name"])).name != self.gone][:k]

    def holding(self, word: str) -> int:
        count = super().holding(word)
        return count - 1 if count and self.gone and key_of(word) in self.keys else count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=["xquad"], choices=list(SETS))
    parser.add_argument("--embedder")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--learn", action="store_true")
    parser.add_argument("--most", type=int, default=10**9, help="at most so many questions of a set")
    arguments = parser.parse_args()
    embedder = open_models([arguments.embedder], [], llms=False)[1][0] if arguments.embedder else None
    for name in arguments.sets:
        texts, rows = SETS[name](arguments.data)
        with tempfile.TemporaryDirectory() as folder:
            for file, text in texts.items():
                (Path(folder) / file).write_text(text, encoding="utf-8")
            with KnowledgeBase.open(Path(folder) / "x", embedder) as base:
                base.ingest([folder])
                measured(name, Sources(base), texts, rows[: arguments.most], fit=arguments.fit, learn=arguments.learn)


def measured(
    name: str, sources: Sources, texts: dict[str, str], rows: Sequence[Row], *, fit: bool, learn: bool
) -> None:
    whole = [asked(sources, row[0]) for row in rows]
    seconds = np.array([one[2] for one in whole])
    right = np.array([holds(first(one[1]), row[1]) for one, row in zip(whole, rows, strict=True)])
    sure = np.array([confidence(one[1]) for one in whole])
    known = np.array([answerable(one[1]) for one in whole])
    f1 = np.array([span_f1(one[1], row) for one, row in zip(whole, rows, strict=True)])
    answered = np.array([answers(row[0], one[1], sources) for one, row in zip(whole, rows, strict=True)])
    gone, left = [], []
    for question, _, file in rows:
        keys = frozenset(word.key for word in words(texts[file]))
        rest = Without(sources.base, gone=file, keys=keys)
        gone.append(asked(rest, question)[1])
        left.append(answers(question, gone[-1], rest))
    unsure = np.array([answerable(one) for one in gone])
    still = np.array(left)
    odd = np.arange(len(rows)) % 2 == 1
    if fit:
        fitted([one[1] for one in whole], gone, right, ~odd)
    print(f"{name}: {len(rows)} questions, {len(texts)} files, {sources.size} passages; figures of {odd.sum()} of them")
    surest = sure >= np.quantile(sure[odd], 1 - SHARE)
    line("right sentence first", right[odd])
    line(f"right among the surest {SHARE:.0%}", right[odd & surest])
    line(f"answered at confidence {LEAST}", answered[odd])
    line("right among those answered", right[odd & answered])
    line("answered without the paragraph", still[odd])
    line("token F1 of the best span", f1[odd])
    print(f"  own paragraph or without it: area {auc(known[odd], unsure[odd])}")
    if learn:
        learning(whole, gone, right, odd)
    middle, slow = np.median(seconds) * 1000, np.quantile(seconds, 0.95) * 1000
    print(f"  milliseconds a question: median {middle:.1f}, p95 {slow:.1f}\n")


def learning(
    whole: Sequence[tuple[list[Evidence], Coverage, float]],
    gone: Sequence[Coverage],
    right: NDArray[np.bool_],
    odd: NDArray[np.bool_],
) -> None:
    """What weights learned from the even questions, as by a bench from train rows, change on the odd ones.

    For whether there is an answer every second even question is without its paragraph.
    """
    features = [one[1].features for one in whole]
    even = [at for at in range(len(whole)) if not odd[at]]
    sure = RIGHT.learned([features[at] for at in even], [bool(right[at]) for at in even])
    mixed = [features[at] if n % 2 else gone[at].features for n, at in enumerate(even)]
    known = ANSWERS.learned(mixed, [bool(n % 2) for n in range(len(even))])
    for name, first, second in (("given", RIGHT, ANSWERS), ("learned", sure, known)):
        score = np.array([first.of(one) for one in features])
        line(f"{name}: Brier score of the confidence", (score[odd] - right[odd]) ** 2)
        line(f"{name}: kept", np.array([second.of(one) >= LEAST for one in features])[odd])
        line(f"{name}: kept without its paragraph", np.array([second.of(one.features) >= LEAST for one in gone])[odd])
        both = [np.array([second.of(one) for one in some]) for some in (features, [one.features for one in gone])]
        print(f"  {name}: own paragraph or without it, area {auc(both[0][odd], both[1][odd])}")


def asked(sources: Sources, question: str) -> tuple[list[Evidence], Coverage, float]:
    start = time.perf_counter()
    found = Retrieve(sources).find(question)
    covered = cover(read(question), found, sources)
    return found, covered, time.perf_counter() - start


def answers(question: str, covered: Coverage, sources: Sources) -> bool:
    taken = read(question)
    refused = (
        no_question(taken) or covered.names or not covered.candidates or contradicted_premise(taken, covered, sources)
    )
    return not refused and answerable(covered) >= LEAST


def first(covered: Coverage) -> str:
    return covered.candidates[0].unit.text if covered.candidates else ""


def holds(text: str, references: Sequence[str]) -> bool:
    told = f" {plain(text)} "
    return any(f" {plain(one)} " in told for one in references)


def plain(text: str) -> str:
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", re.sub(r"[^\w\s]", " ", text.lower())).split())


def span_f1(covered: Coverage, row: Row) -> float:
    sentence = first(covered)
    span = best_span(read(row[0]), sentence)
    said = plain(sentence[span[0] : span[1]] if span else sentence).split()
    return max(f1_of(said, plain(one).split()) for one in row[1])


def f1_of(said: Sequence[str], wanted: Sequence[str]) -> float:
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted)) if shared else 0.0


def fitted(
    whole: Sequence[Coverage], gone: Sequence[Coverage], right: NDArray[np.bool_], part: NDArray[np.bool_]
) -> None:
    """Print a logistic regression on the even questions: answered right from the base, and the base without it."""
    from sklearn.linear_model import LogisticRegression

    names = list(WEIGHTS)
    rows = [[one.features[name] for name in names] for one in whole] + [
        [one.features[name] for name in names] for one in gone
    ]
    target = np.concatenate([right, np.zeros(len(gone), bool)])
    model = LogisticRegression(C=1.0).fit(np.array(rows)[np.tile(part, 2)], target[np.tile(part, 2)])
    print(f"confidence: {weights_of(model, names)}")
    names = list(ANSWERABLE)
    rows = [[one.features[name] for name in names] for one in (*whole, *gone)]
    target = np.concatenate([np.ones(len(whole), bool), np.zeros(len(gone), bool)])
    model = LogisticRegression(C=1.0).fit(np.array(rows)[np.tile(part, 2)], target[np.tile(part, 2)])
    print(f"answerable: {weights_of(model, names)}")


def weights_of(model: object, names: Sequence[str]) -> str:
    weights = {name: round(float(one), 2) for name, one in zip(names, model.coef_[0], strict=True)}  # type: ignore[attr-defined]
    return f"{weights}, intercept {model.intercept_[0]:.2f}"  # type: ignore[attr-defined]


def line(what: str, values: NDArray[np.bool_] | NDArray[np.float64]) -> None:
    numbers = values.astype(float)
    if not len(numbers):
        print(f"  {what:34} not measured")
        return
    interval = bca_interval(units_of(numbers[:, None]), lambda sums: sums[..., 0] / len(numbers))
    shown = f" [{interval.low:.3f}, {interval.high:.3f}]" if interval else ""
    print(f"  {what:34} {numbers.mean():.3f}{shown}  n {len(numbers)}")


def auc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> str:
    """The area under the ROC curve with the standard error of DeLong for independent samples."""
    wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    area = wins.mean()
    spread = np.sqrt(wins.mean(1).var(ddof=1) / len(positive) + wins.mean(0).var(ddof=1) / len(negative))
    return f"{area:.3f} [{area - 1.96 * spread:.3f}, {min(1.0, area + 1.96 * spread):.3f}]"


def xquad(data: Path) -> tuple[dict[str, str], list[Row]]:
    return squad(data / "squad_xquad" / "xquad.en.json")


def covid(data: Path) -> tuple[dict[str, str], list[Row]]:
    return squad(data / "covid_qa" / "200423_covidQA.json")


def squad(path: Path) -> tuple[dict[str, str], list[Row]]:
    texts: dict[str, str] = {}
    rows: list[Row] = []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            name = f"{len(texts):04}.txt"
            texts[name] = paragraph["context"]
            for one in paragraph["qas"]:
                found = tuple(answer["text"] for answer in one["answers"] if answer["text"].strip())
                if found:
                    rows.append((one["question"].strip(), found, name))
    return texts, rows


def qasper(data: Path) -> tuple[dict[str, str], list[Row]]:
    """Papers as files; the questions that have extractive or free-form answers."""
    texts: dict[str, str] = {}
    rows: list[Row] = []
    papers = json.loads((data / "qasper" / "qasper_sample_array.json").read_text(encoding="utf-8"))
    for paper in papers:
        name = f"{len(texts):04}.txt"
        parts = [paper["title"], paper["abstract"]]
        body = paper["full_text"]
        for section, paragraphs in zip(body["section_name"], body["paragraphs"], strict=True):
            parts += [section or "", *paragraphs]
        texts[name] = "\n\n".join(part for part in parts if part)
        for question, given in zip(paper["qas"]["question"], paper["qas"]["answers"], strict=True):
            spans = [span for one in given["answer"] for span in (*one["extractive_spans"], one["free_form_answer"])]
            found = tuple(span for span in spans if span.strip())
            if found:
                rows.append((question.strip(), found, name))
    return texts, rows


SETS = {"xquad": xquad, "covid": covid, "qasper": qasper}


if __name__ == "__main__":
    main()
