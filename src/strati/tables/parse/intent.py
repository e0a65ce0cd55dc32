"""A question's items put together to a `Reading`: which of the twelve shapes it has, and what was left over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from strati.tables.parse.index import Index, Item, is_total
from strati.tables.parse.lexicon import Cue
from strati.tables.parse.reading import Condition, Field, Op, Reading
from strati.tables.parse.rows import Rows
from strati.tables.parse.state import State
from strati.tables.parse.tokens import Token, key, name_words


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


def build(items: Sequence[Item], words: Sequence[Token], index: Index, picks: Mapping[str, int]) -> Built | None:
    """The reading of items with one meaning each; None where none of the shapes fits."""
    return _Builder(State(items, words, index, picks)).build()


class _Builder(Rows):
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
        reading = self._bounded(reading)
        if reading is not None and self._asks_whether(reading):
            return None
        if reading is None:
            return None
        reading = _without_the_known(reading)
        unused = tuple(state.items[i] for i in self._left(reading))
        if reading.agg or reading.direction or reading.part:
            reading = self._without_totals(reading)
        return Built(
            reading,
            tuple(dict.fromkeys(filter(None, state.notes))),
            unused,
            state.doubt,
            dict(state.asked),
            tuple(state.items),
            state.label(),
        )

    def _asks_whether(self, reading: Reading) -> bool:
        """Whether "is the total amount of Acme more than 2000" was read as an amount of rows that are so."""
        bounds = any(c.field == reading.measure and c.op in (Op.GT, Op.GE, Op.LT, Op.LE) for c in reading.conditions)
        return bounds and reading.agg is not None and not reading.pair and self._yes_no()

    def _without_totals(self, reading: Reading) -> Reading:
        """The reading without the rows that add up or average others, unless one of them is asked for."""
        index = self.state.index
        one = index.totals_in
        if one is None or reading.by_row or any(c.field == one for c in (*reading.conditions, *reading.part)):
            return reading
        condition = Condition(one, Op.NO_TOTAL, tuple(v for v in one.column.values if is_total(v)))
        return replace(reading, conditions=(*reading.conditions, condition))

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
            Cue.THAN,
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

    def _plain(self) -> Reading | None:
        state = self.state
        super_ = self._super()
        self.ranked = super_ is not None
        group = self._group()
        count = state.cue(Cue.COUNT)
        conditions_later = self._conditions
        if super_ is not None:
            return self._with_super(super_, group)
        agg = self._agg()
        if group is not None:
            return self._with_group(group, count, agg)
        if self.filters.having is not None and self.filters.having.agg is not None:
            return self._with_having(agg)
        if count is not None:
            return self._count(count, conditions_later())
        if agg is not None:
            return self._aggregate(agg)
        return self._rows(agg)


def _without_the_known(reading: Reading) -> Reading:
    """The reading without columns whose only value the question says: they stand beside the answer."""
    known = {c.field for c in reading.conditions if c.op is Op.IN and not c.negated and len(c.values) == 1}
    asked = tuple(f for f in reading.columns if f not in known)
    if not asked or asked == reading.columns or reading.distinct:
        return reading
    beside = tuple(f for f in reading.columns if f in known)
    return replace(reading, columns=asked, context=(*beside, *reading.context))
