"""The items of a question while a reading is made of them: what is used, what was assumed, what else could be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from strati.tables.parse.index import Index, Item
from strati.tables.parse.lexicon import (
    ADDITIVE,
    AMOUNT_WORDS,
    CONCEPTS,
    HARMLESS,
    NOT_ADDITIVE,
    PERSON_WORDS,
    PLACE_WORDS,
    VERBS,
    Cue,
)
from strati.tables.parse.names import year_like
from strati.tables.parse.reading import Field, Grain
from strati.tables.parse.tokens import Token, name_words, stem
from strati.tables.schema import Type

T = TypeVar("T")

GRAINS: Mapping[str, Grain] = {
    "decade": Grain.DECADE, "decades": Grain.DECADE,
    "year": Grain.YEAR, "years": Grain.YEAR, "yearly": Grain.YEAR, "annual": Grain.YEAR, "annually": Grain.YEAR,
    "month": Grain.MONTH, "months": Grain.MONTH, "monthly": Grain.MONTH, "quarter": Grain.QUARTER,
    "quarters": Grain.QUARTER, "quarterly": Grain.QUARTER, "week": Grain.WEEK, "weeks": Grain.WEEK,
    "weekly": Grain.WEEK, "day": Grain.DAY, "days": Grain.DAY, "daily": Grain.DAY, "weekday": Grain.WEEKDAY,
    "weekdays": Grain.WEEKDAY,
}  # fmt: skip
BEGINS = frozenset(("departure", "start", "order", "created", "begin", "opened", "purchase", "booking", "transaction"))
_GLUE = frozenset({Cue.IS, Cue.OF, Cue.EQ, Cue.IN, Cue.WITH, Cue.FOR, Cue.FROM, Cue.ALL, Cue.THERE})


class State:
    """Items of one question under one choice of meanings.

    Where several fields fit equally, `pick` takes one and remembers how many there were, so that the others can be
    tried in another round by `picks`.
    """

    def __init__(self, items: Sequence[Item], words: Sequence[Token], index: Index, picks: Mapping[str, int]) -> None:
        self.items, self.words, self.index, self.picks = list(items), words, index, picks
        self.used: set[int] = set()
        self.asked: dict[str, int] = {}
        self.notes: list[str] = []
        self.doubt = 0.0

    def pick(self, label: str, options: Sequence[T]) -> T:
        """One of several equally fitting options."""
        if len(options) > 1:
            self.asked[label] = len(options)
        return options[min(self.picks.get(label, 0), len(options) - 1)]

    def use(self, *places: int) -> None:
        self.used.update(places)

    def free(self, *kinds: str) -> list[int]:
        """The places of items of these kinds that are not used yet."""
        return [i for i, item in enumerate(self.items) if i not in self.used and item.kind in kinds]

    def absorb(self, one: Field) -> None:
        """Use up values that only say which column is meant: Wellington of "Distance from Wellington"."""
        words = set(name_words(one.name))
        for i in self.free("value"):
            said = {word.lower for word in self.words[self.items[i].start : self.items[i].end]}
            if said <= words and len(words) > len(said) and self.is_cue(i - 1, Cue.FROM, Cue.TO, Cue.OF, Cue.IN):
                self.use(i)

    def cue(self, *cues: Cue, free: bool = True) -> int | None:
        """The place of the first such cue."""
        for i, item in enumerate(self.items):
            if item.kind == "cue" and item.cue in cues and not (free and i in self.used):
                return i
        return None

    def is_cue(self, place: int, *cues: Cue) -> bool:
        return 0 <= place < len(self.items) and self.items[place].kind == "cue" and self.items[place].cue in cues

    def touching(self, a: int, b: int) -> bool:
        """Whether only harmless words stand between two neighbouring items."""
        if not (0 <= a < len(self.items) and 0 <= b < len(self.items)):
            return False
        between = self.words[self.items[a].end : self.items[b].start]
        return all(word.lower in HARMLESS or not word.lower.isalnum() for word in between) and not any(
            word.lower in (";", "?") for word in between
        )

    def before(
        self, place: int, wanted: Callable[[Item], bool], steps: int = 4, over: frozenset[Cue] = _GLUE
    ) -> int | None:
        """The nearest unused item before `place` that is wanted, with nothing but glue in between."""
        return self._look(place, -1, wanted, steps, over)

    def after(
        self, place: int, wanted: Callable[[Item], bool], steps: int = 4, over: frozenset[Cue] = _GLUE
    ) -> int | None:
        """The nearest unused item after `place` that is wanted, with nothing but glue in between."""
        return self._look(place, 1, wanted, steps, over)

    def _look(
        self, place: int, way: int, wanted: Callable[[Item], bool], steps: int, over: frozenset[Cue]
    ) -> int | None:
        at = place + way
        for _ in range(steps):
            if not 0 <= at < len(self.items):
                return None
            if at not in self.used and wanted(self.items[at]):
                return at
            if not (self.items[at].kind == "cue" and self.items[at].cue in over):
                return None
            at += way
        return None

    # fields by role

    @property
    def numeric(self) -> list[Field]:
        """Fields that measure something: numbers, but no identifiers and no years."""
        return [f for f in self.index.fields if f.column.numeric and not self.identifier(f) and not year_like(f.column)]

    @property
    def dates(self) -> list[Field]:
        return [f for f in self.index.fields if f.column.temporal]

    @property
    def years(self) -> list[Field]:
        return [f for f in self.index.fields if year_like(f.column)]

    def additive(self, one: Field) -> bool:
        """Whether adding up a field's numbers makes sense: amounts, but no prices, rates and ages."""
        words = name_words(one.name)
        stems = {stem(word) for word in words} | set(words)
        if stems & NOT_ADDITIVE or one.column.unit == "%" or not one.column.numeric:
            return False
        return bool(stems & (ADDITIVE | {stem(w) for w in ADDITIVE}))

    def identifier(self, one: Field) -> bool:
        """Whether a field's numbers only tell rows apart."""
        words = name_words(one.name)
        if not words:
            return False
        if words[-1] in ("id", "code", "key", "zip", "phone", "number", "#", "sku", "isbn") and words[0] not in (
            "total",
        ):
            return words[-1] != "number" or (
                one.column.distinct >= 0.9 * self.index.base.rows
                and len(words) > 1
                and words[1] != "of"
                and "of" not in words
            )
        return one.name.strip() in ("#", "No.", "No", "Nr", "Nr.", "index") or self._counts_rows(one, words)

    def _counts_rows(self, one: Field, words: tuple[str, ...]) -> bool:
        """Whether a column of whole numbers only numbers the rows, or things: 1, 2, 3 under "order"."""
        column, base = one.column, self.index.base
        if one.via is not None or column.type is not Type.INTEGER or not base.unique(column) or base.rows < 2:
            return False
        if set(words) & (ADDITIVE | NOT_ADDITIVE | AMOUNT_WORDS) or year_like(column):
            return False
        consecutive = int(column.high) - int(column.low) + 1 == base.rows
        return consecutive or (column == base.columns[0] and words[-1] not in VERBS)

    def label(self) -> Field | None:
        """The field that names a row to a reader."""
        own = [f for f in self.index.fields if f.via is None and not f.column.of]
        texts = [f for f in own if f.column.type is Type.TEXT]
        noun = set(self.index.table_stems)

        def named(f: Field) -> bool:
            stems = {stem(word) for word in name_words(f.name)}
            other = stems & {"first", "last", "middle", "file", "job", "position", "honorific", "user"} - noun
            return (bool(stems & {"name", "title"}) and not other) or stems == noun

        base = self.index.base
        for chosen in (
            [f for f in texts if named(f) and base.unique(f.column)],
            [f for f in texts if named(f) and f.column.distinct > 0.5 * base.rows],
            [f for f in own if base.unique(f.column) and self._names_rows(f)],
            [f for f in texts if base.unique(f.column) and len("".join(f.column.values[:5])) < 300],
            [f for f in own if base.unique(f.column) and self.identifier(f)],
            [f for f in texts if named(f)],
            texts,
            own,
        ):
            if chosen:
                return chosen[0]
        return None

    def _names_rows(self, f: Field) -> bool:
        return bool({stem(word) for word in name_words(f.name)} & set(self.index.table_stems))

    def of_role(self, words: Sequence[str], types: Sequence[Type]) -> list[Field]:
        """Fields whose name holds one of some words, in the order of those words."""
        found: dict[Field, None] = {}
        for word in words:
            for one in self.index.fields:
                if one.column.type in types and word in {stem(w) for w in name_words(one.name)} | set(
                    name_words(one.name)
                ):
                    found[one] = None
        return list(found)

    def person(self) -> Field | None:
        found = self.of_role(PERSON_WORDS, (Type.TEXT,))
        own = self.label()
        return own if own in found else self.pick("who", found[:3]) if found else None

    def place(self) -> Field | None:
        found = self.of_role(PLACE_WORDS, (Type.TEXT,))
        return self.pick("where", found[:2]) if found else None

    def by_concept(self, concept: str, dates: bool = True, direction: int = 0) -> tuple[Field, int] | None:
        """The field that an adjective or verb speaks of; -1 where small values mean much of it.

        Of a highest and a lowest temperature, the coldest day is that of the lowest.
        """
        straight, reverse = CONCEPTS[concept]
        if concept in ("big", "large"):  # by area or by population: the two may differ
            both = [
                f for word in ("size", "area", "population") for f in self.index.fields if self._speaks(f, word, False)
            ]
            both = [f for f in both if f.via is None] or both
            if both:
                return self.pick("big", list(dict.fromkeys(both))[:3]), 1
        for words, sign in ((straight, 1), (reverse, -1)):
            for word in words:
                found = [f for f in self.index.fields if self._speaks(f, word, dates)]
                if found:
                    exact = [f for f in found if name_words(f.name)[-1:] == (word,) or len(name_words(f.name)) == 1]
                    chosen = sorted(exact or found, key=lambda f: -_leaning(f, direction))
                    return self.pick(f"concept {concept}", chosen[:3]), sign
        return None

    def _speaks(self, f: Field, word: str, dates: bool) -> bool:
        if not (f.column.numeric or (dates and f.column.temporal)) or self.identifier(f):
            return False
        words = name_words(f.name)
        return word in words or word in {stem(w) for w in words}

    def change(self, place: int, **changes: object) -> None:
        self.items[place] = replace(self.items[place], **changes)  # type: ignore[arg-type]


def _leaning(one: Field, direction: int) -> int:
    """1 for a column of maxima where the highest are wanted, or of minima where the lowest are."""
    words = set(name_words(one.name))
    return direction * (bool(words & {"maximum", "high", "highest"}) - bool(words & {"minimum", "low", "lowest"}))
