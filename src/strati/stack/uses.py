"""What a stack uses: models, embedders and snapshots, said by its layers and checks or found in what they hold.

Nobody has to declare anything for a promise to hold: a model is found in the fields of a layer or a check, in objects
and containers that these hold, in what a function closes over, and in the globals that a user's own code names. A part
in which nothing is found, and which does not say what it uses, is *silent*: reports say so.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Protocol, cast

from strati.core.errors import TaskError
from strati.models.contract import ModelCard
from strati.stack.contract import Check, Declares, Layer, Resource, Saveable
from strati.stack.layers.function import Function

DEPTH = 6  # objects inside objects that are looked into
MOST = 1000  # entries of one container that are looked into
_CLOSED = {*sys.stdlib_module_names, "numpy", "scipy", "sklearn", "onnxruntime", "tokenizers", "xllamacpp"}


class Carded(Protocol):
    """Anything with a model card."""

    @property
    def card(self) -> ModelCard: ...

    def fingerprint(self) -> str: ...


class Staged(Protocol):
    """A stack, as far as it matters here."""

    @property
    def stages(self) -> tuple[object, ...]: ...


def parts_of(stack: Staged) -> Iterator[Layer | Check]:
    """The layers and checks of a stack in their order, those of inner stacks in place of these."""
    for stage in stack.stages:
        layer = stage.layer  # type: ignore[attr-defined]
        if hasattr(layer, "stages"):
            yield from parts_of(layer)
        else:
            yield layer
        yield from stage.checks  # type: ignore[attr-defined]


def models_in(stack: Staged) -> list[Carded]:
    """Every model and embedder that a stack holds, each once, in the order in which it is met."""
    found: dict[int, Carded] = {}
    for part in parts_of(stack):
        for model in held(part):
            found.setdefault(id(model), model)
    return list(found.values())


def resources_in(stack: Staged) -> list[Resource]:
    """What a stack uses: what its parts declare, and the models found in them; by name, language models first."""
    found = [_resource(model) for model in models_in(stack)]
    found += [one for part in parts_of(stack) for one in _declared(part)]
    order = {"model": 0, "embedder": 1}
    unique = {(one.kind, one.name): one for one in reversed(found)}
    return sorted(unique.values(), key=lambda one: (order.get(one.kind, 2), one.name))


def cards_in(stacks: Iterable[Staged]) -> tuple[tuple[ModelCard, ...], bool]:
    """The cards of all models that stacks use, language models first, and whether a language model is among them."""
    llms: dict[str, ModelCard] = {}
    others: dict[str, ModelCard] = {}
    for stack in stacks:
        for model in models_in(stack):
            (others if is_embedder(model) else llms).setdefault(model.card.name, model.card)
        for one in (one for part in parts_of(stack) for one in _declared(part)):
            if one.card is not None:
                (llms if one.kind == "model" else others).setdefault(one.card.name, one.card)
    rest = [card for name, card in others.items() if name not in llms]
    return (*llms.values(), *rest), bool(llms)


def silent_in(stack: Staged) -> list[str]:
    """The names of parts that do not say what they use, and in which nothing was found: plain functions above all."""
    return list(dict.fromkeys(part.name for part in parts_of(stack) if not _says(part)))


def kind_of_stack(stack: Staged) -> str:
    """The kind of task that its layers were made for, by their class attribute `answers`; labels where none says."""
    return next((str(name) for part in parts_of(stack) if (name := getattr(type(part), "answers", ""))), "classify")


def is_embedder(model: object) -> bool:
    """Whether it gives vectors, and no answers."""
    return hasattr(model, "embed") and not hasattr(model, "choose")


def refuse_sending(card: ModelCard, who: str = "") -> None:
    """Raise `TaskError` for a model that would send inputs elsewhere; for goals that are private.

    `who` names the candidate that holds it.
    """
    if not card.private:
        where = card.details.get("host", "another machine")
        holder = f" (it is part of {who})" if who else ""
        raise TaskError(
            f"the model {card.name} would send the texts to {where}, but the goal is private: expected "
            f"private = false in [goal] to allow it, or a run without this model{holder}"
        )


def held(part: object) -> Iterator[Carded]:
    """The models and embedders in a layer, a check, or anything that one of them holds."""
    yield from _walk(part, DEPTH, set())


def _says(part: Layer | Check) -> bool:
    return isinstance(part, Declares | Saveable) or next(held(part), None) is not None


def _declared(part: Layer | Check) -> list[Resource]:
    return list(part.resources()) if isinstance(part, Declares) else []


def _resource(model: Carded) -> Resource:
    kind = "embedder" if is_embedder(model) else "model"
    return Resource(kind, model.card.name, model.fingerprint(), model.card)


def _walk(part: object, depth: int, seen: set[int]) -> Iterator[Carded]:
    if part is None or depth < 0 or id(part) in seen or isinstance(part, str | bytes | int | float | ModuleType):
        return
    seen.add(id(part))
    if not isinstance(part, type) and isinstance(_card(part), ModelCard):
        yield cast("Carded", part)
        return
    for inner in _inside(part):
        yield from _walk(inner, depth - 1, seen)


def _card(part: object) -> object:
    try:
        return getattr(part, "card", None)
    except Exception:  # a property of somebody's own object
        return None


def _inside(part: object) -> Iterator[object]:
    """What an object holds that may be, or hold, a model."""
    if isinstance(part, Function):
        yield part.function
    elif isinstance(part, partial):
        yield from (part.func, *part.args, *part.keywords.values())
    elif isinstance(part, MethodType):
        yield from (part.__self__, part.__func__)
    elif isinstance(part, FunctionType):
        yield from _named(part)
    elif isinstance(part, Mapping):
        yield from _first(part.values())
    elif isinstance(part, list | tuple | set | frozenset):
        yield from _first(part)
    elif not isinstance(part, type) and _root(type(part)) not in _CLOSED:
        yield from _values(part)
        if _root(type(part)) != "strati":  # a user's own class: its methods may name a model of the module
            yield from (found for found in vars(type(part)).values() if isinstance(found, FunctionType))


def _values(part: object) -> Iterator[object]:
    if is_dataclass(part):
        yield from (getattr(part, field.name, None) for field in fields(part))
    yield from _first(getattr(part, "__dict__", {}).values())
    for base in type(part).__mro__:
        slots = base.__dict__.get("__slots__", ())
        yield from (getattr(part, name, None) for name in ([slots] if isinstance(slots, str) else slots))


def _named(function: Callable[..., object]) -> Iterator[object]:
    """What a function closes over, has as a default, or names among the globals of its module."""
    if _root(function) in _CLOSED | {"strati"}:
        return
    yield from getattr(function, "__defaults__", None) or ()
    yield from (getattr(function, "__kwdefaults__", None) or {}).values()
    try:
        found = inspect.getclosurevars(function)
    except (TypeError, ValueError):  # a cell that is empty
        return
    yield from (*found.nonlocals.values(), *found.globals.values())


def _first(values: Iterable[object]) -> Iterator[object]:
    for place, value in enumerate(values):
        if place >= MOST:
            return
        yield value


def _root(part: object) -> str:
    return str(getattr(part, "__module__", "") or "").partition(".")[0]
