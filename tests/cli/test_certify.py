"""`strati certify`, and `strati run` on what it made."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from strati.certify.certificate import NAME, OUTCOMES
from strati.cli import main
from strati.core.identity import fingerprint
from strati.core.records import Example
from strati.data import Dataset
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.rule import parse_rules
from strati.kinds.classify.rules import Rules
from strati.measure.journal import Journal
from strati.prove.bench import bench
from strati.prove.studies import Studies
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack
from strati.task.task import Goal, Task
from tests.command import Said, strati

WORDS = {"refund": "money invoice charged", "repair": "broken cracked noise"}
RULES = 'when "charged" then refund\nwhen "cracked" then repair\n'


def tickets(count: int, seed: int = 0, customers: int = 0) -> tuple[Example, ...]:
    """Two clear words of the label in nine texts of ten, of the other label or none in the tenth."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        label = draw.choice(list(WORDS))
        about = label if draw.random() < 0.96 else draw.choice(list(WORDS))
        words = draw.choices(["please", "look", "at", "my", "order", "again", "today", "thanks"], k=3)
        words += draw.choices(WORDS[about].split(), k=2) if draw.random() < 0.85 else []
        group = f"c{draw.randrange(customers)}" if customers else None
        made.append(Example(str(number), f"{' '.join(words)} {number}", label, group))
    return tuple(made)


def measured(folder: Path, rows: Sequence[Example], group: str | None = None, seed: int = 0) -> str:
    """A run of a rule and n-grams in `folder`; returns its id."""
    rules = Stack.of(Rules(parse_rules(RULES), "rules"), name="rules")
    ngrams = Stack.of(Linear(0.1, name="n-grams"), name="n-grams")
    candidates = [
        Candidate("rules", (Form({}, rules),)),
        Candidate("n-grams", (Form({}, ngrams),), learns=True),
    ]
    task = Task(group=group, labels=tuple(WORDS), goal=Goal(human_answer_costs=0.5, wrong_answer_costs=1.0))
    data = Dataset(tuple(rows), "made", "csv", "utf-8", "0")
    done = bench(
        data, task, candidates=candidates, runs=folder / ".strati/runs", seed=seed, studies=Studies(curve=False)
    )
    return done.run


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with one run, and its id. Tests work on copies."""
    folder = tmp_path_factory.mktemp("certify")
    run = measured(folder, tickets(900))
    (folder / "new.csv").write_text("id,text\na,i was charged twice\nb,hello\n", encoding="utf-8")
    (folder / "costs.csv").write_text("answer,reference,dollars\nrefund,repair,10\n*,*,1\n", encoding="utf-8")
    (folder / "half.csv").write_text("answer,reference,dollars\nrefund,repair,10\n", encoding="utf-8")
    (folder / "odd.csv").write_text("answer,reference,dollars\nrefund,replace,10\n", encoding="utf-8")
    return folder, run


@pytest.fixture
def folder(world: tuple[Path, str], tmp_path: Path) -> Path:
    shutil.copytree(world[0], tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture(scope="module")
def certified(world: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder in which t.stack was certified."""
    path = tmp_path_factory.mktemp("certified") / "copy"
    shutil.copytree(world[0], path)
    done = strati(path, "certify", "--at-least", ".9", "--out", "t.stack")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Certified: automatic answers are right at least 90 % of the time")
    return path


@pytest.fixture
def stack(certified: Path, tmp_path: Path) -> Path:
    shutil.copytree(certified, tmp_path / "stacked")
    return tmp_path / "stacked" / "t.stack"


def refused(done: Said, words: str, code: int = 2) -> None:
    """An exit code and one sentence on standard error."""
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_certificate_is_valid_adds_up_and_lets_the_stack_answer(stack: Path) -> None:
    at = stack.parent
    assert strati(at, "certify", "--check", "t.stack").stdout.startswith("The certificate of t.stack is valid")
    assert "give the certificate's figures again" in strati(at, "certify", "--verify", "t.stack").stdout
    done = strati(at, "run", "t.stack", "new.csv", "--workers", "1", "--id", "id", "--json")
    assert json.loads(done.stdout)["not_certified"] is None
    assert json.loads((at / "answers.jsonl").read_text().splitlines()[0])["answer"] == "refund"
    result = json.loads((stack / NAME).read_text())["result"]
    assert {row["class"] for row in result["classes"]["calibrate"]} <= set(WORDS)
    assert sum(row["automatic"] for row in result["classes"]["calibrate"]) == result["n"]
    assert result["groups"] == {"count": 0, "rows": []}


def test_the_outcome_fits_the_screen(folder: Path) -> None:
    done = strati(folder, "certify", "--at-least", ".9")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "The promise is about all answers together" in done.stdout


