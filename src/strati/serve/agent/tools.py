"""The tools of the agent: what the user named (a base, tables, a stack, a draft), each behind a function of a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strati.core.context import Context
from strati.core.errors import StratiError, TaskError, UserError
from strati.core.records import JSON, Case, State
from strati.serve.agent.records import Outcome, Result

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase
    from strati.models.contract import Embedder

PASSAGES = 5
ROWS = 20


@dataclass(frozen=True)
class Tool:
    """One tool: what it does, in words, and how; `changes` where it changes anything, and waits for a person."""

    about: str
    run: Callable[[str, Context], Result]
    changes: bool = False


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


def toolbox(given: Given, embedder: Embedder | None = None) -> dict[str, Tool]:
    """The tools that what was given allows. Nothing is opened yet.

    Raises `TaskError` for a path that does not exist.
    """
    for path in (given.base, *given.tables, *given.stacks, given.draft):
        if path is not None and not Path(path).exists():
            raise TaskError(f"{path} does not exist, expected what the tools are to use")
    found: dict[str, Tool] = {}
    if given.base is not None:
        base = _Base(Path(given.base), embedder)
        found["search"] = Tool("finds passages in the user's documents", base.search)
        found["ask"] = Tool("answers a question from the user's documents, with its places", base.ask)
        found["check"] = Tool("says whether the user's documents support a statement", base.check)
    if given.tables:
        tables = _Tables(tuple(map(Path, given.tables)))
        found["tables"] = Tool("answers a question from the user's tables: counts, sums, averages, rows", tables.ask)
    if given.stacks:
        stacks = _Stacks(tuple(map(Path, given.stacks)), given)
        found["stacks"] = Tool("gives a text its label by the user's model: its category, team, queue", stacks.answer)
    draft = Path(given.draft) if given.draft else None
    found["write"] = Tool("corrects and improves a text without changing its facts", _Write(draft).propose)
    if draft is not None:
        found["apply"] = Tool("makes the proposed edits in the user's draft", _Write(draft).apply, changes=True)
    return found


@dataclass
class _Base:
    folder: Path
    embedder: Embedder | None

    def search(self, text: str, ctx: Context) -> Result:
        ctx.check()
        with self._open() as base:
            hits = base.search(text, PASSAGES)
        if not hits:
            return Result(Outcome.WITHHELD, "nothing found", [])
        rows = [{"text": hit.text, "place": hit.place, "document": hit.document} for hit in hits]
        return Result(Outcome.DONE, "\n".join(f"{row['place']}: {_short(row['text'])}" for row in rows), rows)

    def ask(self, text: str, ctx: Context) -> Result:
        from strati.knowledge.ask import ask

        with self._open() as base:
            reply = ask(base, text, ctx=ctx)
        if not reply.answered:
            return Result(Outcome.WITHHELD, reply.reason, None)
        places = [{"place": one.place, "quote": one.quote} for one in reply.citations]
        text = f"{reply.answer}\n" + "\n".join(f"[{n}] {one['place']}" for n, one in enumerate(places, 1))
        return Result(Outcome.DONE, text.strip(), {"answer": reply.answer, "citations": places})

    def check(self, text: str, ctx: Context) -> Result:
        from strati.knowledge.ask import check_text

        ctx.check()
        with self._open() as base:
            report = check_text(base, text)
        rows = [
            {
                "claim": one.text,
                "state": str(one.state),
                "reason": one.reason,
                "places": [c.place for c in one.citations],
            }
            for one in report.claims
        ]
        if not rows:
            return Result(Outcome.WITHHELD, "the text makes no claim", [])
        told = "\n".join(f"{row['state']}: {row['claim']} ({row['reason']})" for row in rows)
        return Result(Outcome.DONE, told, rows)

    def _open(self) -> KnowledgeBase:
        from strati.knowledge.base import KnowledgeBase

        return KnowledgeBase.open(self.folder, self.embedder, create=False)


@dataclass
class _Tables:
    paths: tuple[Path, ...]

    def ask(self, text: str, ctx: Context) -> Result:
        from strati.tables import ask

        ctx.check()
        answer = ask(text, *self.paths)
        data: dict[str, JSON] = {"state": str(answer.state), "sql": answer.sql, "columns": list(answer.columns)}
        data["rows"] = [[_plain(cell) for cell in row] for row in answer.rows[:ROWS]]
        if str(answer.state) != "answered":
            return Result(Outcome.WITHHELD, answer.reason or f"the question is {answer.state}", data)
        return Result(Outcome.DONE, f"{answer.text}\n({answer.words})", data)


@dataclass
class _Stacks:
    folders: tuple[Path, ...]
    given: Given

    def answer(self, text: str, ctx: Context) -> Result:
        """The label that each stack gives; one whose certificate is not valid answers nothing."""
        rows = [self._one(folder, text, ctx) for folder in self.folders]
        told = "\n".join(f"{row['stack']}: {row['answer'] or row['reason']}" for row in rows)
        return Result(Outcome.DONE if any(row["answer"] for row in rows) else Outcome.WITHHELD, told, rows)

    def _one(self, folder: Path, text: str, ctx: Context) -> dict[str, JSON]:
        from strati.serve.load import standing_of
        from strati.serve.resources import resources_of
        from strati.stack.folder import load_stack

        catalogs = [Path(path) for path in self.given.catalogs]
        config = Path(self.given.config) if self.given.config else None
        if (folder / "certificate.json").exists():
            standing, stack, _ = standing_of(folder, catalogs, config)
            if stack is None or standing.state != "valid":
                reason = f"held back: the certificate is {standing.state}: {'; '.join(standing.reasons)}"
                return {"stack": folder.stem, "answer": None, "confidence": None, "reason": reason}
        else:
            stack = load_stack(folder, resources_of(folder, catalogs, config))
        (case,) = stack.run([Case("agent", text)], ctx)
        answer = case.answer if case.state is State.ANSWERED else None
        reason = case.steps[-1].reason if case.steps else ""
        return {
            "stack": folder.stem,
            "answer": _plain(answer.value) if answer else None,
            "confidence": answer.confidence if answer else None,
            "reason": reason or f"the case is {case.state}",
        }


@dataclass
class _Write:
    draft: Path | None

    def propose(self, text: str, ctx: Context) -> Result:
        """Edits for a text, or for the draft where one was named; nothing is changed."""
        from strati.write import propose
        from strati.write.proposal import changed

        ctx.check()
        if self.draft is not None:
            from strati.write.session import opened

            session = opened(self.draft)
            session.remember()
            text, proposal = session.draft.text, session.proposal
        else:
            proposal = propose(text)
        reasons = [{"before": one.before, "after": one.after, "reason": one.reason} for one in proposal.edits]
        told = changed(text, proposal.edits) if self.draft is None else f"{len(reasons)} edits for {self.draft}"
        if not reasons:
            return Result(Outcome.WITHHELD, "nothing to correct was found", {"edits": [], "hash": None})
        return Result(Outcome.DONE, told, {"edits": reasons, "hash": proposal.hash})

    def apply(self, text: str, ctx: Context) -> Result:
        """Make the edits of a hash in the draft."""
        from strati.write.journal import apply

        ctx.check()
        if self.draft is None:
            raise TaskError("no draft is named, expected --draft FILE")
        done = apply(self.draft, text)
        return Result(Outcome.DONE, f"applied {text} to {self.draft}", done.to_json())


def run_tool(tool: Tool, text: str, ctx: Context) -> Result:
    """Run a tool; what the user can put right becomes a failed result with the sentence, a missing room too."""
    try:
        return tool.run(text, ctx)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("strati."):
            raise
        return Result(Outcome.FAILED, f"this installation has no {error.name}")
    except UserError as error:
        return Result(Outcome.FAILED, str(error))
    except StratiError as error:
        if type(error).__name__ in ("Stopped", "BudgetReached"):
            raise
        return Result(Outcome.FAILED, str(error))


def _claim(text: str, state: str, reason: str, places: list[str]) -> dict[str, JSON]:
    return {"claim": text, "state": state, "reason": reason, "places": places}


def _short(text: str, most: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}..."


def _plain(value: object) -> JSON:
    """A cell or label as JSON has it."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def about(tools: Mapping[str, Tool], names: Sequence[str] | None = None) -> dict[str, str]:
    """What each tool that reads does, for the planner; those that change something are never planned by it."""
    return {name: tool.about for name, tool in tools.items() if not tool.changes and (names is None or name in names)}
