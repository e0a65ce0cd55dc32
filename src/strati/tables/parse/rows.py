"""Rows that are listed or looked up, counts and aggregates of them, and whether there are any."""

from __future__ import annotations

from collections.abc import Sequence

from strati.tables.parse.lexicon import Cue
from strati.tables.parse.names import year_like
from strati.tables.parse.parts import filtered
from strati.tables.parse.reading import Agg, Condition, Field, Grain, Op, Reading, Shape
from strati.tables.parse.state import GRAINS
from strati.tables.parse.superlative import Superlative
from strati.tables.schema import Type


class Rows(Superlative):
    """Rows, counts and aggregates."""

    def _count(self, place: int, conditions: tuple[Condition, ...]) -> Reading | None:
        state = self.state
        state.use(place)
        base = state.index.base.name
        subject = next(
            (
                i
                for i in range(place + 1, len(state.items))
                if i not in state.used
                and state.items[i].kind in ("table", "column", "word", "grain")
                and not state.items[i].verb
            ),
            None,
        )
        shape = filtered(conditions, Shape.COUNT)
        if subject is None:
            if state.cue(Cue.COUNT, free=False) is not None and state.items[place].text.lower() in (
                "how often",
                "how many times",
            ):
                return Reading(base, shape, agg=Agg.COUNT, conditions=conditions) if conditions else None
            if not conditions:
                return None
            return Reading(base, shape, agg=Agg.COUNT, conditions=conditions)
        item = state.items[subject]
        one = item.field
        if (
            item.kind == "column"
            and one is not None
            and one.column.numeric
            and not state.identifier(one)
            and not year_like(one.column)
        ):
            state.use(subject)
            state.notes.append(item.note)
            if not self.state.additive(one):
                state.doubt += 0.1
            return Reading(base, Shape.SUM, agg=Agg.SUM, measure=one, conditions=conditions)
        if item.kind == "grain" and GRAINS[item.text.lower()] is Grain.DAY and state.dates:
            state.use(subject)
            return Reading(base, shape, agg=Agg.DISTINCT, measure=self._date(), conditions=conditions)
        if item.kind in ("table", "column"):
            agg, measure = self._counted(subject - 1)
            return Reading(base, shape, agg=agg, measure=measure, conditions=conditions)
        return Reading(base, shape, agg=Agg.COUNT, conditions=conditions)

    def _aggregate(self, agg: Agg) -> Reading | None:
        state = self.state
        place = self._free_measure()
        conditions = self._conditions()
        base = state.index.base.name
        shape = Shape.SUM if agg is Agg.SUM else Shape.AVERAGE
        if place is not None:
            state.use(place)
            state.notes.append(state.items[place].note)
            self._use_nouns()
            return Reading(base, shape, agg=agg, measure=state.items[place].field, conditions=conditions)
        for i in state.free("adjective"):
            if found := state.by_concept(state.items[i].concept, dates=False):
                state.use(i)
                return Reading(base, shape, agg=agg, measure=found[0], conditions=conditions)
        if agg is Agg.SUM and (tables := state.free("table", "column")):
            first = state.items[tables[0]]
            named = first.field.column if first.field is not None and not first.field.column.odd else None
            if first.kind == "table" or (named is not None and state.index.base.unique(named)):
                state.use(tables[0])
                return Reading(base, filtered(conditions, Shape.COUNT), agg=Agg.COUNT, conditions=conditions)
        bare = agg is Agg.SUM and bool(conditions) and not state.free("word", "column", "table")
        if (state.cue(Cue.MUCH) is not None or bare) and len(state.numeric) == 1:
            state.doubt += 0.15
            return Reading(base, shape, agg=agg, measure=state.numeric[0], conditions=conditions)
        return None

    def _rows(self, agg: Agg | None) -> Reading | None:
        state = self.state
        base = state.index.base.name
        if self._yes_no() and agg is None:
            return self._truth()
        conditions = self._values_but_targets()
        columns, notes = [], []
        for i in state.free("column"):
            item = state.items[i]
            if item.verb or item.field is None or item.field in columns:
                continue
            state.use(i)
            columns.append(item.field)
            notes.append(item.note)
        asked, context = self._asked(columns, conditions)
        known = [c.field for c in conditions if c.op is Op.IN and not c.negated and len(c.values) == 1]
        if asked is None or (asked and all(f in known for f in asked)):
            return None
        columns = asked
        state.notes += notes
        distinct = (
            bool(columns)
            and not any(state.index.base.unique(f.column) for f in columns)
            and len(columns) == 1
            and columns[0].column.type is not Type.NUMBER
        )
        order = self._sorted()
        numeric = [f for f in columns if f in state.numeric]
        if len(columns) == 1 and numeric and agg is None and (found := self._named_extreme(columns[0], conditions)):
            return found
        if agg is None and len(columns) == 1 and numeric and conditions and state.cue(Cue.LIST) is None:
            return self._looked_up(columns[0], conditions, context)
        self._use_all(Cue.DISTINCT)
        shape = filtered(conditions, Shape.LOOK_UP) if not self._explicit(columns) else Shape.LOOK_UP
        if order is not None:
            shown = tuple(f for f in columns if f != order[0]) or tuple(columns)
            return Reading(base, shape, shown, (order[0],), conditions=conditions, direction=order[1], order=order[0])
        return Reading(
            base, shape, tuple(columns), tuple(context), conditions=conditions, distinct=distinct and not context
        )

    def _named_extreme(self, one: Field, conditions: tuple[Condition, ...]) -> Reading | None:
        """The highest of a column of maxima: "what was the maximum temperature in Oslo"."""
        state = self.state
        texts = [item.text for item in state.items if item.kind == "column" and item.field == one]
        said = set(" ".join(texts).lower().split())
        base = state.index.base.name
        if said & {"average", "mean"}:
            return Reading(base, Shape.AVERAGE, agg=Agg.AVG, measure=one, conditions=conditions)
        direction = bool(said & {"maximum", "max", "highest"}) - bool(said & {"minimum", "min", "lowest"})
        if not direction:
            return None
        label = tuple(f for f in (state.label(),) if f is not None and f != one)
        return Reading(
            base, Shape.EXTREME, (one,), label, conditions=conditions, direction=direction, order=one, limit=1
        )

    def _explicit(self, columns: Sequence[Field]) -> bool:
        return self.state.cue(Cue.WHICH, free=False) is not None and any(f.column.numeric for f in columns)

    def _looked_up(self, one: Field, conditions: tuple[Condition, ...], context: Sequence[Field]) -> Reading:
        """A number of the rows that fit: itself when there is one row, else the sum where adding up makes sense."""
        state = self.state
        base = state.index.base.name
        keyed = any(
            c.op is Op.IN
            and not c.negated
            and len(c.values) == 1
            and (state.index.base.unique(c.field.column) or c.field.column.distinct > 0.8 * state.index.base.rows)
            for c in conditions
        )
        if keyed or not self.state.additive(one):
            return Reading(base, Shape.LOOK_UP, (one,), tuple(context), conditions=conditions)
        total = Reading(base, Shape.SUM, agg=Agg.SUM, measure=one, conditions=conditions)
        rows = Reading(base, Shape.LOOK_UP, (one,), tuple(context), conditions=conditions)
        return state.pick("sum or rows", (total, rows))

    def _values_but_targets(self) -> tuple[Condition, ...]:
        return self._conditions()

    def _asked(
        self, columns: list[Field], conditions: tuple[Condition, ...]
    ) -> tuple[list[Field], list[Field]] | tuple[None, list[Field]]:
        """The columns that are the answer, and those to show beside it."""
        state = self.state
        beside = [c.field for c in conditions if c.op not in (Op.IN, Op.CONTAINS, Op.TRUE, Op.MISSING)]
        who, where, when = (state.cue(cue) for cue in (Cue.WHO, Cue.WHERE, Cue.WHEN))
        if (who is not None or where is not None) and not columns and (verb := self._verb_field()) is not None:
            state.use(*(place for place in (who, where) if place is not None))
            return [verb], beside
        if (
            who is not None
            and (one := state.person()) is not None
            and (not columns or not any(f.column.type is Type.TEXT for f in columns))
        ):
            state.use(who)
            return [one], [*columns, *beside]
        if where is not None and (one := state.place()) is not None and one not in columns:
            state.use(where)
            return [one], [*columns, *beside]
        if when is not None and not any(f.column.temporal or year_like(f.column) for f in columns):
            found = state.dates or state.years
            if not found:
                return None, []
            state.use(when)
            hinted = [
                state.items[i].field
                for i, item in enumerate(state.items)
                if item.kind == "column" and item.field in found
            ]
            return [hinted[0] if hinted and hinted[0] is not None else state.pick("when", found[:3])], [
                *columns,
                *beside,
            ]
        how = self._how()
        if how is not None:
            return [how], [*columns, *beside]
        if columns:
            ids = [f for f in columns if f in beside]
            return columns, [f for f in beside if f not in ids]
        nouns = state.free("table")
        verbs = [i for i in state.free("column") if state.items[i].verb]
        if nouns or state.cue(Cue.LIST) is not None or state.cue(Cue.WHICH) is not None or not verbs:
            state.use(*nouns)
            label = state.label()
            if not conditions and not nouns:
                return None, []
            if label is None:
                return [], []
            listed = state.cue(Cue.LIST)
            if listed is not None and "name" not in state.items[listed].text.lower():
                beside = [f for f in state.index.fields if f.via is None and not f.column.of]
            return [label], [f for f in beside if f != label]
        return None, []

    def _how(self) -> Field | None:
        """The field asked for by "how old", "how much does it cost"."""
        state = self.state
        place = state.cue(Cue.HOW, Cue.MUCH)
        if place is None:
            return None
        for i in state.free("adjective"):
            if found := state.by_concept(state.items[i].concept, dates=False):
                state.use(i, place)
                return found[0]
        return None

    def _sorted(self) -> tuple[Field, int] | None:
        """The field after "sorted by"."""
        state = self.state
        place = state.cue(Cue.BY)
        if place is None:
            return None
        after = [
            f
            for i, item in enumerate(state.items)
            if i > place and item.kind == "column" and (f := item.field) is not None
        ]
        if not after:
            return None
        state.use(place)
        lowers = {word.lower for word in state.words}
        for i in state.free("word"):
            if state.items[i].text.lower() in ("descending", "desc", "ascending", "asc", "order"):
                state.use(i)
        return after[0], -1 if not lowers & {"descending", "desc", "decreasing"} else 1

    def _truth(self) -> Reading | None:
        state = self.state
        there = state.cue(Cue.THERE) is not None
        conditions = self._conditions()
        self._use_nouns()
        self._use_all(Cue.DISTINCT)
        if not conditions or (len(conditions) < 2 and not there):
            return None
        if state.cue(Cue.OR) is not None:  # is it A or B: asks which
            open_ = [c for c in conditions if c.op is Op.IN and len(c.values) > 1]
            if len(open_) != 1:
                return None
            return Reading(
                state.index.base.name, Shape.LOOK_UP, (open_[0].field,), conditions=conditions, distinct=True
            )
        return Reading(state.index.base.name, filtered(conditions, Shape.LOOK_UP), conditions=conditions, truth=True)
