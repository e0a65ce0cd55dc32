"""Bounds on groups: customers with more than 3 orders, regions with an average salary above 50000.

A bound is on a group only where the words say so: "in total", "on average", "a total of", or a noun that is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from strati.tables.parse.index import Item
from strati.tables.parse.lexicon import Cue
from strati.tables.parse.reading import Agg, Bound, Field, Op
from strati.tables.parse.times import Times
from strati.tables.schema import Type

_CALLS = {Cue.SUM: Agg.SUM, Cue.AVG: Agg.AVG, Cue.MEDIAN: Agg.MEDIAN, Cue.MAX: Agg.MAX, Cue.MIN: Agg.MIN}
_BY_ITSELF = frozenset(  # says of the amount before or after it that it is one of many rows taken together
    ("in total", "in all", "altogether", "overall", "combined", "total", "on average", "cumulative", "summed")
)
_BEFORE = _BY_ITSELF - {"total", "summed", "cumulative"}
_TURNED = {Op.GT: Op.LE, Op.GE: Op.LT, Op.LT: Op.GE, Op.LE: Op.GT}
_ONLY = frozenset(  # what may stand between the group and the bound: "by customer, only those above 2000"
    ("only", "those", "that", "which", "where", "it", "is", "are", "the", "ones", "a", "of", "if", "when", "have",
     "has", "having", "with", "to", "keep", "but", ",")
)  # fmt: skip


class GroupBound(NamedTuple):
    """A bound on groups: of what, where in the question that stands, and where the amount.

    `agg` is None where the bound is on what is asked for of each group: "total amount by customer, only above 2000".
    """

    agg: Agg | None
    measure: Field | None
    bound: Bound
    place: int
    at: int


class GroupBounds(Times):
    """Finds a bound on groups; `having` is the one that was found, `twice` whether there are more."""

    having: GroupBound | None = None
    twice = False

    def _keep(self, agg: Agg | None, measure: Field | None, bound: Bound, place: int, at: int) -> None:
        self.twice = self.having is not None
        self.having = GroupBound(agg, measure, bound, place, at)

    def _bound(self, ops: Sequence[Op], values: Sequence[float], negated: bool) -> Bound | None:
        """The bound that a comparison says; None where it says none."""
        op = ops[0] if ops else None
        if negated:
            op = _TURNED.get(op) if op is not None else None
        return None if op is None else Bound(op, tuple(sorted(values)) if op is Op.BETWEEN else tuple(values[:1]))

    def _counted(self, i: int, bound: Bound, cues: Sequence[int], *, named: bool) -> bool:
        """A bound on a number of rows, or of different things: "customers with more than 3 orders".

        `named`: only where the thing is a column of text right after the number, so that no amount is meant.
        """
        state = self.state
        before = i
        while not named and before + 1 < len(state.items) and state.items[before + 1].kind == "value":
            before += 1  # more than 2 closed orders
        noun = state.after(before, self._countable, over=frozenset({Cue.DISTINCT, Cue.OF, Cue.ALL}))
        if noun is None or not state.touching(i, i + 1) or (before > i and state.items[noun].kind != "table"):
            return False
        one = state.items[noun].field
        distinct = [p for p in range(i + 1, noun) if state.is_cue(p, Cue.DISTINCT)]
        if one is None or state.index.base.unique(one.column):
            agg, measure = Agg.COUNT, None
        else:
            agg, measure = Agg.DISTINCT, one
        if named and not (one is not None and self._plainly_counted(noun, one, cues)):
            return False
        if agg is Agg.DISTINCT and one is not None and one.column.type is not Type.TEXT:
            return False
        self._keep(agg, measure, bound, noun, i)
        state.use(i, noun, *cues, *distinct)
        state.notes.append(state.items[noun].note)
        return True

    def _countable(self, item: Item) -> bool:
        one = item.field
        if item.kind == "table":
            return True
        return item.kind == "column" and one is not None and (not one.column.numeric or self.state.identifier(one))

    def _plainly_counted(self, noun: int, one: Field, cues: Sequence[int]) -> bool:
        state = self.state
        if one.column.type is not Type.TEXT or any(f.column.of == one.name for f in state.index.fields):
            return False
        following = state.items[noun + 1] if noun + 1 < len(state.items) else None
        if following is not None and following.kind == "value" and following.field == one:
            return False  # a salary above 50000, department Sales
        before = min(cues, default=0) - 1
        return not (before >= 0 and state.items[before].kind == "column" and state.items[before].field in state.numeric)

    def _said_of(self, field_place: int | None, first: int, last: int) -> tuple[Agg, int] | None:
        """The aggregate that the words say an amount is of, and the place of those words.

        It stands right before the column ("a total amount over"), after the amount ("over 2000 in total") or before it
        ("in total more than 2000").
        """
        state = self.state
        if field_place is not None:
            named = state.before(field_place, lambda one: one.cue in _CALLS, over=frozenset({Cue.OF}))
            if named is not None and state.touching(named, field_place) and self._of_many(named):
                cue = state.items[named].cue
                return (_CALLS[cue], named) if cue is not None else None
        for place, beside in ((last + 1, last), (first - 1, first)):
            if 0 <= place < len(state.items) and place not in state.used and state.is_cue(place, *_CALLS):
                said = state.items[place]
                alone = not (place > last and self._of_what_follows(place))
                near = state.touching(min(place, beside), max(place, beside))
                words = _BY_ITSELF if place > last else _BEFORE
                if said.text.lower() in words and near and alone and said.cue is not None:
                    return _CALLS[said.cue], place
        return None

    def _of_many(self, place: int) -> bool:
        """Whether "highest" is one of each group: "a highest amount over", and no superlative of all rows."""
        state = self.state
        if not state.is_cue(place, Cue.MAX, Cue.MIN):
            return True
        start = state.items[place].start
        return start > 0 and state.words[start - 1].lower in ("a", "an", "whose")

    def _each_or_in_all(self, one: Field, i: int, bound: Bound | None) -> bool:
        """Whether "customers who spent more than 2000" means all that each spent: it may, so both are tried."""
        state = self.state
        verb = next((j for j in range(i) if state.items[j].kind == "adjective" and state.items[j].verb), None)
        who = next((j for j in range(verb or 0) if self._of_several_rows(state.items[j])), None)
        if verb is None or who is None or bound is None or not state.additive(one) or self.having:
            return False
        if not state.pick("each or in all", (False, True)):
            return False
        self._keep(Agg.SUM, one, bound, verb, i)
        return True

    def _of_several_rows(self, item: Item) -> bool:
        one, base = item.field, self.state.index.base
        if item.kind != "column" or one is None or one.column.type is not Type.TEXT or item.verb:
            return False
        return one.column.distinct < 0.9 * (base.rows - one.column.missing)

    def _of_what_follows(self, place: int) -> bool:
        state = self.state
        following = place + 1
        return (
            state.items[place].text.lower() in ("total", "combined", "overall")
            and following < len(state.items)
            and state.items[following].kind == "column"
            and state.touching(place, following)
        )

    def _of_the_group(self, first: int, bound: Bound, cues: Sequence[int], i: int) -> bool:
        """A bound on what is asked for of each group: "total amount by customer, only those above 2000"."""
        state = self.state
        by = next((j for j in range(first) if state.is_cue(j, Cue.BY, Cue.PER)), None)
        if by is None or by + 1 >= first:
            return False
        between = [word.lower for word in state.words[state.items[by + 1].end : state.items[first].start]]
        again = next((j for j in range(by + 2, first) if state.is_cue(j, *_CALLS, Cue.COUNT)), None)
        asked = next((j for j in range(by) if state.is_cue(j, *_CALLS, Cue.COUNT)), None)
        if again is not None:  # where the total is above 2000
            if asked is None or state.items[asked].cue is not state.items[again].cue:
                return False
            said = state.items[again]
            between = [w for w in between if w not in said.text.lower().split()]
        glued = bool(between) and all(word in _ONLY for word in between)
        if not glued or not ({"only", "those", "that", "where", "with", "if"} & set(between)):
            return False
        self._keep(None, None, bound, i, i)
        state.use(i, *cues, *([again] if again is not None else []))
        state.use(*(j for j in range(by + 2, first) if state.is_cue(j, Cue.IS, Cue.WITH, Cue.OF, Cue.WHICH, Cue.WHERE)))
        return True
