"""The items of a question made ready: what a word alone leaves open is settled by its neighbours."""

from __future__ import annotations

from strati.tables.parse.filters import Filters
from strati.tables.parse.index import Item
from strati.tables.parse.lexicon import Cue, adjective
from strati.tables.parse.state import GRAINS, State
from strati.tables.parse.tokens import key, stem

_HEADS = frozenset(
    ("rating", "ratings", "score", "scores", "figure", "figures", "level", "levels", "reading", "readings")
)
_OVER = frozenset({Cue.OF, Cue.ALL, Cue.IS, Cue.DISTINCT})


class Tidied:
    """Items whose cues and limits are settled."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.filters = Filters(state)
        self.ranked = False  # a superlative was found

    def _tidy(self) -> None:
        """Settle what a word alone leaves open: "total sales" adds up sales even where a column is called total."""
        state = self.state
        items = state.items
        for i, item in enumerate(items):
            if item.kind == "word" and item.text.lower() in GRAINS:
                state.change(i, kind="grain")
            elif item.kind == "cue" and item.cue is Cue.WITH and item.start == 0:
                asks = {"who": Cue.WHO, "which": Cue.WHICH, "where": Cue.WHERE, "whose": Cue.WHICH}
                state.change(i, cue=asks.get(item.text.lower().split()[0], Cue.WITH))
            elif item.kind == "word" and item.text.lower() in ("not", "n't"):
                state.change(i, kind="cue", cue=Cue.NOT)
        for i, item in enumerate(items):
            following = state.after(i, lambda one: one.kind == "column", over=_OVER)
            if item.kind == "column" and item.end - item.start == 1 and following is not None and following != i:
                cue = {
                    "total": Cue.SUM,
                    "sum": Cue.SUM,
                    "average": Cue.AVG,
                    "mean": Cue.AVG,
                    "count": Cue.COUNT,
                    "number": Cue.COUNT,
                    "maximum": Cue.MAX,
                    "minimum": Cue.MIN,
                    "top": Cue.MAX,
                    "most": Cue.MAX,
                }.get(item.text.lower())
                field = items[following].field
                if (
                    cue is not None
                    and field is not None
                    and (field.column.numeric or cue in (Cue.COUNT, Cue.MAX))
                    and item.quality < 1.1
                    and state.touching(i, following)
                ):
                    state.change(i, kind="cue", cue=cue, field=None)
        for i, item in enumerate(items):
            if item.kind == "cue" and item.cue in (Cue.AVG, Cue.MEDIAN) and state.is_cue(i + 1, Cue.COUNT):
                following = state.after(i + 1, lambda one: one.kind == "column", steps=1)
                field = items[following].field if following is not None else None
                if field in state.numeric:  # the average number of laps
                    state.use(i + 1)
        for i, item in enumerate(items):
            before = items[i - 1].field if i else None
            if item.kind == "word" and item.text.lower() in _HEADS and before is not None and before.column.numeric:
                state.use(i)  # the satisfaction rating
        for i in range(len(items) - 1):
            first, second = items[i], items[i + 1]
            one, other = first.field, second.field
            if first.kind == second.kind == "column" and first.end == second.start and one is not None and other != one:
                rate = other in state.numeric and other is not None and not state.additive(other)
                if rate and state.additive(one):
                    state.use(i)  # the population density
        for i, item in enumerate(items):
            if item.kind == "value" and item.contains and self._common(item) and self._asked_noun(i):
                state.change(i, kind="table", quality=0.8, field=None)
        for i in range(len(items) - 2):
            item, number, last = items[i : i + 3]
            ranked = item.kind == "cue" and item.cue in (Cue.MAX, Cue.MIN) and number.kind == "number"
            if ranked and last.kind == "adjective" and not last.degree and state.touching(i + 1, i + 2):
                sign = 1 if item.cue is Cue.MAX else -1  # the top 3 rated
                state.change(i + 2, degree="est", direction=last.direction * sign, verb=False)
                state.use(i)
        for i in range(len(items) - 1):
            item, following_item = items[i], items[i + 1]
            if (
                item.kind == "cue"
                and item.cue in (Cue.MAX, Cue.MIN)
                and following_item.kind == "adjective"
                and following_item.degree != "est"
                and state.touching(i, i + 1)
            ):
                sign = 1 if item.cue is Cue.MAX else -1
                state.change(i + 1, degree="est", direction=following_item.direction * sign, verb=False)
                state.use(i)
            elif (
                item.kind == "cue"
                and item.cue in (Cue.MORE, Cue.LESS)
                and following_item.kind == "adjective"
                and state.touching(i, i + 1)
            ):
                sign = 1 if item.cue is Cue.MORE else -1
                state.change(i + 1, degree="er", direction=following_item.direction * sign, verb=False)
                state.use(i)
        for i, item in enumerate(items):
            if item.kind == "cue" and item.cue in (Cue.GT, Cue.LT) and not self._bounds_something(i):
                if item.text.lower().endswith("than") and " " in item.text:
                    found = spoken_of(item.text.lower().split()[0])
                    degree = "more" if item.cue is Cue.GT else "less"
                    state.change(i, cue=Cue.THAN, degree=degree, concept=found)
                elif item.text.lower() == "over" and not (i + 1 < len(items) and items[i + 1].kind == "column"):
                    state.use(i)

    def _common(self, item: Item) -> bool:
        """Whether a good part of a column of this table holds the word."""
        one = item.field
        if one is None or one.via is not None:
            return False
        word = f" {stem(item.text.lower())} "
        holding = sum(word in f" {' '.join(map(stem, key(value).split()))} " for value in one.column.values)
        return holding >= 3 and holding >= 0.25 * len(one.column.values)

    def _asked_noun(self, i: int) -> bool:
        """Whether a word that many values hold only says what the rows are: "which lake", "the tallest building"."""
        state = self.state
        at = i - 1
        while at >= 0 and state.touching(at, at + 1) and (self._is_super(at) or state.items[at].kind == "number"):
            at -= 1
        if at < 0:
            return i > 0 or len(state.items) > 1
        return state.is_cue(at, Cue.WHICH, Cue.COUNT, Cue.LIST, Cue.ALL, Cue.IS) and state.touching(at, at + 1)

    def _bounds_something(self, i: int) -> bool:
        state = self.state
        return any(
            0 <= j < len(state.items) and (state.items[j].kind in ("number", "span")) for j in (i + 1, i + 2)
        ) and not (state.items[i + 1].kind not in ("number", "span", "cue"))

    def _mark_limits(self) -> None:
        """Numbers that say how many rows are wanted: "top 5", "the 3 cheapest"."""
        state = self.state
        for i, item in enumerate(state.items):
            if (
                item.kind == "number"
                and item.number
                and i not in state.used
                and not item.number.ordinal
                and item.number.scale == 1
                and item.number.value == int(item.number.value)
                and 0 < item.number.value <= 1000
            ):
                near = [
                    j
                    for j in (i - 1, i + 1)
                    if 0 <= j < len(state.items) and self._is_super(j) and state.touching(min(i, j), max(i, j))
                ]
                far = (
                    not near
                    and i + 1 < len(state.items)
                    and state.items[i + 1].kind in ("column", "table")
                    and not self._compared(i)
                    and any(self._is_super(j) for j in range(i + 2, len(state.items)))
                )
                following = state.items[i + 1].field if i + 1 < len(state.items) else None
                if near or (far and not (following is not None and following.column.numeric)):
                    state.change(i, kind="limit")

    def _compared(self, i: int) -> bool:
        return self.state.is_cue(i - 1, Cue.GT, Cue.GE, Cue.LT, Cue.LE, Cue.EQ, Cue.BETWEEN, Cue.AND, Cue.THAN)

    def _is_super(self, j: int) -> bool:
        item = self.state.items[j]
        return (item.kind == "cue" and item.cue in (Cue.MAX, Cue.MIN, Cue.FIRST, Cue.LAST, Cue.COMMON, Cue.RARE)) or (
            item.kind == "adjective" and item.degree == "est"
        )


def spoken_of(word: str) -> str:
    """The concept of a comparative that says more than "more"."""
    found = (
        None if word in ("more", "less", "higher", "lower", "greater", "fewer", "better", "worse") else adjective(word)
    )
    return found[0] if found else ""
