"""Which of the words that a rule offers fits the place: by rules over the words themselves and their neighbours."""

from __future__ import annotations

import re
from typing import Protocol

from strati.write.harper import SPELLING, Flag

_CODE = re.compile(r"\d|_|[a-z][A-Z]|^[A-Z]{2,}s?$")


class Ranker(Protocol):
    """Puts the words of a flag in order, best first; none are left where the text had better stay as it is."""

    def rank(self, text: str, flag: Flag) -> tuple[str, ...]: ...


class RuleRanker:
    """Leaves alone what looks like code or an abbreviation; otherwise the order in which the rules give the words."""

    def rank(self, text: str, flag: Flag) -> tuple[str, ...]:
        if flag.rule == SPELLING and _CODE.search(text[flag.start : flag.end]):
            return ()
        return flag.words
