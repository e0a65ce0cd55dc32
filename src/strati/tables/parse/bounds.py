"""Conditions on numbers: more than 5, at most 20 %, between 700k and 800k, and bounds on groups."""

from __future__ import annotations

from strati.core.records import JSON
from strati.tables.parse.having import GroupBounds
from strati.tables.parse.index import Item
from strati.tables.parse.lexicon import UNIT_NOUNS, Cue
from strati.tables.parse.reading import Bound, Condition, Field, Op
from strati.tables.parse.times import state_text, within
from strati.tables.parse.tokens import name_words
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


class Bounds(GroupBounds):
    """Finds conditions on numbers."""

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
        other = state.items[second].number if second is not None else None
        values = [item.number.value, *([other.value] if other is not None else [])]
        negated = any(state.is_cue(c, Cue.NOT) for c in cues)
        bound = self._bound(ops, values, negated)
        first, last = min([i, *(c for c in cues if c < i)]), i if second is None else second
        places = [*cues, *([second] if second is not None else [])]
        if bound is not None and self._counted(last, bound, [*places, i], named=True):
            return
        field_place, one = self._number_field(i, cues, compared=bool(ops))
        if one is None and bound is not None and self._of_the_group(first, bound, places, i):
            return
        if one is None and ops:
            one = self._default_field(i, item)
        if one is None:
            if bound is not None:
                self._counted(last, bound, [*places, i], named=False)
            return
        if not self._converted(one, last, values):
            return
        bound = self._bound(ops, values, negated)
        if self._on_groups(one, field_place, (first, last), bound):
            state.use(i, *places)
            return
        if (
            bound is not None
            and field_place is None
            and self._each_or_in_all(one, i, self._bound(ops, values, negated))
        ):
            state.use(i, *places)
            self._use_unit(last)
            return
        if item.number.unit == "%" and one.column.high and 0 < float(one.column.high) <= 1:
            values = [v / 100 for v in values]
        op = ops[0] if ops else Op.IN
        if op is Op.BETWEEN and len(values) == 2:
            values.sort()
        shown: tuple[JSON, ...] = tuple(int(v) if v == int(v) else v for v in values)
        if one.column.type is Type.TEXT:
            shown = tuple(str(v) for v in shown)
        state.use(i, *places, *([field_place] if field_place is not None else []))
        self._use_unit(last)
        state.absorb(one)
        self.add(i, Condition(one, op, shown, negated=negated))

    def _on_groups(self, one: Field, field_place: int | None, ends: tuple[int, int], bound: Bound | None) -> bool:
        """A bound on an aggregate of each group: "departments with an average salary above 50000"."""
        state = self.state
        first, last = ends
        while last + 1 < len(state.items) and self._is_unit(last + 1) and state.touching(last, last + 1):
            last += 1
        if field_place is not None and field_place > last:
            last = field_place
        said = self._said_of(field_place, first, last)
        if said is None or bound is None:
            return False
        self._use_unit(ends[1])
        agg, place = said
        state.use(place, *([field_place] if field_place is not None else []))
        self._keep(agg, one, bound, place if field_place is None else field_place, first)
        return True

    def _is_unit(self, i: int) -> bool:
        item = self.state.items[i]
        return item.text.lower() in UNIT_NOUNS and item.kind in ("word", "grain")

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
        if any(state.is_cue(j, Cue.BY, Cue.PER) and not state.is_cue(j - 1, Cue.LIST) for j in range(i)):
            return None  # average amount by region over 800: each amount, or each average
        if len(fields) == 1 and not any(state.items[j].kind == "word" for j in range(len(state.items))):
            state.doubt += 0.15
            return fields[0]
        wide = [f for f in fields if f.via is None and within(f, item.number.value) and abs(item.number.value) >= 100]
        if len(wide) == 1:  # between 700k and 800k, where one column alone has numbers of that size
            state.doubt += 0.15
            return wide[0]
        return None

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
