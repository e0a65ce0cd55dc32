"""From a bench to a certified stack that is saved, checked, run and found to do what was certified."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from strati.certify.certificate import Certificate
from strati.certify.certify import Wanted, certify
from strati.certify.compose.composed import add_composed
from strati.certify.method import evaluate
from strati.certify.verify import verify
from strati.certify.write import write_certified
from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import Case, Example
from strati.data import Dataset, Ledger
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.llm import LLM
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.models.catalog.catalog import Catalog
from strati.models.catalog.store import Store
from strati.models.contract import Prompt
from strati.models.scripted import ScriptedModel
from strati.prove.bench import Outcome, bench
from strati.serve.batch.here import Tally, answer_here, answer_rows, journal_of
from strati.serve.load import standing_of
from strati.serve.people import lines_of
from strati.stack.candidate import Candidate, Form
from strati.stack.folder import load_stack
from strati.stack.stack import Stack
from strati.task.task import Goal, Task

LABELS = ("buy", "complain", "leave")
WORDS = {"buy": "order price cart", "complain": "broken late angry", "leave": "cancel quit goodbye"}


def examples(count: int, seed: int = 0) -> list[Example]:
    """Texts of a few words; in a third of them the words of the label are hidden behind others."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        label = draw.choice(LABELS)
        hard = draw.random() < 0.35
        words = draw.choices(["please", "now", "the", "my", "it", "with", "today", "again"], k=4)
        words += [] if hard else draw.choices(WORDS[label].split(), k=2)
        code = 3 * draw.randrange(10_000, 30_000) + (LABELS.index(label) if draw.random() < 0.95 else draw.randrange(3))
        made.append(Example(str(number), f"{' '.join(words)} {code}", label))
    return made


def reads_codes(prompt: Prompt) -> dict[str, float]:
    """A model that can do what n-grams can't: divide the number in the text by three. It is right 97 % of the time."""
    (number,) = re.findall(r"\d{5}", prompt.user)
    answer = LABELS[int(number) % 3]
    return {label: 0.94 if label == answer else 0.03 for label in LABELS}


@pytest.fixture(scope="module")
def model() -> ScriptedModel:
    return ScriptedModel(reads_codes, name="reader", fail=lambda prompt: time.sleep(0.002))  # dearer than n-grams


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certify") / "runs"


@pytest.fixture(scope="module")
def outcome(runs: Path, model: ScriptedModel) -> Outcome:
    rows = tuple(examples(2400))
    llm = Stack.of(LLM(model, LABELS, name="reader"), name="reader")
    candidates = [
        Candidate("n-grams", (Form({}, Stack.of(Linear(0.1, name="n-grams"), name="n-grams")),), learns=True),
        Candidate("reader", (Form({}, llm),), uses_llm=True, slow=True, cards=(model.card,)),
    ]
    goal = Goal(human_answer_costs=0.5, wrong_answer_costs=2.0)
    task = Task(goal=goal, labels=LABELS)
    return bench(
        Dataset(rows, "made", "csv", "utf-8", "0"),
        task,
        models=[model],
        candidates=candidates,
        effort=Effort(sample=400, tune_rows=200),
        runs=runs,
    )


