"""How well it is told whether a text supports a claim, and which errors are found.

    python benchmarks/support_check.py --data FOLDER [--errors 1000]

FOLDER holds wice/entailment_retrieval_claim_dev.jsonl, qags/mturk_{cnndm,xsum}.jsonl,
aggrefact/AggreFact-Unified-val.xlsx and squad_xquad/xquad.en.json. Claims are held against their whole document; the
weight of a word is its inverse document frequency over the documents of all sets. The settings in the source were
chosen on the pairs with even numbers; figures are of those with odd numbers, with intervals: DeLong for the area under
the ROC curve, Clopper-Pearson for shares. Beside the check stands the plain share of unigrams and bigrams. AggreFact
has errors only: the share found, by kind. Injected errors: sentences of XQuAD with one number, date, unit, name or
negation changed, held against their own paragraph, and sentences held against another paragraph.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strati.knowledge.ask.corrupt import corrupted, names_in
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.support import Support, Verdict, Weigh, scored, support
from strati.knowledge.ask.text import Text
from strati.knowledge.ask.trained import FEATURES, train
from strati.knowledge.ask.units import units
from strati.knowledge.ask.words import Word, words
from strati.knowledge.base import KnowledgeBase
from strati.statistics import clopper_pearson

Pair = tuple[str, str, bool]
"""A claim, a document, whether it is supported."""
EACH = 250  # AggreFact claims of a kind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--errors", type=int, default=1000)
    arguments = parser.parse_args()
    sets = {"WiCE": wice(arguments.data), "QAGS-CNNDM": qags(arguments.data, "cnndm")}
    sets["QAGS-XSum"] = qags(arguments.data, "xsum")
    errors = aggrefact(arguments.data)
    documents = dict.fromkeys(document for pairs in sets.values() for _, document, _ in pairs)
    weigh = rarity(documents)
    blocked: list[bool] = []
    for name, pairs in sets.items():
        blocked += shown(name, pairs, weigh)
    share("supported pairs of all sets, and blocked", blocked)
    for kind, pairs in errors.items():
        found = [judged(one, weigh).verdict is not Verdict.SUPPORTED for one in pairs]
        share(f"AggreFact, {kind}: found", found)
    injected(arguments.data, arguments.errors)


def shown(name: str, pairs: Sequence[Pair], weigh: Weigh) -> list[bool]:
    """Print the figures of a set; which of its supported pairs were blocked."""
    odd = list(pairs)[1::2]
    texts = {document: Text.of(document) for _, document, _ in odd}
    start = time.perf_counter()
    found = [support(claim, texts[document], weigh) for claim, document, _ in odd]
    each = (time.perf_counter() - start) / len(odd)
    right = np.array([label for *_, label in odd])
    score = np.array([one.score for one in found])
    plain = np.array([overlap(claim, document) for claim, document, _ in odd])
    passed = np.array([one.verdict is Verdict.SUPPORTED for one in found])
    print(f"{name}: {len(odd)} pairs, {right.sum()} supported, {each * 1000:.2f} ms a pair")
    print(f"  area under the ROC curve {auc(score[right], score[~right])}, plain {auc(plain[right], plain[~right])}")
    print(f"  balanced accuracy {(passed[right].mean() + (~passed)[~right].mean()) / 2:.3f}")
    share("  supported, and blocked", list(~passed[right]))
    share("  not supported, and blocked", list(~passed[~right]))
    lifted(list(texts), found, right, passed)
    vetoed = np.array([one.veto for one in found])
    share("  of supported, vetoed by a number or a contradiction", list(vetoed[right]))
    share("  of not supported, vetoed", list(vetoed[~right]))
    return [bool(one) for one in ~passed[right]]


def lifted(
    documents: Sequence[str], found: Sequence[Support], right: NDArray[np.bool_], passed: NDArray[np.bool_]
) -> None:
    """The check that learns from corruptions of these very documents, and its paired lift in balanced accuracy."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(documents):
            (Path(folder) / f"{number:05}.txt").write_text(text, encoding="utf-8")
        with KnowledgeBase.open(Path(folder) / "x") as base:
            base.ingest([folder])
            made = train(Sources(base))
    if made is None:
        print("  learned: too few sentences")
        return
    weights = dict(zip(FEATURES, made.weights, strict=True))
    score = np.array([scored(one.features, weights, made.intercept) if not one.veto else one.score for one in found])
    learned = np.array([not one.veto for one in found]) & (score >= made.threshold)
    gain = np.where(right, learned.astype(float) - passed, passed - learned.astype(float))
    share_of = np.where(right, 0.5 / right.mean(), 0.5 / (~right).mean()) * gain
    spread = share_of.std(ddof=1) / math.sqrt(len(gain))
    middle = share_of.mean()
    both = (learned[right].mean() + (~learned)[~right].mean()) / 2
    print(
        f"  learned from the base: area {auc(score[right], score[~right])}, balanced accuracy {both:.3f}, "
        f"lift {middle:+.3f} [{middle - 1.96 * spread:+.3f}, {middle + 1.96 * spread:+.3f}]"
    )


