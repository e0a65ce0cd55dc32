"""Intervals, paired tests, corrections for several tests, power. No input or output; one idea a file."""

from strati.statistics.calibration import brier_score, expected_calibration_error
from strati.statistics.contrast import contrast_interval, paired_interval
from strati.statistics.inference import Comparison, bar_p_values, compare, compare_both, quality_interval
from strati.statistics.interval import Interval
from strati.statistics.multiplicity import holm
from strati.statistics.paired import tango_interval, tango_p_values, tango_z
from strati.statistics.power import labels_needed
from strati.statistics.proportions import binomial_p_values, clopper_pearson
from strati.statistics.resampling import (
    Tails,
    Units,
    bca_interval,
    bounded_interval,
    difference_of,
    difference_tails,
    quality_tails,
    units_of,
)
from strati.statistics.selective import RiskCoverage, aurc, aurc_interval, risk_coverage
from strati.statistics.sequential import best_growth, confidence_sequence, log_capital, shown_above

__all__ = [
    "Comparison",
    "Interval",
    "RiskCoverage",
    "Tails",
    "Units",
    "aurc",
    "aurc_interval",
    "bar_p_values",
    "bca_interval",
    "best_growth",
    "binomial_p_values",
    "bounded_interval",
    "brier_score",
    "clopper_pearson",
    "compare",
    "compare_both",
    "confidence_sequence",
    "contrast_interval",
    "difference_of",
    "difference_tails",
    "expected_calibration_error",
    "holm",
    "labels_needed",
    "log_capital",
    "paired_interval",
    "quality_interval",
    "quality_tails",
    "risk_coverage",
    "shown_above",
    "tango_interval",
    "tango_p_values",
    "tango_z",
    "units_of",
]
