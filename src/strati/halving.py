"""Choosing the form of a slow rung with fewer calls: forms that are behind on a few tune rows are not asked about more.

Successive halving (Karnin, Koren and Somekh, ICML 2013; Jamieson and Talwalkar, arXiv 1502.07943, section 3): all forms
answer a few rows, the better half goes on to twice as many, until the last answer as many as all would have otherwise.
Forms that ask a model the same things stay or go together: keeping both costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strati.candidate import Candidate, Form
from strati.choosing import Chosen, Tuner
from strati.dataset import Unit
from strati.effort import shuffled
from strati.records import JSON, Case
from strati.stack import Stack

FEWEST_ROWS = 8  # of the first round: on fewer even a hopeless form is level with a good one now and then


@dataclass(frozen=True)
class HalvingTuner(Tuner):
    """A tuner that chooses among the forms of slow candidates by successive halving; of fast ones as ever."""

    def choose(self, candidate: Candidate, unit: Unit) -> Chosen:
        """The candidate fitted in its best form on the first tune rows; no other rows are seen, so they may race."""
        if not candidate.slow:
            return super().choose(candidate, unit)
        rows = shuffled(unit.tune, self.ctx.seed)[: self.effort.form_rows]
        families = _families(candidate.forms)
        sizes = round_sizes(len(families), len(rows))
        total = sum(-(-len(candidate.forms) // 2**lap) * size for lap, size in enumerate(sizes))
        self.ctx.begin(f"{candidate.name}: choosing among {len(candidate.forms)} settings on tune", total)
        tried: dict[int, dict[str, JSON]] = {}
        fitted: dict[int, tuple[Stack, list[Case]]] = {}
        for size in sizes:
            for place in (place for family in families for place in family):
                seconds = tried[place]["seconds"] if place in tried else 0.0
                form, part = candidate.forms[place], rows[:size]
                for stack, cases, took in self._fit_all(_only(candidate, form), unit.train, part):
                    tried[place] = self._row(form, cases, part, seconds + took)
                    fitted[place] = stack, cases
            if size != sizes[-1]:
                families = _better_half(families, tried)
        best = max((place for family in families for place in family), key=lambda i: (tried[i]["tune"] or 0.0, -i))
        tried[best]["chosen"] = True
        stack, cases = fitted[best]
        return Chosen(stack, cases, [tried[place] for place in sorted(tried)], float(tried[best]["seconds"]))


def round_sizes(forms: int, rows: int) -> list[int]:
    """How many rows are answered by the end of each round, doubling up to all.

    >>> round_sizes(6, 32), round_sizes(2, 32), round_sizes(6, 12)
    ([8, 16, 32], [16, 32], [12])
    """
    sizes = [rows]
    while 2 ** (len(sizes) - 1) < forms and sizes[0] // 2 >= FEWEST_ROWS:
        sizes.insert(0, sizes[0] // 2)
    return sizes


def _families(forms: Sequence[Form]) -> list[list[int]]:
    """The places of forms that ask the same, in order of first appearance."""
    found: dict[str, list[int]] = {}
    for place, form in enumerate(forms):
        found.setdefault(form.asks or f"form {place}", []).append(place)
    return list(found.values())


def _better_half(families: list[list[int]], tried: dict[int, dict[str, JSON]]) -> list[list[int]]:
    """The better half, rounded up, in the order they had; of equals, the first."""
    value = [max(float(tried[place]["tune"] or 0.0) for place in family) for family in families]
    kept = sorted(range(len(families)), key=lambda i: -value[i])[: (len(families) + 1) // 2]
    return [families[i] for i in sorted(kept)]


def _only(candidate: Candidate, form: Form) -> Candidate:
    return Candidate(candidate.name, (form,), slow=candidate.slow)
