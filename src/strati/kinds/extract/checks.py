"""What the data doctor looks for in spans and fields."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from strati.data.doctor.finding import DataFinding, Severity, first, some
from strati.kinds.extract.values import Extraction

if TYPE_CHECKING:
    from strati.data.doctor.look import Look

RARE = 10  # entities of a label
_TWO_LABELS = 0.2  # share of a surface's entities that must have another label than most
LEAST_ROWS = 20


def check_spans(look: Look) -> Iterator[DataFinding]:
    """Spans outside the text, spans that cut words or begin with blanks, one surface with two labels, rare labels."""
    yield from _enough(look)
    outside, cut, blank = [], [], []
    labels: Counter[str] = Counter()
    surfaces: defaultdict[str, Counter[str]] = defaultdict(Counter)
    total = 0
    for part, dataset in look.datasets.items():
        for example in dataset.examples:
            text = example.text
            for one in Extraction.from_json(example.reference).entities:
                total += 1
                labels[one.label] += 1
                if one.end > len(text):
                    outside.append(look.row(part, example))
                    continue
                surface = text[one.start : one.end]
                surfaces[surface][one.label] += 1
                if surface != surface.strip():
                    blank.append(look.row(part, example))
                elif _inside_a_word(text, one.start) or _inside_a_word(text, one.end):
                    cut.append(look.row(part, example))
    if outside:
        message = f"{len(outside):,} spans end outside of their text"
        yield DataFinding("span_outside", "stop", message, first(dict.fromkeys(outside)), len(outside),
                          "check that offsets count characters of this text, not bytes or tokens")  # fmt: skip
    if cut:
        severity: Severity = "stop" if len(cut) > 0.1 * max(1, total) else "warning"
        message = f"{len(cut):,} of {total:,} spans begin or end inside a word"
        yield DataFinding("span_cuts_word", severity, message, first(dict.fromkeys(cut)), len(cut),
                          "check that offsets count characters; a part of a word is rarely a name")  # fmt: skip
    if blank:
        message = f"{len(blank):,} spans begin or end with a blank"
        yield DataFinding("span_with_blank", "note", message, first(dict.fromkeys(blank)), len(blank), "trim them")
    yield from _two_labels(surfaces)
    rare = sorted(label for label, count in labels.items() if count < RARE)
    if rare:
        message = f"{len(rare)} of {len(labels)} labels have fewer than {RARE} spans: {some(rare)}"
        yield DataFinding("rare_labels", "note", message, (), len(rare), "figures for these labels say little")


def _enough(look: Look) -> Iterator[DataFinding]:
    for dataset in look.datasets.values():
        if len(dataset) < LEAST_ROWS:
            message = f"{dataset.source} has {len(dataset)} usable rows, expected at least {LEAST_ROWS}"
            yield DataFinding("too_few_rows", "stop", message, (), len(dataset), "label more rows")
        empty = not any(_holds(example.reference) for example in dataset.examples)
        if empty:
            message = f"no row of {dataset.source} has an entity or a field with a value"
            yield DataFinding("nothing_labelled", "stop", message, (), len(dataset), "check the column with the spans")


def _holds(reference: object) -> bool:
    found = Extraction.from_json(reference)
    return bool(found.entities) or any(found.fields.values() if found.fields else ())


def _inside_a_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _two_labels(surfaces: dict[str, Counter[str]]) -> Iterator[DataFinding]:
    unclear = {
        surface: labels
        for surface, labels in surfaces.items()
        if len(labels) > 1 and sum(labels.values()) - max(labels.values()) >= _TWO_LABELS * sum(labels.values())
    }
    if unclear:
        order = sorted(unclear, key=lambda surface: (-sum(unclear[surface].values()), surface))
        shown = [
            f"{surface} ({', '.join(f'{label} {n}' for label, n in unclear[surface].most_common())})"
            for surface in order
        ]
        message = f"{len(unclear):,} texts carry two labels: {some(shown, 3)}"
        yield DataFinding(
            "two_labels", "note", message, (), len(unclear), "check that the labels are told apart the same way"
        )
