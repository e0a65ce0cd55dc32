from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.errors import LayerDown, Stopped, TaskError
from strati.knowledge.ask import Reply, Sentence, ask
from strati.knowledge.ask.gate import Gate
from strati.knowledge.ask.sources import Sources
from strati.knowledge.base import KnowledgeBase
from strati.models.contract import Generation, Prompt
from strati.models.local.gguf import GgufModel
from strati.models.scripted import ScriptedModel
from strati.testing.layers import check_layer
from tests.knowledge.ask import world

KEYS = "question answer state reason confidence sentences citations nearest steps usage snapshot".split()  # noqa: SIM905


@pytest.fixture
def base(tmp_path: Path) -> KnowledgeBase:
    return world.base(tmp_path)


def quotes_stand(base: KnowledgeBase, reply: Reply) -> None:
    for one in (*reply.citations, *reply.nearest):
        assert base.document(one.document).text[one.start : one.end] == one.quote != ""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who built the tower of Ems?", "The tower of Ems was built in 1931 by Ida Brunner."),
        ("How tall is the tower?", "It is 84 metres tall."),
        ("who signed the lease?", "It was signed by Anna Meier and Paul Roth."),
        ("What is the rent per year?", "The rent is USD 1.5m a year."),
        ("Why is the harbour closed?", "The harbour is closed in winter because of the ice."),
    ],
)
def test_the_sentence_that_answers(base: KnowledgeBase, question: str, answer: str) -> None:
    reply = ask(base, question)
    assert (reply.state, reply.answer) == ("answered", answer)
    assert list(reply.to_json()) == KEYS
    assert [one.n for one in reply.citations] == [1]
    assert " ".join(reply.citations[0].quote.split()) == answer
    quotes_stand(base, reply)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("When did Django add Zorvania support?", "not in your sources: 'Django' and 'Zorvania'"),
        ("when was zorvania founded?", "not in your sources: 'zorvania'"),
        ("What is it?", "does not say what 'it' stands for"),
        ("???", "no word that could be looked for"),
        ("Show me a picture of the tower", "something to see or hear"),
        ("Why was the tower of Ems built in 1850 by Ida Brunner?", "the question says '1850', the source '1931'"),
        ("How many elephants carry pianos through the desert?", "not in your sources"),
        ("什么是租金?", "not in your sources: the question is in Chinese, and no document is"),
        (
            "Wie hoch ist die Miete für das Haus und wann ist sie zu zahlen?",
            "the question is in German, and no document",
        ),
    ],
)
def test_an_honest_none(base: KnowledgeBase, question: str, reason: str) -> None:
    reply = ask(base, question)
    assert (reply.state, reply.answer, reply.sentences, reply.citations) == ("withheld", "", (), ())
    assert reason in reply.reason
    quotes_stand(base, reply)


def test_an_everyday_word_for_the_one_in_the_source(tmp_path: Path) -> None:
    clause = "The Tenant may terminate this Lease for convenience on 90 days' notice."
    with world.base(tmp_path, lease=(clause, "The rent is due monthly."), other=("The car is red.",)) as base:
        reply = ask(base, "Which agreements can be ended for convenience, and with what notice?")
        assert reply.answer == f"lease.txt: {clause}"
        assert reply.citations[0].quote == clause
        assert not ask(base, "Which agreements can be ended for Zorvania?").answered


def test_sources_that_disagree(base: KnowledgeBase) -> None:
    reply = ask(base, "When did the lease begin in Bern?")
    assert reply.reason == (
        "the sources disagree: memo.txt, line 2 (2024-05-01) says '14 May 2023', "
        "lease.txt, line 3 (2024-05-01) '12 May 2023'"
    )
    assert [one.state for one in reply.sentences] == ["disputed", "disputed"]
    assert [one.name for one in reply.citations] == ["memo.txt", "lease.txt"]
    only = ask(base, "When did the lease begin in Bern?", source="memo*")
    assert [one.name for one in only.citations] == ["memo.txt"]


@pytest.mark.parametrize(
    ("question", "source", "words"),
    [
        ("  ", None, "the question is empty"),
        ("x" * 100_000, None, "the question has 100,000 characters, expected at most 4,000"),
        ("Who?", "none*", "no document of"),
    ],
)
def test_bad_input(base: KnowledgeBase, question: str, source: str | None, words: str) -> None:
    with pytest.raises(TaskError, match=words.replace("?", r"\?")):
        ask(base, question, source=source)


def test_an_empty_base(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "empty") as empty, pytest.raises(TaskError, match="holds no passages yet"):
        ask(empty, "Who?")


def model(reply: str) -> ScriptedModel:
    """A model that writes `reply`, with {NAME} for the name of the source that holds the word NAME."""

    def script(prompt: Prompt) -> str:
        said = reply
        for line in prompt.user.splitlines():
            if line.startswith("Source ["):
                key, _, text = line[len("Source [") :].partition("]: ")
                for word in ("tower", "harbour", "lease"):
                    said = said.replace(f"{{{word}}}", f"[{key}]") if word in text else said
        return said

    return ScriptedModel(script)


