"""`strati improve` on a small real run, and the gate by itself."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from strati.cli import main
from strati.cli.improve import show
from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import Case, Example
from strati.data import Dataset
from strati.improve.compress import pruned
from strati.improve.experiment import Outcome, Row, tune_examples
from strati.improve.gate import rule
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.rule import parse_rules
from strati.kinds.classify.rules import Rules
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.measure.results import load_results
from strati.prove.bench import bench
from strati.prove.studies import Studies
from strati.stack.candidate import Candidate, Form
from strati.stack.folder import load_stack
from strati.stack.stack import Stack
from strati.statistics.metric import Share, wrong
from strati.task.task import Goal, Task

WORDS = {"refund": "money invoice charged", "repair": "broken cracked noise"}
RULES = 'when "charged" then refund\nwhen "cracked" then repair\n'


def tickets(count: int, seed: int = 0) -> tuple[Example, ...]:
    """Clear words of the label in most texts, of the other label or none in some."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        label = draw.choice(list(WORDS))
        about = label if draw.random() < 0.96 else draw.choice(list(WORDS))
        words = draw.choices(["please", "look", "at", "my", "order", "again", "today", "thanks"], k=3)
        words += draw.choices(WORDS[about].split(), k=2) if draw.random() < 0.85 else []
        made.append(Example(str(number), f"{' '.join(words)} {number}", label))
    return tuple(made)


def measured(folder: Path, rows: Sequence[Example], *, ngrams: bool = True, margin: float = 0.1) -> str:
    """A run of a rule and n-grams in `folder`; returns its id."""
    rules = Candidate("rules", (Form({}, Stack.of(Rules(parse_rules(RULES), "rules"), name="rules")),))
    linear = Candidate("n-grams", (Form({}, Stack.of(Linear(0.1, name="n-grams"), name="n-grams")),), learns=True)
    task = Task(labels=tuple(WORDS), goal=Goal(at_least=0.9, human_answer_costs=0.5, margin=margin))
    data = Dataset(tuple(rows), "made", "csv", "utf-8", "0")
    done = bench(
        data,
        task,
        candidates=[rules, linear] if ngrams else [rules],
        runs=folder / ".strati/runs",
        studies=Studies(curve=False),
        effort=Effort(probes=2),
    )
    return done.run


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("improve")
    measured(folder, tickets(600))
    return folder


