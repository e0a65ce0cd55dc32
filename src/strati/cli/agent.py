"""`strati agent`: a question, answered with your own tools by a plan that is made once and shown step by step."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strati.cli.base import CatalogOption, EmbedderOption, JsonOption

if TYPE_CHECKING:
    from strati.core.context import Context
    from strati.core.records import JSON
    from strati.models.contract import LanguageModel
    from strati.serve.agent.journal import Journal, Run
    from strati.serve.agent.records import Plan, Step
    from strati.serve.agent.tools import Given
    from strati.serve.tools.tool import Tool


def agent(
    question: Annotated[str | None, typer.Argument(help="What is wanted, in plain words.")] = None,
    kb: Annotated[
        str | None, typer.Option("--kb", metavar="NAME", help="A knowledge base: search, ask, check.")
    ] = None,
    tables: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="A table. May be repeated.")] = None,
    stack: Annotated[list[Path] | None, typer.Option(metavar="FOLDER", help="A stack. May be repeated.")] = None,
    draft: Annotated[Path | None, typer.Option(metavar="FILE", help="A draft that edits may be made in.")] = None,
    model: Annotated[str | None, typer.Option(help="A language model that plans; the router does otherwise.")] = None,
    approve: Annotated[str | None, typer.Option(metavar="HASH", help="Make the call that waits, by its hash.")] = None,
    go_on: Annotated[str | None, typer.Option("--resume", metavar="RUN", help="Go on with a run; `last`.")] = None,
    replay: Annotated[str | None, typer.Option(metavar="RUN", help="Make the calls of a run again; `last`.")] = None,
    max_steps: Annotated[int, typer.Option(min=1, max=16, help="Calls at most.")] = 4,
    seconds: Annotated[float, typer.Option(help="Time for the whole run.")] = 120.0,
    max_dollars: Annotated[float, typer.Option(help="Money that planning by a hosted model may cost.")] = 0.0,
    config: Annotated[Path | None, typer.Option(help="A strati.toml with models behind servers.")] = None,
    embedder: EmbedderOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with your documents, tables and stacks: the right tool is chosen, every step is shown.

    The plan is made from your question alone; what a tool returns can't add a call. Nothing is changed unasked.

    Example: strati agent "How many orders came in last March?" --tables orders.csv --kb work
    """
    from strati.core.errors import TaskError
    from strati.serve.agent.journal import Journal
    from strati.serve.agent.tools import Given

    if sum(value is not None for value in (question, go_on, replay)) != 1 and not (approve and not question):
        raise TaskError("expected one of: a question, --resume RUN, --replay RUN, --approve HASH")
    ctx = _context(seconds, max_dollars)
    journal = Journal()
    if replay is not None:
        _replay(journal.read(replay), ctx, as_json)
    elif go_on is not None or approve is not None:
        _go_on(journal.read(go_on or "last"), journal, ctx, approve, as_json)
    else:
        given = Given(
            _folder(kb),
            tuple(map(str, tables or ())),
            tuple(map(str, stack or ())),
            str(draft) if draft else None,
            str(config) if config else None,
            tuple(map(str, catalog or ())),
            embedder,
        )
        llm = _model(model, catalog or [], config) if model else None
        _ask(question or "", given, llm, journal, ctx, max_steps, as_json)


def _context(seconds: float, dollars: float) -> Context:
    import time

    from strati.core.budget import Budget
    from strati.core.context import Context
    from strati.core.errors import TaskError

    if not 0 < seconds <= 86_400:
        raise TaskError(f"--seconds is {seconds:g}, expected more than 0 and at most 86400")
    return Context(deadline=time.monotonic() + seconds, budget=Budget(dollars))


def _folder(kb: str | None) -> str | None:
    from strati.knowledge.base import folder_of

    return None if kb is None else str(folder_of(kb))


