"""The answer space of extraction, kept in a JSON schema: labels of spans, relations, names of fields."""

from __future__ import annotations

from collections.abc import Sequence

from strati.core.records import JSON
from strati.task.kind import Space


def schema_of(labels: Sequence[str], relations: Sequence[str], fields: Sequence[str]) -> JSON:
    """What a model's reply must look like: texts instead of offsets, which models count wrongly."""
    if fields:
        value = {"type": ["string", "array", "null"], "items": {"type": "string"}}
        properties = dict.fromkeys(fields, value)
        inner = {"type": "object", "properties": properties, "required": list(fields), "additionalProperties": False}
        return {
            "type": "object",
            "properties": {"fields": inner},
            "required": ["fields"],
            "additionalProperties": False,
        }
    entity = {
        "type": "object",
        "properties": {"text": {"type": "string"}, "label": {"enum": list(labels)}},
        "required": ["text", "label"], "additionalProperties": False,
    }  # fmt: skip
    properties = {"entities": {"type": "array", "items": entity}}
    if relations:
        properties["relations"] = {
            "type": "array",
            "items": {"type": "object", "properties": {"label": {"enum": list(relations)}}},
        }
    return {"type": "object", "properties": properties, "required": ["entities"], "additionalProperties": False}


def labels_in(space: Space) -> tuple[str, ...]:
    """The labels of spans of a space: in its schema, since `Space.labels` are whole answers."""
    made = (space.schema or {}).get("properties", {}).get("entities")
    return tuple(made["items"]["properties"]["label"]["enum"]) if made else ()


def relations_in(space: Space) -> tuple[str, ...]:
    """The relations of a space."""
    made = (space.schema or {}).get("properties", {}).get("relations")
    return tuple(made["items"]["properties"]["label"]["enum"]) if made else ()


def fields_in(space: Space) -> tuple[str, ...]:
    """The fields of a space; empty where the task is about spans."""
    made = (space.schema or {}).get("properties", {}).get("fields")
    return tuple(made["properties"]) if made else ()
