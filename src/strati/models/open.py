"""The models that take part: all that are pulled, or those that were named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import ModelError, Stopped
from strati.core.records import JSON

if TYPE_CHECKING:
    from strati.models.contract import Embedder, LanguageModel
    from strati.models.weights import EncoderWeights


def open_models(
    names: Sequence[str],
    catalogs: Sequence[Path],
    *,
    llms: bool,
    hosted: Mapping[str, Mapping[str, JSON]] = {},
) -> tuple[list[LanguageModel], list[Embedder]]:
    """Language models and embedders from the cache, and language models behind servers.

    `names` empty means all that are pulled and can run here, and all of `hosted`: the [models.NAME] of a strati.toml.
    Nothing is sent to a server.

    Raises:
        ModelError: a named model is unknown, not pulled, or altered; one behind a server has settings that make no
            sense, no price, or no key in its variable.
        MissingExtra: a model behind a server is wanted and the packages for it are not installed.
    """
    from strati.models.catalog.catalog import Catalog
    from strati.models.catalog.store import Store
    from strati.models.contract import Embedder, LanguageModel
    from strati.models.local.whisper_files import KIND as SPEECH
    from strati.models.weights import KIND as WEIGHTS

    catalog = Catalog.load(catalogs)
    store = Store()
    pulled = {entry.name: entry for entry in store.pulled(catalog)}
    for name in names:
        if name in hosted:
            continue
        if name not in catalog:
            raise ModelError(
                f"no catalog has a model {name!r}, nor has strati.toml; strati models list shows those there are"
            )
        if name not in pulled:
            raise ModelError(f"the model {name} is not here yet: strati models pull {name}")
    found: list[object] = []
    for name, entry in pulled.items():
        if (names and name not in names) or not entry.usable or name in hosted:
            continue
        if not llms and entry.kind == "gguf":
            continue
        if entry.kind == WEIGHTS or (entry.kind == SPEECH and not names):
            continue
        found.append(store.open(entry))
    if llms:
        found += [_hosted(name, values) for name, values in hosted.items() if not names or name in names]
    models = [model for model in found if isinstance(model, LanguageModel)]
    embedders = [model for model in found if isinstance(model, Embedder)]
    return models, embedders


def open_weights(names: Sequence[str], catalogs: Sequence[Path]) -> list[EncoderWeights]:
    """Weights to train from that are pulled, where the extra [train] is installed; those named, or all."""
    from strati.core.errors import MissingExtra
    from strati.models.catalog.catalog import Catalog
    from strati.models.catalog.store import Store
    from strati.models.weights import KIND
    from strati.models.weights import EncoderWeights as Weights

    store = Store()
    found = []
    for entry in store.pulled(Catalog.load(catalogs)):
        if entry.kind == KIND and (not names or entry.name in names):
            try:
                entry.check_packages()
            except MissingExtra:
                if entry.name in names:
                    raise
                continue
            opened = store.open(entry)
            assert isinstance(opened, Weights)
            found.append(opened)
    return found


def raise_for_servers(verdict: Mapping[str, JSON], hosted: Mapping[str, Mapping[str, JSON]]) -> None:
    """Raise `Stopped` when a rung with a model behind a server could not be measured: another try may do it."""
    for row in verdict["candidates"]:
        if row["status"] == "failed" and set(str(row["model"]).split(", ")) & set(hosted):
            raise Stopped(f"{row['name']} was not measured: {row['reason']} (the same command asks again)")


def _hosted(name: str, values: Mapping[str, JSON]) -> object:
    """A model behind a server, with all that it needs before the first call."""
    from importlib.util import find_spec

    from strati.core.errors import MissingExtra
    from strati.models.hosted.openai_compatible import OpenAICompatible

    if find_spec("httpx2") is None:
        raise MissingExtra("httpx2", "hosted")
    model = OpenAICompatible.of(name, values)
    model.settings.key()  # better missed now than after an hour of work
    return model
