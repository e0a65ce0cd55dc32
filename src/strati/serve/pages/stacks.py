"""A stack as the page Stacks shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strati.core.records import JSON
from strati.serve.engine.stacks import Served
from strati.serve.pages.render import percent
from strati.stack.layers.person import Person


@dataclass(frozen=True, slots=True)
class StageView:
    name: str
    what: str


@dataclass(frozen=True, slots=True)
class StackView:
    """One stack, in words."""

    served: Served
    stages: tuple[StageView, ...]
    facts: tuple[tuple[str, str], ...]
    classes: Sequence[Mapping[str, JSON]]
    verdict: str
    alarm: str


def stack_view(served: Served, alarm: str) -> StackView:
    """What to show of a stack."""
    result = served.certificate.result if served.certificate else {}
    stages = tuple(_stage(stage) for stage in (served.stack.stages if served.stack else ()))
    classes = (result.get("classes") or {}).get("calibrate") or ()
    return StackView(served, stages, tuple(_facts(served)), classes, _verdict(served), alarm)


def _stage(stage: Any) -> StageView:
    if isinstance(stage.layer, Person):
        return StageView("people", "the rest")
    if stage.threshold > 1:
        return StageView(stage.name, "never answers; what it says helps to judge the others")
    if stage.threshold <= 0:
        return StageView(stage.name, "answers, however sure it is")
    return StageView(stage.name, f"answers from a confidence of {percent(stage.threshold)} on")


def _facts(served: Served) -> list[tuple[str, str]]:
    certificate = served.certificate
    if certificate is None:
        return []
    result, data = certificate.result, certificate.data
    found = []
    if "n" in result:
        p = float(result["p"])
        found.append(
            (
                "Rests on",
                f"{int(result['n']):,} automatic calibrate answers, {result['errors']:g} wrong, "
                f"p {'below 0.0001' if p < 0.0001 else f'{p:.4f}'} (needed {result['level']:.4f})",
            )
        )
    test = result.get("test")
    if isinstance(test, Mapping) and test.get("error") is not None:
        found.append(
            (
                "On test",
                f"{percent(test['share'])} automatic, {percent(test['error'])} of them wrong "
                f"(at most {percent(test['upper'])}); test decides nothing",
            )
        )
    found.append(("Certified", f"{certificate.created[:10]}, run {certificate.run}"))
    if data.get("sha256"):
        found.append(("Data", f"SHA-256 {str(data['sha256'])[:16]}…"))
    for name, mark in certificate.resources.items():
        found.append((f"With {name}", str(mark)))
    found.append(("Void", "when the stack, the certificate or its outcomes are altered"))
    if certificate.resources:
        found.append(("Stale", "when a model or a base is another than it was certified with"))
    return found


def _verdict(served: Served) -> str:
    """The verdict of the run that the certificate names, where its folder is still here."""
    run = served.certificate.run if served.certificate else ""
    for folder in (served.folder.parent, served.folder.parent.parent):
        file = folder / ".strati" / "runs" / run / "verdict.json"
        if run and file.is_file():
            try:
                found = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                return ""
            choice = found.get("choice") if isinstance(found, dict) else None
            return str(choice.get("headline", "")) if isinstance(choice, dict) else ""
    return ""
