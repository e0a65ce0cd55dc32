"""`strati code`: a change to a program, tested in a sandbox and applied only by the hash of its diff."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strati.cli.base import CatalogOption, JsonOption

if TYPE_CHECKING:
    from strati.code.change import Change
    from strati.code.project import Project
    from strati.code.sandbox import Limits, Sandbox
    from strati.code.solve import Attempt, Solution
    from strati.models.contract import LanguageModel


def code(
    task: Annotated[str | None, typer.Argument(help="What is wanted, in words.")] = None,
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE...", help="Files that may change.")] = None,
    tests: Annotated[list[str] | None, typer.Option("--tests", metavar="FILE", help="Tests. May be repeated.")] = None,
    samples: Annotated[int, typer.Option(min=1, max=64, help="How many replies the model gives.")] = 8,
    model: Annotated[str | None, typer.Option(help="A pulled model, or one that strati.toml names.")] = None,
    reply: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A reply from elsewhere, instead of a model's. May be repeated."),
    ] = None,
    apply: Annotated[str | None, typer.Option(metavar="HASH", help="Apply the diff that was shown.")] = None,
    undo: Annotated[str | None, typer.Option(metavar="HASH", help="Take back this, or `last`.")] = None,
    history: Annotated[bool, typer.Option("--history", help="What was proposed, applied and undone here.")] = False,
    seconds: Annotated[float, typer.Option(help="Time for one run of the tests.")] = 30.0,
    memory: Annotated[int, typer.Option(help="Megabytes for one run of the tests.")] = 1024,
    max_tokens: Annotated[int, typer.Option(min=16, help="Length of a reply, in tokens.")] = 1024,
    max_dollars: Annotated[float, typer.Option(help="Money that a hosted model may cost.")] = 0.0,
    sandbox: Annotated[str, typer.Option(help="auto, bubblewrap or sandlock.")] = "auto",
    python: Annotated[str | None, typer.Option(help="The interpreter for the tests; this one by default.")] = None,
    config: Annotated[Path, typer.Option(help="A strati.toml with models behind servers.")] = Path("strati.toml"),
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change FILEs as asked, so that the tests pass; show the diff, and apply it when you say so.

    Programs run in a sandbox only. Nothing but the named files is ever touched.

    Example: strati code "make median work for even lists" stats.py --tests tests/test_stats.py
    """
    from strati.core.errors import TaskError

    asked = [name for name, value in (("--apply", apply), ("--undo", undo), ("--history", history or None)) if value]
    if len(asked) > 1 or (asked and task):
        raise TaskError(f"{' and '.join([*asked, *(['a task'] if task else [])])} are given, expected one of them")
    if history:
        _history(as_json)
    elif apply or undo:
        _apply_or_undo(apply, undo, as_json)
    elif not task:
        raise TaskError("no task is given, expected what is wanted, in words, and the files that may change")
    else:
        from strati.code.find import find_sandbox
        from strati.code.project import open_project
        from strati.code.sandbox import Limits

        project = open_project(files or [], tests or [])
        texts = [_reply(path) for path in reply or []]
        limits = Limits(seconds, memory << 20)
        box = find_sandbox(python, prefer=("bubblewrap", "sandlock") if sandbox == "auto" else (sandbox,))
        llm = None if texts and model is None else _model(model, config, catalog or [], max_dollars)
        solution = _solve(project, task, box, llm, texts, samples, limits, max_tokens)
        _show(solution, str(project.folder), as_json)


def _solve(
    project: Project,
    task: str,
    box: Sandbox,
    llm: LanguageModel | None,
    texts: list[str],
    samples: int,
    limits: Limits,
    max_tokens: int,
) -> Solution:
    from strati.cli.base import told_on_terminal
    from strati.code.journal import Journal
    from strati.code.solve import Status, solve

    with told_on_terminal() as told:
        solution = solve(project, task, box, llm, replies=texts, samples=samples, limits=limits,
                         max_tokens=max_tokens, told=told)  # fmt: skip
    best = solution.best
    if best and best.change and solution.status in (Status.PASSES, Status.UNTESTED):
        Journal(project.folder).propose(best.change, task[:200])
    return solution


def _reply(path: Path) -> str:
    from strati.core.errors import DataError

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a reply: {error}") from None


def _model(name: str | None, config: Path, catalogs: list[Path], dollars: float) -> LanguageModel:
    """The model by name; without one, the only one there is."""
    from strati.core.budget import Budget
    from strati.core.context import Context
    from strati.core.errors import ModelError
    from strati.models.ask import Remote
    from strati.models.open import open_models
    from strati.task.config import load_config

    hosted = load_config(config).models if config.exists() else {}
    models, _ = open_models([name] if name else [], catalogs, llms=True, hosted=hosted)
    if not models:
        found = f"{name} is no language model" if name else "no language model is here"
        raise ModelError(f"{found}: strati models pull NAME brings one, --reply FILE needs none")
    if len(models) > 1:
        names = ", ".join(sorted(each.card.name for each in models))
        raise ModelError(f"there are {len(models)} models, expected --model with one of: {names}")
    budget = Context(budget=Budget(dollars))
    return models[0].within(budget) if isinstance(models[0], Remote) else models[0]


