"""A small made-up corpus: short messages to a shop, four labels, every text different, always the same."""

from __future__ import annotations

from itertools import product

from strati.core.records import Case, Example
from strati.data import Dataset
from strati.models.contract import Prompt

LABELS = ("delivery", "invoice", "refund", "repair")
_TEMPLATES = {
    "delivery": (
        ("the parcel with my {thing} {when} has not arrived", "where is the courier with the {thing} {when}"),
        ("sofa", "lamp", "desk", "chair", "shelf"),
    ),
    "invoice": (
        ("please send the invoice for the {thing} {when}", "the bill for my {thing} shows a wrong tax {when}"),
        ("sofa", "lamp", "desk", "chair", "shelf"),
    ),
    "refund": (
        ("i want my money back for the {thing} {when}", "when do i get the refund for the {thing} {when}"),
        ("sofa", "lamp", "desk", "chair", "shelf"),
    ),
    "repair": (
        ("a leg of the {thing} broke {when}", "my {thing} is damaged and needs fixing {when}"),
        ("sofa", "lamp", "desk", "chair", "shelf"),
    ),
}
_WHEN = ("since monday", "ordered last week", "from the spring sale")


def examples() -> list[Example]:
    """120 examples, 30 a label, the labels in turn."""
    texts = {
        label: [form.format(thing=thing, when=when) for form, thing, when in product(forms, things, _WHEN)]
        for label, (forms, things) in _TEMPLATES.items()
    }
    rows = [(texts[label][n], label) for n in range(30) for label in LABELS]
    return [Example(f"e{n:03d}", text, label, row=n + 1) for n, (text, label) in enumerate(rows)]


def parts() -> tuple[list[Example], list[Example], list[Case]]:
    """Train (80), tune (32) and a few open cases (8), each with all labels."""
    everything = examples()
    mixed = [everything[(n * 47) % 120] for n in range(120)]
    return mixed[:80], mixed[80:112], [Case.of(example) for example in mixed[112:]]


def dataset(rows: list[Example] | None = None, source: str = "messages.csv") -> Dataset:
    """The corpus as a file that was read."""
    return Dataset(tuple(examples() if rows is None else rows), source, "csv", "utf-8", "0" * 64)


def reply(prompt: Prompt) -> str:
    """What a language model that is mostly right would say; it takes broken things for deliveries."""
    text = prompt.user.rsplit("Text:", 1)[-1]
    if "invoice" in text or "bill" in text:
        return "invoice"
    if "money" in text or "refund" in text:
        return "refund"
    return "delivery"