def _model(name: str, catalogs: list[Path], config: Path | None) -> LanguageModel:
    from strati.core.errors import ModelError
    from strati.models.open import open_models
    from strati.task.config import load_config

    path = config or (Path("strati.toml") if Path("strati.toml").is_file() else None)
    hosted = load_config(path).models if path is not None else {}
    found = open_models([name], catalogs, llms=True, hosted=hosted)[0]
    if not found:
        raise ModelError(f"the model {name} writes no text, expected a language model")
    return found[0]


@contextmanager
def _tools(given: Given) -> Iterator[dict[str, Tool]]:
    """The tools of what was named; what they opened is closed in the end."""
    from strati.serve.agent.tools import toolbox

    tools = toolbox(given)
    try:
        yield tools.offered()
    finally:
        tools.close()


def _ask(
    question: str,
    given: Given,
    model: LanguageModel | None,
    journal: Journal,
    ctx: Context,
    most: int,
    as_json: bool,
) -> None:
    from strati.serve.agent.loop import run, with_apply
    from strati.serve.agent.plan import planned

    with _tools(given) as tools:
        plan = with_apply(planned(question, tools, model, ctx, most=most), given)
        if not as_json:
            _show_plan(plan)
        _made(run(question, plan, tools, given, journal, ctx), plan, as_json)


def _go_on(earlier: Run, journal: Journal, ctx: Context, approved: str | None, as_json: bool) -> None:
    from strati.serve.agent.loop import go_on

    with _tools(earlier.given) as tools:
        _made(go_on(earlier, tools, journal, ctx, approved), earlier.plan, as_json)


def _made(steps: Iterator[tuple[str, Step]], plan: Plan, as_json: bool) -> None:
    """Show each step as it is made; exit code 1 where the last one gave nothing."""
    ids, found = [], []
    for made, step in steps:
        ids.append(made)
        found.append(step)
        if not as_json:
            _show_step(step)
    name = ids[-1] if ids else ""
    if as_json:
        told = {"run": name, "plan": plan.to_json(), "steps": [step.to_json() for step in found]}
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        print(f"run {name}; again with: strati agent --replay {name}")
        if found and str(found[-1].result.outcome) == "waiting":
            print(f"To make the call that waits: strati agent --resume {name} --approve {found[-1].call.hash}")
    if found and str(found[-1].result.outcome) not in ("done", "waiting"):
        raise typer.Exit(1)


def _replay(earlier: Run, ctx: Context, as_json: bool) -> None:
    from strati.serve.agent.loop import replay

    with _tools(earlier.given) as tools:
        found = list(replay(earlier, tools, ctx))
    if as_json:
        rows = [{"number": one.step.number, "call": asdict(one.step.call), "same": one.same} for one in found]
        print(json.dumps({"run": earlier.id, "steps": rows}, ensure_ascii=False, indent=1))
    for one in found if not as_json else ():
        print(f"{one.step.number}  {one.step.call.tool}: {'the same' if one.same else 'something else now:'}")
        if not one.same:
            _show_step(one.again)
    if not all(one.same for one in found):
        raise typer.Exit(1)


def _show_plan(plan: Plan) -> None:
    from strati.cli.code import visible

    said = f"plan by {plan.by}" + (f" ({plan.reason})" if plan.reason else "")
    print(visible(said), file=sys.stderr)


def _show_step(step: Step) -> None:
    from strati.cli.code import visible

    print(visible(f"{step.number}  {step.call.tool}: {_line(step.call.arguments)}"))
    outcome = str(step.result.outcome)
    told = step.result.text if outcome in ("done", "waiting") else f"{outcome}: {step.result.text}"
    for line in told.splitlines():
        print(visible(f"   {line}"))
    print()


def _line(arguments: Mapping[str, JSON]) -> str:
    """What a call was made with: the text as it is, what else was given by name."""
    first, *rest = [(name, " ".join(str(value).split())) for name, value in arguments.items()] or [("", "")]
    told = "; ".join([first[1], *(f"{name} {value}" for name, value in rest)])
    return told if len(told) <= 100 else f"{told[:100]}..."
