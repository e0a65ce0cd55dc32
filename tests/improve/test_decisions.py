"""What people decided goes back into a stack: refitted, compared, certified anew, swapped in and rolled back."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.identity import sha256_of
from strati.core.records import Case, Example
from strati.improve.compress_encoder import plan_encoder_sizes
from strati.improve.decisions import read_decisions
from strati.kinds.classify.encoder.layer import Encoder, Origin
from strati.kinds.classify.encoder.onnx_file import as_onnx
from strati.kinds.classify.linear import Linear
from strati.measure.journal import Journal
from strati.measure.results import load_results
from strati.models.weights import EncoderWeights
from strati.stack.folder import load_stack, save_stack
from strati.stack.stack import Stack, Stage

from ..command import strati
from ..kinds.test_encoder import ROWS, TRAINS, WIDTH, needs_training, write_weights
from ..kinds.test_encoder import made as trained
from .test_improve import tickets

NEW = "zorbulate"  # a word that only people know the label of


def write(path: Path, rows: Sequence[Example], label: str = "label") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["text", label])
        table.writerows([one.text, one.reference] for one in rows)
    return path


def decided(count: int) -> list[Example]:
    return [Example(str(n), f"please {NEW} this order {n} soon", "refund") for n in range(count)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certified stack of n-grams, and its run."""
    folder = tmp_path_factory.mktemp("made")
    write(folder / "tickets.csv", tickets(700))
    assert strati(folder, "bench", "tickets.csv", "--no-llm", "--no-curve", "--margin", ".1").returncode == 0
    said = strati(folder, "certify", "--at-least", ".8", "--out", "t.stack")
    assert said.returncode == 0, said.stderr
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def digest(path: Path) -> str:
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return hashlib.sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()


def answer(path: Path, text: str) -> object:
    case = load_stack(path).run([Case("1", text)], Context())[0]
    return None if case.answer is None else case.answer.value


def test_the_whole_way_round(folder: Path) -> None:
    stack, old = folder / "t.stack", digest(folder / "t.stack")
    write(folder / "people.csv", decided(120), "answer")
    write(folder / "recent.csv", [Example("1", f"now {NEW} it all", "")])
    said = strati(folder, "improve", "t.stack", "--decisions", "people.csv", "--recent", "recent.csv", "--json")
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert "n-grams" in found["learned"]
    assert (found["decisions"], found["held"] + 0) == (120, found["held"])
    assert 20 < found["held"] < 60
    assert found["gain"]["value"] >= 0
    assert digest(stack) == old
    assert answer(folder / "t.next.stack", f"please {NEW} this") == "refund"
    assert strati(folder, "certify", "--check", "t.next.stack").returncode == 2  # none yet

    fresh = write(folder / "fresh.csv", [*tickets(900, seed=5)])
    said = strati(folder, "certify", "t.next.stack", "--labels", fresh, "--at-least", ".8")
    assert said.returncode == 0, said.stderr
    assert "Certified: automatic answers are right at least 80.0 %" in said.stdout
    for flag in ("--check", "--verify"):
        assert strati(folder, "certify", flag, "t.next.stack").returncode == 0

    assert strati(folder, "improve", "t.stack", "--swap").returncode == 0
    assert answer(stack, f"please {NEW} this") == "refund"
    assert strati(folder, "certify", "--check", "t.stack").returncode == 0
    assert strati(folder, "improve", "t.stack", "--rollback").returncode == 0
    assert digest(stack) == old
    assert not (folder / "t.before.stack").exists()
    assert (folder / "t.next.stack").exists()


