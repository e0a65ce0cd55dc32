"""The tiers above the rules: learned from the base, a classifier of the user's, a model as judge; and the cache."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.errors import ModelError
from strati.core.records import Case, State
from strati.knowledge.ask import ask, check_text
from strati.knowledge.ask.answer import stack_for
from strati.knowledge.ask.cache import AnswerCache
from strati.knowledge.ask.corrupt import Error, corrupted
from strati.knowledge.ask.judge import RULES
from strati.knowledge.ask.llm_judge import LlmJudge
from strati.knowledge.ask.pair_classifier import PairClassifier
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.support import Verdict
from strati.knowledge.ask.trained import Trained, train
from strati.models.scripted import ScriptedModel
from strati.testing.layers import check_layer
from tests.knowledge.ask import world
from tests.knowledge.small import record
from tests.models.test_onnx_embedder import field, tensor_info, write_tokenizer

TRUE, FALSE = "The tower of Ems was built by Ida Brunner.", "The harbour of Ems was sold to a bank."


def test_false_claims_from_true_sentences() -> None:
    sentence = "Anna Meier of Bern is older than 30 days since 12 May 2023."
    made = dict(corrupted(sentence, random.Random(1), ["Oslo"], ["Another thing is said."]))
    assert set(made) == {
        Error.NUMBER,
        Error.DATE,
        Error.UNIT,
        Error.NAME,
        Error.NEGATION,
        Error.OPPOSITE,
        Error.SOURCE,
    }
    assert all(text != sentence for text in made.values())
    assert "Oslo" in made[Error.NAME]
    assert "is not older" in made[Error.NEGATION]
    assert "younger" in made[Error.OPPOSITE]
    assert "months" in made[Error.UNIT]


def test_a_check_that_learns_from_the_base(tmp_path: Path) -> None:
    names = ("Anna Meier", "Paul Roth", "Ida Brunner", "Carla Stein", "Otto Lang")
    facts = {
        f"file{n}": (
            f"The contract {n} was signed by {names[n % 5]} in the year {1950 + n}. Its harbour lies {n + 20} km away. "
            f"The council number {n + 7} is higher than the sea and paid {n + 3},000 euros for the bridge.",
        )
        for n in range(12)
    }
    with world.base(tmp_path, **facts) as base:
        sources = Sources(base)
        made = train(sources)
        assert made is not None
        assert made == train(sources)
        assert Trained.from_json(json.loads(json.dumps(made.to_json()))) == made
        assert len(made.documents) == 12
        assert not made.stale(sources)
        good = "The contract 3 was signed by Carla Stein in the year 1953."
        for claim, wanted in ((good, Verdict.SUPPORTED), (good.replace("1953", "1952"), Verdict.CONTRADICTED)):
            judged = made.judge(claim, sources.search(claim, 5), sources)
            assert judged is not None
            assert judged.support.verdict is wanted
        base.forget(["file3.txt"])
        assert made.stale(Sources(base))
        again = train(Sources(base))
        assert again is not None
        assert len(again.documents) == 11
    with world.base(tmp_path / "small") as small:
        assert train(Sources(small)) is None


def write_classifier(folder: Path) -> Path:
    """A model whose two outputs are the largest row of a table among the tokens: "sold" speaks against a claim."""
    vocabulary = {"[UNK]": 0, "sold": 1}
    table = [[0.0, 2.0], [9.0, 0.0]]
    raw = struct.pack("<4f", *(value for row in table for value in row))
    weights = field(1, 2) + field(1, 2) + field(2, 1) + field(8, "table") + field(9, raw)
    gather = field(1, "table") + field(1, "input_ids") + field(2, "rows") + field(4, "Gather")
    axes = field(1, "axes") + field(8, 1) + field(20, 7)
    keep = field(1, "keepdims") + field(3, 0) + field(20, 2)
    most = field(1, "rows") + field(2, "logits") + field(4, "ReduceMax") + field(5, axes) + field(5, keep)
    graph = field(1, gather) + field(1, most) + field(2, "tiny") + field(5, weights)
    graph += field(11, tensor_info("input_ids", 7, 2)) + field(11, tensor_info("attention_mask", 7, 2))
    graph += field(12, tensor_info("logits", 1, 2))
    folder.mkdir()
    (folder / "model.onnx").write_bytes(field(1, 8) + field(8, field(2, 13)) + field(7, graph))
    write_tokenizer(folder / "tokenizer.json", vocabulary)
    return folder


def test_a_classifier_of_the_users(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path / "classifier")
    check = PairClassifier(folder)
    with world.base(tmp_path) as base:
        report = check_text(base, f"{TRUE} {FALSE}", check=check)
        assert [str(one.state) for one in report.claims] == ["supported", "not_found"]
        assert report.claims[1].reason == "classifier gives it a probability of 0.00"
        reply = ask(base, "Who built the tower?", model=ScriptedModel(lambda _: TRUE), checks=(RULES, check))
        assert reply.answer == TRUE
    before = check.fingerprint()
    (folder / "settings.json").write_text('{"template": "{claim} {evidence}", "contradicted": 0}', encoding="utf-8")
    other = PairClassifier(folder)
    assert other.fingerprint() != before
    assert other.probabilities("sold", "x")[0] > 0.99
    (folder / "settings.json").write_text('{"treshold": 1}', encoding="utf-8")
    with pytest.raises(ModelError, match="does not describe a pair classifier"):
        _ = PairClassifier(folder).settings
    with pytest.raises(ModelError, match=r"holds no model\.onnx"):
        PairClassifier(tmp_path).probabilities("a", "b")
    (folder / "model.onnx").write_bytes(b"broken")
    (folder / "settings.json").unlink()
    with pytest.raises(ModelError, match="cannot be run"):
        PairClassifier(folder).probabilities("a", "b")


def test_a_model_as_judge(tmp_path: Path) -> None:
    model = ScriptedModel(lambda prompt: {"yes": 0.9, "no": 0.1} if "Ida" in prompt.user.split("Claim:")[1] else "no")
    with world.base(tmp_path) as base:
        report = check_text(base, f"{TRUE} {FALSE}", check=LlmJudge(model))
    assert [str(one.state) for one in report.claims] == ["supported", "not_found"]
    assert report.claims[0].score == pytest.approx(0.9)
    assert "scripted says yes with a probability of" in report.claims[1].reason


def test_the_same_question_is_answered_once(tmp_path: Path) -> None:
    asked = ScriptedModel(lambda _: TRUE)
    with world.base(tmp_path) as base:
        cache = AnswerCache(stack_for(Sources(base), asked), most=1)
        cases = [Case("1", "Who built the tower of Ems?")]
        first, second = cache.run(cases, Context())[0], cache.run([Case("2", cases[0].input)], Context())[0]
        assert asked.calls == 1
        assert first.answer == second.answer
        assert second.state is State.ANSWERED
        assert "answered before" in second.steps[-1].reason
        cache.run([Case("3", "When was the tower of Ems built?")], Context())
        cache.run(cases, Context())
        assert asked.calls == 3  # room for one answer only
        base.store.put(record("new.txt", "Another thing."), {})
        fresh = AnswerCache(stack_for(Sources(base), asked))
        assert fresh.fingerprint() != cache.fingerprint()
    with world.base(tmp_path / "again") as base:
        check_layer(AnswerCache(stack_for(Sources(base))), [*cases, Case("4", "What is the rent?")])
