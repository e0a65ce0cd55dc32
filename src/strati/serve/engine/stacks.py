"""A stack as it is served: loaded once, with its certificate, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from strati.certify.certificate import Certificate
from strati.core.errors import NewerFormat
from strati.core.records import JSON

if TYPE_CHECKING:
    from strati.stack.stack import Stack


@dataclass(frozen=True)
class Served:
    """One stack folder under the name clients call it.

    `hold` says why nothing may be answered automatically: the certificate is void or stale. `certificate` is None where
    the stack was never certified: it answers, and every page says so.
    """

    name: str
    folder: Path
    stack: Stack | None
    certificate: Certificate | None
    state: str  # valid, stale, void, none
    reasons: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    fingerprint: str = ""
    resources: Mapping[str, object] = field(default_factory=dict)

    @property
    def hold(self) -> str:
        if self.stack is None or self.state in ("stale", "void"):
            return f"the certificate is {self.state}: {'; '.join(self.reasons)}"
        return ""

    @property
    def limit(self) -> float | None:
        """The error rate that the certificate promises not to exceed."""
        if self.certificate is None:
            return None
        at_least = self.certificate.promise.get("at_least")
        return None if at_least is None else round(1.0 - float(at_least), 9)

    @property
    def sentence(self) -> str:
        """The certificate in a sentence."""
        if self.hold:
            return f"The certificate is {self.state}, so every case goes to people: {'; '.join(self.reasons)}."
        if self.certificate is None:
            return "Not certified: nobody has shown how often its answers may be wrong."
        promise, result = self.certificate.promise, self.certificate.result
        sure = f"with {100 * float(promise['confidence']):g} % confidence"
        if promise.get("max_error_cost_per_1000") is not None:
            claim = f"errors cost at most ${promise['max_error_cost_per_1000']:g} per 1,000 automatic answers"
        else:
            claim = f"automatic answers are right at least {100 * float(promise['at_least']):g} % of the time"
        base = f"{claim}, {sure}, on traffic like the {int(result.get('n', 0)):,} calibrate answers it rests on"
        return f"{base[0].upper()}{base[1:]}."

    @cached_property
    def ladder(self) -> tuple[Stack, ...]:
        """The other rungs of the run that the certificate names, where its folder is still here: for trying only.

        Those that need a model which the stack does not use stay out: opening one takes long.
        """
        from strati.core.errors import StratiError
        from strati.stack.folder import load_stack, named_resources

        run = self.certificate.run if self.certificate else ""
        folder = self.folder.parent / ".strati" / "runs" / run / "stacks"
        found = []
        for path in sorted(folder.glob("*.stack")) if run else ():
            if path.with_name(f"{path.stem}.taught.stack").exists():
                continue  # the same rung, before it learned from all labels
            try:
                if {one.name for one in named_resources(path)} <= set(self.resources):
                    found.append(load_stack(path, self.resources))
            except StratiError:
                continue
        return tuple(one for one in found if not {s.name for s in one.stages} & set(self.rungs))

    @property
    def rungs(self) -> list[str]:
        return [stage.name for stage in self.stack.stages] if self.stack else []

    def to_json(self) -> dict[str, JSON]:
        """For machines, without paths."""
        found: dict[str, JSON] = {
            "id": self.name,
            "kind": "stack",
            "certificate": self.state,
            "sentence": self.sentence,
            "reasons": list(self.reasons),
            "fingerprint": self.fingerprint,
            "labels": list(self.labels),
            "stages": self.rungs,
        }
        if self.certificate is not None:
            found["promise"] = dict(self.certificate.promise)
            found["certified_at"] = self.certificate.created
        return found


def load_served(folder: Path, catalogs: Sequence[Path] = (), config: Path | None = None) -> Served:
    """Load a stack folder for serving; what cannot answer is served too, and sends everything to people.

    Raises:
        StackError: the folder is no stack at all, or an uncertified one is damaged.
        ModelError: an uncertified stack needs a model that is not here.
    """
    from strati.serve.load import standing_of
    from strati.serve.resources import resources_of
    from strati.stack.folder import load_stack

    name = folder.name.removesuffix(".stack")
    if not (folder / "stack.toml").is_file() or not (folder / "certificate.json").exists():
        resources = resources_of(folder, catalogs, config)
        stack = load_stack(folder, resources)
        return Served(name, folder, stack, None, "none", (), labels_of(stack), stack.fingerprint(), resources)
    try:
        standing, found, given = standing_of(folder, catalogs, config)
    except NewerFormat as error:
        return Served(name, folder, None, None, "void", (str(error),))
    certificate = _certificate(folder)
    mark = found.fingerprint() if found else certificate.stack if certificate else ""
    return Served(
        name, folder, found, certificate, standing.state, standing.reasons, labels_of(found, certificate), mark, given
    )


def _certificate(folder: Path) -> Certificate | None:
    from strati.core.errors import StackError

    try:
        return Certificate.read(folder)
    except StackError:
        return None


def labels_of(stack: Stack | None, certificate: Certificate | None = None) -> tuple[str, ...]:
    """The answers that a stack can give, where its layers or its certificate know them."""
    found: dict[str, None] = {}
    for stage in stack.stages if stack else ():
        found |= dict.fromkeys(map(str, getattr(stage.layer, "labels", ())))
    for stage in stack.stages if stack else ():
        found |= dict.fromkeys(sorted({str(rule.value) for rule in getattr(stage.layer, "rules", ())}))
    for rows in (certificate.result.get("classes") or {}).values() if certificate else ():
        found |= dict.fromkeys(sorted(str(row["class"]) for row in rows))
    return tuple(found)
