"""`ask`: a question to a knowledge base, answered with its evidence or withheld."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from strati.core.context import Context
from strati.core.errors import TaskError
from strati.core.records import Case, Evidence, State
from strati.knowledge.ask.connect import Connect
from strati.knowledge.ask.every import EveryDocument
from strati.knowledge.ask.extract import LEAST as NEAR_ENOUGH
from strati.knowledge.ask.extract import Extract
from strati.knowledge.ask.gate import LEAST, Gate, gap_of, passages_of
from strati.knowledge.ask.judge import RULES, SentenceCheck
from strati.knowledge.ask.question import LONGEST
from strati.knowledge.ask.reply import Reply, Sentence, reply_of
from strati.knowledge.ask.retrieve import Retrieve
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.write import SECONDS, Write
from strati.knowledge.graph.store import GraphStore
from strati.knowledge.store.contract import Filter
from strati.stack.contract import Layer
from strati.stack.stack import Stack, Stage

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase
    from strati.models.contract import Embedder, LanguageModel


def ask(
    base: KnowledgeBase,
    question: str,
    *,
    model: LanguageModel | None = None,
    embedder: Embedder | None = None,
    source: str | None = None,
    k: int = 8,
    least: float = LEAST,
    checks: tuple[SentenceCheck, ...] = (RULES,),
    seconds: float = SECONDS,
    on_sentence: Callable[[Sentence], None] | None = None,
    ctx: Context | None = None,
) -> Reply:
    """Answer a question from a knowledge base: what is delivered is cited exactly, the rest is withheld.

    Args:
        base: an open base. Its own embedder is used, if it has one.
        question: in plain words.
        model: writes the answer from the evidence; without one the nearest sentences are the answer.
        embedder: makes this search go by meaning too, when the base was opened without one.
        source: only documents with this id or name, or that fit this pattern ("contracts/*").
        k: how many passages are read.
        least: below this confidence nothing is answered.
        checks: what a sentence that the model wrote has to pass.
        seconds: the time that the model has; after it the nearest sentences are the answer, or what had passed.
        on_sentence: told of each sentence as soon as it has passed its check.
        ctx: limits on time and money, and where to tell of progress.

    Raises:
        TaskError: the question is empty or too long, or the base holds nothing.

    Example:
        reply = ask(base, "When does the lease end?")
        print(reply.answer, reply.citations[0].place)
    """
    sources = sources_of(base, embedder, source)
    text = checked(question)
    ctx = ctx or Context()
    stack = stack_for(sources, model, k=k, least=least, checks=checks, seconds=seconds, on_sentence=on_sentence)
    case = stack.run([Case("question", text)], ctx)[0]
    told = on_sentence if model is None or (case.answer and case.answer.layer == EveryDocument.name) else None
    note = ""
    if model is not None and case.answer is None and gap_of(case) is None and passages_of(case):
        note = f"{case.steps[-1].reason}; these are the nearest sentences"
        case = Extract(sources).run([replace(case, state=State.OPEN)], ctx)[0]
        told = on_sentence
    sent_to = model.card.name if model is not None and not model.card.private and case.usage.calls else ""
    routes = [stage.layer.route for stage in stack.stages if isinstance(stage.layer, Connect)]
    reply = replace(reply_of(case, sources, note=note, sent_to=sent_to), route=routes[0] if routes else None)
    for sentence in reply.sentences if told else ():
        told(sentence)  # type: ignore[misc]
    return reply


def stack_for(
    sources: Sources,
    model: LanguageModel | None = None,
    *,
    k: int = 8,
    least: float = LEAST,
    checks: tuple[SentenceCheck, ...] = (RULES,),
    seconds: float = SECONDS,
    on_sentence: Callable[[Sentence], None] | None = None,
) -> Stack:
    """The stack that `ask` runs: retrieve, route by the graph, list, withhold, then extract, or write and check."""
    last: Layer = Extract(sources, least=NEAR_ENOUGH)
    if model is not None:
        count = itertools.count(1)

        def told(text: str, _: Evidence) -> None:
            if on_sentence is not None:
                on_sentence(Sentence(text, "supported", (next(count),)))

        last = Write(sources, model, checks, on_sentence=told, seconds=seconds)
    connect = [Stage(Connect(sources, k))] if GraphStore(sources.base.store).built else []
    every = Stage(EveryDocument(sources))
    return Stack((Stage(Retrieve(sources, k)), *connect, every, Stage(Gate(sources, least)), Stage(last)), "ask")


def checked(question: str) -> str:
    """A question that can be asked. Raises `TaskError`."""
    text = " ".join(question.split())
    if not text:
        raise TaskError("the question is empty, expected one in plain words")
    if len(text) > LONGEST:
        raise TaskError(f"the question has {len(text):,} characters, expected at most {LONGEST:,}")
    return text


def sources_of(base: KnowledgeBase, embedder: Embedder | None, source: str | None) -> Sources:
    """The base, or the part of it that a pattern lets through. Raises `TaskError` when that is empty."""
    from strati.knowledge.base import KnowledgeBase

    if embedder is not None and base.embedder is None:
        base = KnowledgeBase(base.store, embedder)
    filters = Filter((source,)) if source else Filter()
    sources = Sources(base, filters)
    if not sources.size:
        raise TaskError(f"{base.store.folder} holds no passages yet: strati ingest PATH --kb {base.store.folder}")
    if source and not base.documents(filters):
        raise TaskError(f"no document of {base.store.folder} fits {source!r}: strati kb status --documents lists them")
    return sources
