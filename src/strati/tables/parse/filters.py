"""The conditions of a question that are neither times nor numbers: values, what is missing, yes and no, mentions."""

from __future__ import annotations

from collections import defaultdict

from strati.tables.parse.bounds import Bounds
from strati.tables.parse.index import Item
from strati.tables.parse.lexicon import Cue
from strati.tables.parse.reading import Condition, Field, Op
from strati.tables.parse.tokens import name_words, root
from strati.tables.schema import Type

_MENTIONS = frozenset(
    ("mention", "mentions", "mentioned", "mentioning", "contain", "contains", "contained", "containing")
)


class Filters(Bounds):
    """Finds all conditions; `found` pairs each with the place in the question where it stands."""

    # values

    def values(self, without: frozenset[int] = frozenset()) -> None:
        """Conditions for values that are not used yet; those of one field are alternatives."""
        state = self.state
        groups: dict[tuple[Field, bool, bool], list[int]] = defaultdict(list)
        for i in state.free("value"):
            if i in without:
                continue
            self._note_context(i)
            item = state.items[i]
            assert item.field is not None
            groups[item.field, self._negated(i), item.contains].append(i)
        for (one, negated, contains), places in groups.items():
            values = tuple(dict.fromkeys(v for i in places for v in state.items[i].values))
            op = Op.CONTAINS if contains else Op.IN
            self.add(places[0], Condition(one, op, values, negated=negated))
            state.use(*places)
            state.use(*(j for j in state.free("column") if state.items[j].verb and state.items[j].field == one))
            state.notes += [state.items[i].note for i in places if state.items[i].note]

    def context(self, i: int) -> list[int]:
        """The places of the column names around a value that only say which column it is in."""
        state = self.state
        item = state.items[i]

        def same(one: Item) -> bool:
            return one.kind == "column" and one.field is not None and (one.field == item.field)

        found = []
        left = state.before(i, same, over=frozenset({Cue.IS, Cue.EQ, Cue.OF, Cue.NOT, Cue.IN, Cue.BY}))
        if left is None and (start := self._list_start(i)) is not None:
            left = state.before(start, same, over=frozenset({Cue.IS, Cue.EQ, Cue.OF, Cue.NOT}))
        if left is not None and not self._asked_for(left):
            found.append(left)
        if (
            i + 1 < len(state.items)
            and i + 1 not in state.used
            and same(state.items[i + 1])
            and state.touching(i, i + 1)
        ):
            found.append(i + 1)
        return found

    def _asked_for(self, place: int) -> bool:
        """Whether "which city is Berlin in" asks for the column: it stands right after what or which."""
        state = self.state
        return (
            state.is_cue(place - 1, Cue.WHICH)
            and not state.is_cue(place + 1, Cue.IS, Cue.EQ)
            and not (place + 1 < len(state.items) and state.items[place + 1].kind == "value")
        )

    def _list_start(self, i: int) -> int | None:
        """The first of a list of values such as "A, B or C"."""
        state = self.state
        at = i
        while True:
            previous = at - 1
            if state.is_cue(previous, Cue.AND, Cue.OR, Cue.NOT):
                previous -= 1
            if (
                previous >= 0
                and state.items[previous].kind == "value"
                and state.items[previous].field == state.items[i].field
            ):
                at = previous
            else:
                return at if at != i else None

    def _note_context(self, i: int) -> None:
        self.state.use(*self.context(i))

    def _negated(self, i: int) -> bool:
        state = self.state
        at = i - 1
        while (
            at >= 0
            and (
                state.is_cue(at, Cue.IN, Cue.FROM, Cue.IS, Cue.OF, Cue.FOR, Cue.WITH, Cue.OR, Cue.AND, Cue.BY, Cue.ALL)
                or state.items[at].kind in ("column", "value", "table")
            )
            and i - at < 6
        ):
            if state.items[at].kind == "value" and state.items[at].field != state.items[i].field:
                return False
            if state.items[at].kind in ("column", "table") and state.items[at].field != state.items[i].field:
                return False
            if state.is_cue(at, Cue.AND, Cue.OR) and not (at > 0 and state.items[at - 1].kind == "value"):
                return False
            at -= 1
        if state.is_cue(at, Cue.NOT):
            state.use(at)
            return True
        if state.is_cue(at, Cue.WITHOUT) and state.items[at].text.lower() in ("without", "no", "excluding"):
            state.use(at)
            return True
        return False

    # what is missing, and truth

    def missing(self) -> None:
        state = self.state
        for i, item in enumerate(state.items):
            if item.kind != "cue" or i in state.used:
                continue
            if item.cue is Cue.WITHOUT:
                place = state.after(i, lambda one: one.kind == "column")
                if place is None:
                    place = (
                        state.before(i, lambda one: one.kind == "column")
                        if item.text.lower() in ("missing", "empty", "blank", "unknown")
                        else None
                    )
                one = state.items[place].field if place is not None else None
                if place is not None and one is not None:
                    state.use(i, place)
                    if one.column.type is Type.BOOLEAN:
                        self.add(i, Condition(one, Op.TRUE, negated=True))
                    elif (
                        one.column.numeric and one.column.low and float(one.column.low) <= 0 and not _says_missing(item)
                    ):
                        self.add(i, Condition(one, Op.IN, (0,)))
                    else:
                        self.add(i, Condition(one, Op.MISSING))

    def truths(self) -> None:
        """Columns of yes and no that are named as a property of the rows."""
        state = self.state
        for i in state.free("column"):
            item = state.items[i]
            if item.field is None or item.field.column.type is not Type.BOOLEAN or self._grouped(i):
                continue
            negated = self._negated(i) or state.is_cue(i - 1, Cue.NOT)
            state.use(i, *([i - 1] if state.is_cue(i - 1, Cue.NOT) else []))
            self.add(i, Condition(item.field, Op.TRUE, negated=negated))
        for i in state.free("word"):
            word = state.items[i].text.lower()
            for prefix in ("in", "un", "non", "dis"):
                rest = word.removeprefix(prefix)
                if rest == word:
                    continue
                for f in state.index.fields:
                    if f.column.type is Type.BOOLEAN and root(rest) in {root(w) for w in name_words(f.name)}:
                        state.use(i)
                        self.add(i, Condition(f, Op.TRUE, negated=True))
                        return

    def signs(self) -> None:
        """Numbers below and above nothing: "orders with negative profit"."""
        state = self.state
        for i in state.free("word"):
            op = {"negative": Op.LT, "positive": Op.GT}.get(state.items[i].text.lower())
            place = None if op is None else state.after(i, lambda one: one.kind == "column")
            if op is None or place is None:
                continue
            one = state.items[place].field
            if one is not None and one.column.numeric:
                state.use(i, place)
                self.add(i, Condition(one, op, (0,)))

    def mentions(self) -> None:
        """Words to be found within a text: "how many messages mention refund"."""
        state = self.state
        for i in state.free("word", "value"):
            item = state.items[i]
            if item.kind == "value" and not item.contains:
                continue
            said = [
                w.lower for w in state.words[: item.start] if w.lower not in ("the", "a", "an", "word", "words", "term")
            ]
            if not said or said[-1] not in _MENTIONS:
                continue
            texts = [f for f in state.index.fields if f.column.type is Type.TEXT and f.via is None and f.column.values]
            named = [state.items[j].field for j in range(i) if state.items[j].field in texts]
            longest = sorted(texts, key=lambda f: -sum(map(len, f.column.values)) / len(f.column.values))
            one = next((f for f in named if f is not None), longest[0] if longest else None)
            if one is not None:
                state.use(i)
                self.add(i, Condition(one, Op.CONTAINS, (item.text,)))

    def _grouped(self, i: int) -> bool:
        state = self.state
        return state.is_cue(i - 1, Cue.PER, Cue.BY)


def _says_missing(item: Item) -> bool:
    return any(word in item.text.lower() for word in ("missing", "empty", "blank", "unknown", "lack"))
