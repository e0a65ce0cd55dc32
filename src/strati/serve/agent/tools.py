"""What the user named for the agent (a base, tables, stacks, a draft), and the shared tools that it allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from strati.core.context import Context
from strati.core.errors import Stopped, StratiError, TaskError
from strati.core.records import JSON
from strati.serve.agent.records import Outcome, Result
from strati.serve.engine.bases import Base
from strati.serve.tools.offer import Tools, graph_built
from strati.serve.tools.records import record
from strati.serve.tools.tool import Tool


@dataclass(frozen=True)
class Given:
    """What the user named; all of it is written down, so that a run can be replayed."""

    base: str | None = None
    tables: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()
    draft: str | None = None
    config: str | None = None
    catalogs: tuple[str, ...] = ()
    embedder: str | None = None

    def to_json(self) -> dict[str, JSON]:
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def of_json(cls, record: Mapping[str, JSON]) -> Given:
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in record.items()}
        return cls(**values)


def toolbox(given: Given) -> Tools:
    """The tools that what was given allows. Each stack, base and table is opened at its first use.

    Raises:
        TaskError: a path does not exist.
        DataError: the base was written by another version of strati.
    """
    from strati.serve.engine.desk import Desk
    from strati.serve.engine.stacks import load_served

    for path in (given.base, *given.tables, *given.stacks, given.draft):
        if path is not None and not Path(path).exists():
            what = "knowledge base" if path == given.base else "file" if path == given.draft else "file or folder"
            raise TaskError(f"there is no {what} {path} for the tools to use")
    catalogs = [Path(path) for path in given.catalogs]
    config = Path(given.config) if given.config else None
    stacks = {
        folder.name.removesuffix(".stack"): (lambda folder=folder: load_served(folder, catalogs, config))
        for folder in map(Path, given.stacks)
    }
    bases, graphs = {}, []
    if given.base is not None:
        base = Path(given.base)
        name = base.name.removesuffix(".kb")
        bases[name] = lambda: Base(base, lambda folder: _embedder(folder, given.embedder, catalogs))
        graphs = [name] if graph_built(base) else []
    tables = [Path(path) for path in given.tables]
    draft = Path(given.draft) if given.draft else None
    return Tools(stacks, bases, (lambda: Desk(tables)) if tables else None, graphs, draft)


def _embedder(folder: Path, named: str | None, catalogs: list[Path]) -> Any:
    from strati.models.open import open_models
    from strati.serve.engine.bases import embedder_for

    if named is None:
        return embedder_for(folder, catalogs)
    found = open_models([named], catalogs, llms=False)[1]
    return found[0] if found else None


def run_tool(tool: Tool, arguments: Mapping[str, JSON], ctx: Context) -> Result:
    """Make a call; what the user can put right becomes a failed result with the sentence, a missing room too."""
    try:
        found = tool.call(ctx, **arguments)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("strati."):
            raise
        return Result(Outcome.FAILED, f"this installation has no {error.name}")
    except Stopped:
        raise
    except StratiError as error:
        return Result(Outcome.FAILED, str(error))
    return Result(Outcome.DONE if found.given else Outcome.WITHHELD, found.told, record(found))
