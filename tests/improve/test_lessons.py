"""Prompts and distilling on a small run whose rows are read again: what is searched, taught, judged and refused."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from strati.core.context import Context
from strati.core.errors import DataError, Stopped
from strati.core.records import Case, Example
from strati.data import Splits, read
from strati.improve.distil import AUDITED, COLUMNS, Lesson, audited, distil, sort_out
from strati.improve.prompts import copied_words, improve_prompt, plan_prompts, telling_words
from strati.improve.rows import rows_of
from strati.improve.students import best_trained, students, taught
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.neighbours import Demonstrations, Shots
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.measure.results import Results, load_results
from strati.models.contract import Prompt
from strati.models.local.gguf import GgufModel
from strati.models.scripted import ScriptedModel
from strati.prove.bench import bench
from strati.prove.studies import Studies
from strati.stack.folder import load_stack, save_stack
from strati.stack.stack import Stack, Stage
from strati.task.kind import NOTHING
from strati.task.task import Goal, Task

from ..command import strati
from .test_improve import WORDS, tickets

LABELS = tuple(WORDS)


class World(NamedTuple):
    folder: Path
    results: Results
    splits: Splits
    stacks: Path


def write_rows(path: Path, rows: Sequence[Example]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["text", "label"])
        table.writerows([one.text, one.reference] for one in rows)
    return path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A run of the trained rungs on 800 rows of a file."""
    folder = tmp_path_factory.mktemp("lessons")
    source = write_rows(folder / "tickets.csv", tickets(1600))
    task = Task(inputs=("text",), label="label", goal=Goal(margin=0.1))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = bench(read(source, task), task, studies=Studies(curve=False), effort=Effort(probes=2))
    path = folder / ".strati/runs" / f"{done.run}.db"
    with Journal(path, read_only=True) as journal:
        results = load_results(journal)
        yield World(folder, results, rows_of(results), path.with_suffix(".stacks"))


def truth(prompt: Prompt) -> str:
    """A teacher that knows the words of both labels; what has none of them is a repair."""
    words = prompt.user.rsplit("Text:", 1)[-1]
    return "refund" if any(word in words for word in WORDS["refund"].split()) else "repair"


def teacher(**given: object) -> tuple[str, Stack]:
    model = ScriptedModel(truth, **given)  # type: ignore[arg-type]
    return "scripted zero-shot", Stack.of(LLM(model, LABELS, name="scripted"), name="scripted")


def fresh_cases(count: int) -> list[Case]:
    return [Case(one.id, f"{one.text} once more") for one in tickets(count, seed=7)]


def test_the_rows_of_a_run_are_those_that_it_measured(world: World) -> None:
    unit = world.splits.units[0]
    assert [one.id for one in unit.test] == [one.id for one in world.results.test]
    assert world.splits.sizes() == world.results.meta["data"]["splits"]


