"""Does a certificate add up? Its figures, computed again from the outcomes beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from strati.certify.certificate import OUTCOMES, Certificate
from strati.certify.method import Scored, Walk, differences, scored_from
from strati.core.errors import DataError, StackError
from strati.core.identity import sha256_of
from strati.core.records import JSON


def verify(folder: Path) -> tuple[Walk, list[str]]:
    """The walk that a stack's certificate states, and all that does not add up, in words; empty when all does.

    The walk is walked again over the outcomes; the result and the promise in the certificate's headline have to be
    those of the walk.

    Raises:
        StackError: there is no certificate, or it or the outcomes were altered.
    """
    certificate = Certificate.read(folder)
    if certificate is None:
        raise StackError(f"{folder} has no certificate: strati certify makes one")
    file = folder / OUTCOMES
    if not file.is_file() or sha256_of(file) != certificate.outcomes:
        raise StackError(f"{file} is missing or was altered: the certificate's figures cannot be computed again")
    stated = Walk.from_json(dict(certificate.walk))
    wrong = differences(stated, read_outcomes(file, stated.path.names))
    try:
        wrong += [*_headline(certificate.promise, stated), *_result(certificate.result, stated)]
    except (KeyError, TypeError) as error:
        raise StackError(f"the promise in the certificate of {folder} is damaged ({error!r})") from error
    return stated, wrong


def read_outcomes(file: Path, names: tuple[str, ...]) -> Scored:
    """The calibrate outcomes beside a certificate, as numbers; raises `DataError` for damaged ones."""
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise DataError(f"{file} cannot be read as calibrate outcomes: {error}") from error
    return scored_from(rows, names)


def _headline(promise: Mapping[str, JSON], stated: Walk) -> list[str]:
    """Where the promise that people read is not the one that was tested."""
    tested, wrong = stated.path.promise, []
    if promise["at_least"] != tested.at_least:
        wrong.append(f"at least {promise['at_least']:g} is promised, {tested.at_least:g} was tested")
    if 1 - promise["confidence"] < tested.risk - 1e-9:
        wrong.append(f"a confidence of {promise['confidence']:g} is promised, the risk tested was {tested.risk:g}")
    if promise["risk"] != tested.risk:
        wrong.append(f"a risk of {promise['risk']:g} is stated, {tested.risk:g} was tested")
    if bool(promise["per_class"]) != bool(tested.classes):
        each = "for every class" if promise["per_class"] else "over all classes"
        wrong.append(f"it is promised {each}, the other was tested")
    if "max_error_cost_per_1000" in promise:
        most = 1000 * promise["dearest_error"] * tested.at_most
        if abs(promise["max_error_cost_per_1000"] - most) > 1e-6 * most:
            wrong.append(f"${promise['max_error_cost_per_1000']:g} per 1,000 are promised, ${most:g} were tested")
    return wrong


def _result(result: Mapping[str, JSON], stated: Walk) -> list[str]:
    """Where the result is not that of the certified setting."""
    if stated.step is None or stated.setting is None:
        return ["no setting of the walk is certified"]
    expected: dict[str, JSON] = {name: getattr(stated.step, name) for name in ("n", "errors", "p", "level")}
    names = (stated.path.names[rung] for rung in stated.setting.rungs)
    expected["thresholds"] = dict(zip(names, stated.setting.thresholds, strict=True))
    return [
        f"{name} is stated as {result.get(name)}, the walk has {value}"
        for name, value in expected.items()
        if result.get(name) != value
    ]
