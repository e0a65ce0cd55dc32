"""Questions on the databases geo and restaurants: a small language model alone, with one repair, with approved queries.

    python benchmarks/tables_databases.py --data FOLDER --model qwen2.5-coder-1.5b [--questions 15] [--approved 20]

FOLDER holds `geo.sqlite`, `restaurants.sqlite` and `postgres_evals.jsonl` (database, question, query). Of each base
`--approved` questions are approved queries and `--questions` others are asked, both drawn by the seed. Right is an
execution match: the rows of the reference query, in whatever order. Prints every way with its interval, and for the
last the share delivered and the share wrong at each confidence.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

from strati.core.context import Context
from strati.core.records import Case, Example
from strati.models.contract import LanguageModel
from strati.models.open import open_models
from strati.stack.stack import Stack, Stage
from strati.statistics.proportions import clopper_pearson
from strati.tables.checks import QueryCheck
from strati.tables.held import Held, hold
from strati.tables.kind import loss
from strati.tables.layers import ApprovedQueries, QuestionParser, SqlModel


@dataclass(frozen=True)
class Asked:
    right: bool
    sure: float
    question: str
    sql: str


def rows(folder: Path, base: str) -> list[dict[str, str]]:
    with (folder / "postgres_evals.jsonl").open(encoding="utf-8") as file:
        return [row for row in map(json.loads, file) if row["database"] == base]


def ways(held: Held, model: LanguageModel | None, approved: ApprovedQueries) -> dict[str, Stack]:
    check = (QueryCheck(held),)
    parser = Stage(QuestionParser(held), check)
    made = {"parser": Stack((parser,), "parser"), "approved, parser": Stack((Stage(approved, check), parser), "ap")}
    if model is not None:
        alone, repaired = SqlModel(model, held, repair=False), SqlModel(model, held)
        made["model"] = Stack((Stage(alone, check),), "model")
        made["model, one repair"] = Stack((Stage(repaired, check),), "repair")
        made["approved, model, one repair"] = Stack((Stage(approved, check), Stage(repaired, check)), "shots")
    return made


def measured(stack: Stack, asked: list[dict[str, str]]) -> list[Asked]:
    found = []
    ctx = Context()
    for number, row in enumerate(asked):
        case = stack.run([Case(str(number), row["question"])], ctx)[0]
        value = case.answer.value if case.answer else None
        right = value is not None and loss(value, {"sql": row["query"]}) == 0.0
        sure = (case.answer.confidence or 0.0) if case.answer else 0.0
        found.append(Asked(right, sure, row["question"], value["sql"] if value else case.steps[-1].reason))
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--model", default="")
    options.add_argument("--questions", type=int, default=15, help="of each base")
    options.add_argument("--approved", type=int, default=20, help="of each base")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--show", action="store_true", help="print each question and its query")
    given = options.parse_args()
    model = open_models([given.model], [], llms=True)[0][0] if given.model else None
    results: dict[str, list[Asked]] = {}
    for base in ("geo", "restaurants"):
        held = hold([given.data / f"{base}.sqlite"])
        listed = rows(given.data, base)
        random.Random(given.seed).shuffle(listed)
        known, asked = listed[: given.approved], listed[given.approved : given.approved + given.questions]
        examples = [Example(str(i), row["question"], {"sql": row["query"]}) for i, row in enumerate(known)]
        approved = ApprovedQueries(held).fit(examples, [], Context())
        for name, stack in ways(held, model, approved).items():
            started = time.perf_counter()
            found = measured(stack, asked)
            results.setdefault(name, []).extend(found)
            print(
                f"{base}: {name}: {sum(o.right for o in found)} of {len(found)}, {time.perf_counter() - started:.0f} s",
                flush=True,
            )
            for one in found if given.show else ():
                mark = "right" if one.right else "WRONG"
                print(f"   {mark} {one.sure:.2f} {one.question}\n         {one.sql[:200]}")
        held.close()
    print("both bases")
    for name, found in results.items():
        right = sum(one.right for one in found)
        sure = clopper_pearson(right, len(found))
        print(f"  {name}: {right} of {len(found)} right, {sure.value:.3f} [{sure.low:.3f}, {sure.high:.3f}]")
        for bar in sorted({round(one.sure, 2) for one in found if one.sure}, reverse=True)[:6]:
            kept = [one for one in found if one.sure >= bar - 0.005]
            bad = sum(not one.right for one in kept)
            print(f"      confidence {bar:.2f}: {len(kept)} of {len(found)} delivered, {bad} wrong")


if __name__ == "__main__":
    main()
