"""Conditions on dates and years: in 2024, before March, between two days, on a Friday."""

from __future__ import annotations

from datetime import date

from strati.tables.parse.index import Item
from strati.tables.parse.lexicon import UNIT_NOUNS, Cue
from strati.tables.parse.names import year_like
from strati.tables.parse.reading import Condition, Field, Op
from strati.tables.parse.state import BEGINS, GRAINS, State
from strati.tables.parse.tokens import Span, name_words, root

_TIMES = (
    Cue.BEFORE,
    Cue.AFTER,
    Cue.SINCE,
    Cue.UNTIL,
    Cue.IN,
    Cue.FROM,
    Cue.BETWEEN,
    Cue.GT,
    Cue.LT,
    Cue.GE,
    Cue.LE,
    Cue.FOR,
    Cue.OF,
    Cue.IS,
    Cue.NOT,
)


class Times:
    """Finds conditions on time; `found` pairs each with the place in the question where it stands."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.found: list[tuple[int, Condition]] = []

    def add(self, place: int, condition: Condition) -> None:
        self.found.append((place, condition))

    # time

    def times(self) -> None:
        state = self.state
        for i in state.free("span"):
            if i in state.used:
                continue
            item = state.items[i]
            assert item.span is not None
            cue = i - 1 if state.touching(i - 1, i) and state.is_cue(i - 1, *_TIMES) else None
            if item.number is not None and self._is_number(i, cue):
                state.change(i, kind="number")
                continue
            other = self._range(i, cue)
            one = self._time_field(i, item.span, state.items[other].span if other is not None else None)
            if one is None:
                if item.number is not None:
                    state.change(i, kind="number")
                continue
            second = state.items[other].span if other is not None else None
            condition = timed(one, state.items[cue].cue if cue is not None else None, item.span, second)
            if condition is None:
                continue
            negated = state.is_cue(i - 1, Cue.NOT) or (
                cue is not None and state.is_cue(i - 2, Cue.NOT) and state.touching(i - 2, i - 1)
            )
            if negated:
                condition = Condition(one, condition.op, condition.values, condition.text, True)
                state.use(*(p for p in (i - 1, i - 2) if state.is_cue(p, Cue.NOT)))
            state.use(i, *([cue] if cue is not None else []), *([other, other - 1] if other is not None else []))
            self.add(i, condition)

    def _is_number(self, i: int, cue: int | None) -> bool:
        """Whether 2015 after "price over" is an amount and no year."""
        state = self.state
        following = state.words[state.items[i].end].lower if state.items[i].end < len(state.words) else ""
        if following in UNIT_NOUNS and following not in GRAINS:
            return True  # over 1000 euros
        previous = state.items[i - 1] if i > 0 and state.touching(i - 1, i) else None
        if previous is not None and (
            previous.kind == "table" or (previous.field is not None and state.identifier(previous.field))
        ):
            text = state_text(state.items[i])
            if any(f.column.numeric and within(f, float(text)) for f in state.index.fields if state.identifier(f)):
                return True
        if cue is not None and not state.is_cue(cue, Cue.GT, Cue.GE, Cue.LT, Cue.LE, Cue.BETWEEN, Cue.IS, Cue.OF):
            return not state.dates and not state.years
        at = cue if cue is not None else i
        column = state.before(
            at, lambda item: item.kind == "column" and item.field is not None and item.field.column.numeric
        )
        if column is not None:
            one = state.items[column].field
            return one is not None and not year_like(one.column)
        if cue is not None and self._is_amount(cue):
            return True
        return bool(not state.dates and not state.years)

    def _is_amount(self, cue: int) -> bool:
        """Whether "more than 2000" speaks of no year: years are before, after and since, unless a year is named."""
        state = self.state
        if not state.is_cue(cue, Cue.GT, Cue.GE, Cue.LT, Cue.LE) or not state.numeric:
            return False
        timed = state.before(
            cue,
            lambda item: (
                item.kind == "grain" or (item.field is not None and item.field in (*state.dates, *state.years))
            ),
        )
        return timed is None

    def _range(self, i: int, cue: int | None) -> int | None:
        """The place of the second end, in "between 2019 and 2021", "from May to June", "2019 to 2021"."""
        state = self.state
        opened = cue is not None and state.is_cue(cue, Cue.BETWEEN, Cue.FROM)
        joint = (Cue.AND, Cue.TO, Cue.UNTIL) if opened else (Cue.TO,)
        if (
            state.is_cue(i + 1, *joint)
            and i + 2 < len(state.items)
            and state.items[i + 2].kind == "span"
            and state.touching(i + 1, i + 2)
        ):
            return i + 2
        return None

    def _time_field(self, i: int, span: Span, second: Span | None) -> Field | None:
        """The field of dates or years that a time is about."""
        state = self.state
        whole_years = span.year is not None and (second is None or second.year is not None)
        fields = [*state.dates, *(state.years if whole_years else [])]
        if span.first is None:
            fields = state.dates
        named = [
            (abs(j - i) + (j > i) * 0.5, j) for j, item in enumerate(state.items)
            if item.kind == "column" and item.field in fields and (j not in state.used or item.verb)
        ]  # fmt: skip
        for distance, j in sorted(named):
            if distance <= 5:
                state.use(j)
                return state.items[j].field
        hinted = [
            f
            for f in fields
            if any(
                root(word.lower) in {root(w) for w in name_words(f.name)} - {"dat", "date", "year"}
                for word in state.words
                if len(word.lower) > 3
            )
        ]
        own = [f for f in (hinted or fields) if f.via is None]
        first = [f for f in own if set(name_words(f.name)) & BEGINS]
        own = first if first and not hinted else own
        exact = [f for f in own if f in state.years and name_words(f.name) == ("year",)]
        plain = [f for f in own if set(name_words(f.name)) & {"date", "day"}] or own
        options = exact or plain or hinted or fields
        if not options:
            return None
        if len(options) > 1:
            state.doubt += 0.1
        return state.pick("time", options[:3])


def within(one: Field, value: float) -> bool:
    return bool(one.column.low) and float(one.column.low) <= value <= float(one.column.high)


def state_text(item: Item) -> str:
    return item.text.replace(",", "")


def timed(one: Field, cue: Cue | None, span: Span, second: Span | None) -> Condition | None:
    """The condition for a time: before, after, since, until, between or in it."""
    if one.column.numeric:
        year = span.year
        if second is not None and second.year is not None and year is not None:
            return Condition(one, Op.BETWEEN, (year, second.year))
        if year is None:
            return None
        ops = {
            Cue.BEFORE: Op.LT,
            Cue.LT: Op.LT,
            Cue.AFTER: Op.GT,
            Cue.GT: Op.GT,
            Cue.SINCE: Op.GE,
            Cue.GE: Op.GE,
            Cue.UNTIL: Op.LE,
            Cue.LE: Op.LE,
        }
        return Condition(one, ops.get(cue, Op.IN) if cue else Op.IN, (year,))
    if span.month and span.day:
        return Condition(one, Op.DAY, (span.month, span.day))
    if span.month or span.quarter or span.weekday:
        op = Op.MONTH if span.month else Op.QUARTER if span.quarter else Op.WEEKDAY
        if second is not None or cue in (Cue.BEFORE, Cue.AFTER, Cue.SINCE, Cue.UNTIL):
            return None
        return Condition(one, op, (span.month or span.quarter or span.weekday,))
    if second is not None:
        if second.after is None or span.first is None:
            return None
        return _span(one, span.first, second.after)
    if cue in (Cue.BEFORE, Cue.LT):
        return _span(one, None, span.first)
    if cue in (Cue.AFTER, Cue.GT):
        return _span(one, span.after, None)
    if cue in (Cue.SINCE, Cue.GE):
        return _span(one, span.first, None)
    if cue in (Cue.UNTIL, Cue.LE):
        return _span(one, None, span.after)
    return _span(one, span.first, span.after)


def _span(one: Field, first: date | None, after: date | None) -> Condition:
    return Condition(one, Op.SPAN, (first.isoformat() if first else None, after.isoformat() if after else None))
