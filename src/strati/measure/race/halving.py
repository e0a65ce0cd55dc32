"""Choosing the form of a slow rung with fewer calls: forms that are behind on a few tune rows are not asked about more.

Successive halving (Karnin, Koren and Somekh, ICML 2013; Jamieson and Talwalkar, arXiv 1502.07943, section 3): all forms
answer a few rows, the better half goes on to twice as many, until the better of the last two is known. Forms that ask a
model the same things stay or go together: keeping both costs nothing. Forms that put the same prompt and differ in the
options are asked about once, where the model can tell (`remembering`). Of equals the one stays that has the model read
and write fewer tokens: on few rows ties are common, and each later answer costs that much less.

Where even the best form is far behind, the rounds end early: what is left is to show it, and that is for the race.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from strati.core.records import Case, Example
from strati.data import Unit
from strati.measure.effort import shuffled
from strati.measure.records import FormRow
from strati.measure.tune import Chosen, Tuner
from strati.stack.candidate import Candidate, Form
from strati.stack.models_of import remembering
from strati.stack.stack import Stack

Tried = dict[int, FormRow]  # what is reported of a form, by its place
Fitted = dict[int, tuple[Stack, list[Case]]]
FEWEST_ROWS = 8  # of the first round: on fewer even a hopeless form is level with a good one now and then


@dataclass(frozen=True)
class HalvingTuner(Tuner):
    """A tuner that chooses among the forms of slow candidates by successive halving; of fast ones as ever.

    `hopeless` is asked after each round about the best form's cases; once it says yes no further round is held.
    """

    hopeless: Callable[[Sequence[Case]], bool] = lambda _: False

    def choose(self, candidate: Candidate, unit: Unit) -> Chosen:
        """The candidate fitted in its best form on the first tune rows; no other rows are seen, so they may race."""
        if not candidate.slow:
            return super().choose(candidate, unit)
        rows = shuffled(unit.tune, self.ctx.seed)[: self.effort.form_rows]
        _, sizes = rounds_of(candidate.forms, len(rows))
        total = sum(-(-len(candidate.forms) // 2**lap) * size for lap, size in enumerate(sizes))
        self.ctx.begin(f"{candidate.name}: choosing among {len(candidate.forms)} settings on tune", total)
        with remembering(form.stack for form in candidate.forms):
            best, tried, fitted = self._rounds(candidate, unit, [rows[:size] for size in sizes])
        tried[best] = replace(tried[best], chosen=True)
        stack, cases = fitted[best]
        return Chosen(stack, cases, [tried[place] for place in sorted(tried)], tried[best].seconds)

    def _rounds(
        self, candidate: Candidate, unit: Unit, rounds: Sequence[Sequence[Example]]
    ) -> tuple[int, Tried, Fitted]:
        """The place of the best form, and what came of each tried; `rounds`: the rows answered by the end of each."""
        families = _families(candidate.forms)
        tried: Tried = {}
        fitted: Fitted = {}
        best = 0
        for rows in rounds:
            staying = [place for family in families for place in family]
            for place in staying:
                seconds = tried[place].seconds if place in tried else 0.0
                form = candidate.forms[place]
                for stack, cases, took in self._fit_all(_only(candidate, form), unit.train, rows):
                    tried[place] = self._row(form, cases, rows, seconds + took)
                    fitted[place] = stack, cases
            best = max(staying, key=lambda i: (_merit(i, tried, fitted), -i))
            if self.hopeless(fitted[best][1]):
                break
            if rows is not rounds[-1]:
                families = _better_half(families, tried, fitted)
        return best, tried, fitted


def round_sizes(forms: int, rows: int) -> list[int]:
    """How many rows are answered by the end of each round, doubling; the last round is that of two, or of all rows.

    >>> round_sizes(8, 32), round_sizes(4, 32), round_sizes(2, 32), round_sizes(8, 12)
    ([8, 16, 32], [8, 16], [16], [12])
    """
    rounds = max(1, (forms - 1).bit_length())
    sizes = [rows if rounds > 2 else max(min(rows, 2 * FEWEST_ROWS), rows // 2)]
    while len(sizes) < rounds and sizes[0] // 2 >= FEWEST_ROWS:
        sizes.insert(0, sizes[0] // 2)
    return sizes


def rounds_of(forms: Sequence[Form], rows: int) -> tuple[int, list[int]]:
    """How many different things the forms of a slow candidate ask, and `round_sizes` of choosing among them."""
    different = len(_families(forms))
    return different, round_sizes(different, rows)


def _families(forms: Sequence[Form]) -> list[list[int]]:
    """The places of forms that ask the same, in order of first appearance."""
    found: dict[str, list[int]] = {}
    for place, form in enumerate(forms):
        found.setdefault(form.asks or f"form {place}", []).append(place)
    return list(found.values())


def _merit(place: int, tried: Tried, fitted: Fitted) -> tuple[float, float]:
    """How good a form is so far: its value on tune, then how few tokens a model evaluates for one of its answers.

    The median leaves out that the first answer evaluates what the others share.
    """
    usages = [case.usage for case in fitted[place][1]]
    tokens = [usage.tokens_in - usage.tokens_cached + usage.tokens_out for usage in usages]
    return tried[place].tune or 0.0, -float(np.median(tokens)) if tokens else 0.0


def _better_half(families: list[list[int]], tried: Tried, fitted: Fitted) -> list[list[int]]:
    """The better half, rounded up, in the order they had; of equals, the first."""
    best = [max(_merit(place, tried, fitted) for place in family) for family in families]
    kept = sorted(range(len(families)), key=lambda i: best[i], reverse=True)[: (len(families) + 1) // 2]
    return [families[i] for i in sorted(kept)]


def _only(candidate: Candidate, form: Form) -> Candidate:
    return Candidate(candidate.name, (form,), slow=candidate.slow)
