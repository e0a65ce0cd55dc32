"""Whether a certified stack on disk may answer: read, loaded, and compared with its certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from strati.certify.certificate import Certificate, Standing
from strati.core.errors import ModelError, NewerFormat, StackError
from strati.serve.resources import resources_of
from strati.stack.uses import kind_of_stack
from strati.statistics.metric import rule_of
from strati.task.kind import Space, kind_of

if TYPE_CHECKING:
    from strati.stack.stack import Stack


class Loaded(NamedTuple):
    """A stack's standing, and the stack with its models where it could be loaded."""

    standing: Standing
    stack: Stack | None
    resources: Mapping[str, object]


def standing_of(folder: Path, catalogs: Sequence[Path], config: Path | None = None) -> Loaded:
    """The standing of a stack's certificate; the stack is None where it cannot be loaded.

    What cannot be loaded because it was altered is void; with another model, or one that is not here, it is stale.

    Raises:
        NewerFormat: a newer version of strati wrote it, so this one cannot tell.
    """
    from strati.stack.folder import load_stack

    stack = None
    resources: dict[str, object] = {}
    try:
        certificate = Certificate.read(folder)
        resources = resources_of(folder, catalogs, config)
        stack = load_stack(folder, resources)
    except NewerFormat:
        raise
    except ModelError as error:
        return Loaded(Standing("stale", (str(error),)), None, resources)
    except StackError as error:
        return Loaded(Standing("void", (str(error),)), None, resources)
    if certificate is None:
        return Loaded(Standing("void", (f"{folder} has no certificate",)), stack, resources)
    if (other := _other_rule(certificate, stack)) is not None:
        return Loaded(other, stack, resources)
    return Loaded(certificate.standing(stack.fingerprint(), fingerprints(resources), folder), stack, resources)


def _other_rule(certificate: Certificate, stack: Stack) -> Standing | None:
    """Void where the certificate counts as lost what the kind of the stack does not count so any more."""
    kind = kind_of(kind_of_stack(stack))
    rule = rule_of(kind.metric(kind.metrics[0], Space()))
    if certificate.promise.get("rule", "") == rule.name:
        return None
    said = f"it was given when something else counted as wrong; now it is: {rule.words}; certify again"
    return Standing("void", (said,))


def fingerprints(resources: Mapping[str, object]) -> dict[str, str]:
    """The fingerprints of models and snapshots, by name."""
    return {name: str(part.fingerprint()) for name, part in resources.items() if hasattr(part, "fingerprint")}
