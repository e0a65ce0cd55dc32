"""The language models that a stack holds: found, and put in place of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any, Protocol, runtime_checkable

from strati.models.ask_in_batches import batches
from strati.models.contract import LanguageModel
from strati.stack.stack import Stack, Stage


@runtime_checkable
class Noting(Protocol):
    """A model that has seen something in its calls that a reader of the results should know."""

    @property
    def notes(self) -> list[str]:
        """Sentences."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A model that can keep what it said about a prompt, for when the same is asked with fewer options."""

    def remembering(self) -> AbstractContextManager[None]:
        """While this lasts."""
        ...


@contextmanager
def remembering(stacks: Iterable[Stack]) -> Iterator[None]:
    """While forms of a rung are compared, the models in them need not evaluate the same prompt twice."""
    models = {id(model): model for stack in stacks for model in held_models(stack)}
    with ExitStack() as all_of_them:
        for model in models.values():
            if isinstance(model, Remembering):
                all_of_them.enter_context(model.remembering())
        yield


def notes_of(stack: Stack) -> list[str]:
    """What the models of a stack have to say about their calls."""
    return [note for model in held_models(stack) if isinstance(model, Noting) for note in model.notes]


def held_models(stack: Stack) -> list[LanguageModel]:
    """The language models in the layers of a stack, in their order, each once; those in inner stacks too."""
    found: list[LanguageModel] = []
    for layer in _layers(stack):
        for _, model in _models(layer):
            if all(model is not known for known in found):
                found.append(model)
    return found


def in_batches(stack: Stack) -> bool:
    """Whether a stack asks a model in batches: one long wait is then better than several."""
    return any(batches(model) for model in held_models(stack))


def with_models(stack: Stack, swap: Callable[[LanguageModel], LanguageModel]) -> Stack:
    """The same stack with every language model replaced by what `swap` makes of it."""
    return replace(stack, stages=tuple(replace(stage, layer=_swapped(stage, swap)) for stage in stack.stages))


def _swapped(stage: Stage, swap: Callable[[LanguageModel], LanguageModel]) -> Any:
    layer: Any = stage.layer
    if isinstance(layer, Stack):
        return with_models(layer, swap)
    return replace(layer, **{name: swap(model) for name, model in found}) if (found := list(_models(layer))) else layer


def _layers(stack: Stack) -> Iterator[object]:
    for stage in stack.stages:
        if isinstance(stage.layer, Stack):
            yield from _layers(stage.layer)
        else:
            yield stage.layer


def _models(layer: object) -> Iterator[tuple[str, LanguageModel]]:
    if not is_dataclass(layer):
        return
    for field in fields(layer):
        value = getattr(layer, field.name, None)
        if field.init and isinstance(value, LanguageModel):
            yield field.name, value