def test_a_file_that_changed_or_moved(world: World, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere.csv"
    moved.write_bytes((world.folder / "tickets.csv").read_bytes())
    assert rows_of(world.results, [moved]).sizes() == world.splits.sizes()
    write_rows(moved, tickets(799))
    with pytest.raises(DataError, match="changed since run"):
        rows_of(world.results, [moved])
    with pytest.raises(DataError, match="not there now; expected the file, named with --data FILE"):
        rows_of(world.results, [tmp_path / "nothing.csv"])
    with pytest.raises(DataError, match="given 2 times, expected 1"):
        rows_of(world.results, [moved, moved])


def lesson(world: World, by: tuple[str, Stack], *, trained: bool = True) -> Lesson:
    found = best_trained(world.results, world.stacks)
    assert found is not None
    beside = (found[0], load_stack(found[1])) if trained else None
    pupils = tuple(one for one in students(world.results, NOTHING) if one.name == "n-grams")
    return Lesson(world.splits, by, beside, pupils)


def test_a_student_learns_from_the_teacher_and_is_judged_by_people(world: World) -> None:
    seen: list[Example] = []
    outcome, stack = distil(
        world.results, lesson(world, teacher(), trained=False), fresh_cases(300), Context(), seen.extend
    )
    assert len(seen) == 300
    assert all(one.reference == truth(Prompt(one.text)) for one in seen)
    assert outcome.kept.name == "scripted zero-shot"
    assert outcome.n == len(world.splits.units[0].tune)
    assert stack is not None
    right = [truth(Prompt(one.text)) == one.reference for one in world.splits.units[0].tune]
    assert outcome.kept.quality == pytest.approx(sum(right) / len(right))


def test_a_teacher_that_is_worse_than_what_was_trained_labels_nothing(world: World) -> None:
    model = ScriptedModel({}, default="repair")
    bad = "scripted zero-shot", Stack.of(LLM(model, LABELS, name="scripted"), name="scripted")
    with pytest.raises(DataError, match="worse than the trained rung"):
        distil(world.results, lesson(world, bad), fresh_cases(50), Context(), lambda _: None)
    assert model.calls == len(world.splits.units[0].tune)


def test_what_a_stopped_lesson_was_told_is_not_asked_again(world: World, tmp_path: Path) -> None:
    cancelled = threading.Event()
    rows, tune = fresh_cases(40), len(world.splits.units[0].tune)
    model = ScriptedModel(truth, fail=lambda _: cancelled.set() if model.calls == tune + 25 else None)
    by = "scripted zero-shot", Stack.of(LLM(model, LABELS, name="scripted"), name="scripted")
    with Journal(tmp_path / "book") as book, pytest.raises(Stopped):
        distil(
            world.results,
            lesson(world, by, trained=False),
            rows,
            Context(memo=book, cancelled=cancelled),
            lambda _: None,
        )
    assert model.calls == tune + 25
    with Journal(tmp_path / "book") as book:
        distil(world.results, lesson(world, by, trained=False), rows, Context(memo=book), lambda _: None)
    assert model.calls == tune + 40


def test_rows_with_a_label_in_the_run_are_left_out_or_refused(world: World) -> None:
    test = [Case(one.id, one.input) for one in world.splits.units[0].test]
    train = [Case(one.id, one.input) for one in world.splits.units[0].train]
    rows = fresh_cases(100)
    found = sort_out(world.splits, [*rows, *test[:5], *train[:3], rows[0], Case("x", "").pending("reader", "empty")])
    assert (len(found.cases), found.known, found.repeated, found.unusable) == (100, 5, 4, 1)
    with pytest.raises(DataError, match="20 of the 120 unlabelled rows are test, tune or calibrate rows"):
        sort_out(world.splits, [*rows, *test[:20]])
    with pytest.raises(DataError, match="none of the 3 unlabelled rows is new"):
        sort_out(world.splits, train[:3])


def test_an_audit_is_written_once_and_read_when_a_person_filled_it_in(tmp_path: Path) -> None:
    lessons = [Example(f"taught:{n}", f"=text {n}", "refund") for n in range(80)]
    path = tmp_path / "audit.csv"
    assert audited(path, lessons, 0) is None
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == AUDITED
    assert all(row["input"].startswith("'=") and row["yours"] == "" for row in rows)
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(row | {"yours": "refund" if n else "repair"} for n, row in enumerate(rows[:10]))
    found = audited(path, lessons, 0)
    assert found is not None
    assert (found.value, found.n) == (0.9, 10)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="expected row, input, teacher, yours"):
        audited(path, lessons, 0)


def test_a_students_settings_do_not_come_from_tune(world: World) -> None:
    """Tune rows with wrong labels change nothing: they are for the gate."""
    unit = world.splits.units[0]
    pupil = next(one for one in students(world.results, NOTHING) if one.name == "n-grams")
    one = taught(world.results, pupil, unit.train, (), Context())
    two = taught(world.results, pupil, unit.train, (), Context())
    assert one.fingerprint() == two.fingerprint()
    with pytest.raises(DataError, match="10 train rows, expected at least 50"):
        taught(world.results, pupil, unit.train[:10], (), Context())


def prompted(knows: str) -> Stack:
    """A model that needs a word in its instruction to know anything."""

    def script(prompt: Prompt) -> str:
        return truth(prompt) if knows in prompt.system else "repair"

    llm = LLM(ScriptedModel(script), LABELS, "Sort the text.", name="scripted")
    return Stack((Stage(Shots(2)), Stage(llm)), "scripted few-shot")


def test_an_instruction_that_helps_is_found_and_shown_to_be_better(world: World) -> None:
    unit = world.splits.units[0]
    stack = prompted("warranty").fit(unit.train, unit.tune[:20], Context())
    plan = plan_prompts(world.results, world.splits, "scripted few-shot", stack, ["Mind the warranty."], 0)
    assert {one.id for one in plan.search}.isdisjoint(one.id for one in plan.judge)
    outcome, found = improve_prompt(world.results, world.splits, plan, Context())
    assert outcome.chosen == 0
    assert "instruction 1" in outcome.tried[0].name
    assert outcome.tried[0].reason == "better"
    assert found is not None
    assert outcome.tried[0].quality > outcome.kept.quality + 0.2


