"""Does a certified stack of two layers pay, beside each of its layers alone?

    python benchmarks/composed_pays.py --data FOLDER [--sets trec sms emotion] [--model NAME] [--rows N] [--out FOLDER]

The rungs are the ladder's: a language model few-shot, and of the trained ones the best on tune, all with 300 labels.
Tune rows, and --rows further rows that become calibrate (two thirds) and test, are the same for both. X is the highest
of --levels at which tune predicts that the two layers can surely be certified with at most a fifth of the cases for
people (a predicted p-value of at most a fifth of the risk); each of the three is then designed on tune, walked on
calibrate at this X and risk, and counted on test. What is not certified goes to people, and it is said when those get
more than a fifth. Answers and model calls are kept in a journal for each set under --out: the command can be stopped
and goes on. --limit ends the asking after so many minutes; what is there by then is what is counted. FOLDER is as for
development_sets.py. The arithmetic is in composed_pays_figures.py.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path
from time import monotonic

from composed_pays_figures import Assumptions, report
from development_sets import SETS
from strati import Example, Task
from strati.certify.compose.rung_answers import Part, RungAnswers
from strati.core.context import Context
from strati.core.errors import Stopped
from strati.core.records import Answer
from strati.data import Splits, Unit
from strati.kinds.classify.ladder import ladder
from strati.kinds.classify.metrics import get_metric
from strati.measure.effort import Effort, shuffled
from strati.measure.journal import Journal
from strati.measure.runner import Bench
from strati.models.open import open_models
from strati.stack.candidate import Candidate
from strati.stack.probe import Probe

TRAIN = 300
WANTED = {
    "trec": "Say what kind of answer the question asks for.",
    "emotion": "Say which emotion the tweet expresses.",
    "banking77": "Say what the bank's customer wants.",
    "financial": "Say whether the sentence is good, bad or neutral news for who invests in the company.",
    "sms": "Say whether the text message is spam.",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="*", default=["trec", "sms", "emotion"], choices=list(SETS))
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--catalog", type=Path, action="append", default=[], help="a further catalog of models")
    parser.add_argument("--out", type=Path, default=Path(".strati/composed_pays"))
    parser.add_argument("--tune", type=int, default=200)
    parser.add_argument("--pool", type=int, default=700, help="rows from which calibrate and test are drawn")
    parser.add_argument("--skip", type=int, default=0, help="rows before the pool that are left out: seen earlier")
    parser.add_argument("--rows", type=int, default=300, help="calibrate and test rows the language model is asked")
    parser.add_argument("--forms", type=int, default=24, help="tune rows on which its prompt forms are compared")
    parser.add_argument("--limit", type=float, help="minutes of asking for each set; then what is there is counted")
    Assumptions.add_to(parser)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    assumptions = Assumptions.of(given)
    print(assumptions.words())
    won = [name for name in given.sets if one_set(name, given, assumptions)]
    named = ", ".join(won) or "none"
    print(f"\ntwo layers cheapest in total cost on {len(won)} of {len(given.sets)} sets: {named}")


def one_set(name: str, given: argparse.Namespace, assumptions: Assumptions) -> bool:
    """Answer what is missing, print the table; whether the two layers were the cheapest."""
    train, test = SETS[name](given.data)
    rows = [*train, *test]
    random.Random(0).shuffle(rows)
    everything = [Example(str(i), text, label, row=i) for i, (text, label) in enumerate(rows)]
    kept, later = everything[: TRAIN + given.tune], everything[TRAIN + given.tune + given.skip :]
    tune, rest = kept[TRAIN:], later[: given.pool]
    labels = tuple(sorted({label for _, label in rows}))
    splits = Splits((Unit("holdout", tuple(kept[:TRAIN]), tuple(tune), tuple(rest)),), (), (), "holdout")
    with Journal(given.out / f"{name}-{given.model}.db") as journal:
        _same_numbers(journal, given)
        rungs = _rungs(Task(labels=labels, description=WANTED[name]), labels, given)
        _answer(name, journal, rungs, splits, given)
        llm = next(rung.name for rung in rungs if rung.uses_llm)
        best = max((rung.name for rung in rungs if not rung.uses_llm), key=lambda found: _tuned(journal, found))
        order = [example for example in shuffled(rest, 0)[: given.rows] if example.id in journal.answered(llm, "test")]
        parts = {}
        cut = round(len(order) * 2 / 3)
        for part, split, examples in (
            ("tune", "tune/holdout", tune),
            ("calibrate", "test", order[:cut]),
            ("test", "test", order[cut:]),
        ):
            parts[part] = _part(journal, (best, llm), split, examples, assumptions.machine_per_hour)
    print(f"\n{name}: {len(labels)} labels, {TRAIN} for training; {best}; {llm}")
    return report(parts, labels, assumptions)


def _same_numbers(journal: Journal, given: argparse.Namespace) -> None:
    """A journal belongs to the numbers it was begun with: other ones would be other parts of the data."""
    numbers = {key: getattr(given, key) for key in ("tune", "skip", "pool", "rows", "forms")}
    known = journal.read("numbers")
    if known is None:
        journal.write("numbers", numbers)
    elif known != numbers:
        sys.exit(f"{journal.path} was begun with {known}, found {numbers}: give another --out")


def _rungs(task: Task, labels: tuple[str, ...], given: argparse.Namespace) -> list[Candidate]:
    models, embedders = open_models([given.model, "minilm"], given.catalog, llms=True)
    return [
        rung
        for rung in ladder(task, labels, models, embedders)
        if rung.name != "majority" and "zero-shot" not in rung.name
    ]


def _answer(name: str, journal: Journal, rungs: list[Candidate], splits: Splits, given: argparse.Namespace) -> None:
    ends = None if given.limit is None else monotonic() + 60 * given.limit
    ctx = Context(
        seed=0, memo=journal, deadline=ends, begin=lambda what, count: print(f"  {name}: {what} ({count})", flush=True)
    )
    effort = Effort(sample=given.rows, form_rows=given.forms, tune_rows=given.tune, racing=False, calibrate=False)
    labels = tuple(sorted({str(example.reference) for example in splits.units[0].test}))
    try:
        bench = Bench(
            splits,
            get_metric("accuracy", labels),
            journal,
            ctx,
            effort,
            prober=lambda _stack, _folder, _cases: Probe(()),
        )
        bench.run(rungs)
    except Stopped as stopped:
        print(f"  {name}: {stopped}")


def _tuned(journal: Journal, name: str) -> float:
    return journal.candidates()[name].tuned or 0.0


def _part(
    journal: Journal, names: tuple[str, str], split: str, examples: list[Example], machine_per_hour: float
) -> Part:
    """What both rungs answered; asking one costs its median seconds on this machine."""
    rungs = []
    for name in names:
        found = journal.answers(name, split)
        given = [found.get(example.id) for example in examples]
        seconds = sorted(answer["usage"]["seconds"] for answer in found.values()) or [0.0]
        answers = tuple(
            None
            if answer is None or answer["value"] is None
            else Answer(answer["value"], answer["own"], answer["layer"] or "", features=answer["features"])
            for answer in given
        )
        cost = seconds[len(seconds) // 2] / 3600 * machine_per_hour
        rungs.append(RungAnswers(name, answers, tuple(a is not None for a in given), cost, "few-shot" in name))
    return Part(tuple(e.id for e in examples), tuple(str(e.reference) for e in examples), None, tuple(rungs))


if __name__ == "__main__":
    main()
