"""Which class a saved kind such as "linear.v1" stands for; other packages add theirs by entry point.

[project.entry-points."strati.layers"]
"my_rules.v2" = "my_package.layers:MyRules"
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from strati.core.errors import StackError
from strati.stack.contract import Saveable

GROUP = "strati.layers"
KINDS = {
    "majority.v1": "strati.kinds.classify.majority:Majority",
    "rules.v1": "strati.kinds.classify.rules:Rules",
    "encoder.v1": "strati.kinds.classify.encoder.layer:Encoder",
    "linear.v1": "strati.kinds.classify.linear:Linear",
    "neighbours.v1": "strati.kinds.classify.neighbours:Neighbours",
    "shots.v1": "strati.kinds.classify.neighbours:Shots",
    "demonstrations.v1": "strati.kinds.classify.neighbours:Demonstrations",
    "label_names.v1": "strati.kinds.classify.neighbours:LabelNames",
    "gazetteer.v1": "strati.kinds.extract.gazetteer:Gazetteer",
    "ready_ner.v1": "strati.kinds.extract.ready:ReadyNER",
    "crf.v1": "strati.kinds.extract.crf:CRF",
    "fields.v1": "strati.kinds.extract.fields:Fields",
    "extract_llm.v1": "strati.kinds.extract.llm:ExtractLLM",
    "llm.v1": "strati.kinds.classify.llm:LLM",
    "write_as_it_is.v1": "strati.write.layers:AsItIs",
    "write_rules.v1": "strati.write.layers:Rules",
    "programmer.v1": "strati.code.layer:Programmer",
    "write_model.v1": "strati.write.layers:ModelEdits",
    "person.v1": "strati.stack.layers.person:Person",
    "agreement.v1": "strati.stack.checks.agreement:Agreement",
    "retrieve.v1": "strati.knowledge.ask.retrieve:Retrieve",
    "connect.v1": "strati.knowledge.ask.connect:Connect",
    "every_document.v1": "strati.knowledge.ask.every:EveryDocument",
    "withhold.v1": "strati.knowledge.ask.gate:Gate",
    "extract.v1": "strati.knowledge.ask.extract:Extract",
    "write_answer.v1": "strati.knowledge.ask.write:Write",
    "answer_cache.v1": "strati.knowledge.ask.cache:AnswerCache",
    "sentence_rules.v1": "strati.knowledge.ask.judge:Rules",
    "sentence_trained.v1": "strati.knowledge.ask.trained:Trained",
    "sentence_classifier.v1": "strati.knowledge.ask.pair_classifier:PairClassifier",
    "sentence_judge.v1": "strati.knowledge.ask.llm_judge:LlmJudge",
    "answer_space.v1": "strati.stack.checks.answer_space:AnswerSpace",
    "approved_queries.v1": "strati.tables.layers:ApprovedQueries",
    "question_parser.v1": "strati.tables.layers:QuestionParser",
    "sql_model.v1": "strati.tables.layers:SqlModel",
    "query_check.v1": "strati.tables.checks:QueryCheck",
}


def saved_class(kind: str) -> type[Saveable]:
    """The class of a kind: a layer or a check.

    Only kinds of this table and of installed packages are known, so a stack folder can't name code of its own.
    """
    if kind in KINDS:
        module, name = KINDS[kind].split(":")
        return cast("type[Saveable]", getattr(import_module(module), name))
    plugins = {point.name: point for point in entry_points(group=GROUP)}
    if kind in plugins:
        return cast("type[Saveable]", plugins[kind].load())
    known = ", ".join(sorted({*KINDS, *plugins}))
    raise StackError(f"the stack uses the kind {kind!r}, which no installed package provides; known kinds: {known}")
