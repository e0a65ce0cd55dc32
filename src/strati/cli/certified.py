"""What `strati certify` prints: the outcome, whether a certificate stands, whether its figures add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from strati.errors import StackError

if TYPE_CHECKING:
    from strati.certify import Scored
    from strati.certifying import Certified


def show(done: Certified, path: Path | None, *, as_json: bool) -> None:
    """The outcome of a certification."""
    from strati.certifying import figures
    from strati.words import count, money, share

    step = done.walk.step
    thresholds = () if done.setting is None else done.setting.thresholds
    if as_json:
        parts = {name: figures(delivered) for name, delivered in done.parts.items()}
        found = {"run": done.run, "certified": done.setting is not None, "stack": str(path) if path else None}
        promise = {"at_least": done.wanted.at_least, "confidence": done.wanted.confidence}
        stages = [{"rung": n, "threshold": t} for n, t in zip(done.names, thresholds, strict=bool(thresholds))]
        walked = {"stages": stages, "walk": done.walk.to_json(), "more_labels": done.more_labels, "notes": done.notes}
        print(json.dumps({**found, "promise": promise, "parts": parts, **walked}, ensure_ascii=False))
        return
    bar, sure = share(done.wanted.at_least), share(done.wanted.confidence)
    if step is None:
        print(f"Not certified: no setting of the stack is shown to be right {bar} of the time, with {sure} confidence.")
        if done.more_labels is not None:
            print(f"About {count(done.more_labels)} more calibrate labels would show it, going by tune.")
        else:
            print("No number of labels would: on tune its automatic answers are wrong too often for that.")
    else:
        print(f"Certified: automatic answers are right at least {bar} of the time, with {sure} confidence,")
        print("on traffic like the calibrate data.")
    print()
    for number, name in enumerate(done.names):
        at = f"answers from a confidence of {thresholds[number]:.3f}" if thresholds else "(no threshold)"
        if thresholds and thresholds[number] > 1:
            at = "never answers"
        print(f"  {number + 1}. {name}: {at}")
    print(f"  {len(done.names) + 1}. people: the rest")
    print()
    print(f"  {'':10} {'examples':>8} {'automatic':>10} {'wrong':>6} {'of automatic':>13} {'$/1,000':>9}")
    for name, delivered in done.parts.items():
        error = share(delivered.error) if delivered.count else "–"
        print(
            f"  {name:10} {count(len(delivered.rung)):>8} {share(delivered.share):>10} {delivered.errors:>6.0f} "
            f"{error:>13} {money(1000 * delivered.cost_each):>9}"
        )
    if step is not None:
        print(f"\n  calibrate: {step.n:,} automatic, {step.errors:g} wrong, p {step.p:.4f} at level {step.level:.4f};")
        print(f"  {len(done.walk.steps)} settings tested along a path fixed on tune. Test decides nothing.")
    for note in done.notes:
        print(f"  {note}.")
    print(f"  Looks left at these calibrate labels: {done.left}.")
    if path is not None:
        print(f"\nStack: {path} (strati run {path} FILE; strati certify --check {path})")


def show_check(path: Path, catalogs: list[Path], config: Path | None, *, as_json: bool) -> None:
    """Whether the certificate of a stack stands; exit code 2 unless it is valid."""
    from strati.certificate import Certificate, Standing
    from strati.cli.available import resources_of
    from strati.errors import ModelError
    from strati.folder import load_stack

    try:
        certificate = Certificate.read(path)
        if certificate is None:
            raise StackError(f"{path} has no certificate: strati certify makes one")
        resources = resources_of(path, catalogs, config)
        stack = load_stack(path, resources)
        found = {name: str(getattr(part, "fingerprint", str)()) for name, part in resources.items()}
        standing = certificate.standing(stack.fingerprint(), found, path)
    except ModelError as error:
        standing = Standing("stale", (str(error),))
    except StackError as error:
        if "has no certificate" in str(error):
            raise
        standing = Standing("void", (str(error),))
    if as_json:
        print(json.dumps({"stack": str(path), "state": standing.state, "reasons": list(standing.reasons)}))
    if standing.state != "valid":
        raise StackError(f"the certificate of {path} is {standing.state}: {'; '.join(standing.reasons)}")
    if not as_json:
        print(f"The certificate of {path} is valid.")


def show_verify(path: Path, *, as_json: bool) -> None:
    """Compute n, errors and p again from the outcomes file; exit code 2 where they differ."""
    from strati.certificate import OUTCOMES, Certificate
    from strati.certify import Walk, differences
    from strati.identity import sha256_of

    certificate = Certificate.read(path)
    if certificate is None:
        raise StackError(f"{path} has no certificate: strati certify makes one")
    file = path / OUTCOMES
    if not file.is_file() or sha256_of(file) != certificate.outcomes:
        raise StackError(f"{file} is missing or was altered: the certificate's figures cannot be computed again")
    stated = Walk.from_json(dict(certificate.walk))
    wrong = differences(stated, read_outcomes(file, stated.path.names))
    if as_json:
        print(json.dumps({"stack": str(path), "reproduced": not wrong, "differences": wrong}))
    if wrong:
        raise StackError(f"the certificate of {path} does not add up: {'; '.join(wrong)}")
    if not as_json:
        step = stated.step
        what = "" if step is None else f": {step.n:,} automatic answers, {step.errors:g} wrong, p {step.p:.4f}"
        print(f"The outcomes give the certificate's figures again{what}.")


def read_outcomes(file: Path, names: tuple[str, ...]) -> Scored:
    """The calibrate outcomes beside a certificate, as numbers."""
    import numpy as np

    from strati.certify import Scored

    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    shape = (len(records), len(names))
    confidence, loss, label = np.full(shape, np.nan), np.zeros(shape), np.full(shape, -1, dtype=np.int64)
    available = np.ones(shape, dtype=bool)
    for row, record in enumerate(records):
        for column, stage in enumerate(record["stages"]):
            if isinstance(stage, list):
                confidence[row, column], loss[row, column], label[row, column] = stage
            available[row, column] = stage != "not asked"
    groups = tuple(record["group"] for record in records) if records and "group" in records[0] else None
    return Scored(names, confidence, loss, np.zeros(len(names)), available, groups, label)
