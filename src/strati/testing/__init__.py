"""The published checkers: do my layer, check, model, embedder or reader keep their contract?

>>> from strati.kinds.classify.majority import Majority
>>> from strati.core.records import Case, Example
>>> train = [Example("1", "buy now", "spam"), Example("2", "see you", "ham"), Example("3", "at noon", "ham")]
>>> check_layer(Majority(), [Case("4", "hello"), Case("5", "bye")], train=train).value
'ham'
"""

from strati.testing.checks import check_check
from strati.testing.clauses import ContractError
from strati.testing.layers import check_layer
from strati.testing.models import check_embedder, check_model
from strati.testing.readers import check_reader
from strati.testing.words import kept_words, lost_words

__all__ = [
    "ContractError",
    "check_check",
    "check_embedder",
    "check_layer",
    "check_model",
    "check_reader",
    "kept_words",
    "lost_words",
]
