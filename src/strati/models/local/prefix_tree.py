"""The probability of each option as the whole reply, from next-token probabilities over a prefix tree.

The options, as token sequences, form a tree. The result is the distribution of sampling under a grammar that allows
the options and nothing else: at each branching node the model's next-token probabilities are renormalised over the
allowed tokens, and an option's probability is the product along its path. Tokens without alternative count as 1 and
cost nothing. Constrained decoding by a token trie is described by De Cao et al., Autoregressive Entity Retrieval,
arXiv 2010.00904, section 3.2; here the whole distribution is computed, most probable nodes first.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from strati.core.errors import ModelError

END = -1
"""Stands for the end of the reply where an option is also the beginning of another."""

Path = tuple[int, ...]
Scorer = Callable[[Path, Sequence[int]], Mapping[int, float]]
"""(tokens so far, allowed next tokens) -> weight of each allowed token; missing ones weigh nothing."""

REMAINDER = 0.02
"""Share of the probability that may stay undivided below nodes that were not looked at."""


@dataclass(frozen=True, slots=True)
class Node:
    """A set of options (their numbers) that begin with the tokens of `path`; a leaf when there is only one."""

    path: Path
    options: tuple[int, ...]
    children: Mapping[int, Node]


@dataclass(frozen=True, slots=True)
class Tree:
    """The options' tree: `root` is the first node where they part."""

    root: Node
    size: int
    longest: int


def build(tokens: Sequence[Sequence[int]], options: Sequence[str]) -> Tree:
    """The prefix tree of tokenised options.

    Raises `ModelError` when there are none, when one has no tokens, or when two have the same tokens.

    >>> build([(1, 2), (1, 3)], ["ab", "ac"]).root.path
    (1,)
    """
    if not options:
        raise ModelError("there are no options to choose from, expected at least one")
    seen: dict[Path, int] = {}
    for number, sequence in enumerate(map(tuple, tokens)):
        if not sequence:
            raise ModelError(f"option {options[number]!r} has no tokens, expected some text")
        if sequence in seen:
            first = options[seen[sequence]]
            raise ModelError(f"the options {first!r} and {options[number]!r} are the same to the model, expected two")
        seen[sequence] = number
    paths = list(seen)
    return Tree(_node(paths, tuple(range(len(paths))), 0), len(paths), max(map(len, paths)))


def _node(paths: Sequence[Path], members: tuple[int, ...], depth: int) -> Node:
    """The node of options that agree on their first `depth` tokens, moved down to where they part."""
    if len(members) == 1:
        return Node(paths[members[0]], members, {})
    groups: dict[int, list[int]] = {}
    while len(groups) < 2:
        groups = {}
        for member in members:
            token = paths[member][depth] if depth < len(paths[member]) else END
            groups.setdefault(token, []).append(member)
        depth += 1
    children = {
        token: Node(paths[group[0]], tuple(group), {}) if token == END else _node(paths, tuple(group), depth)
        for token, group in groups.items()
    }
    return Node(paths[members[0]][: depth - 1], members, children)


def probabilities(tree: Tree, score: Scorer, max_expansions: int = 64) -> tuple[float, ...]:
    """The probability of each option, in the order they were given; sums to 1.

    Nodes are scored most probable first, until less than `REMAINDER` lies below nodes not yet scored and none of them
    can hold the winner, or until `max_expansions` nodes were scored. What lies below an unscored node is shared equally
    among its options.
    """
    result = [0.0] * tree.size
    frontier: list[tuple[float, Path, Node]] = []
    _place(tree.root, 1.0, result, frontier)
    for _ in range(max_expansions):
        if not frontier or _settled(frontier, max(result)):
            break
        mass, _, node = heapq.heappop(frontier)
        weights = _normalised(score(node.path, tuple(node.children)), node)
        for token, child in node.children.items():
            _place(child, -mass * weights[token], result, frontier)
    for mass, _, node in frontier:
        for option in node.options:
            result[option] = -mass / len(node.options)
    total = sum(result)
    return tuple(value / total for value in result)


def _place(node: Node, mass: float, result: list[float], frontier: list[tuple[float, Path, Node]]) -> None:
    """A leaf's probability is known; an inner node waits, the heaviest at the top of the heap."""
    if node.children:
        heapq.heappush(frontier, (-mass, node.path, node))
    else:
        result[node.options[0]] = mass


def _settled(frontier: Sequence[tuple[float, Path, Node]], best: float) -> bool:
    return -sum(item[0] for item in frontier) < REMAINDER and -frontier[0][0] <= best


def _normalised(weights: Mapping[int, float], node: Node) -> Mapping[int, float]:
    """Weights over the node's children that sum to 1; by number of options where the model gave nothing at all."""
    kept = {token: max(0.0, weights.get(token, 0.0)) for token in node.children}
    total = sum(kept.values())
    if total > 0:
        return {token: weight / total for token, weight in kept.items()}
    return {token: len(child.options) / len(node.options) for token, child in node.children.items()}
