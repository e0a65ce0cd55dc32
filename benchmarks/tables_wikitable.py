"""WikiTableQuestions without a language model: right answers over all, and on the share answered most surely.

    python benchmarks/tables_wikitable.py --data FOLDER [--part tune|report|all] [--most 500] [--wrong 20]
        [--fit [--without NAME...]] [--model qwen2.5-coder-1.5b --questions 40]

FOLDER holds `data/random-split-1-dev.tsv` and `csv/`, as published. Settings are chosen on the tables of "tune" (half
of all, by a hash of their name); "report" is the other half, looked at once. An answer is right when its values are
those of the reference, as the published evaluator compares them: numbers as numbers, dates as dates, text without case,
accents and punctuation, in whatever order. `--fit` prints the weights of `strati.tables.parse.confidence`, learned from
this part, and how right the surest are when each fold of tables is left out. `--model` asks a language model (one
repair) some questions of the part, drawn at random, beside the parser, paired.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import random
import re
import sys
import tempfile
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import JSON, Case
from strati.models.contract import LanguageModel
from strati.models.open import open_models
from strati.statistics.contrast import paired_interval
from strati.statistics.metric import Share, wrong
from strati.statistics.proportions import clopper_pearson
from strati.tables.allowed import Refused, validated
from strati.tables.answer import answer_of
from strati.tables.engine import Engine, QueryFailed, Result
from strati.tables.layers import SqlModel
from strati.tables.parse.confidence import confidence, features
from strati.tables.parse.parser import Parser
from strati.tables.schema import Schema
from strati.tables.sources import Source

SUREST = 0.25
SEEN = 30  # a feature is learned from where at least so many questions have it


def questions(folder: Path) -> dict[str, list[tuple[str, list[str]]]]:
    """Questions and their answers by table."""
    found: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    with (folder / "data" / "random-split-1-dev.tsv").open(encoding="utf-8") as file:
        for line in list(file)[1:]:
            _, question, table, target = line.rstrip("\n").split("\t")
            found[table].append((question, [_unescaped(part) for part in target.split("|")]))
    return found


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\p", "|").replace("\\\\", "\\")


def part_of(table: str) -> str:
    return "tune" if hashlib.sha256(table.encode()).digest()[0] % 2 == 0 else "report"


def rewritten(path: Path, target: Path) -> None:
    """The table with a name of its own for each column."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, doublequote=False, escapechar="\\"))
    width = len(rows[0])
    seen: dict[str, int] = {}
    header = []
    for place, name in enumerate(rows[0], 1):
        plain = " ".join(name.split()) or f"column {place}"
        seen[plain.casefold()] = seen.get(plain.casefold(), 0) + 1
        header.append(plain if seen[plain.casefold()] == 1 else f"{plain} {seen[plain.casefold()]}")
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows((row + [""] * width)[:width] for row in rows[1:])


