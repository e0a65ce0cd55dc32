"""Groups and shares: by, per, for each; percentage of, share of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from strati.tables.parse.compare import Comparing
from strati.tables.parse.lexicon import Cue
from strati.tables.parse.names import year_like
from strati.tables.parse.reading import Agg, Field, Grain, Reading, Shape
from strati.tables.parse.state import GRAINS
from strati.tables.parse.tokens import stem
from strati.tables.schema import Type


class Grouping(Comparing):
    """Groups and shares of a total."""

    def _share(self, place: int) -> Reading | None:
        state = self.state
        fraction = state.is_cue(place, Cue.PART)
        self._use_all(Cue.SHARE, Cue.PART, Cue.SUM, Cue.COUNT)
        group = self._group()
        measure_place = self._free_measure()
        measure = None
        if measure_place is not None:
            measure = state.items[measure_place].field
            state.use(measure_place)
        spent = next((i for i in state.free("adjective") if state.items[i].verb and self._is_whole(i)), None)
        if (
            measure is None
            and spent is not None
            and (known := state.by_concept(state.items[spent].concept, dates=False))
        ):
            state.use(spent)
            measure = known[0]
        border = self._border(place)
        self.filters.values()
        self.filters.truths()
        found = sorted(self.filters.found, key=lambda pair: pair[0])
        if group is not None:
            conditions = tuple(one for _, one in found)
            self._use_nouns()
            return Reading(
                state.index.base.name,
                Shape.SHARE,
                agg=Agg.SUM if measure else Agg.COUNT,
                measure=measure,
                conditions=conditions,
                group=group[0],
                grain=group[1],
                fraction=fraction,
            )
        if not found:
            return None
        late = [one for at, one in found if at > border or at < place]
        early = [one for at, one in found if place < at < border]
        if not late:
            late, early = early, []
        self._use_nouns()
        return Reading(
            state.index.base.name,
            Shape.SHARE,
            agg=Agg.SUM if measure else Agg.COUNT,
            measure=measure,
            conditions=tuple(early),
            part=tuple(late),
            fraction=fraction,
        )

    def _is_whole(self, i: int) -> bool:
        """Whether a verb is a noun for the whole: "what share of total spending"."""
        return self.state.is_cue(i - 1, Cue.SHARE, Cue.PART, Cue.SUM, Cue.OF) and self.state.touching(i - 1, i)

    def _border(self, place: int) -> int:
        """Where the verb stands that parts the whole from the part: "of orders in Germany | were returned"."""
        state = self.state
        for i in range(place + 1, len(state.items)):
            if state.is_cue(i, Cue.IS) or (state.is_cue(i, Cue.WITH) and state.items[i].text.lower() != "with"):
                return i
        for i in range(place + 1, len(state.items)):
            if (state.is_cue(i, Cue.WITH, Cue.IN, Cue.FROM) and any(j > i for j, _ in self.filters.found)) or (
                state.is_cue(i, Cue.WITH, Cue.IN, Cue.FROM)
                and any(state.items[j].kind == "value" for j in range(i, len(state.items)))
            ):
                return i
        return place

    def _group(self) -> tuple[Field, Grain | None] | None:
        """The field after by, per or each."""
        state = self.state
        for i, item in enumerate(state.items):
            if i in state.used:
                continue
            if item.kind == "grain" and item.text.lower().endswith(("ly", "annual")) and state.dates:
                state.use(i)
                return self._date(), GRAINS[item.text.lower()]
            if item.cue is Cue.TIME and (state.dates or state.years):
                state.use(i)
                return self._over_time()
            if item.kind != "cue" or item.cue not in (Cue.PER, Cue.BY):
                continue
            target = i + 1
            while state.is_cue(target, Cue.OF, Cue.DISTINCT, Cue.ALL, Cue.PER):
                target += 1
            if target >= len(state.items) or target in state.used:
                continue
            found = self._groupable(target, item.cue)
            if found is not None and not (item.cue is Cue.BY and self._by_somebody(i)):
                state.use(i, target, *range(i, target))
                return found
        return None

    def _by_somebody(self, i: int) -> bool:
        """Whether "governed by the laws of Ohio" names who did it, and no group."""
        state = self.state
        place = state.items[i].start - 1
        verb = state.words[place].lower if place >= 0 else ""
        if not verb.endswith("ed") or verb in ("grouped", "sorted", "ranked", "ordered", "divided", "earned", "split"):
            return False
        return any(item.kind == "value" and 0 < item.start - state.items[i].end <= 4 for item in state.items[i:])

    def _over_time(self) -> tuple[Field, Grain | None]:
        """The field of time, by a part of it that makes some dozen groups."""
        if not self.state.dates:
            return self.state.pick("year", self.state.years[:2]), None
        one = self._date()
        first, last = (date.fromisoformat(end[:10]) for end in (one.column.low, one.column.high))
        days = (last - first).days
        return one, Grain.DAY if days < 62 else Grain.MONTH if days < 1500 else Grain.YEAR

    def _groupable(self, place: int, cue: Cue | None) -> tuple[Field, Grain | None] | None:
        state = self.state
        item = state.items[place]
        if item.kind == "grain" and state.dates:
            return self._date(), GRAINS[item.text.lower()]
        if item.kind == "grain" and GRAINS[item.text.lower()] is Grain.DECADE and state.years:
            named = [j for j in state.free("column") if state.items[j].field in state.years]
            state.use(*named[:1])
            return (state.items[named[0]].field if named else None) or state.pick("year", state.years[:2]), Grain.DECADE
        if item.kind == "grain" and GRAINS[item.text.lower()] is Grain.YEAR and state.years:
            return state.pick("year", state.years[:2]), None
        if item.kind == "column" and item.field is not None:
            one = item.field
            state.notes += [item.note] if item.note else []
            if one.column.temporal:
                if place + 1 < len(state.items) and state.items[place + 1].kind == "grain":
                    state.use(place + 1)
                    return one, GRAINS[state.items[place + 1].text.lower()]
                return one, Grain.DAY if one.column.type is Type.TIMESTAMP else None
            if cue is Cue.BY and one.column.numeric and not year_like(one.column):
                few = one.column.distinct <= 30 and one.column.distinct < 0.9 * state.index.base.rows
                other = any(state.items[j].field not in (None, one) for j in state.free("column")) or self._counts()
                return None if self._has_super() or (one in state.numeric and not (few and other)) else (one, None)
            return one, None
        if item.kind == "table" and cue is Cue.PER and not item.person:
            label = state.label()
            return (
                (label, None)
                if label is not None and state.index.table_stems and stem(item.text.lower()) in state.index.table_stems
                else None
            )
        if item.kind == "table" and item.person and (who := state.person()) is not None:
            return who, None
        return None

    def _counts(self) -> bool:
        return self.state.cue(Cue.COUNT) is not None

    def _has_super(self) -> bool:
        return self.ranked or any(self._is_super(j) for j in range(len(self.state.items)) if j not in self.state.used)

    def _with_group(self, group: tuple[Field, Grain | None], count: int | None, agg: Agg | None) -> Reading | None:
        state = self.state
        if count is not None:
            state.use(count)
        conditions = self._conditions()
        measure_place = self._free_measure()
        base = state.index.base.name
        if count is not None and (measure_place is None or measure_place < count):
            call, measure = self._counted(count)
            return Reading(
                base, Shape.GROUP, agg=call, measure=measure, conditions=conditions, group=group[0], grain=group[1]
            )
        if measure_place is not None:
            one = state.items[measure_place].field
            state.use(measure_place)
            state.notes.append(state.items[measure_place].note)
            assert one is not None
            return Reading(
                base,
                Shape.GROUP,
                agg=self._default_agg(one, agg if count is None else Agg.SUM),
                measure=one,
                conditions=conditions,
                group=group[0],
                grain=group[1],
            )
        verbs = [i for i in state.free("adjective") if state.items[i].verb]
        for i in verbs:
            if found := state.by_concept(state.items[i].concept, dates=False):
                state.use(i)
                return Reading(
                    base,
                    Shape.GROUP,
                    agg=self._default_agg(found[0], agg),
                    measure=found[0],
                    conditions=conditions,
                    group=group[0],
                    grain=group[1],
                )
        if agg in (Agg.AVG, Agg.MEDIAN) or (agg is Agg.SUM and not state.free("table")):
            numeric = [f for f in state.numeric if f.via is None]
            if len(numeric) != 1:
                return None
            state.doubt += 0.15
            return Reading(
                base, Shape.GROUP, agg=agg, measure=numeric[0], conditions=conditions, group=group[0], grain=group[1]
            )
        subject = state.free("table", "column")
        if not subject and not any(item.verb for item in state.items):
            return None
        call, measure = self._counted(subject[0] - 1) if subject else (Agg.COUNT, None)
        return Reading(
            base, Shape.GROUP, agg=call, measure=measure, conditions=conditions, group=group[0], grain=group[1]
        )

    def _with_having(self, agg: Agg | None) -> Reading | None:
        """Groups with a bound on their number of rows or their aggregate, or how many of them there are."""
        state = self.state
        having = self.filters.having
        count = state.cue(Cue.COUNT)
        if having is None or having.agg is None or agg is not None or self.filters.twice:
            return None
        conditions = self._conditions()
        if not self._is_bounded(having.at, having.place):
            return None
        if count is not None:
            subject = state.after(count, lambda one: one.kind in ("column", "table"), over=frozenset({Cue.DISTINCT}))
            if subject is None or not state.touching(count, count + 1):
                return None
            state.use(count, *(i for i in range(count, subject) if state.is_cue(i, Cue.DISTINCT)))
        found = self._part_of_date()
        target, grain = found or (self._target(exclude=having.place), None)
        if target is None or target == having.measure or self._yes_no() or (target.column.temporal and grain is None):
            return None
        return Reading(
            state.index.base.name, Shape.GROUP, agg=having.agg, measure=having.measure, conditions=conditions,
            group=target, grain=grain, having=having.bound, groups=count is not None,
        )  # fmt: skip

    def _is_bounded(self, at: int, measured: int) -> bool:
        """Whether one noun alone stands before the bound, and is what is asked for.

        Not so in "the status of orders with more than 2 products" and "what did customers with more than 2 orders buy".
        """
        state = self.state
        nouns = [j for j in state.free("column", "table", "grain") if j < at and j != measured]
        nouns = [j for j in nouns if not state.items[j].verb]
        which = next((j for j in range(nouns[0]) if state.is_cue(j, Cue.WHICH, Cue.HOW)), None) if nouns else None
        asked = which is None or all(
            state.is_cue(j, Cue.IS, Cue.OF, Cue.ALL, Cue.DISTINCT, Cue.IN) for j in range(which + 1, nouns[0])
        )
        return len(nouns) <= 1 and asked

    def _bounded(self, reading: Reading | None) -> Reading | None:
        """A reading by groups with the bound on what is asked of them; None where a bound was said and has no place."""
        having = self.filters.having
        if reading is None or having is None or reading.having is not None:
            return reading
        fits = (
            having.agg is None and reading.group is not None and reading.shape is Shape.GROUP and not reading.direction
        )
        return replace(reading, having=having.bound, valued=True) if fits and not self.filters.twice else None
