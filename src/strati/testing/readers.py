"""The checker for readers."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise

from strati.knowledge.document import Document, faults
from strati.knowledge.locator import Locator
from strati.knowledge.reader import CharacterBoxes, Limits, Reader, Refused, label
from strati.testing.clauses import ContractError, hold
from strati.testing.words import lost_words

CUTS = 12
DEFAULT = Limits()


def check_reader(
    reader: Reader, samples: Iterable[tuple[str, bytes]], *, others: Sequence[bytes] = (), limits: Limits = DEFAULT
) -> list[Document]:
    """Does a reader keep its contract on these samples, given as (file name, bytes)? Returns what it read.

    The words of each sample, taken out by other means, are in passages or listed as left out. Each is read twice, then
    with its end cut off and with bytes changed; bytes of `others` must not be taken for its own. A damaged file may
    give a document or `Refused`, nothing else.

    Raises:
        ContractError: a clause is broken; the message names it.
    """
    hold(
        reader.name.isidentifier() and reader.name == reader.name.lower(), f"the name {reader.name!r} is no lower word"
    )
    hold(reader.version != "", "the reader has no version")
    found = [_check_sample(reader, name, data, limits) for name, data in samples]
    hold(bool(found), "no sample was given, expected at least one")
    for data in [b"", b"\0" * 64, bytes(range(256)), *others]:
        score = reader.sniff(data, "unknown")
        hold(score < 0.4, f"sniff gives {score} for bytes {data[:12]!r} of another format, expected less than .4")
    return found


def _check_sample(reader: Reader, name: str, data: bytes, limits: Limits) -> Document:
    score = reader.sniff(data, name)
    hold(0 < score <= 1, f"sniff gives {score} for the sample {name}, expected more than 0 and at most 1")
    document = reader.read(data, name, limits)
    for fault in faults(document):
        raise ContractError(f"{name}: {fault}")
    hold(document.name == name, f"{name}: the document is called {document.name!r}, expected the name it was given")
    hold(document.reader == label(reader), f"{name}: its reader is {document.reader!r}, expected {label(reader)!r}")
    hold(
        "/" in document.media_type,
        f"{name}: the media type is {document.media_type!r}, expected one such as text/plain",
    )
    hold(
        reader.read(data, name, limits) == document, f"{name}: read again it gives another document, expected the same"
    )
    lost = lost_words(document, data)
    hold(not lost, f"{name}: the words {', '.join(lost[:5])} are in no passage and not listed by Document.listed")
    _check_places(document)
    _check_boxes(reader, data, document)
    for number, damaged in enumerate(_damaged(data)):
        _check_damaged(reader, f"damaged {number} {name}", damaged, limits)
    return document


def _check_places(document: Document) -> None:
    """Every mark survives JSON and can be shown; a block with text has a place."""
    for mark in document.marks:
        hold(
            str(mark.locator) != "", f"{document.name}: the locator of characters {mark.start}-{mark.end} says nothing"
        )
        hold(
            Locator.from_json(mark.locator.to_json()) == mark.locator,
            f"{document.name}: {mark.locator} changes in JSON",
        )
    for block in document.blocks:
        hold(
            bool(document.places(block.start, block.end)),
            f"{document.name}: the block at {block.start} ({document.text[block.start :][:30]!r}) has no mark",
        )
    cues = [m.locator.seconds for m in document.marks if m.locator.seconds is not None and m.locator.page is None]
    hold(all(a <= b for a, b in pairwise(cues)), f"{document.name}: time codes go back")


def _check_boxes(reader: Reader, data: bytes, document: Document) -> None:
    if not isinstance(reader, CharacterBoxes) or not document.blocks:
        return
    start, end = document.blocks[0].start, document.blocks[0].end
    boxes = reader.boxes(data, document, start, end)
    hold(len(boxes) == end - start, f"{document.name}: {len(boxes)} boxes for {end - start} characters")
    shown = [box for box in boxes if box is not None]
    hold(bool(shown), f"{document.name}: no character of the first block has a box")
    for page, (left, top, right, bottom) in shown:
        hold(page >= 1 and left <= right and top <= bottom, f"{document.name}: a box is {left, top, right, bottom}")


def _damaged(data: bytes) -> list[bytes]:
    """The sample cut off and with bytes changed; the same at every call."""
    dice = random.Random(len(data))
    cut = [data[: dice.randrange(1, max(2, len(data)))] for _ in range(CUTS // 2)]
    changed = []
    for _ in range(CUTS // 2):
        piece = bytearray(data)
        for _ in range(max(1, len(data) // 1000)):
            piece[dice.randrange(len(data))] = dice.randrange(256)
        changed.append(bytes(piece))
    return cut + changed


def _check_damaged(reader: Reader, name: str, data: bytes, limits: Limits) -> None:
    try:
        reader.sniff(data, name)
        document = reader.read(data, name, limits)
    except Refused:
        return
    except Exception as error:
        raise ContractError(f"{name}: raised {type(error).__name__}: {error}; expected Refused") from error
    for fault in faults(document):
        raise ContractError(f"{name}: {fault}")