def test_labels_that_it_learned_from_do_not_certify_it_and_a_set_is_good_once(folder: Path) -> None:
    write(folder / "slips.csv", [*decided(12), Example("13", "a slip of the pen", "refnud")], "answer")
    said = strati(folder, "improve", "t.stack", "--decisions", "slips.csv")
    assert "New     labels that no row had before: 'refnud'; if one is a slip" in said.stdout
    write(folder / "people.csv", decided(60), "answer")
    said = strati(folder, "improve", "t.stack", "--decisions", "people.csv")
    assert (said.returncode, "New " in said.stdout) == (0, False)
    write(folder / "same.csv", decided(60))
    said = strati(folder, "certify", "t.next.stack", "--labels", "same.csv")
    assert said.returncode == 2
    assert "learned from 60 of the 60 rows" in said.stderr
    fresh = write(folder / "fresh.csv", tickets(300, seed=6))
    assert strati(folder, "certify", "t.next.stack", "--labels", fresh, "--at-least", ".999").returncode == 1
    assert not (folder / "t.next.stack" / "certificate.json").exists()
    said = strati(folder, "certify", "t.next.stack", "--labels", fresh, "--at-least", ".5")
    assert said.returncode == 2
    assert "are spent" in said.stderr


def test_what_a_death_between_two_renames_leaves_is_put_back(folder: Path) -> None:
    old = digest(folder / "t.stack")
    (folder / "t.stack").rename(folder / "t.before.stack")
    assert strati(folder, "improve", "t.stack", "--rollback").returncode == 0
    assert digest(folder / "t.stack") == old


def test_a_second_swap_drops_the_oldest_and_what_a_killed_one_left(folder: Path) -> None:
    left = folder / ".t.before.stack.old"
    left.mkdir()
    (left / "stack.toml").write_text("half")
    for _ in range(2):
        shutil.copytree(folder / "t.stack", folder / "t.next.stack")
        assert strati(folder, "improve", "t.stack", "--swap").returncode == 0
    assert not left.exists()
    assert sorted(path.name for path in folder.glob("*.stack")) == ["t.before.stack", "t.stack"]


