"""Is the mean loss of automatic answers at most 1 - X? p-values that are valid for any data of the kind they name.

Everything here tests one setting that was fixed before the calibrate labels were seen. Whether an example is answered
automatically depends on its input alone, never on its label. So, given which calibrate examples are accepted, their
losses are independent draws from the distribution of the loss *given acceptance*, and a test on the accepted ones is
valid although their number is random. Its null hypothesis: the mean loss given acceptance is `at_most` or more.

- Right or wrong, independent examples: the exact binomial tail. "Learn then Test" (Angelopoulos et al., arXiv
  2110.01052) asks for any valid p-value; for a 0/1 loss none is smaller for all data.
- Graded losses, and examples in groups: the capital of a bettor against the null hypothesis (Waudby-Smith and Ramdas,
  arXiv 2010.09686, section 4, on capital processes); by Ville's inequality 1 / (its maximum) is a p-value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from strati.certify.method.scored import Bools, Delivered, Floats, Ints
from strati.core.records import JSON

BETS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.6, 1.0)


@dataclass(frozen=True, slots=True)
class Promise:
    """What is to be shown: mean loss at most 1 - `at_least` on automatic answers, with confidence 1 - `risk`.

    Attributes:
        at_least: X, above 0 and below 1.
        risk: d, the probability accepted that what is certified does not hold.
        graded: whether losses lie between 0 and 1 rather than at 0 or 1; then betting replaces the exact binomial.
        largest_group: with examples in groups, how many automatic answers of one group count: a larger group counts
            as this many at its own mean. Fixed before calibrate; None where examples are independent.
        classes: classes (numbers) for each of which the promise must hold by itself; empty: over all answers.
        bets: shares of what may be staked, mixed with equal weights; any choice made without calibrate labels is valid.
    """

    at_least: float
    risk: float = 0.05
    graded: bool = False
    largest_group: int | None = None
    classes: tuple[int, ...] = ()
    bets: tuple[float, ...] = BETS

    def __post_init__(self) -> None:
        if not 0 < self.at_least < 1:
            raise ValueError(f"at_least is {self.at_least}, expected a number above 0 and below 1")
        if not 0 < self.risk < 1:
            raise ValueError(f"risk is {self.risk}, expected a number above 0 and below 1")
        if self.largest_group is not None and self.largest_group < 1:
            raise ValueError(f"largest_group is {self.largest_group}, expected at least 1")
        if not self.bets or not all(0 < bet <= 1 for bet in self.bets):
            raise ValueError(f"bets are {self.bets}, expected numbers above 0 and at most 1")

    @property
    def at_most(self) -> float:
        """The mean loss allowed, 1 - X, rounded so that 1 - .95 is .05."""
        return round(1 - self.at_least, 12)

    @property
    def exact(self) -> bool:
        """Whether the exact binomial is the test."""
        return not self.graded and self.largest_group is None

    def to_json(self) -> dict[str, JSON]:
        return {
            "at_least": self.at_least,
            "risk": self.risk,
            "graded": self.graded,
            "largest_group": self.largest_group,
            "classes": list(self.classes),
            "bets": list(self.bets),
        }

    @classmethod
    def from_json(cls, data: dict[str, JSON]) -> Promise:
        return cls(**{**data, "classes": tuple(data["classes"]), "bets": tuple(data["bets"])})


def p_value(delivered: Delivered, promise: Promise) -> float:
    """The p-value of "the promise does not hold for this setting".

    With `classes`: the largest of the p-values of the classes. If the promise fails in some class, that class's own
    p-value is valid, so the largest is too: "all classes hold" is an intersection-union test (Berger, Technometrics
    24, 1982) and takes no further correction. A class without automatic answers has p = 1.

    Raises:
        ValueError: the losses or groups are not of the kind the promise names.
    """
    if promise.classes:
        if delivered.label is None:
            raise ValueError("the promise is per class, but the classes of the answers are not given")
        return max(_p_value(delivered, promise, delivered.label == label) for label in promise.classes)
    return _p_value(delivered, promise, delivered.automatic)


def _p_value(delivered: Delivered, promise: Promise, mask: Bools) -> float:
    mask = mask & delivered.automatic
    losses = delivered.loss[mask]
    if delivered.group is not None and promise.largest_group is None:
        raise ValueError("examples come in groups, so the promise has to say how many answers of a group count")
    if promise.exact:
        if not ((losses == 0) | (losses == 1)).all():
            raise ValueError("a loss lies between 0 and 1, so the promise has to be graded")
        return binomial_p(int(losses.sum()), len(losses), promise.at_most)
    most = promise.largest_group or 1
    if delivered.group is None:
        return betting_p(losses, np.ones(len(losses)), promise.at_most, most, promise.bets)
    sums, sizes = group_sums(losses, delivered.group[mask], most)
    return betting_p(sums, sizes, promise.at_most, most, promise.bets)


def binomial_p(errors: int, n: int, at_most: float) -> float:
    """P(Bin(n, at_most) <= errors): the exact p-value for right or wrong; 1 for n = 0.

    >>> [round(binomial_p(0, n, 0.05), 4) for n in (58, 59)]  # 59 without an error are the fewest for 95/95
    [0.051, 0.0485]
    """
    from scipy.special import bdtr

    return float(bdtr(errors, n, at_most)) if n else 1.0


@lru_cache(maxsize=64)
def most_errors(size: int, at_most: float, level: float) -> Ints:
    """For 0 to `size` automatic answers, the most errors with which the exact binomial passes at a level; -1 for none.

    >>> most_errors(93, 0.05, 0.05)[[58, 59, 92, 93]].tolist()
    [-1, 0, 0, 1]
    """
    return errors_allowed(np.arange(size + 1), at_most, level)


def errors_allowed(n: Ints, at_most: float, level: float) -> Ints:
    """`most_errors` for each of several numbers of automatic answers."""
    from scipy.special import bdtr, bdtrik

    some = np.maximum(n, 1)
    errors = np.nan_to_num(np.floor(bdtrik(level, some, at_most)), nan=-1.0) + 1
    for _ in range(2):
        errors -= bdtr(np.maximum(errors, 0), some, at_most) > level
    return np.where(n > 0, np.maximum(errors, -1), -1).astype(np.int64)


def betting_p(
    losses: ArrayLike, sizes: ArrayLike, at_most: float, largest: int = 1, bets: tuple[float, ...] = BETS
) -> float:
    """The p-value from betting that losses are below `at_most`; 1 for no data.

    A unit holds `sizes` answers (1, or those of a group, at most `largest`) with the summed `losses`. Under the null
    hypothesis E[losses] >= at_most E[sizes], so staking the share f of what can be lost multiplies the capital by
    1 + f (at_most * size - loss) / ((1 - at_most) largest) >= 0, of expectation 1 or less: the capital process of
    Waudby-Smith and Ramdas, section 4, with a fixed bet. An average over bets is again such a process (their
    diversified bets), and Ville's inequality bounds its maximum over the units in the order given. That
    order must not depend on the losses. For n right answers with f = 1 it gives (1 - at_most)^n, the binomial's p.
    """
    losses, sizes = np.asarray(losses, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    if not len(losses):
        return 1.0
    gain = (at_most * sizes - losses) / ((1 - at_most) * largest)
    with np.errstate(divide="ignore"):
        growth = np.cumsum(np.log1p(np.maximum(np.multiply.outer(gain, np.array(bets)), -1.0)), axis=0)
    capital = np.logaddexp.reduce(growth, axis=1) - np.log(len(bets))
    return float(np.exp(-max(0.0, float(capital.max()))))


def best_bets(losses: ArrayLike, sizes: ArrayLike, at_most: float, largest: int = 1) -> tuple[float, ...]:
    """Half, once and twice the stake under which capital grows fastest on these losses (Kelly's): for use elsewhere.

    Taken from tune and used on calibrate, it is a fixed choice there, so the p-value stays valid.
    """
    losses, sizes = np.asarray(losses, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    if not len(losses):
        return BETS
    gain = (at_most * sizes - losses) / ((1 - at_most) * largest)
    stakes = np.geomspace(0.01, 0.99, 60)
    best = float(stakes[np.log1p(np.multiply.outer(gain, stakes)).sum(axis=0).argmax()])
    return tuple(sorted({round(best / 2, 6), round(best, 6), round(min(1.0, 2 * best), 6)}))


def group_sums(losses: Floats, groups: Ints, largest: int) -> tuple[Floats, Floats]:
    """(summed losses, sizes) per group in order of first appearance, larger groups shrunk to `largest` at their mean.

    Where no group is larger, the mean loss bounded is exactly that per automatic answer: groups are drawn
    independently, and E[sum of losses] / E[size] is the share wrong in the long run.
    """
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    sums = np.bincount(order[place], weights=losses, minlength=len(first)).astype(np.float64)
    sizes = np.bincount(order[place], minlength=len(first)).astype(np.float64)
    shrink = np.minimum(1.0, largest / np.maximum(sizes, 1.0))
    return sums * shrink, sizes * shrink


def betting_upper_bound(
    losses: ArrayLike, risk: float, sizes: ArrayLike | None = None, largest: int = 1, bets: tuple[float, ...] = BETS
) -> float:
    """The smallest mean loss that betting rejects at `risk`: a one-sided upper confidence bound; 1 where none is.

    The capital grows with `at_most` for every bet, so the bounds not rejected are an interval (the same section).
    """
    losses = np.asarray(losses, dtype=np.float64)
    sizes = np.ones(len(losses)) if sizes is None else np.asarray(sizes, dtype=np.float64)
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if betting_p(losses, sizes, middle, largest, bets) <= risk else (middle, high)
    return high


def binomial_upper_bound(errors: int, n: int, risk: float) -> float:
    """The exact one-sided upper bound of a share (Clopper and Pearson 1934) at confidence 1 - `risk`; 1 for n = 0."""
    from scipy.special import betaincinv

    return float(betaincinv(errors + 1, n - errors, 1 - risk)) if errors < n else 1.0
