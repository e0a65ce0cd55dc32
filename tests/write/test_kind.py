"""The kind `write`: GLEU by hand, facts, edits that people made; rows; the ladder; a bench from the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from strati.core.context import Context
from strati.core.errors import TaskError
from strati.core.records import Case
from strati.task.kind import BadRow, Resources, Space, Unusable, kind_of
from strati.task.task import Task
from strati.write.gleu import Gleu, accepted, accepted_share, facts_kept, loss, statistics, tokens
from strati.write.layers import AsItIs, Rules

ROW = {"source": "I has 2 apple .", "references": ["I have 2 apples.", "I had 2 apples."]}


def gleu(source: str, value: str, *references: str) -> float:
    return float(Gleu().aggregate(np.array(statistics(source, value, references))))


def test_tokens() -> None:
    assert tokens("I do n't know.") == tokens("I don't know.") == ("I", "do", "n't", "know", ".")
    assert tokens("Ann's U.S. well-known") == ("Ann", "'s", "U.S", ".", "well-known")


def test_gleu_by_hand() -> None:
    assert gleu("a b c d x", "a b c d e", "a b c d e") == 1.0
    # kept what the reference changed: unigrams 4 of 5 less the kept "x"; 3-1 of 4, 2-1 of 3, 1-1 of 2
    assert statistics("a b c d x", "a b c d x", ["a b c d e"]) == (5, 5, 3, 5, 2, 4, 1, 3, 0, 2)
    assert gleu("a b c d x", "a b c d x", "a b c d e") == 0.0
    half = statistics("a b c d x", "a b c d e", ["a b c d e", "a b c d x"])
    assert half[:4] == (5, 5, 4.5, 5)
    short = gleu("a b c d e f g h", "a b c d e f", "a b c d e f g h")
    assert short == pytest.approx(np.exp(1 - 8 / 6))


def test_metric_bounds() -> None:
    metric = Gleu()
    sums = np.array(metric.score(ROW, "I have 2 apples.").statistics)
    assert metric.aggregate(metric.best(sums)) == 1.0
    assert metric.aggregate(metric.worst(sums)) == 0.0
    assert metric.aggregate(np.array(metric.score(ROW, None).statistics)) == 0.0
    assert np.isnan(metric.aggregate(np.zeros(10)))
    assert metric.aggregate(3 * sums) == pytest.approx(metric.aggregate(sums))


def test_facts_and_accepted_edits() -> None:
    assert facts_kept("I have 2 apples.", ROW) == 1.0
    assert facts_kept("I have 3 apples.", ROW) == 0.0
    assert loss("I have 3 apples.", ROW) == 1.0
    assert loss(ROW["source"], ROW) == 1.0, "every person changes it"
    assert loss("a b", {"source": "a b", "references": ["a c", "a b"]}) == 0.0, "one person leaves it"
    assert loss("I have 2 apple .", ROW) == 0.5, "one right, one left out"
    assert accepted("I has an apple.", "I have an orange.", ["I have an apple."]) == (1, 2)
    assert accepted("a b c", "a x c", ["a x y"]) == (1, 1), "part of a larger edit"
    assert accepted_share("I have 2 apple .", ROW) == 1.0
    assert accepted_share(ROW["source"], ROW) == 1.0


def test_rows() -> None:
    kind = kind_of("write")
    assert kind.reference({"text": "a", "reference": "b"}) == {"source": "a", "references": ["b"]}
    assert kind.reference({"text": "a", "ref_0": "b", "ref_1": "c"})["references"] == ["b", "c"]
    assert kind.reference({"text": "a"}) is None
    with pytest.raises(BadRow, match="expected a text or a list of texts"):
        kind.reference({"text": "a", "references": [1]})
    with pytest.raises(BadRow, match="no text to correct"):
        kind.reference({"references": ["b"]})
    assert kind.read(" a ", Space()) == "a"
    with pytest.raises(Unusable, match="the reply is empty"):
        kind.read(" ", Space())
    assert kind.same("a  b", "a b")
    assert kind.show({"source": "a", "references": ["b\nc"]}) == "b c"
    with pytest.raises(TaskError, match="the metric is 'bleu', expected one of: gleu"):
        kind.metric("bleu", Space())


def test_layers_say_what_they_did(tmp_path: Path) -> None:
    text = "I has an apple from Frobnicator Inc."
    rules = Rules()
    (case,) = rules.run([Case("1", text)], Context())
    assert case.answer is not None
    assert case.answer.value == text.replace("has", "have")
    assert "1 edits" in case.steps[-1].reason
    assert "dropped to keep facts" in case.steps[-1].reason
    blind = Rules("first", keep_facts=False)
    (other,) = blind.run([Case("1", text)], Context())
    assert other.answer is not None
    assert "Frobnicator" not in other.answer.value
    assert blind.fingerprint() != rules.fingerprint()
    assert Rules.load({**rules.save(tmp_path), "name": "rules"}, tmp_path, {}) == rules
    (same,) = AsItIs().run([Case("1", text)], Context())
    assert same.answer is not None
    assert same.answer.value == text


def test_ladder_and_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.write.test_command import run

    kind = kind_of("write")
    names = [rung.name for rung in kind.ladder(Task(kind="write"), Space(), Resources())]
    assert names == ["as it is", "rules, first word", "rules"]
    path = tmp_path / "rows.jsonl"
    subjects = ["cat", "dog", "bird", "horse", "fish", "girl", "boy", "man", "king", "queen"]
    verbs = ["like", "want", "need", "see", "know", "find", "sell", "keep"]
    rows = [
        {"id": f"{s}{v}", "text": f"The {s} {v} teh house.", "references": [f"The {s} {v}s the house."]}
        for s in subjects
        for v in verbs
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "bench", str(path), "--kind", "write", "--json", "--no-llm") == 0
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["task"]["kind"] == "write"


def test_a_certificate_that_leaves_texts_alone_is_not_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack of rules on fresh labels: right edits certify it, texts that people change and it does not never do."""
    from strati.certify.certificate import Certificate
    from strati.stack.folder import save_stack
    from strati.stack.stack import Stack
    from tests.write.test_command import run

    monkeypatch.chdir(tmp_path)
    stack = tmp_path / "rules.stack"
    save_stack(Stack.of(Rules(), name="rules"), stack, ("text",))
    nouns = [
        f"{a} {b}"
        for a in ("cat", "dog", "bird", "horse", "girl", "boy", "man", "king")
        for b in ("house", "garden", "road", "river", "bridge", "window", "table", "chair", "door", "wall")
    ]
    good = [{"text": f"I has a {noun}.", "references": [f"I have a {noun}."]} for noun in nouns]
    left = [{"text": f"We saw the {noun}.", "references": [f"They saw the {noun}."]} for noun in nouns]
    for name, rows in (("good", good), ("left", left)):
        Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert run(monkeypatch, "certify", str(stack), "--labels", "left.jsonl", "--at-least", ".9") == 1
    assert "answers lose at most 10.0 % on average" in " ".join(capsys.readouterr().err.split())
    assert run(monkeypatch, "certify", str(stack), "--labels", "good.jsonl", "--at-least", ".9") == 0
    assert "left out though every person" in " ".join(capsys.readouterr().out.split())
    assert run(monkeypatch, "certify", "--check", str(stack)) == 0
    assert run(monkeypatch, "certify", "--verify", str(stack)) == 0
    found = Certificate.read(stack)
    assert found is not None
    old = {key: value for key, value in found.promise.items() if key != "rule"}
    replace(found, promise=old).write(stack)
    capsys.readouterr()
    assert run(monkeypatch, "certify", "--check", str(stack)) == 1
    assert "is void: it was given when something else counted as wrong" in " ".join(capsys.readouterr().err.split())