def plain(text: str) -> str:
    """Text as the published evaluator compares it."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn")
    text = re.sub(r"[‘’´`]", "'", text)
    text = re.sub(r"[“”]", '"', text)
    text = re.sub(r"[‐‑‒–—−]", "-", text)
    while True:
        before = text
        text = re.sub(r"((?<!^)\[[^\]]*\]|\[\d+\]|[•♦†‡*#+])*$", "", text.strip())
        text = re.sub(r"(?<!^)( \([^)]*\))*$", "", text.strip())
        text = re.sub(r'^"([^"]*)"$', r"\1", text.strip())
        if text == before:
            break
    return re.sub(r"\s+", " ", text.removesuffix(".")).lower().strip()


def number(text: str) -> float | None:
    try:
        return float(text.replace(",", "").strip().removeprefix("$").removesuffix("%"))
    except ValueError:
        return None


def matches(found: JSON, target: Sequence[str]) -> bool:
    values = found if isinstance(found, list) else [found]
    texts = [str(value[0] if isinstance(value, list) and value else value) for value in values if value is not None]
    texts = list(dict.fromkeys(texts))
    if len(texts) != len(set(target)):
        return False
    left = list(texts)
    for wanted in dict.fromkeys(target):
        hit = next((text for text in left if _same(text, wanted)), None)
        if hit is None:
            return False
        left.remove(hit)
    return True


def _same(text: str, wanted: str) -> bool:
    if plain(text) == plain(wanted):
        return True
    a, b = number(text), number(wanted)
    if a is not None and b is not None:
        return abs(a - b) < 1e-6
    return _date(text) is not None and _date(text) == _date(wanted)


def _date(text: str) -> str | None:
    from datetime import datetime

    for form in ("%Y-%m-%d", "%B %d, %Y", "%d %B %Y", "%b %d, %Y", "%d %b %Y"):
        try:
            return datetime.strptime(text.strip(), form).date().isoformat()
        except ValueError:
            continue
    return None


class Asked(NamedTuple):
    table: str
    question: str
    target: list[str]
    right: bool = False
    sure: float = 0.0
    answer: JSON = None
    sql: str = ""
    shape: str = ""
    seen: dict[str, float] = {}  # noqa: RUF012


def answers(folder: Path, part: str, most: int) -> Iterator[Asked]:
    asked = 0
    for table, listed in sorted(questions(folder).items()):
        if part not in ("all", part_of(table)):
            continue
        with tempfile.TemporaryDirectory() as name:
            scratch = Path(name)
            rewritten(folder / table, scratch / "table.csv")
            try:
                engine = Engine([Source("csv", str(scratch / "table.csv"), "table.csv")], scratch)
            except DataError as error:
                yield from (Asked(table, question, target, sql=str(error)) for question, target in listed)
                continue
            parser = Parser(engine)
            for question, target in listed:
                asked += 1
                yield _answered(Asked(table, question, target), engine, parser)
            engine.close()
        if most and asked >= most:
            return


def _answered(asked: Asked, engine: Engine, parser: Parser) -> Asked:
    for one in parser.readings(asked.question)[:3]:
        try:
            checked = validated(one.sql, engine.schema)
            answer = answer_of(engine.query(checked.sql), one.reading)
        except (Refused, QueryFailed):
            continue
        seen = features(asked.question, one, answer)
        return asked._replace(
            right=matches(answer, asked.target), sure=confidence(asked.question, one, answer), answer=answer,
            sql=checked.sql, shape=one.reading.shape.value, seen=seen,
        )  # fmt: skip
    return asked


def fit(found: Sequence[Asked], without: Sequence[str] = ()) -> None:
    """Print the weights learned from these questions, and how right the surest are, each fold of tables left out."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict

    kept = [one for one in found if one.seen]
    names = [name for name in kept[0].seen if sum(one.seen[name] != 0 for one in kept) >= SEEN and name not in without]
    for name in ("looks differ", "same as", "in longer values"):
        mine = [one.right for one in kept if one.seen[name]]
        print(f"  {name}: {sum(mine)} of {len(mine)} right")
    x, y = np.array([[one.seen[name] for name in names] for one in kept]), np.array([one.right for one in kept])
    scale = x.std(axis=0) + 1e-9
    model = LogisticRegression(C=0.2, max_iter=5000)
    folds = cross_val_predict(
        model, x / scale, y, groups=[one.table for one in kept], cv=GroupKFold(8), method="predict_proba"
    )
    report("left out", [one._replace(sure=float(p)) for one, p in zip(kept, folds[:, 1], strict=True)], len(found))
    model.fit(x / scale, y)
    print(f"_BASE = {model.intercept_[0]:.3f}")
    for name, weight in sorted(zip(names, model.coef_[0] / scale, strict=True), key=lambda pair: -abs(pair[1])):
        if abs(weight) >= 0.005:
            print(f'    "{name}": {weight:.2f},')


class Open(NamedTuple):
    """An engine of this process as a model's layer asks for tables."""

    paths: tuple[str, ...]
    schema: Schema
    engine: Engine

    def run(self, sql: str) -> Result:
        return self.engine.query(sql)


