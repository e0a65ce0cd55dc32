"""What stands beside the marginal guarantee: automatic answers, errors and an upper bound per class and per group."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from strati.certify.method.risk import Promise, betting_upper_bound, binomial_upper_bound, group_sums
from strati.certify.method.scored import Bools, Delivered, Ints


class Row(NamedTuple):
    """One class or group: automatic answers, their summed loss, and one-sided upper bounds of the mean loss.

    `upper` holds for this row by itself at confidence 1 - risk; `upper_together` for all rows of the table at once
    (Bonferroni: each at risk / rows).
    """

    key: Hashable
    n: int
    errors: float
    upper: float
    upper_together: float

    @property
    def error(self) -> float:
        return self.errors / self.n if self.n else float("nan")


def table(delivered: Delivered, keys: Sequence[Hashable], promise: Promise) -> tuple[Row, ...]:
    """A row for each value of `keys` (one per delivered example), in order of first appearance.

    These bounds are for the one setting that was certified. It was chosen on the same calibrate outcomes, so they
    describe; what is guaranteed is the promise that was tested. Bounds free of that come from test.
    """
    if len(keys) != len(delivered.rung):
        raise ValueError(f"{len(keys)} keys were given for {len(delivered.rung)} examples")
    places: dict[Hashable, int] = {}
    place = np.array([places.setdefault(key, len(places)) for key in keys], dtype=np.int64)
    rows = []
    for key, number in places.items():
        mask = (place == number) & delivered.automatic
        n, errors = int(mask.sum()), float(delivered.loss[mask].sum())
        bounds = (upper_bound(delivered, mask, promise, promise.risk / parts) for parts in (1, len(places)))
        rows.append(Row(key, n, errors, *bounds))
    return tuple(rows)


def class_table(delivered: Delivered, names: Sequence[str], promise: Promise) -> tuple[Row, ...]:
    """A row for each class that was answered automatically."""
    if delivered.label is None:
        raise ValueError("the classes of the answers are not given")
    labels = delivered.label
    rows = table(delivered, [names[label] if label >= 0 else None for label in labels], promise)
    answered = [row.key for row in rows if row.key is not None]
    if len(answered) == len(rows):
        return rows
    kept = np.flatnonzero(labels >= 0)
    return table(_some(delivered, kept), [names[labels[i]] for i in kept], promise)


def group_table(delivered: Delivered, groups: Sequence[Hashable], promise: Promise) -> tuple[Row, ...]:
    """A row for each group. Its bound speaks of more traffic from that same group, so its examples count one by one."""
    alone = replace(delivered, group=None)
    return table(alone, groups, replace(promise, largest_group=None))


def upper_bound(delivered: Delivered, mask: Bools, promise: Promise, risk: float) -> float:
    """The upper bound of the mean loss of some automatic answers, by the method that the promise names."""
    losses = delivered.loss[mask]
    if promise.exact:
        return binomial_upper_bound(int(losses.sum()), len(losses), risk)
    if delivered.group is None:
        return betting_upper_bound(losses, risk, bets=promise.bets)
    most = promise.largest_group or 1
    sums, sizes = group_sums(losses, delivered.group[mask], most)
    return betting_upper_bound(sums, risk, sizes, most, promise.bets)


def _some(delivered: Delivered, kept: Ints) -> Delivered:
    return Delivered(
        delivered.rows[kept],
        delivered.rung[kept],
        delivered.loss[kept],
        delivered.cost[kept],
        None if delivered.label is None else delivered.label[kept],
        None if delivered.group is None else delivered.group[kept],
    )