@pytest.fixture
def inside(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return world / ".strati/runs"


def strati(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["strati", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


def test_the_smallest_that_qualifies_is_written_and_answers(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = strati(capsys, "improve", "latest", "compress", "--out", "s.stack", "--runs-dir", inside, "--json")
    assert code == 0, err
    found = json.loads(out)
    tried, chosen = found["tried"], found["chosen"]
    assert "Plan    n-grams" in err
    assert [row["megabytes"] for row in tried] == sorted((row["megabytes"] for row in tried), reverse=True)
    fit = [place for place, row in enumerate(tried) if row["qualifies"]]
    assert fit
    assert chosen == fit[-1]
    assert all(row["p"] <= found["alpha"] and row["megabytes"] < found["kept"]["megabytes"] for row in tried[:chosen])
    stack = load_stack(Path("s.stack"))
    case = stack.run([Case("1", "i was charged, money back")], Context())[0]
    assert case.answer is not None
    assert case.answer.value == "refund"


def test_the_table_says_what_was_tried_and_what_is_kept(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = strati(capsys, "improve", "latest", "ablate", "--runs-dir", inside)
    assert code == 0
    assert out.index("Plan") < out.index("what you have")
    assert "without rules" in out
    assert "without n-grams" in out
    assert "Kept what you had" in out or "Chosen  without" in out


@pytest.mark.parametrize("timed", [True, False])
def test_the_table_fits_80_columns_and_cuts_no_word(timed: bool, capsys: pytest.CaptureFixture[str]) -> None:
    long = "minilm fine-tuned, 3 layers, taught 12,000 rows"
    kept = Row("n-grams", 0.803, None, None, None, None, 0, None, None, 0.0021, 0.3, False, "")
    kept = replace(kept, milliseconds=123.4, megabytes=679.0) if timed else kept
    reason = "no smaller, and not shown to be better; its instruction copies a train row"
    one = replace(kept, name=long, difference=-0.123, low=-0.156, high=-0.101, p=0.05, flips=1234, reason=reason)
    show(Outcome("1", "distil", "accuracy", 1300, 0.02, 0.05, kept, (one,), 0), Path("s.stack"), Path("s.stack"))
    out = capsys.readouterr().out
    table, told = out.split("n-grams: what you have")
    assert max(map(len, out.splitlines())) <= 80
    assert "−12.3 (−15.6 to −10.1)" in table
    assert set(long.split()) <= set(table.split())
    assert f"{long}: {reason} (p 0.050, 1,234 flips)" in " ".join(told.split())


def test_quality_and_people_without_a_layer_are_those_of_what_is_left(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = strati(capsys, "improve", "latest", "ablate", "--runs-dir", inside, "--json")
    assert code == 0
    found = json.loads(out)
    with Journal(next(inside.glob("*.db")), read_only=True) as journal:
        unit = journal.read("run")["units"][0]
        answered = sum(a["value"] is not None for a in journal.answers("rules", f"tune/{unit}").values())
        rows = len(journal.examples("tune"))
    only_rules = next(row for row in found["tried"] if row["name"] == "without n-grams")
    assert found["n"] == rows
    assert only_rules["people"] >= 1 - answered / rows - 1e-9
    assert not only_rules["qualifies"]


def test_a_stack_without_a_layer_that_earns_nothing_is_written(tmp_path: Path) -> None:
    """The rules know no more than the n-grams: within a cent, fewer parts win; what is written answers alike."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        measured(tmp_path, tickets(900), margin=0.05)
        patch.setattr(sys, "argv", ["strati", "improve", "latest", "ablate", "--out", "a.stack"])
        with pytest.raises(SystemExit) as ended:
            main()
    assert not ended.value.code
    stack = load_stack(tmp_path / "a.stack")
    assert stack.stages[0].name == "n-grams"
    case = stack.run([Case("1", "it was charged, money back")], Context())[0]
    assert case.answer is not None
    assert case.answer.value == "refund"


def test_pruning_everything_but_nothing_changes_no_answer() -> None:
    rows = tickets(200)
    stack = Stack.of(Linear(0.1, name="n-grams")).fit(rows[:150], rows[150:], Context())
    cases = [Case.of(row) for row in rows[150:]]
    same = [case.answer and case.answer.value for case in pruned(stack, 1.0).run(cases, Context())]
    assert same == [case.answer and case.answer.value for case in stack.run(cases, Context())]
    layer = pruned(stack, 0.05).stages[0].layer
    assert isinstance(layer, Linear)
    assert layer.weights is not None
    assert layer.weights.shape[1] == 1 + sum(len(block.vocabulary) for block in layer.features.blocks)


def test_the_gate_refuses_what_is_worse_and_what_cannot_be_shown() -> None:
    metric = Share("right", wrong)
    kept = np.ones((400, 1))
    worse, few = kept.copy(), np.ones((20, 1))
    worse[:30] = 0
    assert [one.passes for one in rule(kept, [kept, worse], metric, [0.03, 0.03], 0.05)] == [True, False]
    assert not rule(few, [few], metric, [0.03], 0.05)[0].passes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothere", "compress"), "begin with 'nothere'"),
        (("latest", "shrink"), "expected one of: compress, ablate"),
        (
            ("latest", "compress", "--rung", "rules"),
            "no saved rung 'rules' to make smaller, expected one of",
        ),
        (("latest", "compress", "--from-quantised"), "expected --rung with the name of one"),
        (("latest", "ablate", "--rung", "n-grams"), "expected it with compress or prompts or distil only"),
    ],
)
def test_bad_input_is_one_sentence(
    inside: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = strati(capsys, "improve", *arguments, "--runs-dir", inside)
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1


def test_a_cross_fitted_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured(tmp_path, tickets(120))
    code, out, err = strati(capsys, "improve", "latest", "compress", "--runs-dir", tmp_path / ".strati/runs")
    assert (code, out) == (2, "")
    assert "cross-fitted because it had few labels" in err
    assert "at least 400 labels" in err


def test_too_few_tune_rows_are_counted(world: Path) -> None:
    with Journal(next((world / ".strati/runs").glob("*.db")), read_only=True) as journal:
        results, examples = load_results(journal), journal.examples("tune")
        assert tune_examples(results, examples) == examples
        with pytest.raises(DataError, match=r"has 10 tune rows, expected at least 50|has 10 tune rows, expected 50"):
            tune_examples(results, examples[:10])


def test_a_run_without_ngrams_says_what_it_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measured(tmp_path, tickets(450), ngrams=False)
    runs = tmp_path / ".strati/runs"
    code, _, err = strati(capsys, "improve", "latest", "compress", "--runs-dir", runs)
    assert code == 2
    assert "no saved rung of n-grams or a fine-tuned encoder to make smaller" in err
    assert "'rules'" in err
    code, _, err = strati(capsys, "improve", "latest", "ablate", "--runs-dir", runs)
    assert code == 2
    assert "no layer to take away" in err
