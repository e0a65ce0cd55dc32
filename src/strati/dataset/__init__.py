"""Labelled data: read it, check it, split it, and remember which labels were used."""

from strati.dataset.data import Cut, Dataset, Peek, Skipped, head, sample
from strati.dataset.doctor import examine, stop
from strati.dataset.finding import DataFinding
from strati.dataset.guess import Guess, guess_columns
from strati.dataset.ledger import Ledger, Overlap, Use
from strati.dataset.normal import dataset_fingerprint, label_hash
from strati.dataset.reading import peek, read
from strati.dataset.splits import Splits, Unit, plan

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