def test_the_labels_are_spent_after_one_look(stack: Path) -> None:
    again = strati(stack.parent, "certify", "--at-least", ".9", "--json")  # the very same test is no further look
    assert json.loads(again.stdout)["certified"] is True
    refused(strati(stack.parent, "certify", "--at-least", ".8"), "are spent: 1 of 1 planned certificates")


def test_of_two_at_once_one_look_is_refused(folder: Path) -> None:
    command = [sys.executable, "-m", "strati", "certify", "--json", "--at-least"]
    pipe = subprocess.PIPE
    two = [
        subprocess.Popen([*command, bar, "--out", f"{bar}.stack"], cwd=folder, stdout=pipe, stderr=pipe, text=True)
        for bar in (".9", ".85")
    ]
    texts = [process.communicate(timeout=120) for process in two]
    assert sorted(process.returncode for process in two) == [0, 2]
    assert sum("are spent" in err for _, err in texts) == 1


def test_not_yet_says_how_many_labels(folder: Path) -> None:
    said = [strati(folder, "certify", "--at-least", ".97", *more) for more in (("--json", "--tries", "2"), ())]
    assert [done.returncode for done in said] == [1, 1]
    found, text = json.loads(said[0].stdout), said[1].stdout
    assert (found["certified"], found["stack"], found["looks_left"]) == (False, None, 1)
    assert text.startswith("Not yet: it could not be shown")
    assert ("Labels alone do not help" in text) == (found["labels_needed"] is None)
    assert not list(folder.glob("*.stack"))


