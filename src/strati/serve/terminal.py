"""`strati review`: the queue in a terminal, one item at a time, one line a decision."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from strati.core.errors import DataError
from strati.serve.people import shown
from strati.serve.queue.reviews import Reviews
from strati.serve.records import Action, Item

if TYPE_CHECKING:
    from rich.console import Console

HELP = """\
  1 to 9   the answer with this number       =TEXT  another answer
  p        show what the layers propose      a      accept it
  r        there is no right answer          s      skip, it comes later
  c TEXT   a comment for this item           u      undo the last decision
  ?        this list                         q      leave
"""


class Terminal:
    """A reviewer at a terminal.

    Args:
        reviews: the queue.
        who: the reviewer's name.
        console: where to write.
        ask: gives the next line, as `input` does; raises EOFError at the end.
        models: only these, or all.
        look_first: the proposal is covered until it was asked for.
    """

    def __init__(
        self,
        reviews: Reviews,
        who: str,
        console: Console,
        ask: Callable[[str], str] = input,
        models: Sequence[str] | None = None,
        look_first: bool = True,
    ) -> None:
        self.reviews = reviews
        self.who = who
        self.console = console
        self.ask = ask
        self.models = models
        self.look_first = look_first
        self.decided = 0
        self._began = 0.0

    def run(self) -> int:
        """Review until nothing waits or the reviewer leaves; returns how many items were decided."""
        try:
            while (item := self.reviews.lease(self.who, self.models)) is not None:
                if not self._one(item):
                    break
                self.reviews.release()
            else:
                self.console.print("Nothing waits for you.")
        except (EOFError, KeyboardInterrupt):
            self.console.print()
        self._let_out()
        return self.decided

    def _let_out(self) -> None:
        """What was decided here is released, also where no service runs."""
        while self.reviews.undoable(self.who) is not None:
            time.sleep(0.05)
        self.reviews.release()

    def _one(self, item: Item) -> bool:
        """One item; false when the reviewer leaves."""
        self._show(item)
        seen, comment = not self.look_first, ""
        while True:
            line = self.ask("> ").strip()
            word, _, rest = line.partition(" ")
            if word == "q":
                self.reviews.skip(item.ticket, item.lease)
                return False
            if word == "?":
                self.console.print(HELP, markup=False, highlight=False)
            elif word == "p":
                seen = self._propose(item)
            elif word == "c":
                comment = rest
            elif word == "u":
                if self._undo(item):
                    return True
            elif word == "s":
                self.reviews.skip(item.ticket, item.lease)
                return True
            elif word == "a" and not seen:
                seen = self._propose(item)
                self.console.print("Accept it with another a.")
            elif self._decide(item, line, comment, seen=seen):
                return True

    def _undo(self, item: Item) -> bool:
        self.reviews.skip(item.ticket, item.lease)
        if self.reviews.undo(self.who) is None:
            self.console.print("The last decision is out already, so it cannot be undone.")
            self.reviews.lease(self.who, ticket=item.ticket)
            return False
        self.decided -= 1
        return True

    def _decide(self, item: Item, line: str, comment: str, *, seen: bool) -> bool:
        action, answer = self._read(item, line)
        if action is None:
            self.console.print(f"{line!r} is no answer here; ? lists the keys.", markup=False)
            return False
        shown = {"proposal": seen, "where": "terminal", "seconds": round(time.monotonic() - self._began, 1)}
        try:
            made = self.reviews.decide(item.ticket, item.lease, action, answer, comment, shown)
        except DataError as error:
            self.console.print(str(error), markup=False)
            return False
        self.decided += 1
        said = "no right answer" if made.answer is None else str(made.answer)
        self.console.print(f"Decided: {said}. It goes out in {self.reviews.grace:g} s; u undoes it.\n", markup=False)
        return True

    @staticmethod
    def _read(item: Item, line: str) -> tuple[Action | None, str | None]:
        if line == "a" and item.proposal is not None:
            return Action.ACCEPT, None
        if line == "r":
            return Action.REJECT, None
        if line.startswith("=") and line[1:].strip():
            return Action.EDIT, line[1:].strip()
        if line.isdigit() and 1 <= int(line) <= len(item.labels):
            return Action.EDIT, item.labels[int(line) - 1]
        if line in item.labels:
            return Action.EDIT, line
        return None, None

    def _show(self, item: Item) -> None:
        self._began = time.monotonic()
        left = self.reviews.count(self.models)
        why = item.why_covered if self.look_first and not item.blind else item.why
        self.console.rule(f"{item.model}, {left} waiting")
        self.console.print(f"{why[:1].upper()}{why[1:]}.\n", markup=False, style="dim")
        self.console.print(_plain(item.text), markup=False, highlight=False)
        self.console.print()
        for number, label in enumerate(item.labels, 1):
            self.console.print(f"  {number}  {label}", markup=False, highlight=False)
        if not self.look_first:
            self._propose(item)

    def _propose(self, item: Item) -> bool:
        if item.blind:
            self.console.print("Nothing is shown: this case was drawn for the blind audit.")
            return False
        for step in item.steps:
            sure = "" if step.confidence is None else f" {100 * step.confidence:.0f} %"
            said = "" if step.proposed is None else f" {shown(step.proposed)}{sure}"
            self.console.print(f"  {step.layer}:{said}  {step.reason}", markup=False, highlight=False)
        for cited in item.evidence[:3]:
            self.console.print(f"  {cited.place}: {_plain(cited.text)[:300]}", markup=False, highlight=False)
        return True


def _plain(text: str) -> str:
    """Without control characters: a case must not move the cursor."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
