"""The checker for checks."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

from strati.core.context import Context
from strati.core.records import Answer, Case
from strati.stack.contract import Check, Finding, Saveable
from strati.testing.clauses import ODD_TEXTS, hold, no_error, saved_and_loaded, stable_fingerprint, stops

C = TypeVar("C", bound=Check)
ODD_VALUES = (None, "", 0, 1.5, True, ["a"], {"a": "b"}, *ODD_TEXTS.values())


def check_check(check: C, cases: Sequence[Case], *, resources: Mapping[str, object] | None = None) -> C:
    """Hold a check to its contract on some answered cases.

    Args:
        check: the check.
        cases: a few answered cases, at least two.
        resources: the models that `load` may need, by name.

    Raises:
        ContractError: a clause is broken; the message says which.
    """
    hold(isinstance(check, Check), f"{type(check).__name__} is no Check, expected name, fingerprint() and run()")
    enough = len(cases) >= 2 and all(case.answer is not None for case in cases)
    hold(enough, "the cases to check with are fewer than two or not answered, expected answered ones")
    stable_fingerprint(check)
    first = _run(check, cases)
    hold(first == _run(check, cases), "the same cases twice get different findings")
    hold(_run(check, []) == [], "no cases were given and findings came back, expected none")
    alone = [_run(check, [case])[0] for case in cases]
    hold(first == alone, "a case checked alone gets another finding than in a batch")
    for number, value in enumerate(ODD_VALUES):
        _run(check, [Case(f"odd {number}", "text").answered(Answer(value, None, "odd"))])
    stops(lambda ctx: check.run(cases, ctx), "run")
    if isinstance(check, Saveable):
        for loaded in saved_and_loaded(check, check.name, resources or {}):
            again = cast("Check", loaded)
            hold(again.fingerprint() == check.fingerprint(), "the loaded check has another fingerprint")
            hold(_run(again, cases) == first, "the loaded check has other findings than the saved one")
    return check


def _run(check: Check, cases: Sequence[Case]) -> list[Finding]:
    kept = copy.deepcopy(list(cases))
    found = list(no_error(lambda: check.run(cases, Context()), f"run of {len(cases)} cases"))
    hold(list(cases) == kept, "run changed the cases it was given")
    hold(
        len(found) == len(cases), f"{len(cases)} cases were given and {len(found)} findings came back, expected as many"
    )
    for finding in found:
        hold(isinstance(finding, Finding), f"a {type(finding).__name__} came back, expected a Finding")
        hold(not finding.veto or finding.reason != "", "a veto has no reason, expected one in words")
        finite = all(math.isfinite(value) for value in finding.features.values())
        hold(finite, f"a feature is not a finite number: {dict(finding.features)}")
    return found
