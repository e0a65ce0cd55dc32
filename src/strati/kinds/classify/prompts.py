"""Forms of prompt for choosing a label. Which one suits a model is found on tune, never assumed.

A form gives the parts that are the same for every case (instructions and the list of labels), the part with the case
and its shots, and how a label is written in it.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from strati.core.records import Evidence
from strati.models.contract import Prompt

SHOT_CHARACTERS = 160  # longer shots are cut to this and end with "..."; the case itself is never cut
ALL_SHOTS_CHARACTERS = 480  # of several long shots the least similar are left out beyond this sum
MOST_LISTED = 150  # labels listed in a prompt; beyond it only the short-list is named, beside the case


@dataclass(frozen=True, slots=True)
class PromptForm:
    """One way to ask.

    Attributes:
        name: how reports call it.
        system: instructions as a system message; may hold {task} and {labels}.
        prefix: the fixed beginning of the user message; may hold {task}, {labels} and {inline} (on one line).
        case: the part with the text: {text}; in a shot the label follows it.
        letters: whether the options are letters that stand for labels.
        turns: whether shots are earlier turns of the chat, answered by the model; else they stand before the text.
    """

    name: str
    system: str
    prefix: str
    case: str
    letters: bool = False
    turns: bool = False


LIST = "{task}\nAnswer with exactly one of these labels and nothing else:\n{labels}"
FORMS = {
    form.name: form
    for form in (
        PromptForm("list", LIST, "", "Text: {text}\nLabel:"),
        PromptForm("turns", LIST, "", "Text: {text}\nLabel:", turns=True),
        PromptForm(
            "question",
            "",
            "{task}\nWhich of these categories fits the text: {inline}?\n\n",
            "Text: {text}\nCategory:",
        ),
        PromptForm(
            "letters",
            "{task}\nAnswer with the letter of the right option and nothing else:\n{labels}",
            "",
            "Text: {text}\nLetter:",
            letters=True,
        ),
    )
}


@lru_cache(maxsize=4096)  # each prompt has all labels
def spoken(label: str) -> str:
    """A label as a model would say it: blanks for underscores and for inner capitals.

    >>> spoken("lost_or_stolen_card"), spoken("LostCard"), spoken("NASA")
    ('lost or stolen card', 'lost card', 'NASA')
    """
    text = label.replace("_", " ").strip()
    if " " not in text and not text.isupper() and any(letter.isupper() for letter in text[1:]):
        text = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in text).strip()
    return text or label


def options(form: PromptForm, labels: Sequence[str]) -> list[str]:
    """What the model may reply, one per label; labels that would read alike keep their own spelling."""
    if form.letters:
        return list(string.ascii_uppercase[: len(labels)])
    said = [spoken(label) for label in labels]
    return said if len(set(said)) == len(said) else list(labels)


def render(
    form: PromptForm,
    task: str,
    labels: Sequence[str],
    text: str,
    shots: Sequence[Evidence] = (),
    shortlist: Sequence[str] = (),
) -> Prompt:
    """The prompt for one case. `shots` come nearest first and are shown nearest last, next to the case."""
    words = dict(zip(labels, options(form, labels), strict=True))
    listed = labels if len(labels) <= MOST_LISTED else ()
    lines = "\n".join(f"{word}) {spoken(label)}" if form.letters else f"- {word}" for label, word in words.items())
    inline = ", ".join(words[label] for label in listed) or "(listed below)"
    fill = {"task": task, "labels": lines if listed else "(listed with each text)", "inline": inline}
    shown = [(_clipped(shot.text), words.get(str(shot.data["value"]), "")) for shot in shots]
    sizes = accumulate(len(shot) for shot, _ in shown)
    kept = [
        turn
        for place, (turn, size) in enumerate(zip(shown, sizes, strict=True))
        if not place or size <= ALL_SHOTS_CHARACTERS
    ]
    turns = tuple((form.case.format(text=shot), word) for shot, word in reversed(kept))
    parts = [] if form.turns else [f"{asked} {word}\n\n" for asked, word in turns]
    if shortlist and not listed:
        parts.append("Possible labels: " + ", ".join(words[label] for label in shortlist) + "\n")
    parts.append(form.case.format(text=text))
    system, prefix = form.system.format(**fill), form.prefix.format(**fill)
    return Prompt("".join(parts), system, prefix, turns if form.turns else ())


def _clipped(text: str) -> str:
    return text if len(text) <= SHOT_CHARACTERS else text[: SHOT_CHARACTERS - 3] + "..."
