"""What the commands on knowledge bases share: their options, the embedder, progress bars."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from strati.knowledge.ask.judge import SentenceCheck
    from strati.knowledge.ingest.pipeline import Settings
    from strati.models.contract import Embedder, LanguageModel


def _only() -> str:
    return str(only_base(None))


KbOption = Annotated[
    str,
    typer.Option(
        "--kb",
        metavar="NAME",
        default_factory=_only,
        show_default="the only *.kb folder here",
        help="The knowledge base: a folder NAME.kb.",
    ),
]
OnlyKbOption = Annotated[
    str | None,
    typer.Option("--kb", metavar="NAME", help="The knowledge base: a folder NAME.kb; by default the only one here."),
]
ClassifierOption = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Check each claim with a pair classifier too: model.onnx, tokenizer.json."),
]
JudgeOption = Annotated[
    str | None, typer.Option(metavar="MODEL", help="Check each claim by a language model's yes or no, too.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
EmbedderOption = Annotated[
    str | None,
    typer.Option(help="A pulled embedding model, or none; by default the base's own, or the only one pulled."),
]
CatalogOption = Annotated[
    list[Path] | None,
    typer.Option("--catalog", metavar="FILE", help="A model catalog of your own. May be repeated."),
]


def embedder_for(folder: Path, name: str | None, catalogs: Sequence[Path]) -> Embedder | None:
    """The embedder by name; "none" for none; by default the base's, or the only one that is pulled.

    Raises `ModelError` for a name that is unknown or not pulled.
    """
    from strati.models.catalog.catalog import Catalog
    from strati.models.catalog.store import Store
    from strati.models.open import open_models

    if name == "none":
        return None
    if name is not None:
        return _must_embed(name, open_models([name], catalogs, llms=False)[1])
    known = Catalog.load(catalogs)
    names = [e.name for e in Store().pulled(known) if e.kind == "onnx-embedder"]
    own = _own(folder)
    chosen = own if own in names else names[0] if len(names) == 1 and own is None else None
    if chosen is None or not _installed():
        return None
    return _must_embed(chosen, open_models([chosen], catalogs, llms=False)[1])


def own_embedder(folder: Path, name: str | None, catalogs: Sequence[Path]) -> Embedder | None:
    """As `embedder_for`, but none by default for a base that holds no vectors: there is nothing to compare with."""
    return None if name is None and _own(folder) is None else embedder_for(folder, name, catalogs)


def only_base(name: str | None) -> Path:
    """The folder of the named base, or of the only one in this folder; `DataError` when there is not just one."""
    from strati.core.errors import DataError
    from strati.knowledge.base import folder_of
    from strati.knowledge.store.sqlite import FILE

    if name is not None:
        return folder_of(name)
    found = sorted(path for path in Path().glob("*.kb") if (path / FILE).is_file())
    if not found:
        raise DataError("there is no knowledge base in this folder: strati ingest PATH --kb NAME makes one")
    if len(found) > 1:
        raise DataError(f"there are {len(found)} knowledge bases here: name one, such as --kb {found[0].stem}")
    return found[0]


def language_model(name: str, catalogs: Sequence[Path], config: Path | None = None) -> LanguageModel:
    """A pulled model, or one behind a server that a strati.toml names. Raises `ModelError` for anything else."""
    from strati.core.errors import ModelError
    from strati.models.open import open_models
    from strati.task.config import load_config

    path = config or (Path("strati.toml") if Path("strati.toml").is_file() else None)
    hosted = load_config(path).models if path is not None else {}
    found = open_models([name], catalogs, llms=True, hosted=hosted)[0]
    if not found:
        raise ModelError(f"the model {name} writes no text, expected a language model")
    return found[0]


def checks_for(
    classifier: Path | None, judge: str | None, catalogs: Sequence[Path], config: Path | None = None
) -> tuple[SentenceCheck, ...]:
    """The rules, and the checks that the user adds. Raises `ModelError` for what cannot be used."""
    from strati.knowledge.ask.judge import RULES
    from strati.knowledge.ask.llm_judge import LlmJudge
    from strati.knowledge.ask.pair_classifier import PairClassifier

    found: list[SentenceCheck] = [RULES]
    if classifier is not None:
        found.append(PairClassifier(classifier).opened())
    if judge is not None:
        found.append(LlmJudge(language_model(judge, catalogs, config)))
    return tuple(found)


def with_catalogs(catalogs: Sequence[Path]) -> dict[str, str]:
    """The variable by which the processes that read know these catalogs, too: one may hold the speech model."""
    if not catalogs:
        return {}
    named = os.environ.get("STRATI_CATALOG")
    return {"STRATI_CATALOG": os.pathsep.join([*([named] if named else []), *map(str, catalogs)])}


def _must_embed(name: str, found: Sequence[Embedder]) -> Embedder:
    from strati.core.errors import ModelError

    if not found:
        raise ModelError(f"the model {name} is not an embedder")
    return found[0]


def _own(folder: Path) -> str | None:
    from strati.knowledge.store.sqlite import FILE, SqliteStore

    if not (folder / FILE).is_file():
        return None
    store = SqliteStore(folder)
    try:
        found = store.embedder()
        return found[0] if found else None
    finally:
        store.close()


def _installed() -> bool:
    from importlib.util import find_spec

    return find_spec("onnxruntime") is not None and find_spec("tokenizers") is not None


@contextmanager
def told_in_bars(settings: Settings) -> Iterator[None]:
    """Progress bars on standard error where a person looks at it; otherwise nothing."""
    with told_on_terminal() as told:
        settings.told = told
        yield


@contextmanager
def told_on_terminal() -> Iterator[Callable[[str, int, int], None]]:
    """A function that is told what is being done, how much is done and of how much; it shows bars to a person."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=None)
            bar.update(tasks[what], completed=done, total=total)

        yield told