def test_where_nothing_helps_the_prompt_stays(world: World) -> None:
    unit = world.splits.units[0]
    stack = prompted("nowhere").fit(unit.train, unit.tune[:20], Context())
    plan = plan_prompts(world.results, world.splits, "scripted few-shot", stack, ["Sort it well."], 0)
    outcome, found = improve_prompt(world.results, world.splits, plan, Context())
    assert (outcome.chosen, found) == (None, None) or outcome.tried[0].reason == "not worse, and smaller"


def test_five_words_of_a_train_row_are_seen() -> None:
    train = [Example("1", "The order never arrived at  my house", "a")]
    assert copied_words("Say if the order never arrived at my door.", train) == "the order never arrived at"
    assert copied_words("Say if the order arrived.", train) == ""


def test_telling_words_are_those_of_one_label() -> None:
    found = telling_words(LABELS, tickets(300))
    assert set(found["refund"]) & set(WORDS["refund"].split())
    assert not set(found["refund"]) & set(WORDS["repair"].split())


def test_fixed_examples_are_saved_and_shown(tmp_path: Path) -> None:
    model = ScriptedModel({}, default="refund")
    layer = Demonstrations((("charged twice", "refund"), ("it is cracked", "repair")))
    stack = Stack((Stage(layer), Stage(LLM(model, LABELS, form="turns", name="scripted"))), "fixed")
    save_stack(stack, tmp_path / "f.stack")
    again = load_stack(tmp_path / "f.stack", {"scripted": model})
    assert again.fingerprint() == stack.fingerprint()
    again.run([Case("1", "my money")], Context())
    assert model.prompts[-1].shots == (
        ("Text: it is cracked\nLabel:", "repair"),
        ("Text: charged twice\nLabel:", "refund"),
    )


@pytest.mark.model
def test_a_real_model_teaches(world: World, smollm2: GgufModel) -> None:
    shots = Stack((Stage(Shots(2)), Stage(LLM(smollm2, LABELS, "Sort the ticket.", form="turns"))), "few-shot")
    few = replace(world.splits.units[0], tune=world.splits.units[0].tune[:12])
    splits = replace(world.splits, units=(few,))
    stack = shots.fit(few.train, few.tune[:6], Context())
    some = Lesson(splits, ("few-shot", stack), None, lesson(world, ("", stack)).pupils)
    seen: list[Example] = []
    outcome, _ = distil(world.results, some, fresh_cases(8), Context(), seen.extend)
    assert len(seen) == 8
    assert outcome.kept.milliseconds is not None
    assert outcome.kept.milliseconds > 10 * (outcome.tried[0].milliseconds or 0)
    assert outcome.tried[0].cost_per_1000 < outcome.kept.cost_per_1000
    assert 0.3 < outcome.kept.quality <= 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("distil",), "--unlabelled FILE"),
        (("distil", "--unlabelled", "nothing.csv"), "nothing.csv"),
        (("distil", "--unlabelled", "rows.csv"), "has no rung with a language model"),
        (("prompts",), "has no rung with a language model"),
        (("prompts", "--unlabelled", "rows.csv"), "expected it with distil only"),
        (("distil", "--unlabelled", "rows.csv", "--limit", "-1"), "expected at least 1 row"),
        (("compress", "--minutes", "-1"), "expected a number above 0"),
        (("encoder", "--data", "nothing.csv"), "not there now"),
    ],
)
def test_bad_input_is_one_sentence(world: World, arguments: tuple[str, ...], words: str) -> None:
    (world.folder / "rows.csv").write_text("text\nnothing of that kind\n")
    said = strati(world.folder, "improve", "latest", *arguments)
    assert (said.returncode, said.stdout) == (2, "")
    assert words in said.stderr
    assert len(said.stderr.splitlines()) == 1


def test_an_encoder_without_weights_or_packages_names_them(world: World) -> None:
    said = strati(world.folder, "improve", "latest", "encoder")
    assert said.returncode == 2
    assert "strati models pull" in said.stderr or "[train]" in said.stderr
    assert len(said.stderr.splitlines()) == 1
