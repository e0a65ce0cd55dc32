from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.errors import ModelError
from strati.models.local.prefix_tree import END, REMAINDER, Path, build, probabilities


class Table:
    """A scorer that looks up weights and counts what it was asked."""

    def __init__(self, table: Mapping[Path, Mapping[int, float]]) -> None:
        self.table = table
        self.asked: list[Path] = []

    def __call__(self, path: Path, allowed: Sequence[int]) -> Mapping[int, float]:
        self.asked.append(path)
        return {token: weight for token, weight in self.table[path].items() if token in allowed}


def test_one_branching_node_is_one_question() -> None:
    table = Table({(): {1: 0.2, 2: 0.6, 9: 0.2}})
    assert probabilities(build([(1, 5, 6), (2,)], ["a", "b"]), table) == pytest.approx((0.25, 0.75))
    assert table.asked == [()]


def test_a_common_beginning_costs_nothing() -> None:
    table = Table({(7, 8): {1: 0.5, 2: 0.5}})
    assert probabilities(build([(7, 8, 1, 3), (7, 8, 2, 3)], ["a", "b"]), table) == pytest.approx((0.5, 0.5))
    assert table.asked == [(7, 8)]


def test_probabilities_multiply_along_the_path() -> None:
    table = Table({(): {1: 0.6, 2: 0.4}, (1,): {3: 0.75, 4: 0.25}})
    assert probabilities(build([(1, 3), (1, 4), (2,)], ["a", "b", "c"]), table) == pytest.approx((0.45, 0.15, 0.4))


def test_an_option_that_begins_another_ends_with_the_end_marker() -> None:
    table = Table({(1,): {END: 0.1, 2: 0.3, 5: 0.6}})
    assert probabilities(build([(1,), (1, 2)], ["card", "card lost"]), table) == pytest.approx((0.25, 0.75))


def test_a_light_node_is_not_looked_at_and_its_share_is_divided_equally() -> None:
    table = Table({(): {1: 0.996, 2: 0.004}})
    assert probabilities(build([(1,), (2, 3), (2, 4)], ["a", "b", "c"]), table) == pytest.approx((0.996, 0.002, 0.002))
    assert table.asked == [()]


def test_the_heaviest_node_is_looked_at_first_and_the_limit_is_kept() -> None:
    table = Table({(): {1: 0.3, 2: 0.7}, (2,): {3: 1.0, 4: 3.0}, (1,): {5: 1.0, 6: 0.0}})
    tree = build([(1, 5), (1, 6), (2, 3), (2, 4)], ["a", "b", "c", "d"])
    assert probabilities(tree, table, max_expansions=2) == pytest.approx((0.15, 0.15, 0.175, 0.525))
    assert table.asked == [(), (2,)]


def test_a_light_node_is_looked_at_while_it_may_hold_the_winner() -> None:
    many = [(1, n) for n in range(10, 410)]
    table = Table({(): {1: 0.997, 2: 0.003}, (1,): dict.fromkeys(range(10, 410), 1.0), (2,): {3: 1.0, 4: 0.0}})
    found = probabilities(build([*many, (2, 3), (2, 4)], [str(n) for n in range(402)]), table)
    assert found.index(max(found)) == 400
    assert found[400] == pytest.approx(0.003)


def test_no_weight_at_all_is_shared_by_number_of_options() -> None:
    table = Table({(): {}, (1,): {}})
    assert probabilities(build([(1, 2), (1, 3), (4,)], ["a", "b", "c"]), table) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_a_single_option_is_certain() -> None:
    assert probabilities(build([(1, 2)], ["a"]), Table({})) == (1.0,)


@pytest.mark.parametrize(
    ("tokens", "options", "word"),
    [([], [], "no options"), ([()], [""], "no tokens"), ([(1, 2), (1, 2)], ["a", "a "], "'a' and 'a '")],
)
def test_bad_options(tokens: list[Path], options: list[str], word: str) -> None:
    with pytest.raises(ModelError, match=word):
        build(tokens, options)


sequences = st.lists(
    st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), min_size=1, max_size=12, unique=True
)


@given(sequences, st.integers(0, 2**32))
def test_the_product_of_conditionals_but_for_the_share_left_undivided(tokens: list[Path], salt: int) -> None:
    def weight(path: Path, token: int) -> float:
        return 1.0 + hash((salt, path, token)) % 7

    def expected(option: Path) -> float:
        value = 1.0
        for depth, token in enumerate((*option, END)):
            path = option[:depth]
            allowed = {(*other, END)[depth] for other in tokens if other[:depth] == path}
            value *= weight(path, token) / sum(weight(path, other) for other in allowed)
        return value

    names = [str(option) for option in tokens]
    found = probabilities(build(tokens, names), lambda path, allowed: {t: weight(path, t) for t in allowed}, 1000)
    assert sum(found) == pytest.approx(1.0)
    assert sum(abs(a - expected(b)) for a, b in zip(found, tokens, strict=True)) <= 2 * REMAINDER