def _apply_or_undo(apply: str | None, undo: str | None, as_json: bool) -> None:
    from strati.code.journal import find_journal

    journal = find_journal(Path.cwd())
    change = journal.apply(apply) if apply else journal.undo(None if undo == "last" else undo)
    files = [file.path for file in change.files]
    if as_json:
        print(json.dumps({"hash": apply or undo, "applied": bool(apply), "files": files}, indent=1))
        return
    print(f"{'applied to' if apply else 'undone in'} {', '.join(files)}")
    if apply:
        print(f"take it back with: strati code --undo {apply}")


def _history(as_json: bool) -> None:
    from dataclasses import asdict

    from strati.code.journal import find_journal

    entries = find_journal(Path.cwd()).entries()
    if as_json:
        print(json.dumps([asdict(entry) for entry in entries], indent=1))
        return
    for entry in entries:
        if entry.what != "begun":
            print(f"{entry.time[:19]}  {entry.what:10}  {entry.hash}  {visible(entry.note)}")


def _show(solution: Solution, folder: str, as_json: bool) -> None:
    """Print what was found; exit code 1 when none passes."""
    from strati.code.solve import Status

    delivered = solution.status in (Status.PASSES, Status.UNTESTED)
    if as_json:
        print(json.dumps(_as_json(solution, folder), ensure_ascii=False, indent=1))
    else:
        for line in _lines(solution):
            print(visible(line))
    if not delivered:
        raise typer.Exit(1)


def _lines(solution: Solution) -> list[str]:
    best = solution.best
    found = []
    if solution.before is not None:
        found.append(f"as it is: {_tests(solution.before)}")
    found += [_attempt_line(attempt) for attempt in solution.attempts]
    if best is None or best.change is None:
        return [*found, "", "no reply can be read as a change of the named files: nothing is proposed"]
    found += ["", f"best: attempt {best.number}, {_verdict(solution)}"]
    if solution.differs:
        told = solution.differs
        found.append(
            f"{told.others} of {solution.compared - 1} others that do as well differ, as on {told.call}: "
            f"{told.here} here, {told.there} there. A test is missing."
        )
    found += ["", best.change.diff.rstrip("\n"), ""]
    if best.run is not None:
        found += ["the tests' output:", best.run.printed.strip(), ""]
    if solution.status == "none passes":
        found += _missing(solution)
        return [*found, "none passes: this is the best, and above is what fails. Nothing is proposed."]
    return [*found, f"apply it with: strati code --apply {best.change.hash}"]


def _missing(solution: Solution) -> list[str]:
    """What to do about packages that the sandbox's interpreter does not have."""
    run = solution.best.run if solution.best else None
    texts = " ".join(result.text for result in run.results) if run else ""
    names = sorted(set(re.findall(r"No module named '([^']+)'", texts)))
    return [f"the interpreter in the sandbox has no {', '.join(names)}: --python names another"] if names else []


def _verdict(solution: Solution) -> str:
    best = solution.best
    assert best is not None
    if best.run is None:
        said = "untested: no tests were given"
    elif best.passes:
        said = f"all {best.passed} tests pass"
    else:
        said = best.problem
    if best.agreement is not None and solution.compared > 1:
        said += f"; agreement {best.agreement:.2f} of {solution.compared} attempts on {solution.inputs} inputs"
    return said


def _attempt_line(attempt: Attempt) -> str:
    said = f"attempt {attempt.number}"
    said += f" (repairs {attempt.repaired})" if attempt.repaired else ""
    if attempt.change is None:
        return f"{said}: unusable: {attempt.problem}"
    if attempt.run is None:
        return f"{said}: untested"
    told = _tests(attempt.run)
    return f"{said}: {told}" + (f" ({attempt.problem})" if attempt.problem and attempt.problem != told else "")


def _tests(run: Any) -> str:
    return run.problem or (f"{run.passed} of {len(run.results)} tests pass" if run.results else "no test was run")


def _as_json(solution: Solution, folder: str) -> dict[str, Any]:
    best = solution.best
    change: Change | None = best.change if best else None
    return {
        "status": str(solution.status),
        "folder": folder,
        "hash": change.hash if change and solution.status != "none passes" else None,
        "diff": change.diff if change else "",
        "best": best.number if best else None,
        "agreement": best.agreement if best else None,
        "inputs": solution.inputs,
        "attempts": [
            {
                "number": attempt.number,
                "repairs": attempt.repaired,
                "passes": attempt.passes,
                "passed": attempt.passed,
                "tests": len(attempt.run.results) if attempt.run else 0,
                "problem": attempt.problem,
                "agreement": attempt.agreement,
            }
            for attempt in solution.attempts
        ],
        "output": best.run.printed if best and best.run else "",
        "usage": {"seconds": solution.usage.seconds, "calls": solution.usage.calls, "dollars": solution.usage.dollars},
    }


def visible(text: str) -> str:
    """Text with every character that a terminal would obey, or not show, written out.

    >>> visible("a\x1b[2Kb")
    'a\\\\x1b[2Kb'
    """
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)
