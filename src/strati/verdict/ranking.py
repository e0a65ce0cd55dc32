"""How well a candidate's confidence ranks its answers: AURC with an interval, and the risk-coverage curve to draw."""

from __future__ import annotations

import numpy as np

from strati.core.records import JSON
from strati.measure.results import Result, Results
from strati.statistics import aurc_interval, risk_coverage

DRAWS = 100  # of the bootstrap: the interval is looked at, it decides nothing
POINTS = 40  # of the curve, in the verdict


def aurc_row(result: Result, results: Results) -> dict[str, JSON] | None:
    """AURC over the test examples that it was asked; None where it gives no confidence."""
    places = np.flatnonzero(result.measured)
    confidence = result.answers.confidence[places]
    if not len(places) or np.isnan(confidence).all():
        return None
    loss = result.losses(results.references, results.metric)[places]
    found = aurc_interval(confidence, loss, 1 - results.goal.alpha, int(results.meta["seed"]), DRAWS)
    curve = risk_coverage(confidence, loss)
    kept = np.unique(np.linspace(0, len(curve.coverage) - 1, POINTS).round().astype(int))
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "method": found.method,
        "coverage": curve.coverage[kept].tolist(),
        "risk": curve.risk[kept].tolist(),
    }
