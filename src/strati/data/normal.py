"""Normal forms: under which two texts, or two labels, count as the same."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable

from strati.core.records import Example


def normal_text(text: str) -> str:
    """A text without differences of case, blanks and Unicode form.

    >>> normal_text("  Where is\\n MY card? ")
    'where is my card?'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def normal_label(label: str) -> str:
    """A label without case and without any blanks.

    >>> normal_label("Card Arrival ") == normal_label("cardarrival")
    True
    """
    return "".join(unicodedata.normalize("NFKC", label).casefold().split())


def label_keys(examples: Iterable[Example]) -> list[bytes]:
    """The SHA-256 of each labelled input: its normal text and its reference, whatever its id, row and file."""
    return [hashlib.sha256(_labelled(example).encode("utf-8", "surrogatepass")).digest() for example in examples]


def label_hash(examples: Iterable[Example]) -> str:
    """The name of a set of labels: independent of file name, row order and ids; 64 hexadecimal digits."""
    return hashlib.sha256(b"".join(sorted(label_keys(examples)))).hexdigest()


def dataset_fingerprint(examples: Iterable[Example]) -> str:
    """A SHA-256 over all that strati uses of the examples, in their order; 64 hexadecimal digits."""
    total = hashlib.sha256()
    for example in examples:
        inputs = example.input if isinstance(example.input, str) else dict(example.input)
        fields = [example.id, inputs, example.reference, example.group, example.time]
        total.update(json.dumps(fields, sort_keys=True).encode() + b"\n")
    return total.hexdigest()


def _labelled(example: Example) -> str:
    return normal_text(example.text) + "\0" + json.dumps(example.reference, sort_keys=True)
