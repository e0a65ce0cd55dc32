"""Certified stacks: choose thresholds on tune, test them on calibrate, promise an error rate. No input or output.

Read in the order of the data: `scored` (what rungs answered), `economics` (what it costs), `search` (settings on tune),
`starts` and `plan` (the path), `risk` (p-values and bounds) and `walk` (the test itself).
"""

from strati.certify.economics import Economics
from strati.certify.plan import Plan, make_plan, predicted_p
from strati.certify.risk import (
    Promise,
    betting_p,
    betting_upper_bound,
    binomial_p,
    binomial_upper_bound,
    expected_cost_bound,
    p_value,
)
from strati.certify.scored import Delivered, Scored, Setting, evaluate
from strati.certify.search import Estimate, front, orders, pareto
from strati.certify.walk import Path, Start, Step, Walk, differences, walk

__all__ = [
    "Delivered",
    "Economics",
    "Estimate",
    "Path",
    "Plan",
    "Promise",
    "Scored",
    "Setting",
    "Start",
    "Step",
    "Walk",
    "betting_p",
    "betting_upper_bound",
    "binomial_p",
    "binomial_upper_bound",
    "differences",
    "evaluate",
    "expected_cost_bound",
    "front",
    "make_plan",
    "orders",
    "p_value",
    "pareto",
    "predicted_p",
    "walk",
]
