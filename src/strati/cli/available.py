"""The models that take part: all that are pulled, those that were named, or those that a saved stack needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from strati.errors import ModelError

if TYPE_CHECKING:
    from strati.model import Embedder, LanguageModel


def open_models(
    names: Sequence[str], catalogs: Sequence[Path], *, llms: bool
) -> tuple[list[LanguageModel], list[Embedder]]:
    """Language models and embedders from the cache. `names` empty means all that are pulled and can run here.

    Raises:
        ModelError: a named model is unknown, not pulled, or altered.
    """
    from strati.model import Embedder, LanguageModel
    from strati.models.catalog import Catalog
    from strati.models.store import Store

    catalog = Catalog.load(catalogs)
    store = Store()
    pulled = {entry.name: entry for entry in store.pulled(catalog)}
    for name in names:
        if name not in catalog:
            raise ModelError(f"no catalog has a model {name!r}; strati models list shows those there are")
        if name not in pulled:
            raise ModelError(f"the model {name} is not here yet: strati models pull {name}")
    found: list[object] = []
    for name, entry in pulled.items():
        if (names and name not in names) or not entry.usable:
            continue
        if not llms and entry.kind == "gguf":
            continue
        entry.check_packages()
        found.append(store.open(entry))
    models = [model for model in found if isinstance(model, LanguageModel)]
    embedders = [model for model in found if isinstance(model, Embedder)]
    return models, embedders


def resources_of(folder: Path, catalogs: Sequence[Path], config: Path | None = None) -> dict[str, object]:  # noqa: ARG001
    """The models that a stack folder names, opened, by name. `config` is a strati.toml with models behind servers."""
    names: set[str | None] = set()
    for file in folder.glob("*/settings.json"):
        settings = json.loads(file.read_text(encoding="utf-8"))
        for part in (settings, settings.get("features") or {}, settings.get("index") or {}):
            names |= {part.get("model"), part.get("embedder_name")}
    named = sorted(name for name in names if name)
    if not named:
        return {}
    models, embedders = open_models(named, catalogs, llms=True)
    found: dict[str, object] = {model.card.name: model for model in models}
    return found | {embedder.card.name: embedder for embedder in embedders}