def test_a_model_writes_and_the_checks_decide(base: KnowledgeBase) -> None:
    said: list[Sentence] = []
    written = (
        "The tower of Ems was built by Ida Brunner in 1931. {tower} The tower was built in 1932. {tower} "
        "The tower is 84 metres tall {harbour}. The tower of Ems was designed by Gustave Eiffel."
    )
    reply = ask(base, "Who built the tower of Ems?", model=model(written), on_sentence=said.append)
    assert reply.answer == "The tower of Ems was built by Ida Brunner in 1931. The tower is 84 metres tall."
    assert [one.text for one in said] == [one.text for one in reply.sentences]
    assert {one.state for one in reply.sentences} == {"supported"}
    dropped = reply.steps[-1].reason
    assert "dropped 'The tower was built in 1932.': rules: the claim says '1932', the source '1931'" in dropped
    assert "Gustave" in dropped
    quotes_stand(base, reply)


def broken(_: Prompt) -> str:
    raise LayerDown("the engine is gone")


@pytest.mark.parametrize(
    ("script", "note"),
    [
        (lambda _: "", "scripted wrote nothing"),
        (lambda _: "\ufffd\ufffd [[[ ]]] \x00 ...", "nothing that scripted wrote passed the check"),
        (lambda _: "The moon is made of cheese. " * 500, "nothing that scripted wrote passed the check"),
        (lambda _: "The tower was built by “Gustave Eiffel and his company” in 1931.", "its quotation is fabricated"),
        (lambda _: "Not in the sources.", "found no answer in the passages"),
        (broken, "scripted failed: the engine is gone"),
    ],
)
def test_a_model_that_fails(base: KnowledgeBase, script: object, note: str) -> None:
    failing = ScriptedModel(script)  # type: ignore[arg-type]
    reply = ask(base, "Who built the tower of Ems?", model=failing)
    assert reply.answer == "The tower of Ems was built in 1931 by Ida Brunner."
    assert note in reply.reason
    assert reply.reason.endswith("these are the nearest sentences")


def test_a_real_model_is_read_while_it_writes(base: KnowledgeBase, smollm2: GgufModel) -> None:
    said: list[Sentence] = []
    reply = ask(base, "Who built the tower of Ems?", model=smollm2, on_sentence=said.append)
    assert reply.answered
    assert [one.text for one in said] == [one.text for one in reply.sentences]
    assert reply.usage.tokens_out > 0
    quotes_stand(base, reply)


class Endless(ScriptedModel):
    """Writes one good sentence, then goes on and on."""

    def stream(self, *_: object, **__: object) -> Generator[str, None, Generation]:
        yield "The tower of Ems was built by Ida Brunner in 1931. "
        while True:
            time.sleep(self.pause)
            yield "And then it rained. "

    pause = 0.0


def test_a_model_that_never_stops_is_stopped(base: KnowledgeBase) -> None:
    said: list[Sentence] = []
    endless = Endless(lambda _: "")
    reply = ask(base, "Who built the tower of Ems?", model=endless, on_sentence=said.append)
    assert reply.answer == "The tower of Ems was built by Ida Brunner in 1931."
    endless.pause = 0.05
    slow = ask(base, "Who built the tower of Ems?", model=endless, on_sentence=said.append, seconds=0.3)
    assert slow.answer == reply.answer
    assert slow.steps[-1].reason == "scripted had not ended after 0 seconds; what had passed stands"


def test_the_limit_of_a_run_is_no_failure_of_the_model(base: KnowledgeBase) -> None:
    over = Context(deadline=time.monotonic() + 0.3)
    endless = Endless(lambda _: "")
    endless.pause = 0.05
    with pytest.raises(Stopped):
        ask(base, "Who built the tower of Ems?", model=endless, on_sentence=lambda _: None, ctx=over)


def test_no_model_is_asked_what_the_sources_cannot_answer(base: KnowledgeBase) -> None:
    asked = ScriptedModel(lambda _: "Zorvania was founded in 1900.")
    assert ask(base, "When was Zorvania founded?", model=asked).state == "withheld"
    assert asked.calls == 0


def test_a_prompt_that_does_not_fit_is_made_shorter(base: KnowledgeBase) -> None:
    small = ScriptedModel(lambda _: "Ida Brunner.", context=200)
    reply = ask(base, "Who built the tower of Ems?", model=small)
    assert (reply.answer, small.calls) == ("Ida Brunner.", 2) or reply.answered


def test_the_gate_is_a_layer(base: KnowledgeBase) -> None:
    from strati.core.records import Case

    check_layer(Gate(Sources(base)), [Case("1", "Who built the tower?"), Case("2", "Where is Zorvania?")])
