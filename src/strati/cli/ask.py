"""`strati ask`: a question, answered from a knowledge base with its evidence, or withheld."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strati.cli.base import CatalogOption, ClassifierOption, EmbedderOption, JsonOption, JudgeOption, OnlyKbOption
from strati.cli.console import open_console

if TYPE_CHECKING:
    from strati.knowledge.ask import Citation, Reply, Sentence
    from strati.knowledge.graph.route import Route


def ask(
    question: Annotated[str, typer.Argument(help="In plain words.")],
    kb: OnlyKbOption = None,
    model: Annotated[
        str | None,
        typer.Option(help="A language model that writes the answer; none by default: sentences as they stand."),
    ] = None,
    source: Annotated[str | None, typer.Option(metavar="PATTERN", help="Only this document or pattern.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="How many passages are read.")] = 8,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="The time that the model has; then it goes on without.")
    ] = 120,
    classifier: ClassifierOption = None,
    judge: JudgeOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the steps, seconds and tokens.")] = False,
    embedder: EmbedderOption = None,
    catalog: CatalogOption = None,
    config: Annotated[
        Path | None, typer.Option(help="A strati.toml with models behind servers; by default the one here.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question from a knowledge base, with quotes and their places, or say that it is not in the sources.

    Example: strati ask "Which agreements can be ended for convenience?" --kb work
    """
    from strati.cli.base import checks_for, language_model, only_base, own_embedder
    from strati.knowledge.ask import ask as answer
    from strati.knowledge.ask.answer import checked
    from strati.knowledge.base import KnowledgeBase

    checked(question)
    folder = only_base(kb)
    writer = language_model(model, catalog or [], config) if model else None
    checks = checks_for(classifier, judge, catalog or [], config)
    with KnowledgeBase.open(folder, own_embedder(folder, embedder, catalog or []), create=False) as base:
        told = _say if writer is not None and not as_json and sys.stdout.isatty() else None
        reply = answer(
            base, question, model=writer, source=source, k=k, checks=checks, seconds=seconds, on_sentence=told
        )
    if as_json:
        print(json.dumps(reply.to_json(), ensure_ascii=False, indent=1))
        return
    _show(reply, explain, said=told is not None)
    if reply.route is not None:
        _connect(reply.route)


def _say(sentence: Sentence) -> None:
    """A sentence on the terminal as soon as it has passed."""
    print(line(sentence.text), flush=True)


def _show(reply: Reply, explain: bool, *, said: bool = False) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console = open_console()
    if reply.answered:
        for sentence in () if said else reply.sentences:
            marks = "".join(f"[{n}]" for n in sentence.citations)
            console.print(Text.assemble(line(sentence.text), " ", (marks, "cyan")))
    else:
        console.print(Text(line(reply.reason[:1].upper() + reply.reason[1:]) + ".", "bold"))
    if reply.answered and reply.reason:
        console.print(Text(line(reply.reason), "yellow"))
    console.print()
    if reply.nearest:
        console.print(Text("The nearest passages:", "dim"))
    for one in reply.citations or reply.nearest:
        console.print(Text.assemble((f"[{one.n}] ", "cyan"), (line(one.place), "cyan")))
        if explain or not reply.answered or line(one.quote) not in line(reply.answer):
            console.print(Padding(_quote(one), (0, 0, 0, 4)))
    if reply.confidence is not None:
        console.print(Text(f"confidence {reply.confidence:.2f}, not calibrated on questions of yours", "dim"))
    if explain:
        _explain(console, reply)


def _connect(route: Route) -> None:
    """How the base's graph connects what the question names; nothing when it names fewer than two."""
    paths = [one for one in route.paths if route.by == "graph" or not one.weak]
    if not paths:
        return
    print(f"\nHow the graph connects {' and '.join(line(node.name) for node in route.entities)}:")
    for path in paths:
        for step in path.steps:
            weak = " (no fact)" if step.weak else ""
            print(f"  {line(step.head.name)} - {step.label} - {line(step.tail.name)}{weak}")
            print(f"    “{line(step.quotes[0].quote)[:240]}”  [{line(step.quotes[0].place)}]")


def _quote(one: Citation) -> Any:
    from rich.text import Text

    text = line(one.quote)
    return Text(f"“{text if len(text) <= 300 else text[:297] + '...'}”")


def _explain(console: Any, reply: Reply) -> None:
    from rich.text import Text

    console.print()
    for step in reply.steps:
        told = f"{step.layer:10} {step.outcome:9} {step.usage.seconds * 1000:7.0f} ms  {line(step.reason)}"
        console.print(Text(told), soft_wrap=True)
    usage = reply.usage
    tokens = f", {usage.tokens_in:,} tokens read, {usage.tokens_out:,} written" if usage.calls else ", no model asked"
    where = f"sent to {reply.sent_to}" if reply.sent_to else "nothing left this machine"
    console.print(f"{usage.seconds:.2f} seconds{tokens}; {where}; snapshot {reply.snapshot}")


def line(text: str) -> str:
    """A text on one line, with a sign in place of what a terminal cannot show."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))
