"""Two values or times compared: difference between, more than, older than, versus."""

from __future__ import annotations

from strati.tables.parse.index import Item
from strati.tables.parse.lexicon import Cue, adjective
from strati.tables.parse.parts import Parts
from strati.tables.parse.reading import Agg, Condition, Field, Op, Pair, Reading, Shape
from strati.tables.parse.tidy import spoken_of


class Comparing(Parts):
    """Comparisons of two."""

    def _pair(self) -> Reading | None:
        state = self.state
        diff, compare, than = state.cue(Cue.DIFF), state.cue(Cue.COMPARE), state.cue(Cue.THAN)
        either = state.cue(Cue.OR)
        if than is not None and any(
            state.items[j].kind == "number" for j in (than + 1, than + 2) if j < len(state.items)
        ):
            than = None
        comparative = self._comparative()
        if diff is None and compare is None and than is None and not (either is not None and comparative is not None):
            return None
        operands = self._operands(than if than is not None else either if diff is None and compare is None else None)
        if operands is None:
            return None
        a, b = operands
        left, right = (self._operand(place) for place in (a, b))
        if left is None or right is None:
            return None
        joint = [
            place
            for place in range(a + 1, b)
            if state.is_cue(place, Cue.AND, Cue.OR, Cue.THAN, Cue.COMPARE, Cue.TO, Cue.FROM, Cue.IN)
        ]
        state.use(a, b, *joint)
        names = tuple(self._short(state.items[place], one) for place, one in ((a, left), (b, right)))
        if names[0] == names[1]:
            return None
        direction = self._direction(diff, comparative)
        for place in (diff, compare, than, comparative):
            if place is not None:
                state.use(place)
        self.filters.missing()
        self.filters.times()
        self._mark_limits()
        self.filters.numbers()
        for place in (a, b):
            if state.items[place].kind == "value":
                state.use(*self.filters.context(place))
        measured = self._pair_measure(comparative)
        if measured is None:
            return None
        agg, measure = measured
        conditions = self._conditions()
        wants = "difference" if diff is not None else "both" if compare is not None and than is None else "which"
        parted = any(state.is_cue(place, Cue.OR) for place in range(a + 1, b))
        if wants == "which" and self._yes_no() and not parted:
            wants = "truth"
        elif (
            wants == "which"
            and state.cue(Cue.WHICH, Cue.WHO, Cue.WHERE, Cue.WHEN) is None
            and than is not None
            and state.cue(Cue.COUNT, Cue.MUCH) is not None
        ):
            wants = "difference"
        self._use_all(Cue.COUNT, Cue.MUCH, Cue.BETWEEN)
        pair = Pair(left, right, wants, direction, *names)
        return Reading(state.index.base.name, Shape.COMPARE, agg=agg, measure=measure, conditions=conditions, pair=pair)

    def _comparative(self) -> int | None:
        """The place of more, fewer, older and the like."""
        state = self.state
        for i, item in enumerate(state.items):
            if i in state.used:
                continue
            if item.kind == "cue" and item.cue in (Cue.MORE, Cue.LESS):
                state.change(i, concept=spoken_of(item.text.lower()))
                return i
            if item.kind == "adjective" and item.degree == "er":
                return i
            if item.kind == "cue" and item.cue is Cue.THAN and item.degree:
                return i
        return None

    def _direction(self, diff: int | None, comparative: int | None) -> int:
        state = self.state
        if diff is not None:
            text = state.items[diff].text.lower()
            if text.startswith("how") and comparative is None:
                last = text.split()[-1]
                found = adjective(last)
                if found and last not in (
                    "more",
                    "less",
                    "higher",
                    "lower",
                    "larger",
                    "bigger",
                    "smaller",
                    "greater",
                    "fewer",
                ):
                    state.change(diff, concept=found[0])
                    return found[1]
                return -1 if last in ("less", "fewer", "lower", "smaller") else 1
            if text.startswith("change"):
                return -1  # the second less the first
            return 0
        if comparative is not None:
            item = state.items[comparative]
            if item.cue is Cue.THAN:
                return -1 if item.degree == "less" else 1
            if item.kind == "adjective":
                return item.direction
            return 1 if item.cue is Cue.MORE else -1
        return 1

    def _operands(self, around: int | None) -> tuple[int, int] | None:
        """Places of two values of one field, or of two times; on both sides of `around` where that is known."""
        state = self.state
        kinds = ("value", "span")
        places = state.free(*kinds)
        pairs = []
        for x, a in enumerate(places):
            for b in places[x + 1 :]:
                one, two = state.items[a], state.items[b]
                if one.kind != two.kind or (one.kind == "value" and one.field != two.field):
                    continue
                pairs.append((a, b))
        if around is not None:
            pairs = [(a, b) for a, b in pairs if a < around < b] or ([] if state.is_cue(around, Cue.OR) else pairs)
        if not pairs:
            return None
        if (
            len({state.items[a].field for a, _ in pairs} | {state.items[a].kind for a, _ in pairs}) > 2
            or len(pairs) > 1
        ):
            values = [(a, b) for a, b in pairs if b - a <= 4] or pairs
            pairs = values[-1:] if around is None else values[:1]
        return pairs[0]

    def _operand(self, place: int) -> Condition | None:
        state = self.state
        item = state.items[place]
        if item.kind == "value" and item.field is not None:
            state.notes += [item.note] if item.note else []
            return Condition(item.field, Op.CONTAINS if item.contains else Op.IN, item.values)
        assert item.span is not None
        from strati.tables.parse.times import timed

        one = self.filters._time_field(place, item.span, None)
        return None if one is None else timed(one, None, item.span, None)

    def _short(self, item: Item, one: Condition) -> str:
        return str(one.values[0]) if one.op is Op.IN and len(one.values) == 1 else item.text

    def _pair_measure(self, comparative: int | None) -> tuple[Agg, Field | None] | None:
        """What two things are compared by."""
        state = self.state
        agg = self._agg()
        concepts = [state.items[comparative]] if comparative is not None and state.items[comparative].concept else []
        concepts += [item for item in state.items if item.kind == "cue" and item.cue is Cue.DIFF and item.concept]
        measure = self._free_measure()
        if measure is not None:
            state.use(measure)
            one = state.items[measure].field
            assert one is not None
            return self._default_agg(one, agg), one
        for item in concepts:
            if found := state.by_concept(item.concept):
                if found[1] < 0:
                    return None  # older by the date of birth: the sign would turn
                return self._default_agg(found[0], agg), found[0]
        verbs = [i for i in state.free("adjective") if state.items[i].verb]
        for i in verbs:
            if found := state.by_concept(state.items[i].concept, dates=False):
                state.use(i)
                return self._default_agg(found[0], agg), found[0]
        if agg in (Agg.SUM, Agg.AVG, Agg.MEDIAN) and len(state.numeric) == 1:
            state.doubt += 0.15
            return agg, state.numeric[0]
        nouns = state.free("table", "column")
        for i in nouns:
            if state.items[i].kind == "table":
                state.use(i)
                return Agg.COUNT, None
        for i in nouns:
            one = state.items[i].field
            if one is not None and not one.column.temporal:
                state.use(i)
                unique = state.index.base.unique(one.column)
                return (Agg.COUNT, None) if unique else (state.pick("distinct", (Agg.DISTINCT, Agg.COUNT)), one)
        return None
