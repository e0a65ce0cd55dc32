"""A draft as Markdown: headings, sentences with the number of their source, and the list of sources."""

from __future__ import annotations

from collections.abc import Sequence

from strati.write.draft.record import Cited, DraftRecord, Written

SOURCES = "Sources"
NOTHING = "Nothing in the sources on"
_ENDS = (".", "?", "!", "？", "！", "。")


def markdown(record: DraftRecord, numbers: Numbers) -> str:
    """The document. Sentences for one point make a paragraph; a point without sources is told in its place."""
    lines = [f"# {record.title}", ""] if record.title else []
    for section in record.sections:
        if section.heading:
            lines += [f"{'#' * max(section.level, 2 if record.title else 1)} {section.heading}", ""]
        for point in dict.fromkeys(one.point for one in section.sentences):
            said = [cited_text(one, numbers) for one in section.sentences if one.point == point]
            lines += [" ".join(said), ""]
        lines += [f"*{NOTHING}: {point}{'' if point.endswith(_ENDS) else '.'}*\n" for point in section.missing]
    return "\n".join([*lines, *sources(numbers)]).rstrip("\n") + "\n"


class Numbers:
    """Places get a number each, in the order in which they are first cited; those given have theirs already."""

    def __init__(self, places: Sequence[str] = ()) -> None:
        self.places = {place: number for number, place in enumerate(places, 1)}

    def of(self, cited: Cited) -> int:
        return self.places.setdefault(cited.place, len(self.places) + 1)


def cited_text(written: Written, numbers: Numbers) -> str:
    """A sentence with its numbers before the full stop: "The lease ends in May [1]." """
    marks = "".join(f"[{number}]" for number in dict.fromkeys(numbers.of(one) for one in written.cited))
    text = written.text
    body = text.rstrip(".!。！")
    return f"{_literal(body)} {marks}{text[len(body) :]}"


def sources(numbers: Numbers) -> list[str]:
    """The list at the end."""
    if not numbers.places:
        return []
    return [f"## {SOURCES}", "", *(f"{number}. {place}" for place, number in numbers.places.items())]


def _literal(text: str) -> str:
    """Signs that Markdown would take for markup."""
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("<", "\\<").replace("`", "\\`").replace("[", "\\[")
