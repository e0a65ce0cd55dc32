"""The forms of an answer: entities with their spans, relations between them, or named fields.

    {"entities": [{"start": 0, "end": 4, "label": "Org"}], "relations": [{"head": 0, "tail": 1, "label": "Work_For"}]}
    {"fields": {"party": ["Acme Ltd"], "date": "2021-03-03", "fee": null}}

`head` and `tail` are places in the list of entities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from strati.core.records import JSON
from strati.kinds.extract.patterns import values as patterns_in
from strati.task.kind import BadRow


class Entity(NamedTuple):
    """`text[start:end]` is a name of this label."""

    start: int
    end: int
    label: str


class Relation(NamedTuple):
    """Two entities, by their places in the list, and how the first stands to the second."""

    head: int
    tail: int
    label: str


class Extraction(NamedTuple):
    """A value as records. `fields` is None where the task is about spans."""

    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    fields: Mapping[str, tuple[str, ...]] | None = None

    def to_json(self) -> JSON:
        """The form of `answers.jsonl`; relations are left out where there is none."""
        if self.fields is not None:
            return {"fields": {name: _plain(values) for name, values in self.fields.items()}}
        found: dict[str, JSON] = {"entities": [entity._asdict() for entity in self.entities]}
        if self.relations:
            found["relations"] = [relation._asdict() for relation in self.relations]
        return found

    @classmethod
    def from_json(cls, value: JSON) -> Extraction:
        """The records of a value in JSON form, which was checked before."""
        if value is None:
            return cls()
        if value.get("fields") is not None:
            return cls(fields={name: tuple(_texts(item)) for name, item in value["fields"].items()})
        return cls(
            tuple(Entity(one["start"], one["end"], one["label"]) for one in value.get("entities", ())),
            tuple(Relation(one["head"], one["tail"], one["label"]) for one in value.get("relations", ())),
        )

    def triples(self) -> set[tuple[Entity, str, Entity]]:
        """Relations with their entities in place of numbers: equal when the same is said."""
        return {(self.entities[r.head], r.label, self.entities[r.tail]) for r in self.relations}

    def pairs(self) -> set[tuple[str, str]]:
        """Fields with their values, normalised: equal when the same is said."""
        return {(name, normal(value)) for name, values in (self.fields or {}).items() for value in values}


def _plain(values: Sequence[str]) -> JSON:
    return None if not values else values[0] if len(values) == 1 else list(values)


def _texts(value: object) -> Iterator[str]:
    for one in value if isinstance(value, list | tuple) else [value]:
        if one is not None and str(one).strip():
            yield str(one)


def normal(value: str) -> str:
    """A field's value in one form: dates and amounts by what they say, other text without case and signs at the ends.

    >>> normal("3 March 2021") == normal("2021-03-03"), normal(" Acme  Ltd. "), normal("$5 million")
    (True, 'acme ltd', 'USD 5000000')
    """
    text = " ".join(value.split())
    found = patterns_in(text)
    if (
        len(found) == 1
        and (found[0].start, found[0].end) == (0, len(text))
        and found[0].type in ("date", "amount", "percentage")
    ):
        return found[0].key
    if re.fullmatch(r"-?[\d,]*\d(\.\d+)?", text):
        return f"{float(text.replace(',', '')):g}"
    return text.casefold().strip(" .,;:()[]\"'")


# --- reading ----------------------------------------------------------------------------------------------------------


def reference_of(cells: Mapping[str, object]) -> JSON:
    """The reference of a row, whatever tool wrote it; None where it has none.

    Entities come as `entities` or `spans` (objects, or lists of start, end and label), as `label` or `labels`
    (Doccano), or in `annotations` (Label Studio).

    Raises:
        BadRow: what is there has no such form, or a place does not exist.
    """
    if cells.get("fields") is not None:
        return {"fields": _fields(cells["fields"])}
    studio = cells.get("annotations")
    if isinstance(studio, list):
        return _label_studio(studio)
    for name in ("entities", "spans", "label", "labels"):
        given = cells.get(name)
        if isinstance(given, Mapping) and isinstance(given.get("entities"), list):
            given = given["entities"]  # spaCy: {"entities": [...]}
        if isinstance(given, list):
            entities, ids = _entities(given)
            text = cells.get("text")
            _must_lie(entities, text if isinstance(text, str) else None)
            return Extraction(tuple(entities), tuple(_relations(cells.get("relations"), len(entities), ids))).to_json()
        if given is not None and name in ("entities", "spans"):
            raise BadRow(f"{name} is a {type(given).__name__}, expected a list of spans")
    return None


def _entities(given: Sequence[object]) -> tuple[list[Entity], dict[object, int]]:
    found: list[Entity] = []
    ids: dict[object, int] = {}
    for at, one in enumerate(given):
        entity, id = _entity(one, at)
        if id is not None:
            ids[id] = len(found)
        found.append(entity)
    return found, ids


def _entity(one: object, at: int) -> tuple[Entity, object]:
    if isinstance(one, list | tuple) and len(one) == 3:
        start, end, label = one
        return _checked(start, end, label, at), None
    if isinstance(one, Mapping):
        start = one.get("start", one.get("start_offset"))
        end = one.get("end", one.get("end_offset"))
        label = one.get("label", one.get("type", one.get("labels")))
        if isinstance(label, list):
            label = label[0] if label else None
        return _checked(start, end, label, at), one.get("id")
    raise BadRow(f"entity {at} is {one!r}, expected an object with start, end and label")


def _checked(start: object, end: object, label: object, at: int) -> Entity:
    whole = all(isinstance(place, int) and not isinstance(place, bool) for place in (start, end))
    if not whole or not isinstance(start, int) or not isinstance(end, int) or start < 0 or start >= end:
        raise BadRow(f"entity {at} has start {start!r} and end {end!r}, expected whole numbers, start before end")
    if not isinstance(label, str) or not label.strip():
        raise BadRow(f"entity {at} has the label {label!r}, expected text")
    return Entity(start, end, label.strip())


def _must_lie(entities: Sequence[Entity], text: str | None) -> None:
    for at, one in enumerate(entities):
        if text is not None and one.end > len(text):
            raise BadRow(f"entity {at} ends at {one.end}, outside of the text with its {len(text)} characters")


def _relations(given: object, count: int, ids: Mapping[object, int]) -> Iterator[Relation]:
    if given is None:
        return
    if not isinstance(given, list):
        raise BadRow(f"relations is a {type(given).__name__}, expected a list")
    for at, one in enumerate(given):
        if not isinstance(one, Mapping):
            raise BadRow(f"relation {at} is {one!r}, expected an object with head, tail and label")
        head = one.get("head", ids.get(one.get("from_id")))
        tail = one.get("tail", ids.get(one.get("to_id")))
        label = one.get("label", one.get("type"))
        if not isinstance(head, int) or not isinstance(tail, int) or not 0 <= head < count or not 0 <= tail < count:
            raise BadRow(f"relation {at} joins {head!r} and {tail!r}, expected places in the list of {count} entities")
        if not isinstance(label, str) or not label.strip():
            raise BadRow(f"relation {at} has the label {label!r}, expected text")
        yield Relation(head, tail, label.strip())


def _label_studio(annotations: Sequence[object]) -> JSON:
    first = next((one for one in annotations if isinstance(one, Mapping) and not one.get("was_cancelled")), None)
    if first is None:
        return None
    result = [one for one in first.get("result", ()) if isinstance(one, Mapping)]
    spans = [
        {**one.get("value", {}), "id": one.get("id")}
        for one in result
        if one.get("type") in ("labels", "hypertextlabels")
    ]
    entities, ids = _entities(spans)
    relations = [
        {"from_id": one.get("from_id"), "to_id": one.get("to_id"), "label": (one.get("labels") or ["related"])[0]}
        for one in result
        if one.get("type") == "relation"
    ]
    return Extraction(tuple(entities), tuple(_relations(relations, len(entities), ids))).to_json()


def _fields(given: object) -> dict[str, JSON]:
    if not isinstance(given, Mapping):
        raise BadRow(f"fields is a {type(given).__name__}, expected an object of names and values")
    found: dict[str, JSON] = {}
    for name, value in given.items():
        if isinstance(value, Mapping) or (
            isinstance(value, list) and any(isinstance(one, list | Mapping) for one in value)
        ):
            raise BadRow(f"the field {name!r} is {value!r}, expected a value, a list of values or null")
        found[str(name)] = _plain(tuple(_texts(value)))
    return found
