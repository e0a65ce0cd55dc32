"""How well confidences match what happens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def expected_calibration_error(confidence: NDArray[np.float64], right: NDArray[np.float64], bins: int = 10) -> float:
    """The mean gap between confidence and share right over equal-width bins, weighted by size; NaN for no examples.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 2. It depends on the bins and is
    above 0 for a perfect model on few examples, so read it beside the Brier score.
    """
    if len(confidence) == 0:
        return float("nan")
    place = np.minimum((np.asarray(confidence) * bins).astype(int), bins - 1)
    gap = np.bincount(place, weights=np.asarray(confidence) - np.asarray(right), minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def brier_score(confidence: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """The mean squared gap between confidence and outcome (Brier, Monthly Weather Review 78, 1950); NaN for none."""
    if len(confidence) == 0:
        return float("nan")
    return float(np.mean((np.asarray(confidence) - np.asarray(right)) ** 2))
