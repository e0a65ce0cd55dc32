"""A language model chooses words, corrects sentences and writes from evidence; facts and evidence bind it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.records import Case
from strati.knowledge.base import KnowledgeBase
from strati.models.contract import Prompt
from strati.models.local.gguf import GgufModel
from strati.models.scripted import ScriptedModel
from strati.task.kind import Resources, Space, kind_of
from strati.task.task import Task
from strati.write import Tools, changed, propose, tools
from strati.write.draft import Settings, compose, read_outline
from strati.write.draft.record import Cited
from strati.write.draft.writer import ModelWriter, supported, unsaid
from strati.write.layers import ModelEdits
from strati.write.model import ModelRanker, Rewriter, is_correction
from strati.write.rerank import RuleRanker
from strati.write.rewrite import edits_between
from tests.write.test_rerank import flag


@pytest.fixture
def english() -> Tools:
    return tools()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("He go school.", "He goes to school."),
        ("the cat sat", "The cat, which was big, sat."),
        ("He really really runs.", "He really runs."),
        ("and so it is", "So it is"),
        ("", "New words."),
        ("Old words.", ""),
        ("a  b\nc", "a b c d"),
    ],
)
def test_edits_make_one_text_of_the_other(before: str, after: str) -> None:
    made = changed(before, edits_between(before, after))
    assert made.split() == after.split()


def test_a_reply_that_is_no_correction_is_refused() -> None:
    assert is_correction("I has a apple.", "I have an apple.")
    assert not is_correction("I has a apple.", "Certainly! An apple is a fruit that grows on trees.")
    assert not is_correction("I has a apple.", "I have an apple.\nI changed two words.")
    assert not is_correction("I has a apple.", "")


def test_the_model_chooses_where_the_rules_are_not_sure() -> None:
    text = "The pice of it is high."
    spelled = flag(text, "pice", "price", "piece", "pick")
    asked: list[str] = []

    def reply(prompt: Prompt) -> str:
        asked.append(prompt.user)
        return "price"

    ranker = ModelRanker(ScriptedModel(reply), RuleRanker())
    assert RuleRanker().rank(text, spelled)[0] != "price"
    assert ranker.rank(text, spelled)[0] == "price"
    assert asked[0].startswith("The [pice] of it is high.\nOne of: ")
    sure = flag("I dont know.", "dont", "dent", "don't")
    ranker.rank("I dont know.", sure)
    assert len(asked) == 1
    assert ranker.usage.calls == 1


def test_what_a_model_rewrites_keeps_the_facts() -> None:
    text = "She go to Rome in 1999. It was not nice."
    replies = {"She goes to Rome in 1999.": "She goes to Paris in 1989.", "It was not nice.": "It was nice."}
    layer = ModelEdits(ScriptedModel(replies, name="bad"), rewrites=True)
    (case,) = layer.run([Case("1", text)], Context())
    assert case.answer is not None
    assert case.answer.value == "She goes to Rome in 1999. It was not nice."
    assert "dropped to keep facts" in case.steps[-1].reason
    assert case.steps[-1].usage.calls == 2
    rewriter = Rewriter(ScriptedModel({}, default="Sure, here you go."))
    assert rewriter.rewrite("She go to Rome in 1999.") is None
    assert rewriter.refused == 1


def test_the_model_sees_what_the_rules_left(english: Tools) -> None:
    text = "He dont like the Frobnicator much. It is a good food."
    seen: list[str] = []

    class Fluent:
        reason = "so"

        def rewrite(self, sentence: str) -> str | None:
            seen.append(sentence)
            return sentence.replace("a good food", "good food").replace("much", "very much")

    proposal = propose(text, using=replace(english, fluency=Fluent()))
    assert seen == ["He don't like the Frobnicator much.", "It is a good food."]
    assert changed(text, proposal.edits) == "He don't like the Frobnicator very much. It is good food."
    reasons = {edit.before: edit.reason for edit in proposal.edits}
    assert reasons[" a"] == "so"
    assert reasons["dont"] != "so"


def test_layers_are_saved_with_their_model(tmp_path: Path) -> None:
    model = ScriptedModel({}, default="x")
    layer = ModelEdits(model, rewrites=True, name="mine")
    settings = {**layer.save(tmp_path), "name": "mine"}
    assert ModelEdits.load(settings, tmp_path, {"scripted": model}) == layer
    assert ModelEdits(model).fingerprint() != layer.fingerprint()
    rungs = kind_of("write").ladder(Task(kind="write"), Space(), Resources(models=(model,)))
    assert [rung.name for rung in rungs][3:] == ["rules, words by scripted", "rules, rewritten by scripted"]
    assert [rung.uses_llm for rung in rungs] == [False, False, False, True, True]


def cited(quote: str) -> Cited:
    return Cited("d", "d.md", "0", 0, len(quote), quote, "d.md")


def test_only_what_the_evidence_says_is_written(tmp_path: Path) -> None:
    quote = cited("Either party may end the lease of the mill with 90 days of notice.")
    assert supported("The lease of the mill may end with 90 days of notice.", [quote])
    assert not supported("The lease of the mill may end with 60 days of notice.", [quote])
    assert not supported("The lease of the mill may not end with 90 days of notice.", [quote])
    assert not supported("Microsoft may end the lease of the mill with 90 days of notice.", [quote])
    assert unsaid("It costs $5 in May.", quote.quote) == ["$5", "May"]

    source = tmp_path / "lease.md"
    source.write_text(f"# Lease\n\n{quote.quote} The rent of the mill is $2,000 a month.\n", encoding="utf-8")
    rows = [
        {"text": "The lease of the mill may end with 90 days of notice", "sources": [1]},
        {"text": "The lease of the mill may end with 30 days of notice.", "sources": [1]},
        {"text": "The lease of the mill may end with 90 days of notice.", "sources": [7]},
    ]
    model = ScriptedModel({}, default=json.dumps({"sentences": rows}))
    with KnowledgeBase.open(tmp_path / "work.kb") as base:
        base.ingest([source])
        out = tmp_path / "brief.md"
        record = compose(
            read_outline("## Ending\n- notice to end the lease\n"),
            base,
            out,
            settings=Settings(per_point=2),
            writer=ModelWriter(model),
            ctx=Context(budget=Budget(0)),
        )
    (section,) = record.sections
    assert [one.text for one in section.sentences] == ["The lease of the mill may end with 90 days of notice."]
    assert section.sentences[0].by == "scripted"
    assert section.dropped == 2
    assert "with 90 days of notice [1]." in out.read_text("utf-8")

    with KnowledgeBase.open(tmp_path / "work.kb") as base:
        silent = ModelWriter(ScriptedModel({}, default="no JSON", name="silent"))
        record = compose(read_outline("## Ending\n- notice to end the lease\n"), base, out, writer=silent)
    assert {one.by for one in record.sections[0].sentences} == {"extract"}


def test_a_real_model_chooses_and_rewrites(smollm2: GgufModel) -> None:
    text = "He gave me a pice of cake. She go to school."
    layer = ModelEdits(smollm2, rewrites=True)
    (case,) = layer.run([Case("1", text)], Context())
    assert case.answer is not None
    assert "pice" not in case.answer.value
    assert case.steps[-1].usage.calls >= 2
