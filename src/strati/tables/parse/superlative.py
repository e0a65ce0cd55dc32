"""The highest, the lowest, the first, the most common, and the top k: of rows or of groups."""

from __future__ import annotations

from dataclasses import dataclass, replace

from strati.tables.parse.groups import Grouping
from strati.tables.parse.index import Item
from strati.tables.parse.lexicon import CONCEPTS, Cue
from strati.tables.parse.reading import Agg, Condition, Field, Grain, Reading, Shape
from strati.tables.parse.tidy import spoken_of
from strati.tables.parse.tokens import name_words


@dataclass(slots=True)
class Super:
    """A superlative: its place, direction, how many, which place; what it orders by, where that was said."""

    place: int
    direction: int
    limit: int = 1
    nth: int = 0
    order: Field | None = None
    by_row: bool = False
    common: bool = False
    plain: bool = True
    counted: int | None = None


_RANKS = frozenset(("pos", "position", "rank", "ranking", "place", "standing"))


class Superlative(Grouping):
    """Superlatives."""

    def _super(self) -> Super | None:
        state = self.state
        for i, item in enumerate(state.items):
            if i in state.used and not (item.kind == "adjective" and item.degree == "est"):
                continue
            if not self._is_super(i):
                continue
            if item.text.lower() in ("top", "bottom") and any(
                self._is_super(j) for j in range(i + 1, len(state.items))
            ):
                state.use(i)  # the top 3 highest
                continue
            if item.kind == "adjective":
                found = self._measured(i, item) or state.by_concept(item.concept, direction=item.direction)
                if found is None:
                    continue
                made = Super(i, item.direction * found[1], order=found[0], plain=False)
            elif item.cue in (Cue.COMMON, Cue.RARE):
                made = Super(i, 1 if item.cue is Cue.COMMON else -1, common=True)
            else:
                made = Super(i, 1 if item.cue in (Cue.MAX, Cue.LAST) else -1)
            if item.cue is Cue.FIRST and self._is_ordinal_use(i):
                continue
            state.use(i)
            self._limits(made)
            return made
        return None

    def _measured(self, i: int, item: Item) -> tuple[Field, int] | None:
        """The column of numbers right after an adjective: the longest delay, the cheapest price."""
        state = self.state
        place = state.after(
            i, lambda one: one.kind == "column" and one.field in state.numeric, over=frozenset({Cue.OF})
        )
        if place is None or not state.touching(i, i + 1):
            return None
        one = state.items[place].field
        assert one is not None
        state.use(place)
        return one, -1 if set(name_words(one.name)) & set(CONCEPTS[item.concept][1]) else 1

    def _is_ordinal_use(self, i: int) -> bool:
        """Whether "first" is part of "first place" or "first quarter" and asks for no row."""
        state = self.state
        return (
            i + 1 < len(state.items)
            and state.items[i + 1].kind == "word"
            and state.items[i + 1].text.lower() in ("place", "prize", "class")
        )

    def _limits(self, made: Super) -> None:
        state = self.state
        for j, item in enumerate(state.items):
            if item.kind == "limit" and item.number is not None and j not in state.used:
                made.limit = int(item.number.value)
                state.use(j)
        before = made.place - 1
        if state.is_cue(before, Cue.MAX, Cue.MIN) and before in state.used:
            before -= 1
        if before >= 0 and before not in state.used and state.touching(before, before + 1):
            item = state.items[before]
            if item.number is not None and item.number.ordinal and item.number.value > 1:
                made.nth = int(item.number.value)
                state.use(before)

    def _with_super(self, sup: Super, group: tuple[Field, Grain | None] | None) -> Reading | None:
        state = self.state
        base = state.index.base.name
        agg = self._agg()
        count = state.cue(Cue.COUNT)
        if count is not None and count < sup.place:
            return None
        if sup.order is None and not sup.common:
            self._order(sup)
        if sup.order is not None:
            state.absorb(sup.order)
        conditions = self._conditions()
        if group is None:
            group = self._part_of_date()
        if sup.common:
            target = group or ((t, None) if (t := self._target()) is not None else None)
            if target is None:
                return None
            self._counted(-1)
            return Reading(
                base,
                Shape.TOP if sup.limit > 1 else Shape.GROUP,
                agg=Agg.COUNT,
                conditions=conditions,
                group=target[0],
                grain=target[1],
                direction=sup.direction,
                limit=sup.limit,
                nth=sup.nth,
            )
        if sup.counted is not None or (count is not None and sup.order is None):
            target = group or (
                (t, None)
                if (t := self._target(exclude=sup.counted if sup.counted is not None else -1)) is not None
                else None
            )
            if target is None:
                return None
            call, measure = self._counted((sup.counted if sup.counted is not None else count or 0) - 1)
            if count is not None:
                state.use(count)
            return Reading(
                base,
                Shape.TOP if sup.limit > 1 else Shape.GROUP,
                agg=call,
                measure=measure,
                conditions=conditions,
                group=target[0],
                grain=target[1],
                direction=sup.direction,
                limit=sup.limit,
                nth=sup.nth,
            )
        return self._by_measure(sup, group, agg, conditions)

    def _order(self, sup: Super) -> None:
        """What a plain superlative orders by: the column after it, after by or with, or before it."""
        state = self.state
        by = state.cue(Cue.BY)
        item = state.items[sup.place]
        dated = item.kind == "cue" and item.cue in (Cue.FIRST, Cue.LAST)

        def numeric(one: Item) -> bool:
            return (
                one.kind == "column"
                and one.field is not None
                and (
                    (one.field.column.numeric and not state.identifier(one.field))
                    or (one.field.column.temporal and not one.verb)
                )
            )

        if by is not None:
            place = state.after(by, numeric)
            if place is not None:
                state.use(by, place)
                sup.order = state.items[place].field
                state.notes.append(state.items[place].note)
                return
            if by + 1 < len(state.items) and state.is_cue(by + 1, Cue.COUNT, Cue.SUM, Cue.AVG):
                place = state.after(by + 1, numeric)
                if place is not None:
                    state.use(by, place)
                    sup.order = state.items[place].field
                    return
                if state.is_cue(by + 1, Cue.COUNT):
                    noun = state.after(by + 1, lambda one: one.kind in ("table", "column"))
                    state.use(by, by + 1)
                    sup.counted = noun if noun is not None else by + 1
                    return
        over = frozenset({Cue.OF, Cue.SUM, Cue.AVG, Cue.MEDIAN, Cue.ALL, Cue.IN, Cue.COUNT} if not dated else {Cue.OF})
        place = state.after(sup.place, numeric, steps=4, over=over)
        noun = state.after(
            sup.place,
            lambda one: one.kind in ("table", "column") and not one.verb,
            over=frozenset({Cue.OF, Cue.COUNT, Cue.ALL, Cue.DISTINCT}),
        )
        if place is not None and (noun is None or place <= noun):
            state.use(place)
            sup.order = state.items[place].field
            state.notes.append(state.items[place].note)
            return
        if dated:
            self._dated(sup)
            return
        counts = {
            "most",
            "least",
            "fewest",
            "highest number of",
            "greatest number of",
            "largest number of",
            "most number of",
            "lowest number of",
            "smallest number of",
            "least number of",
            "the most",
            "the least",
            "the fewest",
        }
        verb = next((i for i in state.free("adjective") if state.items[i].verb), None)
        if verb is not None and (found := state.by_concept(state.items[verb].concept, dates=False)):
            state.use(verb)
            sup.order = found[0]
            sup.plain = False
            return
        later = next((i for i in state.free("column") if i > sup.place and numeric(state.items[i])), None)
        text = state.items[sup.place].text.lower()
        if (
            noun is not None
            and (text in counts or state.is_cue(sup.place + 1, Cue.COUNT))
            and later is None
            and state.touching(sup.place, sup.place + 1)
            and not self._asks_for(noun)
        ):
            sup.counted = noun
            return
        earlier = next((i for i in state.free("column")[::-1] if i < sup.place and numeric(state.items[i])), None)
        for place in (later, earlier):
            if place is not None:
                state.use(place)
                sup.order = state.items[place].field
                state.notes.append(state.items[place].note)
                return
        concept = spoken_of(state.items[sup.place].text.lower())
        spoken = state.by_concept(concept, dates=False, direction=sup.direction) if concept else None
        if spoken is not None:
            sup.order, sup.direction, sup.plain = spoken[0], sup.direction * spoken[1], False
            return
        ranks = [f for f in state.index.fields if f.column.numeric and set(name_words(f.name)) & _RANKS]
        if ranks and text in ("top", "best", "bottom", "worst", "leading"):
            sup.order, sup.direction, sup.plain = ranks[0], -sup.direction, False
            return
        numeric_fields = [f for f in state.numeric if f.via is None]
        if len(numeric_fields) == 1:
            state.doubt += 0.2
            sup.order = numeric_fields[0]

    def _asks_for(self, noun: int) -> bool:
        """Whether the noun is what is asked for: "which city", with the superlative before it."""
        return self.state.is_cue(noun - 1, Cue.WHICH)

    def _dated(self, sup: Super) -> None:
        state = self.state
        named = [i for i in state.free("column") if state.items[i].field in (*state.dates, *state.years)]
        if named:
            sup.order = state.items[named[0]].field
            if state.cue(Cue.WHEN) is None:
                state.use(named[0])
            return
        own = [f for f in state.dates if f.via is None] or [f for f in state.years if f.via is None]
        if own:
            sup.order = state.pick("dated", own[:3])
            return
        sup.by_row = True
        state.doubt += 0.35

    def _of_each(
        self, sup: Super, group: tuple[Field, Grain | None], order: Field, conditions: tuple[Condition, ...]
    ) -> Reading | None:
        """The highest price in each region, or the dearest product of each."""
        state = self.state
        base = state.index.base.name
        if not (order.column.numeric or order.column.temporal):
            return None
        if not state.free("column", "table") and state.cue(Cue.WHO, Cue.WHERE) is None:
            best = Agg.MAX if sup.direction > 0 else Agg.MIN
            return Reading(
                base, Shape.GROUP, agg=best, measure=order, conditions=conditions, group=group[0], grain=group[1]
            )
        row = None if group[1] is not None else self._target()
        if row is None or row in (group[0], order):
            return None
        first = Reading(base, Shape.EXTREME, (group[0], row), (order,), conditions=conditions, within=group[0])
        return replace(first, direction=sup.direction, order=order, limit=1)

    def _by_measure(
        self, sup: Super, group: tuple[Field, Grain | None] | None, agg: Agg | None, conditions: tuple[Condition, ...]
    ) -> Reading | None:
        state = self.state
        base = state.index.base
        shape = Shape.TOP if sup.limit > 1 else Shape.EXTREME
        target = None if group is not None else self._target()
        if sup.by_row:
            if target is None:
                return None
            columns = (target, *self._others())
            return Reading(
                base.name, shape, columns, conditions=conditions, direction=sup.direction, limit=sup.limit, by_row=True
            )
        if sup.order is None:
            return None
        order = sup.order
        each = group is not None and agg is None and sup.limit == 1 and not sup.nth
        if group is None and target is not None and self._summed(target, order, agg):
            group = (target, None)
        if group is not None:
            if each and (found := self._of_each(sup, group, order, conditions)) is not None:
                return found
            call = self._default_agg(order, agg)
            if not order.column.numeric:
                return None
            rows = Reading(
                base.name,
                shape,
                (group[0],),
                (order,),
                conditions=conditions,
                direction=sup.direction,
                order=order,
                limit=sup.limit,
                nth=sup.nth,
            )
            grouped = Reading(
                base.name,
                Shape.TOP if sup.limit > 1 else Shape.GROUP,
                agg=call,
                measure=order,
                conditions=conditions,
                group=group[0],
                grain=group[1],
                direction=sup.direction,
                limit=sup.limit,
                nth=sup.nth,
            )
            if agg is None and group[1] is None and not self._clearly_summed(sup):
                return state.pick("per row or in all", (grouped, rows))
            return grouped
        if agg is not None and agg is not Agg.SUM:
            return None
        unknown = any(state.is_cue(i - 1, Cue.WHICH) and state.touching(i - 1, i) for i in state.free("word"))
        if target is None and (not sup.plain or unknown) and state.cue(Cue.HOW, Cue.MUCH) is None:
            target = state.label()
        if target is None or target == order:
            label = state.label()
            beside = tuple(f for f in (label,) if f is not None and f != order)
            return Reading(
                base.name,
                shape,
                (order,),
                (*beside, *self._others()),
                conditions=conditions,
                direction=sup.direction,
                order=order,
                limit=sup.limit,
                nth=sup.nth,
            )
        others = self._others(order)
        asked = others if state.cue(Cue.AND, free=False) is not None else ()
        beside = tuple(f for f in others if f not in asked)
        return Reading(
            base.name,
            shape,
            (target, *asked),
            (order, *beside),
            conditions=conditions,
            direction=sup.direction,
            order=order,
            limit=sup.limit,
            nth=sup.nth,
        )

    def _summed(self, target: Field, order: Field, agg: Agg | None) -> bool:
        """Whether what is asked for occurs in several rows, so that its rows are taken together."""
        if (
            target.column.distinct >= 0.98 * (self.state.index.base.rows - target.column.missing)
            or not order.column.numeric
        ):
            return False
        if target.column.temporal and not agg:
            return False
        return agg is not None or self.state.additive(order)

    def _clearly_summed(self, sup: Super) -> bool:
        lowers = {word.lower for word in self.state.words}
        return (
            bool(lowers & {"most", "total", "overall", "spent", "sold", "generated", "earned", "combined"})
            or sup.limit > 1
        )