def injected(data: Path, count: int) -> None:
    """Errors of each kind made in sentences of XQuAD."""
    file = json.loads((data / "squad_xquad" / "xquad.en.json").read_text(encoding="utf-8"))
    paragraphs = [one["context"] for article in file["data"] for one in article["paragraphs"]]
    weigh = rarity(paragraphs)
    rng = random.Random(0)
    sentences = [(at, unit.text) for at, text in enumerate(paragraphs) for unit in units(text) if len(unit.text) > 40]
    names = names_in([text for _, text in sentences])
    texts = [Text.of(text) for text in paragraphs]
    kinds: dict[str, list[bool]] = {}
    blocked = []
    for at, sentence in rng.sample(sentences, len(sentences)):
        if sum(map(len, kinds.values())) >= count:
            break
        blocked.append(support(sentence, texts[at], weigh).verdict is not Verdict.SUPPORTED)
        elsewhere = [text for other, text in rng.sample(sentences, 5) if other != at]
        for kind, claim in corrupted(sentence, rng, names, elsewhere):
            kinds.setdefault(str(kind), []).append(support(claim, texts[at], weigh).verdict is not Verdict.SUPPORTED)
    print("XQuAD, injected errors")
    share("  true sentences, and blocked", blocked)
    for name, found in sorted(kinds.items()):
        share(f"  {name}: found", found)
    share(
        "  numbers, dates and units: found", [one for kind in ("number", "date", "unit") for one in kinds.get(kind, [])]
    )


def judged(pair: Pair, weigh: Weigh) -> Support:
    return support(pair[0], Text.of(pair[1]), weigh)


def rarity(documents: Sequence[str] | dict[str, None]) -> Weigh:
    """Inverse document frequency over pieces of six sentences."""
    counts: Counter[str] = Counter()
    pieces = 0
    for document in documents:
        found = units(document)
        for at in range(0, len(found), 6):
            counts.update({word.key for unit in found[at : at + 6] for word in words(unit.text)})
            pieces += 1

    def weigh(word: Word) -> float:
        return math.log(1 + (pieces - counts[word.key] + 0.5) / (counts[word.key] + 0.5))

    return weigh


def overlap(claim: str, document: str) -> float:
    """The mean of the shares of the claim's words and pairs of words that the document has."""
    mine, theirs = ([word.text.lower() for word in words(text)] for text in (claim, document))
    ones, twos = set(theirs), set(pairwise(theirs))
    pairs = list(pairwise(mine))
    return (
        sum(one in ones for one in mine) / max(1, len(mine)) + sum(p in twos for p in pairs) / max(1, len(pairs))
    ) / 2


def auc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> str:
    wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    area = wins.mean()
    spread = math.sqrt(wins.mean(1).var(ddof=1) / len(positive) + wins.mean(0).var(ddof=1) / len(negative))
    return f"{area:.3f} [{area - 1.96 * spread:.3f}, {min(1.0, area + 1.96 * spread):.3f}]"


def share(what: str, found: Sequence[bool | np.bool_]) -> None:
    hits = int(sum(map(bool, found)))
    if not found:
        print(f"{what}: not measured")
        return
    interval = clopper_pearson(hits, len(found))
    print(f"{what}: {hits / len(found):.3f} [{interval.low:.3f}, {interval.high:.3f}]  n {len(found)}")


def wice(data: Path) -> list[Pair]:
    lines = (data / "wice" / "entailment_retrieval_claim_dev.jsonl").read_text(encoding="utf-8").splitlines()
    return [(r["claim"], "\n".join(r["evidence"]), r["label"] == "supported") for r in map(json.loads, lines)]


def qags(data: Path, name: str) -> list[Pair]:
    """A sentence is supported when most of its three readers say so."""
    lines = (data / "qags" / f"mturk_{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        (one["sentence"], row["article"], sum(r["response"] == "yes" for r in one["responses"]) * 2 > 3)
        for row in map(json.loads, lines)
        for one in row["summary_sentences"]
    ]


def aggrefact(data: Path) -> dict[str, list[Pair]]:
    """The sheets that hold their documents, by the one kind of error that a claim has."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(data / "aggrefact" / "AggreFact-Unified-val.xlsx"))
    found: dict[str, dict[tuple[str, str], Pair]] = {}
    for number in range(len(book.sheet_names)):
        head, *rows = book.get_sheet_by_index(number).to_python()
        if "doc" not in head:
            continue
        for row in rows:
            cells = dict(zip(head, row, strict=True))
            kinds = str(cells["error_type"]).strip("[]'").split("', '")
            if len(kinds) == 1 and float(cells["label"]) == 0.0:
                claim, document = str(cells["summ"]), str(cells["doc"])
                found.setdefault(kinds[0], {})[claim, document] = (claim, document, False)
    return {kind: list(pairs.values())[:EACH] for kind, pairs in sorted(found.items())}


if __name__ == "__main__":
    main()
