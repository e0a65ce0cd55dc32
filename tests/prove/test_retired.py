"""A rung that a race retired is composed where it knows what the others do not."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from strati.certify.compose.composed import worth_asking
from strati.core.context import Context
from strati.core.records import Case, Example
from strati.data import Dataset
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.llm import LLM
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.models.contract import Prompt
from strati.models.scripted import ScriptedModel
from strati.prove.bench import Outcome, bench
from strati.prove.studies import Studies
from strati.stack.candidate import Candidate, Form
from strati.stack.folder import load_stack
from strati.stack.stack import Stack
from strati.task.task import Goal, Task

LABELS = ("refund", "repair")
CLEAR = {"refund": "money invoice charged", "repair": "broken cracked noise"}


def rows(count: int) -> tuple[Example, ...]:
    """Seven in ten have words of their label; the others a number alone, which tells only who knows the list."""
    draw = random.Random(5)
    made = []
    for number in range(count):
        label = draw.choice(LABELS)
        said = " ".join(draw.choices(CLEAR[label].split(), k=3)) if draw.random() < 0.7 else "look here please"
        made.append(Example(str(number), f"{said} {number}", label))
    return tuple(made)


ROWS = rows(1500)
KNOWN = {example.text: str(example.reference) for example in ROWS}


def knows_the_list(prompt: Prompt) -> str:
    """Right where only the number tells; where words do, it says the wrong thing more often than not."""
    time.sleep(0.001)  # dearer than n-grams
    text = prompt.user.rsplit("Text: ", 1)[-1].split("\n")[0]
    truth = KNOWN.get(text, LABELS[0])
    good = "look here" in text or int(text.split()[-1]) % 3 == 0
    return truth if good else LABELS[truth == LABELS[0]]


def guesses(prompt: Prompt) -> str:
    return LABELS[len(prompt.user) % 2]


def run(folder: Path, script: Callable[[Prompt], str] = knows_the_list) -> tuple[Outcome, ScriptedModel]:
    model = ScriptedModel(script, name="reader")
    ngrams = Candidate("n-grams", (Form({}, Stack.of(Linear(0.3, name="n-grams"), name="n-grams")),), learns=True)
    reader = Candidate("reader", (Form({}, Stack.of(LLM(model, LABELS, name="reader"), name="reader")),))
    data = Dataset(ROWS, "made", "csv", "utf-8", "0")
    task = Task(labels=LABELS, goal=Goal(margin=0.05))
    done = bench(
        data,
        task,
        models=[model],
        candidates=[ngrams, reader],
        runs=folder / "runs",
        studies=Studies(curve=False),
        effort=Effort(probes=2),
    )
    return done, model


def test_it_answers_below_another_and_is_still_not_chosen_alone(tmp_path: Path) -> None:
    done, model = run(tmp_path)
    found = {row["name"]: row for row in done.verdict["candidates"]}
    assert found["reader"]["status"] == "retired"
    pair = found["n-grams > reader"]
    assert pair["status"] == "measured"
    assert done.verdict["choice"]["name"] == "n-grams > reader"
    with Journal(done.journal, read_only=True) as journal:
        assert worth_asking(journal) == ["reader"]
        assert journal.answered("reader", "test")
        assert journal.answered("reader", "calibrate")
        record = journal.candidates()["n-grams > reader"]
    assert record.retirement is None
    stack = load_stack(done.journal.with_suffix(".stacks") / str(record.stack), {"reader": model})
    some = [example for example in ROWS if "look here" in example.text][:5]
    cases = stack.run([Case.of(example) for example in some], Context())
    assert [case.answer and case.answer.value for case in cases] == [example.reference for example in some]
    asked = len(model.prompts)
    run_again, again = run(tmp_path)
    assert run_again.verdict["choice"] == done.verdict["choice"]
    assert not again.prompts
    assert asked


def test_one_that_knows_nothing_more_is_not_asked_test(tmp_path: Path) -> None:
    done, _ = run(tmp_path, guesses)
    assert [row["name"] for row in done.verdict["candidates"]] == ["n-grams", "reader"]
    with Journal(done.journal, read_only=True) as journal:
        assert journal.candidates()["reader"].status == "retired"
        assert not journal.answered("reader", "test")
