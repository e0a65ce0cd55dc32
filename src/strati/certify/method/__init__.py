"""Certified stacks: choose thresholds on tune, test them on calibrate, promise an error rate. No input or output.

Read in the order of the data: `scored` (what rungs answered), `economics` (what it costs), `search` (settings on tune),
`starts` and `plan` (the path), `risk` (p-values and bounds), `walk` (the test itself), `outcomes` (what it can be
recomputed from), `tables` (what stands beside it) and `power` (how many labels it takes).
"""

from strati.certify.method.economics import Economics
from strati.certify.method.outcomes import outcome_rows, scored_from
from strati.certify.method.plan import Plan, make_plan, predicted_p
from strati.certify.method.power import chance_to_certify, labels_needed_for, labels_needed_to_certify, power_to_certify
from strati.certify.method.risk import (
    Promise,
    betting_p,
    betting_upper_bound,
    binomial_p,
    binomial_upper_bound,
    p_value,
)
from strati.certify.method.scored import Delivered, Scored, Setting, evaluate
from strati.certify.method.search import Estimate, front, orders
from strati.certify.method.tables import Row, class_table, group_table, table, upper_bound
from strati.certify.method.walk import Path, Start, Step, Walk, differences, walk

__all__ = [
    "Delivered",
    "Economics",
    "Estimate",
    "Path",
    "Plan",
    "Promise",
    "Row",
    "Scored",
    "Setting",
    "Start",
    "Step",
    "Walk",
    "betting_p",
    "betting_upper_bound",
    "binomial_p",
    "binomial_upper_bound",
    "chance_to_certify",
    "class_table",
    "differences",
    "evaluate",
    "front",
    "group_table",
    "labels_needed_for",
    "labels_needed_to_certify",
    "make_plan",
    "orders",
    "outcome_rows",
    "p_value",
    "power_to_certify",
    "predicted_p",
    "scored_from",
    "table",
    "upper_bound",
    "walk",
]
