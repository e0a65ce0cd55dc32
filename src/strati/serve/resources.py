"""The models that a saved stack names, opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from strati.models.open import open_models
from strati.stack.folder import named_resources
from strati.stack.uses import refuse_sending
from strati.task.config import load_config, make_goal

OPENED = ("model", "embedder")


def resources_of(folder: Path, catalogs: Sequence[Path], config: Path | None = None) -> dict[str, object]:
    """The models and embedders that the `stack.toml` of a folder names, opened, by name.

    Args:
        config: a strati.toml with models behind servers; its goal says whether inputs may be sent to them.

    Raises:
        StackError: the folder is not a stack.
        ModelError: a model is unknown or not pulled.
        TaskError: a model would send inputs elsewhere, and the goal of `config` does not allow that.
    """
    named = sorted(one.name for one in named_resources(folder) if one.kind in OPENED)
    if not named:
        return {}
    settings = load_config(config) if config is not None else None
    models, embedders = open_models(named, catalogs, llms=True, hosted=settings.models if settings else {})
    if settings is not None and make_goal(settings.goal).private:
        for model in models:
            refuse_sending(model.card)
    found: dict[str, object] = {model.card.name: model for model in models}
    return found | {embedder.card.name: embedder for embedder in embedders}
