"""What an answer rests on, for every layer that answers."""

from __future__ import annotations

from strati.core.context import Context
from strati.core.records import Answer, Case, Evidence, Example, Source
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.neighbours import Neighbours
from strati.kinds.classify.rule import Rule
from strati.kinds.classify.rules import Rules
from strati.kinds.extract.crf import CRF
from strati.kinds.extract.gazetteer import Gazetteer
from strati.models.scripted import ScriptedModel
from strati.stack.explain import explain
from strati.stack.layers.function import Function
from strati.stack.stack import Stack

ROWS = [
    Example(str(n), text, label)
    for n, (text, label) in enumerate(
        [
            ("win a prize now", "spam"),
            ("lunch at noon", "ham"),
            ("claim your prize", "spam"),
            ("see you at lunch", "ham"),
        ]
    )
]
CASE = Case("1", "you win a big prize")


def answered(stack: Stack) -> Case:
    return stack.run([CASE], Context())[0]


def test_n_grams_name_the_words_that_speak_for_the_answer() -> None:
    stack = Stack.of(Linear(name="n-grams").fit(ROWS, (), Context()))
    found = explain(stack, answered(stack))
    assert found.data["kind"] == "ngrams"
    assert found.data["against"] == "ham"
    assert {"prize", "win"} & {term["term"] for term in found.data["terms"]}
    assert found.line.startswith("spam rather than ham: ")


def test_rules_name_the_rule_and_neighbours_the_rows() -> None:
    rules = Stack.of(Rules((Rule(("prize",), "spam"),)))
    assert 'when "prize" then spam' in explain(rules, answered(rules)).line
    near = Stack.of(Neighbours(2).fit(ROWS, (), Context()))
    rows = explain(near, answered(near)).data["examples"]
    assert rows[0]["label"] == "spam"
    assert rows[0]["similarity"] >= rows[1]["similarity"]


def test_a_language_model_tells_its_probabilities() -> None:
    stack = Stack.of(LLM(ScriptedModel(lambda prompt: "spam"), ("spam", "ham"), "Spam?"))
    found = explain(stack, answered(stack))
    assert [row["value"] for row in found.data["alternatives"]] == ["spam", "ham"]
    assert found.line == "scripted: spam 0.90, ham 0.10"


def test_citations_are_quoted_with_their_place_and_silence_has_its_reason() -> None:
    source = Source("lease.pdf", "", 0, 5, "page 2")
    case = Case("1", "q").answered(
        Answer("May", 0.9, "read", citations=(Evidence("passage", "ends in May", 1.0, source),))
    )
    stack = Stack.of(Function(lambda text: None, "silent"))
    assert explain(stack, case).line == "lease.pdf, page 2: “ends in May”"
    assert explain(stack, answered(stack)).line == "no answer: the function had no answer"


def test_a_crf_and_a_list_name_what_speaks_for_an_entity() -> None:
    rows = [
        Example(
            str(n),
            f"We met {who} Inc. in {where} today",
            {"entities": [{"start": 7, "end": 12 + len(who), "label": "Org"}]},
        )
        for n, (who, where) in enumerate([("Acme", "Rome"), ("Bolt", "Oslo"), ("Corex", "Lima"), ("Dyn", "Kyiv")] * 3)
    ]
    case = Case("1", "We met Zefir Inc. in Rome today")
    crf = Stack.of(CRF(name="crf").fit(rows, (), Context()))
    done = crf.run([case], Context())[0]
    found = explain(crf, done)
    assert found.data["kind"] == "features"
    assert found.data["entities"][0]["text"].startswith("Zefir")
    assert found.data["entities"][0]["terms"][0]["weight"] > 0
    names = Stack.of(Gazetteer(name="list").fit(rows, (), Context()))
    known = names.run([Case("2", "We met Acme Inc. in Rome")], Context())[0]
    told = explain(names, known)
    assert told.data["kind"] == "names"
    assert "“Acme Inc.” Org" in told.line
