"""From saved rungs and thresholds to one stack: the stages of each rung in order, a person at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from strati.certify.compose.composing import Composition
from strati.core.errors import StackError
from strati.stack.checks.agreement import FEATURE, Agreement
from strati.stack.folder import load_stack
from strati.stack.layers.person import Person
from strati.stack.stack import Stack, Stage


def assemble(
    composition: Composition,
    thresholds: Sequence[float],
    folders: Sequence[Path],
    resources: Mapping[str, object],
    name: str,
    *,
    people: bool = True,
) -> Stack:
    """The stack that a setting stands for; `folders` hold the saved rungs in the same order. People come last.

    Raises:
        StackError: a rung's stack is damaged, or proposes answers in more than one stage.
    """
    stages: list[Stage] = []
    parts = zip(composition.names, composition.combiners, composition.uses, thresholds, folders, strict=True)
    for rung, combiner, uses, threshold, folder in parts:
        *evidence, last = load_stack(folder, resources).stages
        if any(stage.proposes for stage in evidence):
            raise StackError(f"the rung {rung} proposes answers in several stages, expected only its last to do so")
        checks = (*last.checks, Agreement()) if FEATURE in uses else last.checks
        own = [*evidence, replace(last, checks=checks, threshold=threshold, combiner=combiner, uses=uses)]
        own[0] = replace(own[0], anew=bool(stages))
        stages += own
    return Stack((*stages, Stage(Person())) if people else tuple(stages), name)
