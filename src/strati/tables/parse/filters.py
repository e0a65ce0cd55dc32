"""The conditions of a question: values, numbers, dates, what is missing."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from strati.core.records import JSON
from strati.tables.parse.lexicon import UNIT_NOUNS, Cue
from strati.tables.parse.link import Item, year_like
from strati.tables.parse.reading import Condition, Field, Op
from strati.tables.parse.state import BEGINS, GRAINS, State
from strati.tables.parse.tokens import Span, name_words, root
from strati.tables.parse.units import factor, related
from strati.tables.schema import Type

_BOUNDS = {
    Cue.GT: Op.GT,
    Cue.GE: Op.GE,
    Cue.LT: Op.LT,
    Cue.LE: Op.LE,
    Cue.EQ: Op.IN,
    Cue.ORMORE: Op.GE,
    Cue.ORLESS: Op.LE,
}
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
_MENTIONS = frozenset(
    ("mention", "mentions", "mentioned", "mentioning", "contain", "contains", "contained", "containing")
)
_MONEY = frozenset(
    [
        "price",
        "cost",
        "amount",
        "revenue",
        "sales",
        "salary",
        "total",
        "fee",
        "value",
        "income",
        "spend",
        "budget",
        "profit",
        "pay",
        "wage",
        "rent",
    ]
)


class Filters:
    """Finds all conditions; `found` pairs each with the place in the question where it stands."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.found: list[tuple[int, Condition]] = []
        self.having: tuple[Op, float, int] | None = None

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
            condition = _timed(one, state.items[cue].cue if cue is not None else None, item.span, second)
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
            if any(f.column.numeric and _within(f, float(text)) for f in state.index.fields if state.identifier(f)):
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
        return bool(not state.dates and not state.years)

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

    # numbers

    def numbers(self) -> None:
        state = self.state
        for i in state.free("number"):
            item = state.items[i]
            if i in state.used or item.number is None or item.number.ordinal:
                continue
            self._number(i, item)

    def _number(self, i: int, item: Item) -> None:
        state = self.state
        assert item.number is not None
        ops, cues, second = self._bounds(i)
        field_place, one = self._number_field(i, cues, compared=bool(ops))
        if one is None and ops:
            one = self._default_field(i, item)
        if one is None:
            if ops and self._counted(i, ops[0]):
                state.use(i, *cues)
            return
        if isinstance(field_place, int) and self._of_groups(field_place, ops, item):
            state.use(i, *cues)
            return
        other = state.items[second].number if second is not None else None
        values = [item.number.value, *([other.value] if other is not None else [])]
        if not self._converted(one, i if second is None else second, values):
            return
        if item.number.unit == "%" and one.column.high and 0 < float(one.column.high) <= 1:
            values = [v / 100 for v in values]
        op = ops[0] if ops else Op.IN
        negated = any(state.is_cue(c, Cue.NOT) for c in cues)
        if op is Op.BETWEEN and len(values) == 2:
            values.sort()
        shown: tuple[JSON, ...] = tuple(int(v) if v == int(v) else v for v in values)
        if one.column.type is Type.TEXT:
            shown = tuple(str(v) for v in shown)
        state.use(
            i, *cues, *([second] if second is not None else []), *([field_place] if field_place is not None else [])
        )
        self._use_unit(i if second is None else second)
        state.absorb(one)
        self.add(i, Condition(one, op, shown, negated=negated))

    def _converted(self, one: Field, i: int, values: list[float]) -> bool:
        """Turn numbers to what the column is counted in; false where the units do not go together."""
        state = self.state
        following = state.words[state.items[i].end].lower if state.items[i].end < len(state.words) else ""
        times = factor(following, state.index.unit(one)) if following in UNIT_NOUNS else 1.0
        number = state.items[i].number
        if times is None or number is None:
            return False
        scale = state.index.scale(one)
        values[:] = [(v / scale if v >= scale > 1.0 else v) * times for v in values]
        hidden = number.scale > 1.0 and scale == 1.0 and one.column.high
        if hidden and abs(float(one.column.high)) * 1000 < values[0]:
            state.doubt += 0.5  # 30 million of what is never more than 200: the header hides a scale
        return True

    def _bounds(self, i: int) -> tuple[list[Op], list[int], int | None]:
        """The comparison that a number is in: operator, places of its cues, place of the second number."""
        state = self.state
        before = i - 1 if state.touching(i - 1, i) else -1
        while (
            before >= 0
            and state.is_cue(before, Cue.OF, Cue.IS)
            and state.touching(before - 1, before)
            and state.is_cue(before - 1, Cue.GE, Cue.GT, Cue.LT, Cue.LE)
        ):
            before -= 1
        if (
            state.is_cue(before, Cue.BETWEEN, Cue.FROM)
            and state.is_cue(i + 1, Cue.AND, Cue.TO)
            and i + 2 < len(state.items)
            and state.items[i + 2].kind in ("number", "span")
            and state.items[i + 2].number
        ):
            return [Op.BETWEEN], [before, i + 1], i + 2
        places = []
        ops = []
        if before >= 0 and state.is_cue(before, Cue.GT, Cue.GE, Cue.LT, Cue.LE, Cue.EQ):
            ops.append(_BOUNDS[state.items[before].cue])  # type: ignore[index]
            places.append(before)
            if state.is_cue(before - 1, Cue.NOT) and state.touching(before - 1, before):
                places.append(before - 1)
        elif (
            before >= 0
            and state.is_cue(before, Cue.THAN)
            and before > 0
            and state.items[before - 1].kind == "adjective"
        ):
            word = state.items[before - 1]
            found = state.by_concept(word.concept)
            sign = word.direction * (found[1] if found else 1)
            ops.append(Op.GT if sign > 0 else Op.LT)
            places += [before]
        after = i + 1
        if state.is_cue(after, Cue.ORMORE, Cue.ORLESS):
            ops = [_BOUNDS[state.items[after].cue]]  # type: ignore[index]
            places.append(after)
        else:
            unit = after
            while (
                unit < len(state.items)
                and state.items[unit].text.lower() in UNIT_NOUNS
                and state.items[unit].kind in ("word", "grain", "cue")
            ):
                unit += 1
            if unit > after and state.is_cue(unit, Cue.ORMORE, Cue.ORLESS):
                ops = [_BOUNDS[state.items[unit].cue]]  # type: ignore[index]
                places += [*range(after, unit), unit]
            elif (
                not ops
                and after < len(state.items)
                and state.items[after].kind == "column"
                and state.is_cue(after + 1, Cue.ORMORE, Cue.ORLESS)
                and state.touching(after, after + 1)
            ):
                ops = [_BOUNDS[state.items[after + 1].cue]]  # type: ignore[index]
                places.append(after + 1)
        if state.is_cue(before, Cue.NOT) and not ops:
            places.append(before)
        return ops, places, None

    def _number_field(self, i: int, cues: list[int], *, compared: bool) -> tuple[int | None, Field | None]:
        state = self.state

        def fits(item: Item) -> bool:
            one = item.field
            if item.kind != "column" or one is None or (compared and state.identifier(one)):
                return False
            return one.column.numeric or (not compared and self._holds(one, i))

        first = min([i, *(c for c in cues if c < i)])
        steps = frozenset({Cue.IS, Cue.OF, Cue.EQ, Cue.WITH, Cue.IN, Cue.NOT, Cue.FOR})
        place = state.before(first, fits, over=steps)
        beside = state.words[state.items[i].end].lower if state.items[i].end < len(state.words) else ""
        if compared and beside in UNIT_NOUNS and (place is None or not state.touching(place, place + 1)):
            counted = [f for f in state.numeric if beside in name_words(f.name)]
            if len(counted) == 1:
                follows = i + 1 < len(state.items) and state.items[i + 1].field == counted[0]
                return (i + 1 if follows else None), counted[0]
        if place is not None and (compared or self._tied(place, i)):
            return place, state.items[place].field
        adjective = state.before(first, lambda item: item.kind == "adjective", over=steps)
        if compared and adjective is not None and state.items[adjective].verb:
            named = next((j for j in state.free("column") if j > i and fits(state.items[j])), None)
            if named is not None:
                state.use(adjective)
                return named, state.items[named].field
        if (
            compared
            and adjective is not None
            and (found := state.by_concept(state.items[adjective].concept, dates=False))
        ):
            state.use(adjective)
            return None, found[0]
        after = i + 1
        while (
            after < len(state.items)
            and state.items[after].text.lower() in UNIT_NOUNS
            and state.items[after].kind in ("word", "grain")
        ):
            after += 1
        unit = after > i + 1
        over = steps if compared else frozenset({Cue.OF})
        place = state.after(after - 1, fits, over=over if unit or compared else frozenset())
        if (
            place is not None
            and not unit
            and state.is_cue(place - 1, Cue.IN, Cue.WITH, Cue.FOR)
            and not (compared and state.is_cue(place - 1, Cue.IN))
        ):
            place = None
        if place is not None and (compared or state.items[place].field in state.numeric or unit):
            return place, state.items[place].field
        later = state.after(after - 1, lambda item: item.kind == "adjective", over=over)
        if compared and later is not None and (found := state.by_concept(state.items[later].concept, dates=False)):
            state.use(later)
            return None, found[0]
        if not compared and (table := state.before(first, lambda item: item.kind == "table", over=steps)) is not None:
            ids = [f for f in state.index.fields if state.index.base.unique(f.column) and self._holds(f, i)]
            if ids and state.touching(table, i):
                state.use(table)
                return None, ids[0]
        return None, None

    def _holds(self, one: Field, i: int) -> bool:
        """Whether a field of text has the number among its values."""
        return one.column.numeric or state_text(self.state.items[i]) in one.column.values

    def _tied(self, place: int, i: int) -> bool:
        """Whether "rating of 5", "rating 5" or "rating is 5" was written."""
        state = self.state
        return all(state.is_cue(p, Cue.IS, Cue.OF, Cue.EQ, Cue.NOT) for p in range(place + 1, i)) and state.touching(
            place, place + 1
        )

    def _default_field(self, i: int, item: Item) -> Field | None:
        """The field of an amount with no name beside it: by its unit, or the only one there is."""
        state = self.state
        assert item.number is not None
        after = state.items[i + 1].text.lower() if i + 1 < len(state.items) else ""
        following = self.state.words[item.end].lower if item.end < len(state.words) else ""
        fields = state.numeric
        money = (
            (item.number.unit in "$€£" and item.number.unit)
            or after in ("dollars", "euros", "usd", "eur", "pounds")
            or following in ("dollars", "euros", "usd", "eur", "$", "€")
        )
        if i + 1 < len(state.items) and state.items[i + 1].kind in ("table", "word") and after not in UNIT_NOUNS:
            return None  # more than 5 of something else
        if money:
            paid = [f for f in fields if f.column.unit in ("$", "€", "£") or set(name_words(f.name)) & _MONEY]
            if paid:
                state.doubt += 0.1 * (len(paid) > 1)
                return state.pick("money", paid[:3])
        units = {
            "years": ("age",),
            "year": ("age",),
            "kg": ("weight", "mass"),
            "hours": ("duration", "hours"),
            "minutes": ("duration", "minutes", "runtime"),
            "stars": ("rating",),
            "%": ("percent", "rate", "share"),
            "degrees": ("temperature",),
        }
        alike = [f for f in fields if related(following, state.index.unit(f))]
        if alike:
            state.doubt += 0.1 * (len(alike) > 1)
            return state.pick("unit", alike[:3])
        for name in (after, following, item.number.unit):
            for word in units.get(name, ()):
                for f in fields:
                    if word in name_words(f.name):
                        return f
        if len(fields) == 1 and not any(state.items[j].kind == "word" for j in range(len(state.items))):
            state.doubt += 0.15
            return fields[0]
        wide = [f for f in fields if f.via is None and _within(f, item.number.value) and abs(item.number.value) >= 100]
        if len(wide) == 1:  # between 700k and 800k, where one column alone has numbers of that size
            state.doubt += 0.15
            return wide[0]
        return None

    def _counted(self, i: int, op: Op) -> bool:
        """A bound on a number of rows: "customers with more than 3 orders"."""
        state = self.state
        noun = state.after(
            i,
            lambda item: (
                item.kind == "table"
                or (
                    item.kind == "column"
                    and item.field is not None
                    and (not item.field.column.numeric or state.identifier(item.field))
                )
            ),
        )
        number = state.items[i].number
        if noun is None or number is None or self.having or not state.touching(i, noun):
            return False
        one = state.items[noun].field
        if one is not None and not state.index.base.unique(one.column):
            return False
        self.having = (op, number.value, noun)
        state.use(noun)
        return True

    def _of_groups(self, place: int, ops: list[Op], item: Item) -> bool:
        """A bound on an aggregate: "departments with an average salary above 50000"."""
        state = self.state
        cue = state.before(
            place, lambda one: one.kind == "cue" and one.cue in (Cue.SUM, Cue.AVG), over=frozenset({Cue.OF})
        )
        if cue is None or not ops or not state.touching(cue, place) or item.number is None or self.having:
            return False
        self.having = (ops[0], item.number.value, place)
        return True

    def _use_unit(self, i: int) -> None:
        state = self.state
        while (
            i + 1 < len(state.items)
            and state.items[i + 1].text.lower() in UNIT_NOUNS
            and state.touching(i, i + 1)
            and state.items[i + 1].kind in ("word", "grain")
        ):
            i += 1
            state.use(i)

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


def _within(one: Field, value: float) -> bool:
    return bool(one.column.low) and float(one.column.low) <= value <= float(one.column.high)


def state_text(item: Item) -> str:
    return item.text.replace(",", "")


def _timed(one: Field, cue: Cue | None, span: Span, second: Span | None) -> Condition | None:
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


__all__ = ["GRAINS", "Filters"]
