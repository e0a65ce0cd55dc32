from __future__ import annotations

import time
from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.errors import StackError, TaskError
from strati.core.records import Case, Example, State
from strati.knowledge.ask.cache import AnswerCache
from strati.knowledge.ask.extract import Extract
from strati.knowledge.ask.gate import Gate
from strati.knowledge.ask.judge import Rules
from strati.knowledge.ask.kind import AnswerKind
from strati.knowledge.ask.ladder import ladder
from strati.knowledge.ask.llm_judge import LlmJudge
from strati.knowledge.ask.retrieve import Retrieve
from strati.knowledge.ask.right import loss
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.write import Write
from strati.models.contract import Prompt
from strati.models.hosted.openai_compatible import OpenAICompatible
from strati.models.scripted import ScriptedModel
from strati.stack.folder import load_stack, save_stack
from strati.stack.stack import Stack
from strati.task.kind import BadRow, Resources, Space, Unusable
from strati.testing.layers import check_layer
from tests.knowledge.ask import world
from tests.knowledge.small import record

KIND = AnswerKind()
CASES = [Case("1", "Who built the tower of Ems?"), Case("2", "Where is Zorvania?"), Case("3", "What is the rent?")]


@pytest.mark.parametrize(
    ("cells", "reference"),
    [
        ({"answer": "in May"}, ["in May"]),
        ({"answers": ["May", "in May", "May"]}, ["May", "in May"]),
        ({"answers": {"text": ["May"], "answer_start": [3]}}, ["May"]),
        ({"answers": [{"text": "May"}]}, ["May"]),
        ({"answer": 5}, ["5"]),
        ({"answers": []}, []),
        ({"answer": "", "unanswerable": "true"}, []),
        ({"answer": " "}, None),
        ({"question": "When?"}, None),
    ],
)
def test_references(cells: dict[str, object], reference: object) -> None:
    assert KIND.reference(cells) == reference


def test_bad_values() -> None:
    with pytest.raises(BadRow, match="answers is a list, expected"):
        KIND.reference({"answers": [[1]]})
    with pytest.raises(Unusable):
        KIND.read("  ", Space())
    with pytest.raises(TaskError, match="the metric is 'bleu', expected one of: contains, token_f1"):
        KIND.metric("bleu", Space())
    with pytest.raises(TaskError, match="none was given: add --kb NAME"):
        ladder(Resources())


def test_what_is_right() -> None:
    metric = KIND.metric("contains", Space())
    assert metric.score(["84 metres"], "It is 84 metres tall.").statistics == (1.0, 1.0)
    assert metric.score(["84 metres"], "It is 48 metres tall.").statistics == (0.0, 1.0)
    assert metric.score(["84 metres"], None).statistics == (0.0, 1.0)
    assert metric.score([], None).statistics == (1.0, 1.0)
    assert metric.score([], "It is 84 metres tall.").statistics == (0.0, 1.0)
    assert loss("One. Two. Three. It is in May.", ["May"]) == 1.0
    assert loss("任何一方可以提前三十天通知。", ["三十天"]) == 0.0
    found = KIND.metric("token_f1", Space()).score(["the tall tower"], "tall tower of Ems")
    assert found.statistics == pytest.approx((2 * 2 / 6, 1.0))


def test_a_stack_of_the_layers_is_saved_and_measured(tmp_path: Path) -> None:
    with world.base(tmp_path) as base:
        sources = Sources(base)
        stack = Stack.of(Retrieve(sources), Gate(sources), Extract(sources), name="extract")
        first = stack.run(CASES, Context())
        assert [case.state for case in first] == [State.ANSWERED, State.WITHHELD, State.ANSWERED]
        save_stack(stack, tmp_path / "x.stack")
        again = load_stack(tmp_path / "x.stack")
        assert [case.answer and case.answer.value for case in again.run(CASES, Context())] == [
            case.answer and case.answer.value for case in first
        ]
        base.store.put(record("new.txt", "Another thing."), {})
    with pytest.raises(StackError, match="which is now at"):
        load_stack(tmp_path / "x.stack")


def test_the_contract_of_the_layers(tmp_path: Path) -> None:
    with world.base(tmp_path) as base:
        sources = Sources(base)
        found = check_layer(Retrieve(sources), CASES)
        open_cases = list(found.run(CASES, Context()))
        check_layer(Extract(sources), open_cases)
        model = ScriptedModel(lambda _: "The tower of Ems was built by Ida Brunner.")
        check_layer(Write(sources, model), open_cases, resources={"scripted": model})


