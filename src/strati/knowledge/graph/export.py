"""The graph as a file: JSON, GraphML, CSV or JSON-LD. Order and ids depend on content alone."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from strati.core.errors import UserError
from strati.core.records import JSON

if TYPE_CHECKING:
    from strati.knowledge.graph.find import View
    from strati.knowledge.graph.records import Place

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def exported(view: View, format: str) -> str:
    """The whole graph as text in one of `FORMATS`."""
    return FORMATS[format](view)


def write_export(view: View, format: str, out: Path) -> None:
    """Write the graph to a file, whole or not at all. Raises `UserError` for a place that cannot be written."""
    write_whole(exported(view, format), out)


def write_whole(text: str, out: Path) -> None:
    """Write a text to a file, whole or not at all. Raises `UserError` for a place that cannot be written."""
    try:
        handle, name = tempfile.mkstemp(dir=out.parent if str(out.parent) else None, prefix=f".{out.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(name, 0o666 & ~mask)
            os.replace(name, out)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}") from error


def as_json(view: View) -> JSON:
    """`nodes` with their mentions and `edges` with their evidence; every quote is the text at its span."""
    return {
        "nodes": [
            {
                "id": node.id, "type": node.type, "name": node.name, "aliases": list(node.aliases),
                "mentions": [_evidence(view, place) for place in node.mentions],
            }
            for node in view.graph.nodes
        ],
        "edges": [
            {
                "head": edge.head, "tail": edge.tail, "label": edge.label,
                "evidence": [_evidence(view, place) for place in edge.evidence],
            }
            for edge in view.graph.edges
        ],
    }  # fmt: skip


def _evidence(view: View, place: Place) -> dict[str, JSON]:
    quote = view.document(place.document).text[place.start : place.end]
    return {"document": place.document, "start": place.start, "end": place.end, "quote": quote}


def _json(view: View) -> str:
    return json.dumps(as_json(view), ensure_ascii=False, indent=1) + "\n"


def _graphml(view: View) -> str:
    keys = (
        ("name", "node"), ("type", "node"), ("aliases", "node"), ("mentions", "node"), ("label", "edge"),
        ("weak", "edge"), ("document", "edge"), ("start", "edge"), ("end", "edge"), ("quote", "edge"),
    )  # fmt: skip
    kinds = {"mentions": "int", "start": "int", "end": "int", "weak": "boolean"}
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>', '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        *(
            f'  <key id="{name}" for="{what}" attr.name="{name}" attr.type="{kinds.get(name, "string")}"/>'
            for name, what in keys
        ),
        '  <graph id="strati" edgedefault="directed">',
    ]  # fmt: skip
    for node in view.graph.nodes:
        lines.append(f"    <node id={quoteattr(node.id)}>")
        values = (
            ("name", node.name),
            ("type", node.type),
            ("aliases", " | ".join(node.aliases)),
            ("mentions", str(len(node.mentions))),
        )
        lines += [f'      <data key="{key}">{_xml(value)}</data>' for key, value in values]
        lines.append("    </node>")
    for number, edge in enumerate(view.graph.edges):
        first = _evidence(view, edge.evidence[0])
        lines.append(f'    <edge id="e{number}" source={quoteattr(edge.head)} target={quoteattr(edge.tail)}>')
        made = {"label": edge.label, "weak": str(edge.weak).lower(), **first}
        lines += [f'      <data key="{key}">{_xml(str(value))}</data>' for key, value in made.items()]
        lines.append("    </edge>")
    return "\n".join([*lines, "  </graph>", "</graphml>", ""])


def _xml(text: str) -> str:
    return escape(_CONTROL.sub("\ufffd", text))


def _csv(view: View) -> str:
    """One row for each piece of evidence of each edge."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        (
            "head",
            "head_type",
            "head_name",
            "label",
            "tail",
            "tail_type",
            "tail_name",
            "document",
            "name",
            "start",
            "end",
            "quote",
        )
    )
    writer.writerows(_rows(view))
    return file.getvalue()


def _rows(view: View) -> Iterator[tuple[object, ...]]:
    for edge in view.graph.edges:
        head, tail = view.nodes[edge.head], view.nodes[edge.tail]
        for place in edge.evidence:
            made = _evidence(view, place)
            yield (
                head.id, head.type, cell(head.name), edge.label, tail.id, tail.type, cell(tail.name), place.document,
                cell(view.entries[place.document].name), place.start, place.end, cell(made["quote"]),
            )  # fmt: skip


def cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _jsonld(view: View) -> str:
    context = {
        "@vocab": "urn:strati:", "schema": "http://schema.org/", "name": "schema:name",
        "aliases": "schema:alternateName", "head": {"@type": "@id"}, "tail": {"@type": "@id"},
    }  # fmt: skip
    graph: list[JSON] = [
        {
            "@id": f"urn:strati:{node['id']}", "@type": _SCHEMA.get(node["type"], node["type"]), "name": node["name"],
            "aliases": node["aliases"], "mentions": node["mentions"],
        }
        for node in as_json(view)["nodes"]
    ]  # fmt: skip
    for edge in view.graph.edges:
        graph.append(
            {
                "@type": "Statement", "head": f"urn:strati:{edge.head}", "label": edge.label,
                "tail": f"urn:strati:{edge.tail}", "evidence": [_evidence(view, place) for place in edge.evidence],
            }
        )  # fmt: skip
    return json.dumps({"@context": context, "@graph": graph}, ensure_ascii=False, indent=1) + "\n"


_SCHEMA = {
    "organisation": "schema:Organization", "person": "schema:Person", "place": "schema:Place",
    "document": "schema:DigitalDocument", "amount": "schema:MonetaryAmount", "term": "schema:DefinedTerm",
}  # fmt: skip
FORMATS: dict[str, Callable[[View], str]] = {"json": _json, "graphml": _graphml, "csv": _csv, "jsonld": _jsonld}
