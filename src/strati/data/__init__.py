"""Labelled data: read it, check it, split it, and remember which labels were used."""

from strati.data.data import Cut, Dataset, Peek, Skipped, head, sample
from strati.data.doctor.examine import examine, stop
from strati.data.doctor.finding import DataFinding
from strati.data.guess import Guess, guess_columns
from strati.data.ledger import Ledger, Overlap, Use
from strati.data.normal import dataset_fingerprint, label_hash
from strati.data.reading import peek, read
from strati.data.splits import Splits, Unit, plan

__all__ = [
    "Cut",
    "DataFinding",
    "Dataset",
    "Guess",
    "Ledger",
    "Overlap",
    "Peek",
    "Skipped",
    "Splits",
    "Unit",
    "Use",
    "dataset_fingerprint",
    "examine",
    "guess_columns",
    "head",
    "label_hash",
    "peek",
    "plan",
    "read",
    "sample",
    "stop",
]
