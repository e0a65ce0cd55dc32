"""Answers that were given before, as a layer: the very same question, on the same snapshot, with the same settings.

They are kept in memory only, so that forgetting a document leaves nothing of it on a disk, and are dropped as soon as
the base changes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import Answer, Case, Evidence, State, Usage
from strati.stack.contract import Layer

MOST = 1000


@dataclass
class AnswerCache:
    """Runs a layer (or a whole stack) only for questions it has not answered; `most` answers are kept.

    Only delivered answers are kept: what was withheld is looked up again.
    """

    inner: Layer
    most: int = MOST
    name: str = "answers given before"
    _kept: OrderedDict[str, tuple[Answer, tuple[Evidence, ...]]] = field(default_factory=OrderedDict, repr=False)
    _of: str = field(default="", repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def fingerprint(self) -> str:
        return fingerprint("answer_cache.v1", inner=self.inner.fingerprint())

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
