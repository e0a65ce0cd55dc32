"""The inputs of a file beside the calibrate inputs that a stack's certificate rests on."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from strati.certify.certificate import Certificate
from strati.certify.traffic import Compared, Seen, Sketch
from strati.core.context import Context
from strati.core.errors import StackError
from strati.core.records import Case, State
from strati.serve.batch.here import Tally
from strati.serve.people import PERSON
from strati.stack.stack import Stack
from strati.task.task import ONCE

SAMPLE = 1000  # rows that a strict run answers beforehand, to see how many it would


def compare_traffic(
    folder: Path, cases: Iterable[Case], tally: Tally | None = None, stack: Stack | None = None
) -> Compared | None:
    """Compare the inputs of cases, and how many are answered, with a certificate's calibrate inputs.

    How many are comes from the `tally` of a run, or from a `stack` that answers the first thousand for that.

    None for a stack without a certificate that stands, or with one from before such sketches were kept.
    """
    found = _sketch(folder)
    if found is None:
        return None
    sketch, repeats = found
    seen = Seen(once=repeats == ONCE)
    for case in cases:
        if case.state is State.OPEN:
            seen.add(case.text)
    answered = None
    if tally is not None:
        answered = sum(n for layer, n in tally.layers.items() if layer != PERSON), seen.rows
    elif stack is not None:
        first = list(islice((case for case in cases if case.state is State.OPEN), SAMPLE))
        done = stack.run(first, Context())
        answered = sum(case.state is State.ANSWERED for case in done), len(first)
    return sketch.compare(seen, answered)


def _sketch(folder: Path) -> tuple[Sketch, str] | None:
    try:
        certificate = Certificate.read(folder)
        if certificate is None:
            return None
        sketch = Sketch.read(folder, (certificate.data.get("traffic") or {}).get("sha256"))
    except StackError:  # the certificate does not stand, which is told anyway
        return None
    return None if sketch is None else (sketch, str(certificate.promise.get("repeats", ONCE)))
