"""The layer that routes a question: at one place, what search found stays; at two, the graph says what is read."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Case, Evidence, Usage
from strati.knowledge.ask.sources import PASSAGE, Sources
from strati.knowledge.graph.records import Place
from strati.knowledge.graph.route import DEPTH, Route, ordered, route_for, view_of
from strati.knowledge.store.contract import Filter

if TYPE_CHECKING:
    from strati.knowledge.graph.find import View
    from strati.knowledge.graph.likeness import Walk


@dataclass
class Connect:
    """Puts passages near the entities that a question names before the others, where they stand at different places.

    Its step says which way the question goes; `route` is that of the last one. A base without a graph is left alone. It
    comes after `Retrieve`.
    """

    sources: Sources
    k: int = 8
    name: str = field(default="graph", init=False)
    route: Route | None = field(default=None, init=False, repr=False, compare=False)
    kind: ClassVar[str] = "connect.v1"
    answers_from_train: ClassVar[bool] = True
    evidence_only: ClassVar[bool] = True  # it never proposes an answer

    def fingerprint(self) -> str:
        key = self.view.store.key() if self.view else ""
        return fingerprint(self.kind, k=self.k, snapshot=self.sources.snapshot, graph=key)

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {"k": self.k, **self.sources.save()}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(Sources.load(settings, resources), settings["k"])

    @cached_property
    def view(self) -> View | None:
        """The graph, loaded once; None where the base has none."""
        return view_of(self.sources.here, self.sources.filters)

    @cached_property
    def walk(self) -> Walk:
        from strati.knowledge.graph.likeness import Walk

        if self.view is None:
            raise ValueError("the base has no graph")
        return Walk(self.view)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        return [self._one(case, ctx) for case in cases]

    def _one(self, case: Case, ctx: Context) -> Case:
        ctx.check()
        start = time.perf_counter()
        if self.view is None:
            return case.passed(self.name, "plain search: the base has no graph")
        found = [one for one in case.evidence if one.kind == PASSAGE and one.source]
        route = self.route = route_for(self.view, case.text, [_place(one) for one in found])
        if route.by == "search":
            return case.passed(self.name, f"plain search: {route.why}", Usage(time.perf_counter() - start))
        chosen = self._passages(case.text)
        rest = [one for one in case.evidence if one not in found]
        told = f"the graph: {route.why}; {len(chosen)} passages by search and a walk from each, {_paths(route)}"
        done = replace(case, evidence=(*chosen, *rest))
        return done.passed(self.name, told, Usage(time.perf_counter() - start))

    def _passages(self, question: str) -> list[Evidence]:
        seen: dict[Place, Evidence] = {}
        allowed = {entry.id for entry in self.sources.here.documents(self.sources.filters)}

        def search(text: str, documents: tuple[str, ...]) -> list[Place]:
            some = tuple(id for id in documents if id in allowed)
            found = replace(self.sources, filters=Filter(some)).search(text, DEPTH) if some else []
            seen.update((_place(one), one) for one in found if one.source)
            return [_place(one) for one in found if one.source]

        best = ordered(self.walk, question, search, self.k)
        return [seen.get(place) or self._evidence(place) for place in best if place.document in allowed]

    def _evidence(self, place: Place) -> Evidence:
        """A passage that search did not find."""
        store = self.sources.here.store
        kept = next(one for one in store.passages_of(place.document) if one.row.start == place.start)
        return self.sources.evidence(kept)


def _place(one: Evidence) -> Place:
    if one.source is None:
        raise ValueError("a passage without a source")
    return Place(one.source.document, one.source.start, one.source.end)


def _paths(route: Route) -> str:
    count = len(route.paths)
    return f"{count} path{'' if count == 1 else 's'} between them" if count else "no path between them"