def test_the_servers_export_leaves_out_what_may_certify(tmp_path: Path) -> None:
    lines = [
        {"id": str(n), "input": f"text {n}", "answer": "a", "may_certify": n % 4 == 0, "source": "audit"}
        for n in range(20)
    ]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = read_decisions(tmp_path / "labels.jsonl", ("text",))
    assert (len(found.rows), found.audit) == (15, 5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("t.stack",), "expected --decisions FILE, --swap or --rollback"),
        (("t.stack", "compress"), "with a stack or its options, expected a run"),
        (("nothing.stack", "--swap"), "nothing.stack is not there, expected the folder of a stack"),
        (("t.stack", "--swap"), "t.next.stack is not there"),
        (("t.stack", "--rollback"), "nothing was swapped out"),
        (("t.stack", "--rollback", "--swap"), "expected it alone"),
        (("t.stack", "--decisions", "few.csv"), "3 decisions of people were found, expected at least 10"),
        (("t.stack", "--decisions", "bare.csv"), "expected text, one of answer, decision, label, yours too"),
        (("t.stack", "--decisions", "nothing.csv"), "nothing.csv"),
        (("t.stack", "--decisions", "few.csv", "--out", "t.stack"), "expected another name"),
        (("latest",), "no experiment was named"),
    ],
)
def test_bad_input_is_one_sentence(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    write(folder / "few.csv", decided(3), "answer")
    (folder / "bare.csv").write_text("a,b\n1,2\n3,4\n")
    old = digest(folder / "t.stack")
    said = strati(folder, "improve", *arguments)
    assert (said.returncode, said.stdout) == (2, "")
    assert words in said.stderr
    assert digest(folder / "t.stack") == old


def test_decisions_that_contradict_one_another_are_refused(folder: Path) -> None:
    rows = [*decided(20), *(Example(one.id, one.input, "repair") for one in decided(20))]
    write(folder / "people.csv", rows, "answer")
    said = strati(folder, "improve", "t.stack", "--decisions", "people.csv")
    assert said.returncode == 2
    assert "20 of 20 repeated decisions contradict the last one" in said.stderr


def test_a_stack_of_a_run_that_is_gone_needs_its_rows(folder: Path) -> None:
    shutil.rmtree(folder / ".strati/runs")
    write(folder / "people.csv", decided(40), "answer")
    said = strati(folder, "improve", "t.stack", "--decisions", "people.csv")
    assert said.returncode == 2
    assert "name it with --data" in said.stderr
    said = strati(folder, "improve", "t.stack", "--decisions", "people.csv", "--data", "tickets.csv")
    assert said.returncode == 0, said.stderr
    assert "Learned n-grams" in said.stdout


def mixed(folder: Path, *, alone: bool = False) -> Path:
    """Weights, a catalog of them, rows and decisions of a new label, and a stack with an encoder that knows none."""
    weights = write_weights(folder)
    lines = ["[models.tiny]", 'kind = "encoder-weights"', 'licence = "MIT"']
    for file in (weights.path, weights.tokenizer_path):
        lines += [f'sources = ["file:{file}"]', f'sha256 = "{sha256_of(file)}"', f"bytes = {file.stat().st_size}"]
        lines += ["[models.tiny.tokenizer]"] if file == weights.path else []
    (folder / "catalog.toml").write_text("\n".join(lines))
    write(folder / "rows.csv", ROWS)
    write(folder / "people.csv", [Example(str(n), f"now at a {n}", "other") for n in range(30)], "answer")
    encoder = Encoder(
        layers=2,
        epochs=8,
        name="tiny fine-tuned",
        labels=("ham", "spam"),
        model=as_onnx(trained(), int8=True),
        tokenizer=weights.tokenizer(),
        head=np.zeros((WIDTH + 1, 2), dtype=np.float32),
        origin=Origin("tiny", weights.fingerprint()),
    )
    linear = Linear(0.1, name="n-grams").fit(ROWS, ROWS[:8], Context())
    stages = (Stage(encoder),) if alone else (Stage(linear, threshold=2.0), Stage(encoder))
    save_stack(Stack(stages, "mixed"), folder / "mixed.stack", ("text",))
    return folder


LEARN = ("improve", "mixed.stack", "--decisions", "people.csv", "--data", "rows.csv")


@needs_training
def test_an_encoder_learns_from_decisions_where_its_weights_are(tmp_path: Path) -> None:
    folder = mixed(tmp_path)
    assert strati(folder, "models", "pull", "tiny", "--catalog", "catalog.toml").returncode == 0
    said = strati(folder, *LEARN, "--catalog", "catalog.toml", "--json")
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert (found["learned"], found["unfitted"]) == (["n-grams", "tiny fine-tuned"], [])
    assert answer(folder / "mixed.next.stack", "now at a") == "other"
    assert answer(folder / "mixed.next.stack", "win a prize now") == "spam"


def test_an_encoder_that_cannot_learn_says_why(tmp_path: Path) -> None:
    folder = mixed(tmp_path)
    said = strati(folder, *LEARN)
    assert said.returncode == 0, said.stderr
    why = "the very weights that tiny fine-tuned was trained from are not here (" if TRAINS else "[train]"
    told = " ".join(said.stdout.split())
    assert (
        "Learned n-grams: 24 rows and 30 decisions as before: tiny fine-tuned tiny fine-tuned was not refitted:" in told
    )
    assert why in told
    assert answer(folder / "mixed.next.stack", "now at a") in ("ham", "spam")


def test_a_stack_of_an_encoder_that_cannot_learn_is_refused(tmp_path: Path) -> None:
    said = strati(mixed(tmp_path, alone=True), *LEARN)
    assert (said.returncode, said.stdout) == (2, "")
    assert "nothing in the stack mixed can learn here: " in said.stderr


def test_the_layers_of_an_encoder_are_trained_again_from_its_own_weights_only(made: Path, tmp_path: Path) -> None:
    folder = mixed(tmp_path, alone=True) / "mixed.stack"
    own = EncoderWeights(tmp_path / "model.safetensors", tmp_path / "tokenizer.json", name="tiny", licence="ours")
    other = EncoderWeights(own.path, own.path, name="tiny", licence="ours")
    with Journal(next((made / ".strati/runs").glob("*.db")), read_only=True) as journal:
        results = load_results(journal)
        plan = plan_encoder_sizes(journal, results, "tiny fine-tuned", folder, [own])
        assert (plan.proposals, plan.weights) == (["its first layer"], own)
        with pytest.raises(DataError, match="its layers cannot be trained again here"):
            plan_encoder_sizes(journal, results, "tiny fine-tuned", folder, [other])
