"""The language models that a stack holds: found, and put in place of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any, Protocol, runtime_checkable

from strati.models.ask_in_batches import batches
from strati.models.contract import LanguageModel
from strati.stack.contract import Layer
from strati.stack.stack import Stack, Stage
from strati.stack.uses import models_in


@runtime_checkable
class Noting(Protocol):
    """A model that has seen something in its calls that a reader of the results should know."""

    @property
    def notes(self) -> Mapping[str, str]:
        """Sentences, by what each is about: of two about the same, the later one counts."""
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


def notes_of(stack: Stack) -> dict[str, str]:
    """What the models of a stack have to say about their calls, by what each note is about."""
    return {
        about: note for model in held_models(stack) if isinstance(model, Noting) for about, note in model.notes.items()
    }


def held_models(stack: Stack) -> list[LanguageModel]:
    """The language models in the layers and checks of a stack, in their order, each once; inner stacks included."""
    return [model for model in models_in(stack) if isinstance(model, LanguageModel)]


def in_batches(stack: Stack) -> bool:
    """Whether a stack asks a model in batches: one long wait is then better than several."""
    return any(batches(model) for model in held_models(stack))


def with_models(stack: Stack, swap: Callable[[LanguageModel], LanguageModel]) -> Stack:
    """The same stack with the language models in the fields of its layers and checks replaced by what `swap` gives."""
    return replace(stack, stages=tuple(_swapped_stage(stage, swap) for stage in stack.stages))


def all_in_reach(stack: Stack) -> bool:
    """Whether `with_models` reaches every language model that a stack holds.

    It does not reach one that a user's own code keeps inside an object or a function: a rehearsal would ask it.
    """
    reached: set[int] = set()

    def note(model: LanguageModel) -> LanguageModel:
        reached.add(id(model))
        return model

    with_models(stack, note)
    return all(id(model) in reached for model in held_models(stack))


def _swapped_stage(stage: Stage, swap: Callable[[LanguageModel], LanguageModel]) -> Stage:
    checks = tuple(_swapped(check, swap) for check in stage.checks)
    return replace(stage, layer=_swapped(stage.layer, swap), checks=checks)


def _swapped(part: Any, swap: Callable[[LanguageModel], LanguageModel]) -> Any:
    """A layer, a check or a stack with its models swapped; itself where that changes nothing."""
    if isinstance(part, Stack):
        return with_models(part, swap)
    if not is_dataclass(part) or isinstance(part, type):
        return part
    values = {field.name: getattr(part, field.name, None) for field in fields(part) if field.init}
    swapped = {name: _swapped_value(value, swap) for name, value in values.items()}
    changed = {name: value for name, value in swapped.items() if value is not values[name]}
    return replace(part, **changed) if changed else part


def _swapped_value(value: object, swap: Callable[[LanguageModel], LanguageModel]) -> object:
    """A model, a layer inside a layer, or a tuple of checks that may hold models."""
    if isinstance(value, LanguageModel):
        return swap(value)
    if isinstance(value, tuple) and type(value) is tuple:
        new = tuple(_swapped_value(one, swap) if not is_dataclass(one) else _swapped_member(one, swap) for one in value)
        return new if any(a is not b for a, b in zip(new, value, strict=True)) else value
    return _swapped(value, swap) if isinstance(value, Layer) else value


def _swapped_member(one: object, swap: Callable[[LanguageModel], LanguageModel]) -> object:
    return swap(one) if isinstance(one, LanguageModel) else _swapped(one, swap)