def test_money_is_promised_with_a_bound_on_expected_costs(folder: Path) -> None:
    arguments = ("certify", "--error-costs", "costs.csv", "--max-error-cost")
    done = strati(folder, *arguments, "900", "--out", "m.stack")
    assert done.stdout.startswith("Certified: errors cost at most $900 per 1,000 automatic answers"), done.stderr
    assert strati(folder, "certify", "--check", "--verify", "m.stack").returncode == 0
    made = json.loads((folder / "m.stack" / NAME).read_text())
    assert made["promise"]["at_least"] == pytest.approx(0.91)
    assert ["repair", "refund", 1.0] in made["promise"]["error_costs"]
    rows = [json.loads(line) for line in (folder / "m.stack" / OUTCOMES).read_text().splitlines()]
    assert {loss for row in rows for loss in row["loss"] if loss is not None} == {0.0, 0.1, 1.0}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--at-least 1", "--at-least is 1, expected a share above 0"),
        ("--at-least 0", "--at-least is 0, expected a share above 0"),
        ("--confidence 2", "--confidence is 2, expected a share"),
        ("--tries 0", "--tries is 0, expected a whole number"),
        ("--max-error-cost 5", "belong together"),
        ("--error-costs costs.csv", "belong together"),
        ("--error-costs gone.csv --max-error-cost 5", "there is no file gone.csv"),
        ("--error-costs half.csv --max-error-cost 5", "does not say what 'repair' for 'refund' costs"),
        ("--error-costs odd.csv --max-error-cost 5", "row 1: 'replace' is no label of the run"),
        ("--error-costs costs.csv --max-error-cost 10000", "above 0 and below 10000"),
        ("--error-costs costs.csv --max-error-cost 5 --at-least .9", "expected one kind of promise"),
        ("--error-costs costs.csv --max-error-cost 5 --per-class", "expected one kind of promise"),
        ("--out new.csv", "new.csv exists and is not a stack"),
        ("--check", "found None, expected a stack folder to check"),
        ("--verify gone.stack", "found 'gone.stack', expected a stack folder to verify"),
        ("gone", "runs in .strati/runs begin with 'gone'"),
    ],
)
def test_bad_input_is_one_sentence_and_spends_nothing(
    world: tuple[Path, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: str,
    words: str,
) -> None:
    monkeypatch.chdir(world[0])
    monkeypatch.setattr(sys, "argv", ["strati", "certify", *arguments.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert words in said.err
    assert len(said.err.splitlines()) == 1
    assert not list(world[0].glob("*.stack"))
    with sqlite3.connect(world[0] / ".strati/ledger.db") as db:
        found = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'attempts'").fetchone()[0]
        assert not found or not db.execute("SELECT count(*) FROM attempts").fetchone()[0]


def test_too_few_labels(tmp_path: Path) -> None:
    measured(tmp_path, tickets(150))
    refused(strati(tmp_path, "certify"), "has 150 labels, too few to certify a stack")


def test_labels_that_were_used_for_tuning(folder: Path, world: tuple[Path, str]) -> None:
    with Journal(folder / f".strati/runs/{world[1]}.db") as journal:
        calibrate = journal.examples("calibrate")
        journal.write_examples("tune", [*journal.examples("tune"), *(replace(e, id=f"x{e.id}") for e in calibrate[:7])])
    refused(strati(folder, "certify"), "calibrate labels of run " + world[1] + " were used for tuning too")


def test_labels_that_another_run_has_seen_are_told(tmp_path: Path) -> None:
    first, second = (measured(tmp_path, tickets(500), seed=seed) for seed in (0, 1))
    notes = json.loads(strati(tmp_path, "certify", second, "--at-least", ".8", "--json").stdout)["result"]["notes"]
    assert any(f"calibrate labels were used by other runs ({first})" in note for note in notes)


def labelled(file: Path, rows: Sequence[Example]) -> str:
    lines = [f"{example.input},{example.reference}" for example in rows]
    file.write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    return str(file)


def test_fresh_labels_are_tested_as_the_stack_answers_them(stack: Path) -> None:
    at = stack.parent
    rows = [replace(example, input=f"{example.input} more") for example in tickets(300, seed=5)]
    fresh = labelled(at / "fresh.csv", rows)
    done = strati(at, "certify", "--at-least", ".85", "--labels", fresh, "--out", "f.stack", "--json")
    result = json.loads(done.stdout)["result"]
    assert result["calibrate"]["examples"] == 300
    assert strati(at, "certify", "--verify", "--check", "f.stack").returncode == 0
    strati(at, "run", "f.stack", fresh, "--input", "text", "--workers", "1")
    answers = [json.loads(line)["answer"] for line in (at / "answers.jsonl").read_text().splitlines()]
    given = [(answer, row.reference) for answer, row in zip(answers, rows, strict=True) if answer is not None]
    assert (len(given), sum(answer != reference for answer, reference in given)) == (result["n"], result["errors"])
    refused(strati(at, "certify", "--at-least", ".8", "--labels", fresh), "are spent")
    half = labelled(at / "half.csv", rows[:100])
    refused(strati(at, "certify", "--at-least", ".8", "--labels", half), "were used for a certificate of run")


def test_labels_that_are_not_fresh(folder: Path, world: tuple[Path, str]) -> None:
    all_rows = tickets(900)
    with Journal(folder / f".strati/runs/{world[1]}.db", read_only=True) as journal:
        kept = {part: {example.id for example in journal.examples(part)} for part in ("calibrate", "test", "tune")}
    for part, words in (("calibrate", "are test or calibrate labels"), ("test", "are test or calibrate labels")):
        file = labelled(folder / "used.csv", [example for example in all_rows if example.id in kept[part]])
        refused(strati(folder, "certify", "--labels", file), words)
    learned = [example for example in all_rows if example.id not in kept["test"] | kept["calibrate"]][:9]
    file = labelled(folder / "used.csv", [*learned, *tickets(5, seed=9)])
    refused(strati(folder, "certify", "--labels", file), "9 of the 14 labels were used for training or tuning")
    refused(strati(folder, "certify", "--labels", labelled(folder / "none.csv", ())), "none.csv")
    rows = [*learned, *(replace(example, input=f"{example.input} more") for example in tickets(291, seed=5))]
    done = json.loads(strati(folder, "certify", "--labels", labelled(folder / "some.csv", rows), "--json").stdout)
    notes = done["result"]["notes"]
    assert notes[0] == "9 of the 300 fresh rows repeat inputs of the run or of each other: left out"
    assert notes[1].startswith("n-grams learned from 765 rows, all outside calibrate")
    assert done["result"]["calibrate"]["examples"] == 291


def test_groups_are_tested_whole(tmp_path: Path) -> None:
    measured(tmp_path, tickets(1200, customers=400), "customer")
    done = strati(tmp_path, "certify", "--at-least", ".75", "--out", "g.stack")
    assert "groups have automatic answers" in done.stdout, done.stderr
    made = json.loads((tmp_path / "g.stack" / NAME).read_text())
    assert made["walk"]["path"]["promise"]["largest_group"] > 1
    assert made["result"]["groups"]["count"] > 20
    assert strati(tmp_path, "certify", "--verify", "--check", "g.stack").returncode == 0


def altered(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def threshold(stack: Path) -> None:
    altered(stack / "stack.toml", "threshold = 0.", "threshold = 0.0")


def artefact(stack: Path) -> None:
    altered(next(stack.glob("*-n-grams/settings.json")), "n-grams", "m-grams")


def promise(stack: Path) -> None:
    altered(stack / NAME, '"at_least": 0.9', '"at_least": 0.99')


def outcomes(stack: Path) -> None:
    altered(stack / OUTCOMES, "[1.0", "[0.0")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (threshold, "was altered: the stack in it has fingerprint"),
        (artefact, "was altered: its SHA-256 is"),
        (promise, "was altered since it was written"),
        (outcomes, "is missing or was altered"),
    ],
)
def test_what_was_edited_by_hand_is_void_and_all_cases_wait(stack: Path, change: object, words: str) -> None:
    assert callable(change)
    change(stack)
    checked = strati(stack.parent, "certify", "--check", "t.stack")
    refused(checked, words, code=1)
    assert "the certificate of t.stack is void" in checked.stderr
    done = strati(stack.parent, "run", "t.stack", "new.csv", "--workers", "1", "--id", "id", "--pending", "people.csv")
    assert done.returncode == 0, done.stderr
    assert "Nothing is answered automatically: the certificate is void" in " ".join(done.stdout.split())
    rows = [json.loads(line) for line in (stack.parent / "answers.jsonl").read_text().splitlines()]
    assert [(row["state"], row["answer"]) for row in rows] == [("pending", None)] * 2
    assert all(words in row["reason"] for row in rows)


def test_what_was_held_back_is_answered_under_a_new_name_only(stack: Path) -> None:
    kept = (stack / OUTCOMES).read_bytes()
    (stack / OUTCOMES).unlink()
    assert strati(stack.parent, "run", "t.stack", "new.csv", "--workers", "1").returncode == 0
    (stack / OUTCOMES).write_bytes(kept)
    refused(strati(stack.parent, "run", "t.stack", "new.csv", "--workers", "1"), "give --out a new name")
    assert strati(stack.parent, "run", "t.stack", "new.csv", "--workers", "1", "--out", "again.jsonl").returncode == 0


def test_a_certificate_of_a_newer_version(stack: Path) -> None:
    altered(stack / NAME, '"format": 1', '"format": 2')
    refused(
        strati(stack.parent, "certify", "--check", "t.stack"), "has format 2, this version of strati reads format 1"
    )
    done = strati(stack.parent, "run", "t.stack", "new.csv", "--workers", "1", "--json")
    assert json.loads(done.stdout)["states"] == {"pending": 2}
    assert "update strati" in json.loads(done.stdout)["not_certified"]


def test_a_headline_that_was_not_tested_does_not_add_up(stack: Path) -> None:
    data = json.loads((stack / NAME).read_text())
    data["promise"]["at_least"], data["result"]["errors"] = 0.99, -1.0
    data.pop("seal")
    (stack / NAME).write_text(json.dumps({**data, "seal": fingerprint("certificate.v1", **data)}), encoding="utf-8")
    done = strati(stack.parent, "certify", "--verify", "t.stack")
    refused(done, "at least 0.99 is promised, 0.9 was tested", code=1)
    assert "errors is stated as -1.0" in done.stderr


def test_a_stack_without_a_certificate(stack: Path) -> None:
    (stack / NAME).unlink()
    for flag in ("--check", "--verify"):
        refused(strati(stack.parent, "certify", flag, "t.stack"), "t.stack has no certificate")


def test_traffic_unlike_the_calibrate_inputs_is_told_and_left_to_people_when_strict(stack: Path) -> None:
    at = stack.parent
    draw = random.Random(5)
    like = [row.text for row in tickets(300, seed=7)]
    foreign = ["football", "weather", "river", "mountain", "recipe", "garden", "film", "actor", "summer", "winter"]
    unlike = [" ".join(draw.choices(foreign, k=6)) if n % 4 == 0 else text for n, text in enumerate(like)]
    for name, rows in (("like", like), ("unlike", unlike)):
        (at / f"{name}.csv").write_text("text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    fine = strati(at, "run", "t.stack", "like.csv", "--out", "like.jsonl", "--workers", "1", "--json")
    assert json.loads(fine.stdout)["traffic"]["differs"] is False
    told = strati(at, "run", "t.stack", "unlike.csv", "--out", "unlike.jsonl", "--workers", "1")
    assert told.returncode == 0
    said = " ".join(told.stdout.split())
    assert "WARNING: these inputs differ from the calibrate inputs" in said
    assert "the certificate does not speak of traffic like this; --strict leaves such files to people" in said
    strict = strati(at, "run", "t.stack", "unlike.csv", "--out", "strict.jsonl", "--strict", "--json")
    assert json.loads(strict.stdout)["states"] == {"pending": 300}
    assert "these inputs differ" in json.loads(strict.stdout)["not_certified"]
    assert strati(at, "certify", "--check", "t.stack", "--traffic", "like.csv").returncode == 0
    checked = strati(at, "certify", "--check", "t.stack", "--traffic", "unlike.csv")
    assert checked.returncode == 1
    assert "unlike.csv: these inputs differ from the calibrate inputs" in checked.stderr
