"""A question's items put together to a `Reading`: what is asked for, of which rows, in which shape."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from strati.tables.parse.filters import Filters
from strati.tables.parse.lexicon import CONCEPTS, Cue, adjective
from strati.tables.parse.link import Index, Item, year_like
from strati.tables.parse.reading import Agg, Condition, Field, Grain, Op, Pair, Reading, Shape
from strati.tables.parse.state import BEGINS, GRAINS, State
from strati.tables.parse.tokens import Token, key, name_words, stem
from strati.tables.schema import Type

_AGGS = {Cue.SUM: Agg.SUM, Cue.AVG: Agg.AVG, Cue.MEDIAN: Agg.MEDIAN}
_OVER = frozenset({Cue.OF, Cue.ALL, Cue.IS, Cue.DISTINCT})


@dataclass(frozen=True, slots=True)
class Built:
    """A reading, what was assumed for it, the items that found no use in it, and how much is in doubt."""

    reading: Reading
    notes: tuple[str, ...]
    unused: tuple[Item, ...]
    doubt: float
    asked: Mapping[str, int]
    items: tuple[Item, ...] = ()
    label: Field | None = None


@dataclass(slots=True)
class _Super:
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


def build(items: Sequence[Item], words: Sequence[Token], index: Index, picks: Mapping[str, int]) -> Built | None:
    """The reading of items with one meaning each; None where none of the shapes fits."""
    return _Builder(State(items, words, index, picks)).build()


class _Builder:
    def __init__(self, state: State) -> None:
        self.state = state
        self.filters = Filters(state)

    def build(self) -> Built | None:
        state = self.state
        self._tidy()
        share = state.cue(Cue.SHARE, Cue.PART)
        pair = None if share is not None else self._pair()
        if pair is None:
            self.filters.missing()
            self.filters.times()
            self._mark_limits()
            self.filters.numbers()
            reading = self._share(share) if share is not None else self._plain()
        else:
            reading = pair
        if reading is None:
            return None
        unused = tuple(state.items[i] for i in self._left(reading))
        return Built(
            reading,
            tuple(dict.fromkeys(filter(None, state.notes))),
            unused,
            state.doubt,
            dict(state.asked),
            tuple(state.items),
            state.label(),
        )

    def _left(self, reading: Reading) -> list[int]:
        """Places of items that mean something and were not used."""
        state = self.state
        matter = {
            Cue.MAX,
            Cue.MIN,
            Cue.FIRST,
            Cue.LAST,
            Cue.COMMON,
            Cue.RARE,
            Cue.AVG,
            Cue.MEDIAN,
            Cue.SUM,
            Cue.DIFF,
            Cue.SHARE,
            Cue.PART,
            Cue.COMPARE,
            Cue.NOT,
            Cue.WITHOUT,
            Cue.PER,
            Cue.BEFORE,
            Cue.AFTER,
            Cue.SINCE,
            Cue.UNTIL,
            Cue.GT,
            Cue.GE,
            Cue.LT,
            Cue.LE,
            Cue.BETWEEN,
            Cue.ORMORE,
            Cue.ORLESS,
            Cue.DISTINCT,
            Cue.COUNT,
        }
        left = []
        for i, item in enumerate(state.items):
            if i in state.used or item.kind == "table" or (item.kind == "column" and item.verb):
                continue
            if item.kind == "cue" and (item.cue not in matter or (item.cue is Cue.COUNT and " " not in item.text)):
                continue
            if item.kind == "adjective" and item.verb:
                continue
            if item.kind == "column" and (item.field in reading.fields or self._only_a_noun(i)):
                continue
            if item.kind in ("word", "grain") and self._is_its_unit(i, reading):
                continue
            left.append(i)
        return left

    def _only_a_noun(self, i: int) -> bool:
        """Whether a name after a value only says whose it is: "corporate customers" beside a customer's name."""
        item = self.state.items[i]
        if item.field is None or item.quality > 0.93 or i == 0 or self.state.items[i - 1].kind != "value":
            return False
        words = name_words(item.field.name)
        return len(words) > 1 and words[-1] in ("name", "id") and self.state.touching(i - 1, i)

    def _is_its_unit(self, i: int, reading: Reading) -> bool:
        """Whether a word is the unit that the answer is in: "in km²"."""
        state = self.state
        word = key(state.items[i].text)
        shown = [f for f in (*reading.columns, reading.measure, reading.order) if f is not None]
        units = {unit for f in shown for unit in (state.index.unit(f), *re.findall(r"\w+", key(f.name)))}
        return state.is_cue(i - 1, Cue.IN) and word in units

    # preparation

    def _tidy(self) -> None:
        """Settle what a word alone leaves open: "total sales" adds up sales even where a column is called total."""
        state = self.state
        items = state.items
        for i, item in enumerate(items):
            if item.kind == "word" and item.text.lower() in GRAINS:
                state.change(i, kind="grain")
            elif item.kind == "cue" and item.cue is Cue.WITH and item.start == 0:
                asks = {"who": Cue.WHO, "which": Cue.WHICH, "where": Cue.WHERE, "whose": Cue.WHICH}
                state.change(i, cue=asks.get(item.text.lower().split()[0], Cue.WITH))
            elif item.kind == "word" and item.text.lower() in ("not", "n't"):
                state.change(i, kind="cue", cue=Cue.NOT)
        for i, item in enumerate(items):
            following = state.after(i, lambda one: one.kind == "column", over=_OVER)
            if item.kind == "column" and item.end - item.start == 1 and following is not None and following != i:
                cue = {
                    "total": Cue.SUM,
                    "sum": Cue.SUM,
                    "average": Cue.AVG,
                    "mean": Cue.AVG,
                    "count": Cue.COUNT,
                    "number": Cue.COUNT,
                    "maximum": Cue.MAX,
                    "minimum": Cue.MIN,
                    "top": Cue.MAX,
                    "most": Cue.MAX,
                }.get(item.text.lower())
                field = items[following].field
                if (
                    cue is not None
                    and field is not None
                    and (field.column.numeric or cue in (Cue.COUNT, Cue.MAX))
                    and item.quality < 1.1
                    and state.touching(i, following)
                ):
                    state.change(i, kind="cue", cue=cue, field=None)
        for i, item in enumerate(items):
            if item.kind == "value" and item.contains and self._common(item) and self._asked_noun(i):
                state.change(i, kind="table", quality=0.8, field=None)
        for i in range(len(items) - 2):
            item, number, last = items[i : i + 3]
            ranked = item.kind == "cue" and item.cue in (Cue.MAX, Cue.MIN) and number.kind == "number"
            if ranked and last.kind == "adjective" and not last.degree and state.touching(i + 1, i + 2):
                sign = 1 if item.cue is Cue.MAX else -1  # the top 3 rated
                state.change(i + 2, degree="est", direction=last.direction * sign, verb=False)
                state.use(i)
        for i in range(len(items) - 1):
            item, following_item = items[i], items[i + 1]
            if (
                item.kind == "cue"
                and item.cue in (Cue.MAX, Cue.MIN)
                and following_item.kind == "adjective"
                and following_item.degree != "est"
                and state.touching(i, i + 1)
            ):
                sign = 1 if item.cue is Cue.MAX else -1
                state.change(i + 1, degree="est", direction=following_item.direction * sign, verb=False)
                state.use(i)
            elif (
                item.kind == "cue"
                and item.cue in (Cue.MORE, Cue.LESS)
                and following_item.kind == "adjective"
                and state.touching(i, i + 1)
            ):
                sign = 1 if item.cue is Cue.MORE else -1
                state.change(i + 1, degree="er", direction=following_item.direction * sign, verb=False)
                state.use(i)
        for i, item in enumerate(items):
            if item.kind == "cue" and item.cue in (Cue.GT, Cue.LT) and not self._bounds_something(i):
                if item.text.lower().endswith("than") and " " in item.text:
                    found = _spoken_of(item.text.lower().split()[0])
                    degree = "more" if item.cue is Cue.GT else "less"
                    state.change(i, cue=Cue.THAN, degree=degree, concept=found)
                elif item.text.lower() == "over" and not (i + 1 < len(items) and items[i + 1].kind == "column"):
                    state.use(i)

    def _common(self, item: Item) -> bool:
        """Whether a good part of a column of this table holds the word."""
        one = item.field
        if one is None or one.via is not None:
            return False
        word = f" {stem(item.text.lower())} "
        holding = sum(word in f" {' '.join(map(stem, key(value).split()))} " for value in one.column.values)
        return holding >= 3 and holding >= 0.25 * len(one.column.values)

    def _asked_noun(self, i: int) -> bool:
        """Whether a word that many values hold only says what the rows are: "which lake", "the tallest building"."""
        state = self.state
        at = i - 1
        while at >= 0 and state.touching(at, at + 1) and (self._is_super(at) or state.items[at].kind == "number"):
            at -= 1
        if at < 0:
            return i > 0 or len(state.items) > 1
        return state.is_cue(at, Cue.WHICH, Cue.COUNT, Cue.LIST, Cue.ALL, Cue.IS) and state.touching(at, at + 1)

    def _bounds_something(self, i: int) -> bool:
        state = self.state
        return any(
            0 <= j < len(state.items) and (state.items[j].kind in ("number", "span")) for j in (i + 1, i + 2)
        ) and not (state.items[i + 1].kind not in ("number", "span", "cue"))

    def _mark_limits(self) -> None:
        """Numbers that say how many rows are wanted: "top 5", "the 3 cheapest"."""
        state = self.state
        for i, item in enumerate(state.items):
            if (
                item.kind == "number"
                and item.number
                and i not in state.used
                and not item.number.ordinal
                and item.number.scale == 1
                and item.number.value == int(item.number.value)
                and 0 < item.number.value <= 1000
            ):
                near = [
                    j
                    for j in (i - 1, i + 1)
                    if 0 <= j < len(state.items) and self._is_super(j) and state.touching(min(i, j), max(i, j))
                ]
                far = (
                    not near
                    and i + 1 < len(state.items)
                    and state.items[i + 1].kind in ("column", "table")
                    and not self._compared(i)
                    and any(self._is_super(j) for j in range(i + 2, len(state.items)))
                )
                following = state.items[i + 1].field if i + 1 < len(state.items) else None
                if near or (far and not (following is not None and following.column.numeric)):
                    state.change(i, kind="limit")

    def _compared(self, i: int) -> bool:
        return self.state.is_cue(i - 1, Cue.GT, Cue.GE, Cue.LT, Cue.LE, Cue.EQ, Cue.BETWEEN, Cue.AND, Cue.THAN)

    def _is_super(self, j: int) -> bool:
        item = self.state.items[j]
        return (item.kind == "cue" and item.cue in (Cue.MAX, Cue.MIN, Cue.FIRST, Cue.LAST, Cue.COMMON, Cue.RARE)) or (
            item.kind == "adjective" and item.degree == "est"
        )

    # conditions

    def _conditions(self) -> tuple[Condition, ...]:
        self.filters.values()
        self.filters.truths()
        self.filters.signs()
        return _merged([condition for _, condition in sorted(self.filters.found, key=lambda pair: pair[0])])

    # two compared

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

    def _use_all(self, *cues: Cue) -> None:
        state = self.state
        state.use(*(i for i, item in enumerate(state.items) if item.kind == "cue" and item.cue in cues))

    def _comparative(self) -> int | None:
        """The place of more, fewer, older and the like."""
        state = self.state
        for i, item in enumerate(state.items):
            if i in state.used:
                continue
            if item.kind == "cue" and item.cue in (Cue.MORE, Cue.LESS):
                state.change(i, concept=_spoken_of(item.text.lower()))
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
        from strati.tables.parse.filters import _timed

        one = self.filters._time_field(place, item.span, None)
        return None if one is None else _timed(one, None, item.span, None)

    def _short(self, item: Item, one: Condition) -> str:
        return str(one.values[0]) if one.op is Op.IN and len(one.values) == 1 else item.text

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
        if self._additive(one):
            return Agg.SUM
        return Agg.AVG

    def _additive(self, one: Field) -> bool:
        from strati.tables.parse.lexicon import ADDITIVE, NOT_ADDITIVE

        words = name_words(one.name)
        stems = {stem(word) for word in words} | set(words)
        if stems & NOT_ADDITIVE or one.column.unit == "%" or not one.column.numeric:
            return False
        return bool(stems & (ADDITIVE | {stem(w) for w in ADDITIVE}))

    def _free_measure(self) -> int | None:
        """The place of a column of numbers that is not used yet."""
        state = self.state
        for i in state.free("column"):
            one = state.items[i].field
            if one is not None and one.column.numeric and not state.identifier(one) and not (year_like(one.column)):
                return i
        return None

    # shares

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

    def _use_nouns(self) -> None:
        """Nouns that only say what a row is."""
        state = self.state
        for i in state.free("column"):
            one = state.items[i].field
            if one is not None and (state.index.base.unique(one.column) or state.identifier(one)):
                state.use(i)

    # groups

    def _group(self) -> tuple[Field, Grain | None] | None:
        """The field after by, per or each."""
        state = self.state
        for i, item in enumerate(state.items):
            if i in state.used:
                continue
            if item.kind == "grain" and item.text.lower().endswith(("ly", "annual")) and state.dates:
                state.use(i)
                return self._date(), GRAINS[item.text.lower()]
            if item.kind != "cue" or item.cue not in (Cue.PER, Cue.BY):
                continue
            target = i + 1
            while state.is_cue(target, Cue.OF, Cue.DISTINCT, Cue.ALL, Cue.PER):
                target += 1
            if target >= len(state.items) or target in state.used:
                continue
            found = self._groupable(target, item.cue)
            if found is not None:
                state.use(i, target, *range(i, target))
                return found
        return None

    def _groupable(self, place: int, cue: Cue | None) -> tuple[Field, Grain | None] | None:
        state = self.state
        item = state.items[place]
        if item.kind == "grain" and state.dates:
            return self._date(), GRAINS[item.text.lower()]
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
        return any(self._is_super(j) for j in range(len(self.state.items)) if j not in self.state.used)

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

    # superlatives

    def _super(self) -> _Super | None:
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
                made = _Super(i, item.direction * found[1], order=found[0], plain=False)
            elif item.cue in (Cue.COMMON, Cue.RARE):
                made = _Super(i, 1 if item.cue is Cue.COMMON else -1, common=True)
            else:
                made = _Super(i, 1 if item.cue in (Cue.MAX, Cue.LAST) else -1)
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

    def _limits(self, made: _Super) -> None:
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

    # everything else

    def _plain(self) -> Reading | None:
        state = self.state
        super_ = self._super()
        group = self._group()
        count = state.cue(Cue.COUNT)
        conditions_later = self._conditions
        if super_ is not None:
            return self._with_super(super_, group)
        agg = self._agg()
        if group is not None:
            return self._with_group(group, count, agg)
        if self.filters.having is not None:
            return self._with_having(agg)
        if count is not None:
            return self._count(count, conditions_later())
        if agg is not None:
            return self._aggregate(agg)
        return self._rows(agg)

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
            extreme = None
            return Reading(
                base,
                Shape.GROUP,
                agg=extreme or self._default_agg(one, agg if count is None else Agg.SUM),
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

    def _with_having(self, agg: Agg | None) -> Reading | None:
        """Groups with a bound on their number of rows or their aggregate."""
        state = self.state
        assert self.filters.having is not None
        op, bound, place = self.filters.having
        target = self._target(exclude=place)
        conditions = self._conditions()
        if target is None or state.cue(Cue.COUNT) is not None:
            return None
        measured = state.items[place]
        state.use(place)
        if measured.kind == "column" and measured.field is not None and measured.field.column.numeric:
            call: Agg = agg or Agg.SUM
            return Reading(
                state.index.base.name,
                Shape.GROUP,
                agg=call,
                measure=measured.field,
                conditions=conditions,
                group=target,
                having=(op, bound),
            )
        return Reading(
            state.index.base.name, Shape.GROUP, agg=Agg.COUNT, conditions=conditions, group=target, having=(op, bound)
        )

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
        shape = _filtered(conditions, Shape.COUNT)
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
            if not self._additive(one):
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
            if first.kind == "table" or (first.field is not None and state.index.base.unique(first.field.column)):
                state.use(tables[0])
                return Reading(base, _filtered(conditions, Shape.COUNT), agg=Agg.COUNT, conditions=conditions)
        if state.cue(Cue.MUCH) is not None and len(state.numeric) == 1:
            state.doubt += 0.15
            return Reading(base, shape, agg=agg, measure=state.numeric[0], conditions=conditions)
        return None

    # rows

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
        shape = _filtered(conditions, Shape.LOOK_UP) if not self._explicit(columns) else Shape.LOOK_UP
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
        if keyed or not self._additive(one):
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
        return Reading(state.index.base.name, _filtered(conditions, Shape.LOOK_UP), conditions=conditions, truth=True)

    # superlatives put together

    def _with_super(self, sup: _Super, group: tuple[Field, Grain | None] | None) -> Reading | None:
        state = self.state
        base = state.index.base.name
        agg = self._agg()
        count = state.cue(Cue.COUNT)
        if count is not None and count < sup.place:
            return None
        if sup.order is None and not sup.common:
            self._order(sup)
        conditions = self._conditions()
        if group is None:
            group = self._super_group()
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

    def _super_group(self) -> tuple[Field, Grain | None] | None:
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

    def _order(self, sup: _Super) -> None:
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
        earlier = next((i for i in state.free("column") if i < sup.place and numeric(state.items[i])), None)
        for place in (later, earlier):
            if place is not None:
                state.use(place)
                sup.order = state.items[place].field
                state.notes.append(state.items[place].note)
                return
        concept = _spoken_of(state.items[sup.place].text.lower())
        spoken = state.by_concept(concept, dates=False, direction=sup.direction) if concept else None
        if spoken is not None:
            sup.order, sup.direction, sup.plain = spoken[0], sup.direction * spoken[1], False
            return
        numeric_fields = [f for f in state.numeric if f.via is None]
        if len(numeric_fields) == 1:
            state.doubt += 0.2
            sup.order = numeric_fields[0]

    def _asks_for(self, noun: int) -> bool:
        """Whether the noun is what is asked for: "which city", with the superlative before it."""
        return self.state.is_cue(noun - 1, Cue.WHICH)

    def _dated(self, sup: _Super) -> None:
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

    def _by_measure(
        self, sup: _Super, group: tuple[Field, Grain | None] | None, agg: Agg | None, conditions: tuple[Condition, ...]
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
        if group is None and target is not None and self._summed(target, order, agg):
            group = (target, None)
        if group is not None:
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

    def _summed(self, target: Field, order: Field, agg: Agg | None) -> bool:
        """Whether what is asked for occurs in several rows, so that its rows are taken together."""
        if (
            target.column.distinct >= 0.98 * (self.state.index.base.rows - target.column.missing)
            or not order.column.numeric
        ):
            return False
        if target.column.temporal and not agg:
            return False
        return agg is not None or self._additive(order)

    def _clearly_summed(self, sup: _Super) -> bool:
        lowers = {word.lower for word in self.state.words}
        return (
            bool(lowers & {"most", "total", "overall", "spent", "sold", "generated", "earned", "combined"})
            or sup.limit > 1
        )


def _merged(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Two values that one number or year may have are alternatives: no row has both."""
    made: list[Condition] = []
    for one in conditions:
        same = [c for c in made if c.field == one.field and c.op is one.op is Op.IN and c.negated == one.negated]
        if same and one.field.column.numeric:
            made[made.index(same[0])] = replace(same[0], values=tuple(dict.fromkeys((*same[0].values, *one.values))))
        else:
            made.append(one)
    return tuple(made)


def _spoken_of(word: str) -> str:
    """The concept of a comparative that says more than "more"."""
    found = (
        None if word in ("more", "less", "higher", "lower", "greater", "fewer", "better", "worse") else adjective(word)
    )
    return found[0] if found else ""


def _filtered(conditions: tuple[Condition, ...], otherwise: Shape) -> Shape:
    """The shape of a filter by the kind of its conditions."""
    if otherwise is not Shape.LOOK_UP or not conditions:
        return otherwise
    ops = {condition.op for condition in conditions}
    if ops & {Op.SPAN, Op.MONTH, Op.QUARTER, Op.WEEKDAY, Op.DAY}:
        return Shape.BY_DATE
    if ops & {Op.GT, Op.GE, Op.LT, Op.LE, Op.BETWEEN}:
        return Shape.BY_NUMBER
    return Shape.BY_VALUE


__all__ = ["Built", "build", "replace"]
