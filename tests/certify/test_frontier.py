from __future__ import annotations

from strati.certify.compose.frontier import thinned, useful, widest
from strati.certify.method import Estimate, Setting


def estimate(cost: float, n: int) -> Estimate:
    return Estimate(Setting((0,), (0.5,)), n, 0.0, 10, cost, cost)


def test_only_what_no_other_beats_in_cost_and_share_is_kept() -> None:
    cheap, dear, beaten, tied = estimate(1, 4), estimate(3, 9), estimate(2, 4), estimate(3, 8)
    assert widest([dear, beaten, tied, cheap]) == [cheap, dear]
    assert widest([]) == []
    assert widest([estimate(1, 0)]) == []


def test_thinning_keeps_both_ends() -> None:
    many = [estimate(n, n) for n in range(11)]
    assert [e.n for e in thinned(many, 3)] == [0, 5, 10]
    assert thinned(many, 11) == many


def test_what_was_hardly_seen_or_never_delivers_in_a_stage_is_left_out() -> None:
    both = Setting((0, 1), (0.5, 0.6))
    assert useful(Estimate(both, 20, 0.0, 30, 1.0, 1.0))
    assert not useful(Estimate(both, 20, 0.0, 29, 1.0, 1.0))
    assert not useful(Estimate(Setting((0, 1), (0.5, 2.0)), 20, 0.0, 30, 1.0, 1.0))
