"""Answers that were given before, as a layer: the very same question, on the same snapshot, with the same settings.

They are kept in memory only, so that forgetting a document leaves nothing of it on a disk, and are dropped as soon as
the base changes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Evidence, State, Usage
from strati.stack.contract import Layer
from strati.stack.folder import load_stack, save_stack
from strati.stack.stack import Stack, Stage

MOST = 1000


@dataclass
class AnswerCache:
    """Runs a layer or a whole stack only for questions it has not answered; `most` answers are kept.

    Only delivered answers are kept: what was withheld is looked up again.
    """

    inner: Layer
    most: int = MOST
    name: str = "answers given before"
    kind: ClassVar[str] = "answer_cache.v1"
    _kept: OrderedDict[str, tuple[Answer, tuple[Evidence, ...]]] = field(default_factory=OrderedDict, repr=False)
    _of: str = field(default="", repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def fingerprint(self) -> str:
        return fingerprint(self.kind, inner=self.stack.fingerprint())

    @property
    def stack(self) -> Stack:
        """What is run where nothing is kept."""
        return self.inner if isinstance(self.inner, Stack) else Stack((Stage(self.inner),), self.inner.name)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Those of the stack inside: what they use, this uses."""
        return self.stack.stages

    def save(self, folder: Path) -> dict[str, JSON]:
        """The stack inside becomes a folder of its own; answers are not saved."""
        save_stack(self.stack, folder / "inner")
        return {"most": self.most}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:
        return cls(load_stack(folder / "inner", resources), settings["most"], settings["name"])

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        self._fresh()
        known = {case.id: self._recalled(case) for case in cases}
        new = [case for case in cases if known[case.id] is None]
        ran = {case.id: case for case in (self.inner.run(new, ctx) if new else ())}
        for case in ran.values():
            self._keep(case)
        return [known[case.id] or ran[case.id] for case in cases]

    def _fresh(self) -> None:
        """Drop everything when the layer under it (its base, its settings) is another one."""
        now = self.inner.fingerprint()
        with self._lock:
            if now != self._of:
                self._kept.clear()
                self._of = now

    def _recalled(self, case: Case) -> Case | None:
        with self._lock:
            found = self._kept.get(case.text)
            if found is None:
                return None
            self._kept.move_to_end(case.text)
        answer, evidence = found
        return replace(case.with_evidence(*evidence)).answered(answer, Usage(), "the same question was answered before")

    def _keep(self, case: Case) -> None:
        if case.state is not State.ANSWERED or case.answer is None:
            return
        with self._lock:
            self._kept[case.text] = (case.answer, case.evidence)
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