def test_the_ladder(tmp_path: Path) -> None:
    with world.base(tmp_path) as base:
        folder = base.store.folder
    model = ScriptedModel(lambda _: "The tower of Ems was built by Ida Brunner in 1931.")
    own = Rules(name="ours")
    rungs = ladder(Resources(models=(model,), bases=(folder,), checks=(own,)))
    assert [rung.name for rung in rungs] == [
        "BM25 sentence",
        "sentences or none",
        "scripted unchecked",
        "scripted + rules",
        "scripted + learned check",
        "scripted + rules + ours",
    ]
    assert all(rung.learns for rung in rungs)
    for rung in rungs:
        case = rung.forms[0].stack.fit((), (), Context()).run([CASES[0]], Context())[0]
        assert case.answer is not None
        assert loss(case.answer.value, ["Ida Brunner"]) == 0.0


def test_a_model_behind_a_server_judges(tmp_path: Path) -> None:
    """A small model writes and does not judge; one that is large, or behind a server, may."""
    with world.base(tmp_path) as base:
        folder = base.store.folder
    small = ScriptedModel(lambda _: "Ida Brunner.")
    behind = OpenAICompatible.of("far", {"url": "http://127.0.0.1:1/v1", "model": "far-1"})
    names = [rung.name for rung in ladder(Resources(models=(small, behind), bases=(folder,)))]
    assert [name for name in names if "judge" in name] == [
        "scripted + rules + judge far",
        "far + rules + judge far",
    ]


def rows(count: int) -> list[Example]:
    """Questions about towers; the sources hold the height of every second one, and speak of it in other words."""
    return [
        Example(str(n), f"How high does tower {n} rise?", [f"{n + 100} metres"] if n % 2 else []) for n in range(count)
    ]


def test_train_rows_teach_what_is_delivered(tmp_path: Path) -> None:
    said = [f"The top of number {n} is {n + 100} metres above the street." for n in range(1, 60, 2)]
    with world.base(tmp_path, towers=tuple(said), other=("A tower may rise high.", "How high? Nobody knows.")) as base:
        sources = Sources(base)
        gate, extract = Gate(sources), Extract(sources)
        taught = gate.fit(rows(60), (), Context())
        assert (gate.weights.rows, taught.weights.rows) == (0, 60)
        assert taught.fingerprint() != gate.fingerprint()
        assert gate.fit(rows(8), (), Context()).weights == gate.weights  # too few teach nothing
        asked = Retrieve(sources).run([Case("1", "How high does tower 41 rise?")], Context())
        assert gate.run(asked, Context())[0].steps[-1].reason != taught.run(asked, Context())[0].steps[-1].reason
        sure = extract.fit(rows(60), (), Context())
        stack = Stack.of(Retrieve(sources), taught, sure, name="taught")
        save_stack(stack, tmp_path / "taught.stack")
        assert load_stack(tmp_path / "taught.stack").fingerprint() == stack.fingerprint()
        check_layer(gate, Retrieve(sources).run(CASES, Context()), train=rows(60))


def test_a_model_with_every_check_and_the_cache_are_saved_and_answer_alike(tmp_path: Path) -> None:
    with world.base(tmp_path) as base:
        sources = Sources(base)
        said = "The tower of Ems was built by Ida Brunner."
        model = ScriptedModel(lambda prompt: said if "Passage" in prompt.user or "[" in prompt.user else "yes")
        judge = LlmJudge(model)
        written = Stack.of(Retrieve(sources), Write(sources, model, (Rules(), judge)), name="written")
        stack = Stack.of(AnswerCache(written), name="kept")
        save_stack(stack, tmp_path / "w.stack")
        again = load_stack(tmp_path / "w.stack", {"scripted": model})
        assert again.fingerprint() == stack.fingerprint()
        first, second = (one.run([CASES[0]], Context())[0] for one in (stack, again))
        assert first.state == second.state
        assert (first.answer and first.answer.value) == (second.answer and second.answer.value)
        asked = model.calls
        again.run([CASES[0]], Context())
        assert first.answer is None or model.calls == asked  # what was answered is not asked again


def test_a_remembered_reply_still_costs_what_it_took(tmp_path: Path) -> None:
    """Rungs with other checks share a model's replies: each of them is as slow and as dear as its model."""

    def slowly(_: Prompt) -> str:
        time.sleep(0.05)
        return "The tower of Ems was built by Ida Brunner."

    with world.base(tmp_path) as base:
        sources = Sources(base)
        model, ctx = ScriptedModel(slowly), Context()
        for checks in ((), (Rules(),)):
            (case,) = Stack.of(Retrieve(sources), Write(sources, model, checks)).run([CASES[0]], ctx)
            assert case.usage.seconds >= 0.05
        assert model.calls == 1


def test_what_is_missing_is_never_the_high_of_how_high(tmp_path: Path) -> None:
    with world.base(tmp_path) as base:
        stack = Stack.of(Retrieve(Sources(base)), Gate(Sources(base)), Extract(Sources(base)))
        tower, bridge = stack.run(
            [Case("1", "How high is the tower of Ems?"), Case("2", "Was the high bridge of Ems built?")], Context()
        )
        assert tower.answer is None
        assert "high" not in tower.steps[-1].reason
        assert "'high'" in bridge.steps[-1].reason