def test_a_certified_stack_does_what_was_certified(outcome: Outcome, model: ScriptedModel, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    with Journal(outcome.journal, read_only=True) as journal:
        before = model.calls
        done = certify(journal, ledger, Wanted(0.9, 0.95))
        assert model.calls == before  # composed from answers that were there
        assert done.setting is not None
        path = tmp_path / "made.stack"
        stack = write_certified(journal, done, outcome.journal.with_suffix(".stacks"), {"reader": model}, path)
        again = certify(journal, ledger, Wanted(0.9, 0.95))
        assert again.walk == done.walk
        with pytest.raises(DataError, match="are spent"):
            certify(journal, ledger, Wanted(0.8, 0.95))
    certificate = Certificate.read(path)
    assert certificate is not None
    loaded = load_stack(path, {"reader": model})
    assert certificate.standing(loaded.fingerprint(), {"reader": model.fingerprint()}, path).state == "valid"
    assert loaded.fingerprint() == stack.fingerprint() == certificate.stack
    assert verify(path) == (done.walk, [])
    assert certificate.result["n"] == evaluate(done.setting, done.scored["calibrate"]).count

    # The served stack gives every calibrate case to the very layer that the certificate counted.
    fresh = {example.text: example.id for example in examples(2400)}
    with Journal(outcome.journal, read_only=True) as journal:
        calibrate = journal.examples("calibrate")
    delivered = done.parts["calibrate"]
    names = done.names
    rows = [calibrate[row] for row in delivered.rows]
    cases = [Case(row.id, row.input) for row in rows]
    assert all(row.input in fresh for row in rows)
    out = tmp_path / "answers.jsonl"
    with Journal(journal_of(out)) as book:
        answer_rows(cases, out, book, Tally(), answer_here(loaded, Context()), 100, Context())
    for record, rung, loss, row in zip(lines_of(out), delivered.rung, delivered.loss, rows, strict=True):
        assert record["layer"] == (None if rung < 0 else names[rung])
        if rung >= 0:
            assert (record["answer"] != row.reference) == bool(loss)


def test_the_bench_ends_with_a_composed_stack_and_a_frontier(outcome: Outcome) -> None:
    names = [candidate["name"] for candidate in outcome.verdict["candidates"]]
    assert "n-grams > reader" in names
    composed = next(c for c in outcome.verdict["candidates"] if c["name"] == "n-grams > reader")
    alone = next(c for c in outcome.verdict["candidates"] if c["name"] == "reader")
    assert composed["quality"]["value"] >= alone["quality"]["value"] - 0.02
    assert composed["tokens_per_answer"]["in"] < alone["tokens_per_answer"]["in"]
    points = outcome.verdict["frontier"]["points"]
    assert {tuple(point["rungs"]) for point in points} & {("n-grams", "reader")}
    json.dumps(points, allow_nan=False)


def test_what_was_composed_before_all_rungs_were_measured_is_dropped(
    outcome: Outcome, model: ScriptedModel, tmp_path: Path
) -> None:
    shutil.copy(outcome.journal, tmp_path / "run.db")
    with Journal(tmp_path / "run.db") as journal:
        old = journal.candidates()["n-grams > reader"]
        journal.write_candidate("rules > reader", 9, replace(old, composed=("rules", "reader")))
        journal.replace_answers("rules > reader", "test", journal.answers("n-grams > reader", "test"))
        add_composed(journal, outcome.journal.with_suffix(".stacks"), {"reader": model})
        assert set(journal.candidates()) == {"n-grams", "reader", "n-grams > reader"}
        assert journal.answers("rules > reader", "test") == {}
        assert journal.answers("n-grams > reader", "test")


def test_what_cannot_be_certified_says_what_is_missing(outcome: Outcome, tmp_path: Path) -> None:
    with Journal(outcome.journal, read_only=True) as journal:
        done = certify(journal, Ledger(tmp_path / "other.db"), Wanted(0.9999, 0.95))
    assert done.setting is None
    assert done.labels_needed is None or done.labels_needed > 1000


def test_a_changed_model_file_makes_it_stale(
    outcome: Outcome, model: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "made.stack"
    with Journal(outcome.journal, read_only=True) as journal:
        done = certify(journal, Ledger(tmp_path / "ledger.db"), Wanted(0.9, 0.95))
        assert "reader" in done.names
        write_certified(journal, done, outcome.journal.with_suffix(".stacks"), {"reader": model}, path)
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "models"))
    standing, stack, _ = standing_of(path, [])
    assert (standing.state, stack) == ("stale", None)
    assert "no catalog has a model 'reader'" in standing.reasons[0]
    pytest.importorskip("xllamacpp")
    (tmp_path / "model.gguf").write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    entry = f'kind = "gguf"\nsources = ["file:{tmp_path}/model.gguf"]\nsha256 = "{digest}"\nlicence = "MIT"\n'
    (tmp_path / "catalog.toml").write_text(f"[models.reader]\n{entry}", encoding="utf-8")
    store = Store()
    found = Catalog.load([tmp_path / "catalog.toml"])["reader"]
    store.pull(found)
    (file,) = (f for f in (tmp_path / "models").rglob("*") if f.is_file() and f.read_bytes() == b"weights")
    file.write_bytes(b"others!")
    standing, _, _ = standing_of(path, [tmp_path / "catalog.toml"])
    assert standing.state == "stale"
    assert "was changed" in standing.reasons[0]
