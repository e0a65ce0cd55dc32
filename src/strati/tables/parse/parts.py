"""What all shapes of question need: conditions, aggregates, what is counted, what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from strati.tables.parse.index import Item
from strati.tables.parse.lexicon import Cue
from strati.tables.parse.names import year_like
from strati.tables.parse.reading import Agg, Condition, Field, Grain, Op, Shape
from strati.tables.parse.state import BEGINS, GRAINS
from strati.tables.parse.tidy import Tidied
from strati.tables.parse.tokens import name_words
from strati.tables.schema import Type


class Parts(Tidied):
    """The parts that shapes are made of."""

    def _conditions(self) -> tuple[Condition, ...]:
        self.filters.mentions()
        self.filters.values()
        self.filters.truths()
        self.filters.signs()
        return merged([condition for _, condition in sorted(self.filters.found, key=lambda pair: pair[0])])

    def _use_all(self, *cues: Cue) -> None:
        state = self.state
        state.use(*(i for i, item in enumerate(state.items) if item.kind == "cue" and item.cue in cues))

    def _agg(self) -> Agg | None:
        """The aggregate that is asked for by name."""
        state = self.state
        for cue, agg in ((Cue.MEDIAN, Agg.MEDIAN), (Cue.AVG, Agg.AVG), (Cue.SUM, Agg.SUM)):
            if (place := state.cue(cue)) is not None:
                state.use(place)
                return agg
        return None

    def _default_agg(self, one: Field, agg: Agg | None) -> Agg:
        if agg is not None:
            return agg
        if self.state.additive(one):
            return Agg.SUM
        return Agg.AVG

    def _free_measure(self) -> int | None:
        """The place of a column of numbers that is not used yet."""
        state = self.state
        for i in state.free("column"):
            one = state.items[i].field
            if one is not None and one.column.numeric and not state.identifier(one) and not (year_like(one.column)):
                return i
        return None

    def _use_nouns(self) -> None:
        """Nouns that only say what a row is."""
        state = self.state
        for i in state.free("column"):
            one = state.items[i].field
            if one is not None and (state.index.base.unique(one.column) or state.identifier(one)):
                state.use(i)

    def _date(self) -> Field:
        state = self.state
        used = [condition.field for _, condition in self.filters.found if condition.field.column.temporal]
        named = [state.items[i].field for i in state.free("column") if state.items[i].field in state.dates]
        if named and named[0] is not None:
            state.use(next(i for i in state.free("column") if state.items[i].field == named[0]))
            return named[0]
        own = [f for f in state.dates if f.via is None] or state.dates
        first = [f for f in own if set(name_words(f.name)) & BEGINS]
        return used[0] if used else state.pick("date", (first or own)[:3])

    def _part_of_date(self) -> tuple[Field, Grain | None] | None:
        """A part of a date that is asked for: "which month had the highest sales"."""
        state = self.state
        which = state.cue(Cue.WHICH, Cue.WHEN)
        for i in state.free("grain"):
            if (state.is_cue(i - 1, Cue.WHICH, Cue.WHEN, Cue.IN) or i == 0 or which is None or i - 1 == which) and (
                state.dates and GRAINS[state.items[i].text.lower()] is not Grain.DAY
            ):
                state.use(i)
                if which is not None:
                    state.use(which)
                return self._date(), GRAINS[state.items[i].text.lower()]
        return None

    def _yes_no(self) -> bool:
        first = self.state.words[0].lower if self.state.words else ""
        return first in (
            "is",
            "are",
            "was",
            "were",
            "does",
            "do",
            "did",
            "has",
            "have",
            "can",
            "isn't",
            "doesn't",
            "didn't",
        )

    def _counted(self, place: int) -> tuple[Agg, Field | None]:
        """What is counted after "how many": rows, or the different values of a column."""
        state = self.state
        for i in range(place + 1, len(state.items)):
            if i in state.used:
                continue
            item = state.items[i]
            if item.kind == "table":
                state.use(i)
                state.notes.append(item.note)
                return Agg.COUNT, None
            if item.kind == "column" and item.field is not None and not item.verb:
                state.use(i)
                state.notes.append(item.note)
                distinct = [j for j, one in enumerate(state.items) if one.kind == "cue" and one.cue is Cue.DISTINCT]
                state.use(*distinct)
                if not distinct and (state.index.base.unique(item.field.column) or self._row_noun(item)):
                    return Agg.COUNT, None
                if item.field.via is not None and not distinct:
                    return Agg.DISTINCT, item.field
                if not distinct and item.quality < 0.95 and state.identifier(item.field):
                    return state.pick("distinct", (Agg.DISTINCT, Agg.COUNT)), item.field
                return Agg.DISTINCT, item.field
        return Agg.COUNT, None

    def _row_noun(self, item: Item) -> bool:
        """Whether a column's name also says what a row is: order_id in a table of orders."""
        state = self.state
        words = {w.stem for w in state.words[item.start : item.end]}
        return (
            bool(words & set(state.index.table_stems[-1:])) and item.field is not None and state.identifier(item.field)
        )

    def _target(self, exclude: int = -1) -> Field | None:
        """The column that is asked for by which, what, who, where or when, or the noun for a row."""
        state = self.state
        for cue, role in ((Cue.WHO, state.person), (Cue.WHERE, state.place)):
            place = state.cue(cue)
            if place is not None and (verb := self._verb_field()) is not None:
                state.use(place)
                return verb
            if place is not None and (one := role()) is not None:
                state.use(place)
                return one
        if (place := state.cue(Cue.WHEN)) is not None:
            state.use(place)
            found = state.dates or state.years
            said = next((i for i in state.free("column") if state.items[i].field in found), None)
            if said is not None:
                state.use(said)
                return state.items[said].field
            return state.pick("when", found[:3]) if found else None
        for i in state.free("column", "table", "grain"):
            if i == exclude or state.items[i].verb:
                continue
            item = state.items[i]
            if item.kind == "table":
                state.use(i)
                if item.person and (who := state.person()) is not None:
                    return who
                return state.label()
            if item.kind == "grain":
                grain = GRAINS[item.text.lower()]
                found = state.years if grain is Grain.YEAR else state.dates if grain is Grain.DAY else []
                if found:
                    state.use(i)
                    return found[0]
                continue
            if item.field is not None and not (
                item.field.column.numeric and not state.identifier(item.field) and not year_like(item.field.column)
            ):
                state.use(i)
                state.notes.append(item.note)
                return item.field
        return None

    def _verb_field(self) -> Field | None:
        """The column of text that a verb asks for: "who directed" asks for the director."""
        state = self.state
        for i in state.free("column"):
            one = state.items[i].field
            if state.items[i].verb and one is not None and one.column.type is Type.TEXT:
                state.use(i)
                return one
        return None

    def _others(self, *skip: Field) -> tuple[Field, ...]:
        """Further columns that are asked for."""
        state = self.state
        found = []
        for i in state.free("column"):
            item = state.items[i]
            if item.field is None or item.verb or item.field in skip:
                continue
            state.use(i)
            if not any(one.column.of == item.field.name for one in skip):  # the text that the number was taken from
                found.append(item.field)
        return tuple(found)


def merged(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Two values that one number or year may have are alternatives: no row has both."""
    made: list[Condition] = []
    for one in conditions:
        same = [c for c in made if c.field == one.field and c.op is one.op is Op.IN and c.negated == one.negated]
        if same and one.field.column.numeric:
            made[made.index(same[0])] = replace(same[0], values=tuple(dict.fromkeys((*same[0].values, *one.values))))
        else:
            made.append(one)
    return tuple(made)


def filtered(conditions: tuple[Condition, ...], otherwise: Shape) -> Shape:
    """The shape of a filter by the kind of its conditions."""
    if otherwise is not Shape.LOOK_UP or not conditions:
        return otherwise
    ops = {condition.op for condition in conditions}
    if ops & {Op.SPAN, Op.MONTH, Op.QUARTER, Op.WEEKDAY, Op.DAY}:
        return Shape.BY_DATE
    if ops & {Op.GT, Op.GE, Op.LT, Op.LE, Op.BETWEEN}:
        return Shape.BY_NUMBER
    return Shape.BY_VALUE
