"""A trained extractor joins in: the spans that a stack of the kind `extract` finds become mentions, with its labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.context import Context
from strati.core.errors import TaskError
from strati.core.records import Case
from strati.knowledge.document import Document
from strati.knowledge.graph.segments import segments
from strati.stack.folder import load_stack

if TYPE_CHECKING:
    from strati.stack.stack import Stack

# What data sets call our types.
_TYPES = {
    "org": "organisation", "organization": "organisation", "corporation": "organisation", "company": "organisation",
    "per": "person", "pers": "person", "peop": "person", "loc": "place", "location": "place", "gpe": "place",
    "misc": "term", "other": "term", "product": "term", "creative-work": "term", "group": "organisation",
}  # fmt: skip


class Extractor:
    """Asks a stack, sentence by sentence. Stacks that need a language model are not taken: a build spends no tokens.

    Args:
        folder: the stack's folder.

    Raises:
        TaskError: the folder is no stack, or its stack needs a model.
    """

    def __init__(self, folder: str) -> None:
        path = Path(folder)
        if not path.is_dir():
            raise TaskError(f"graph.extractor is {folder!r}, expected the folder of a stack, such as ner.stack")
        try:
            self.stack: Stack = load_stack(path)
        except Exception as error:
            raise TaskError(f"graph.extractor: {folder} cannot be used: {error}") from error
        self.fingerprint = self.stack.fingerprint()

    def names(self, document: Document) -> Iterator[tuple[str, int, int]]:
        """Type and span of what is found, in order. Answers that a stack withholds are left out."""
        for sentence in segments(document):
            text = document.text[sentence.start : sentence.end]
            case = self.stack.run([Case("sentence", text)], Context())[0]
            value = case.answer.value if case.answer is not None else None
            for one in value.get("entities", ()) if isinstance(value, dict) else ():
                start, end = sentence.start + one["start"], sentence.start + one["end"]
                label = str(one["label"]).lower()
                if document.text[start:end].strip():
                    yield _TYPES.get(label, label), start, end
