"""What an engine said about next tokens, kept for a while: the same prompt is often asked with fewer options.

Forms of a rung that differ only in the options (all labels, or a short-list of them) put the same prompt. What the
model thinks of the tokens of all labels holds what it thinks of those of some.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from strati.core.records import Usage
from strati.models.local.chat_form import Ids

MOST = 512  # prompts, a few kilobytes each
SHARE = 0.5  # of the reported probability that lies on wanted tokens: with less, too few digits of them are left


@dataclass(frozen=True, slots=True)
class Asked:
    """The engine's report after one prompt.

    Attributes:
        weights: of the tokens asked about, relative to each other.
        others: the weight of all other tokens that were reported, before a bias.
        bias: how many times as much the tokens asked about weighed for the bias.
        usage: what asking took.
    """

    weights: Mapping[int, float]
    others: float
    bias: float
    usage: Usage

    def of(self, wanted: Collection[int]) -> tuple[dict[int, float], float] | None:
        """The weight of each wanted token and the probability of all of them together; None if that is not known."""
        if not self.weights.keys() >= set(wanted):
            return None
        found = {token: self.weights[token] for token in wanted}
        inside = math.fsum(found.values())
        if inside <= 0 or inside < SHARE * (inside + self.others):
            return None
        rest = math.fsum(self.weights.values()) - inside
        return found, inside / (inside + max(0.0, rest) + self.others * self.bias)


class Memory:
    """The latest reports, by prompt; the oldest go first."""

    def __init__(self) -> None:
        self._asked: OrderedDict[Ids, Asked] = OrderedDict()

    def recall(self, prompt: Ids) -> Asked | None:
        """What was said after a prompt, if it is remembered."""
        return self._asked.get(prompt)

    def keep(self, prompt: Ids, asked: Asked) -> None:
        """Remember a report, unless one about more tokens is there."""
        known = self._asked.get(prompt)
        if known is None or len(known.weights) < len(asked.weights):
            self._asked[prompt] = asked
            self._asked.move_to_end(prompt)
        while len(self._asked) > MOST:
            self._asked.popitem(last=False)
