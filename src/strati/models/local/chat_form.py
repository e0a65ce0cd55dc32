"""From a `Prompt` to token ids: a fixed head that an engine can keep, then the case and the template's tail.

The template is rendered once with marks in place of the contents; the contents are tokenised apart from it. So a text
that contains a control token such as `<|im_end|>` stays text, and the head's tokens are the same for every case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from strati.core.errors import LayerDown
from strati.models.contract import Prompt

Ids = tuple[int, ...]


class Tokenizer(Protocol):
    """What is needed of an engine here."""

    def tokens(self, text: str, special: bool = False, start: bool = False) -> Ids: ...

    def render(self, messages: Sequence[Mapping[str, str]]) -> str: ...


@dataclass(frozen=True, slots=True)
class Tokens:
    """A prompt as token ids: `head` (system and prefix: the same for every case) and `rest` (case and tail).

    Shots are often each case's own, so with shots the head ends before them.
    """

    head: Ids
    rest: Ids

    @property
    def all(self) -> Ids:
        return self.head + self.rest


class ChatForm:
    """Turns prompts and options into token ids by a model's chat template.

    Without a template (a base model) the form is plain text: system, each shot as `user`, `Answer: reply`, then
    `prefix + user` and `Answer:`.
    """

    def __init__(self, tokenizer: Tokenizer, chat: bool) -> None:
        self._tokenizer = tokenizer
        self._chat = chat
        self._blank = "" if chat else " "
        self._head = lru_cache(maxsize=64)(self._tokenise_head)
        self._skeleton = lru_cache(maxsize=64)(self._render_skeleton)
        self._options = lru_cache(maxsize=256)(self._tokenise_options)
        self._template = lru_cache(maxsize=256)(self._tokenise_template)
        self.ends = self._find_ends()

    def prompt(self, prompt: Prompt) -> Tokens:
        """The token ids of a prompt."""
        pieces = self._skeleton(len(prompt.shots), bool(prompt.system))
        head, kept = self._head(prompt.system, "" if prompt.shots else prompt.prefix, pieces[: 1 + bool(prompt.system)])
        if not prompt.shots:
            return Tokens(head, self._follow(kept + prompt.user) + self._template(pieces[-1]))
        rest: Ids = ()
        turns = [text for user, reply in prompt.shots for text in (user, self._blank + reply)]
        for content, piece in zip(turns, pieces[1 + bool(prompt.system) : -1], strict=True):
            rest += self._follow(content) + self._template(piece)
        return Tokens(head, rest + self._follow(prompt.prefix + prompt.user) + self._template(pieces[-1]))

    def options(self, options: tuple[str, ...]) -> tuple[Ids, ...]:
        """The token ids of each option where the reply begins."""
        return self._options(options)

    def reply(self, text: str) -> str:
        """A generated text without the blank that belongs to the plain form."""
        return text.removeprefix(self._blank)

    @property
    def stop(self) -> list[str]:
        """Texts that end a reply beside the model's own end tokens."""
        return [] if self._chat else ["\n\n"]

    def _tokenise_head(self, system: str, prefix: str, pieces: tuple[str, ...]) -> tuple[Ids, str]:
        """The head, and the blanks at its end, which belong to the first word of the case.

        `pieces` are the template's text before the system message, if there is one, and after it.
        """
        bare = prefix.rstrip(" \t")
        ids: Ids = self._template(pieces[0], start=True)
        if system:
            ids += self._follow(system) + self._template(pieces[1])
        return ids + self._follow(bare), prefix[len(bare) :]

    def _render_skeleton(self, shots: int, system: bool) -> tuple[str, ...]:
        """The template's own text before, between and after the contents: system, (user, reply) per shot, user."""
        marks = [f"@@{number}@@" for number in range(system + 2 * shots + 1)]
        turns = marks[system:]
        roles = [{"role": ("user", "assistant")[n % 2], "content": mark} for n, mark in enumerate(turns)]
        if not self._chat:
            return self._plain(system, shots)
        forms = [[{"role": "system", "content": marks[0]}, *roles]] if system else [roles]
        if system:
            folded = {"role": "user", "content": f"{marks[0]}\n\n{turns[0]}"}
            forms.append([folded, *roles[1:]])
        for messages in forms:
            try:
                pieces = _split(self._tokenizer.render(messages), marks)
            except LayerDown:
                continue
            if pieces:
                return pieces
        return self._plain(system, shots)

    def _plain(self, system: bool, shots: int) -> tuple[str, ...]:
        before = ("", "\n\n") if system else ("",)
        return (*before, *(("\nAnswer:", "\n\n") * shots), "\nAnswer:")

    def _tokenise_options(self, options: tuple[str, ...]) -> tuple[Ids, ...]:
        tail = self._skeleton(0, False)[-1]
        before = self._template(tail)
        found = []
        for option in options:
            ids = self._tokenizer.tokens(tail + self._blank + option, special=True)
            inside = ids[: len(before)] == before
            found.append(ids[len(before) :] if inside else self._tokenizer.tokens(self._blank + option))
        return tuple(found)

    def _find_ends(self) -> Ids:
        """The tokens that end a reply: what the template puts after one."""
        if not self._chat:
            texts = ["\n", "\n\n"]
        else:
            after = self._skeleton(1, False)[2]
            texts = [after, after.lstrip()]
        first = [self._tokenizer.tokens(text, special=True)[:1] for text in texts if text]
        return tuple(dict.fromkeys(token for ids in first for token in ids))

    def _tokenise_template(self, text: str, start: bool = False) -> Ids:
        return self._tokenizer.tokens(text, special=True, start=start) if text or start else ()

    def _follow(self, text: str) -> Ids:
        """The tokens of a content as it follows other text: after a line break, where that makes no difference.

        Some tokenizers put a blank before the first word of whatever they are given.
        """
        if not text:
            return ()
        anchor = self._template("\n")
        ids = self._tokenizer.tokens("\n" + text)
        return ids[len(anchor) :] if ids[: len(anchor)] == anchor else self._tokenizer.tokens(text)


def _split(text: str, marks: Sequence[str]) -> tuple[str, ...] | None:
    """The text around the marks; None when one is missing, doubled or out of order."""
    pieces = []
    for mark in marks:
        before, found, text = text.partition(mark)
        if not found or mark in text:
            return None
        pieces.append(before)
    return (*pieces, text)