def beside(folder: Path, part: str, name: str, count: int) -> None:
    """Some questions of a part, answered by the parser and by a language model."""
    (model,), _ = open_models([name], [], llms=True)
    assert isinstance(model, LanguageModel)
    pool = [
        (table, question, target)
        for table, listed in sorted(questions(folder).items())
        if part in ("all", part_of(table))
        for question, target in listed
    ]
    drawn = random.Random(5).sample(pool, count)
    right: list[tuple[bool, bool]] = []
    took = 0.0
    for place, (table, question, target) in enumerate(drawn, 1):
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "table.csv"
            rewritten(folder / table, path)
            engine = Engine([Source("csv", str(path), "table.csv")], Path(scratch))
            parsed = _answered(Asked(table, question, target), engine, Parser(engine))
            start = time.perf_counter()
            layer = SqlModel(model, Open((str(path),), engine.schema, engine))
            case = layer.run([Case("1", question)], Context())[0]
            took += time.perf_counter() - start
            rows = case.answer.value["rows"] if case.answer is not None else []
            right.append((parsed.right, matches([row[0] for row in rows if row], target)))
            engine.close()
        print(f"{place} of {count}", end="\r", file=sys.stderr, flush=True)
    for said, column in (("parser", 0), (name, 1)):
        hits = sum(one[column] for one in right)
        sure = clopper_pearson(hits, count)
        print(f"{said}: right {hits} of {count}, {hits / count:.3f} [{sure.low:.3f}, {sure.high:.3f}]")
    one = np.ones(count)
    parsed_right, written_right = np.array(right, float).T
    pairs = np.column_stack([written_right, one]), np.column_stack([parsed_right, one])
    difference = paired_interval(*pairs, Share("right", wrong), 0.95)
    either = sum(map(any, right))
    print(
        f"{name} less parser: {difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f}), "
        f"one of the two right: {either} of {count}; {took / count:.1f} s a question"
    )


def report(name: str, found: Sequence[Asked], asked: int) -> None:
    right = sum(one.right for one in found)
    sure = clopper_pearson(right, asked)
    print(f"{name}: {asked} questions, right {right / asked:.3f} [{sure.low:.3f}, {sure.high:.3f}]")
    ranked = sorted(found, key=lambda one: -one.sure)
    for share in (0.05, 0.1, SUREST, 0.5):
        head = ranked[: round(share * asked)]
        hits, said = sum(one.right for one in head), sum(one.sure for one in head) / len(head)
        sure = clopper_pearson(hits, len(head))
        print(
            f"  the surest {share:.0%}: right {hits / len(head):.3f} [{sure.low:.3f}, {sure.high:.3f}], said {said:.3f}"
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--part", default="tune", choices=("tune", "report", "all"))
    options.add_argument("--most", type=int, default=0, help="questions; 0 for all")
    options.add_argument("--wrong", type=int, default=0, help="wrong answers to print, the surest first")
    options.add_argument("--fit", action="store_true", help="learn the weights of the confidence from this part")
    options.add_argument("--without", nargs="*", default=(), metavar="NAME", help="features that --fit leaves out")
    options.add_argument("--model", help="a pulled language model to ask beside the parser")
    options.add_argument("--questions", type=int, default=40, help="questions for it")
    given = options.parse_args()
    if given.model:
        beside(given.data, given.part, given.model, given.questions)
        return
    found = list(answers(given.data, given.part, given.most))
    report(given.part, found, len(found))
    if given.fit:
        fit(found, given.without)
    for shape in sorted({one.shape for one in found}):
        mine = [one for one in found if one.shape == shape]
        print(f"  {shape or 'no reading'}: {sum(one.right for one in mine)} of {len(mine)}")
    wrong = sorted((one for one in found if not one.right), key=lambda one: -one.sure)
    for one in wrong[: given.wrong]:
        print(f"{one.sure:.2f} {one.table} {one.question}\n     {str(one.answer)[:100]} | expected {one.target}")
        print(f"     {one.sql[:300]}")


if __name__ == "__main__":
    main()
