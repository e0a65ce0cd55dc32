"""What is said of candidates that a limit ended, from real runs that money ended."""

from pathlib import Path
from typing import Any

from strati.core.records import Example
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.measure.effort import Effort
from strati.prove.bench import bench
from strati.prove.studies import Studies
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack
from strati.task.task import Goal, Task
from tests import corpus
from tests.paid_model import DOLLARS, PaidModel

TUNE = 14  # calls before the first test example
EFFORT = Effort(sample=60, form_rows=6, tune_rows=8, fast_tune_rows=30, probes=2, racing=False, calibrate=False)
ROWS = [
    Example(f"{copy} {example.id}", f"{example.text}, parcel {copy}", example.reference, row=row)
    for row, (copy, example) in enumerate((copy, example) for copy in range(5) for example in corpus.examples())
]
ANSWERS = {example.text: example.reference for example in ROWS}


def run(folder: Path, dollars: float) -> dict[str, Any]:
    """A paid model beside a list that knows every answer, and one that knows nothing."""
    model = PaidModel()
    stack = Stack.of(LLM(model, corpus.LABELS))
    paid = Candidate("paid", (Form({}, stack),), uses_llm=True, slow=True, cards=(model.card,))
    candidates = [paid, Candidate.of(Majority(), "majority"), Candidate.of(lambda text: str(ANSWERS[text]), "list")]
    task, studies = Task(goal=Goal(private=False)), Studies(curve=False, repeats=False)
    data = corpus.dataset(ROWS)
    found = bench(data, task, candidates=candidates, effort=EFFORT, runs=folder, max_dollars=dollars, studies=studies)
    return dict(found.verdict)


def so_far(verdict: dict[str, Any]) -> list[str]:
    return [reason for reason in verdict["choice"]["reasons"] if reason.startswith("so far")]


def test_while_a_model_is_not_measured_to_the_end_its_need_is_open(tmp_path: Path) -> None:
    choice = run(tmp_path / "some", (TUNE + 50) * DOLLARS)["choice"]
    assert (choice["decision"], choice["name"], choice["needs_llm"]) == ("use", "list", "undecided")
    assert choice["headline"].startswith(
        "Best so far: list, 100 %. Whether an LLM is needed is not known: none was measured to the end. Not fin"
    )
    assert "whether an LLM is needed is open until these are measured too: paid" in choice["reasons"]
    choice = run(tmp_path / "all", 9.0)["choice"]
    assert (choice["decision"], choice["name"], choice["needs_llm"]) == ("use", "list", "no")


def test_how_a_rung_stands_so_far_is_told_from_thirty_answers_on(tmp_path: Path) -> None:
    few, some = (run(tmp_path / str(calls), (TUNE + calls) * DOLLARS) for calls in (20, 50))
    answered = [verdict["candidates"][0]["quality"]["n"] for verdict in (few, some)]
    assert 0 < answered[0] < 30 <= answered[1] < 60
    assert so_far(few) == []
    (told,) = so_far(some)
    assert told.startswith("so far paid is at −")
    assert told.endswith(f"points against list on {answered[1]} examples; that decides nothing yet")
    assert so_far(run(tmp_path / "all", 9.0)) == []
