"""Two other ways to choose from the same path on the same calibrate draw, for comparison only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from strati.certify.method import Path, Scored, binomial_p, evaluate


@dataclass(frozen=True)
class Outcome:
    """Automatic answers and errors of every setting of a path on one calibrate draw."""

    path: Path
    n: list[int]
    errors: list[int]

    @classmethod
    def of(cls, path: Path, calibrate: Scored) -> Outcome:
        found = [evaluate(setting, calibrate) for setting in path.settings]
        return cls(path, [d.count for d in found], [int(d.errors) for d in found])

    def fixed_sequence(self, risk: float, p_value=binomial_p) -> int | None:  # type: ignore[no-untyped-def]
        """The place certified by the product's walk with this p-value; with the binomial it is the product's own."""
        starts = {start.place: start.share for start in self.path.starts}
        carried, passed = 0.0, None
        for place, (n, errors) in enumerate(zip(self.n, self.errors, strict=True)):
            share = min(1.0, carried + starts.get(place, 0.0))
            holds = share > 0 and p_value(errors, n, self.path.promise.at_most) <= risk * share
            carried, passed = (share, place) if holds else (0.0, passed)
        return passed

    def habit(self) -> int | None:
        """The common habit: the cheapest setting whose observed accuracy passes."""
        at_most = self.path.promise.at_most
        passing = [i for i, (n, e) in enumerate(zip(self.n, self.errors, strict=True)) if n and e <= at_most * n]
        return max(passing, default=None)


def hoeffding_bentkus_p(errors: int, n: int, at_most: float) -> float:
    """The p-value of Bates et al., "Distribution-free, risk-controlling prediction sets", arXiv 2101.02703, section 3.

    The smaller of Hoeffding's bound exp(-n kl(error, at_most)) and Bentkus' e times the binomial tail.
    """
    if not n or errors >= at_most * n:
        return 1.0
    rate = errors / n
    first = rate * math.log(rate / at_most) if rate else 0.0
    divergence = first + (1 - rate) * math.log((1 - rate) / (1 - at_most))
    return min(1.0, math.exp(-n * divergence), math.e * binomial_p(errors, n, at_most))
