"""What people decide about the graph: two names are one, one is two, a decision is taken back. Nothing is overwritten:
decisions are a log, and a graph without a decision is the graph as it was before it."""

from __future__ import annotations

from collections.abc import Sequence

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.kinds.extract.words import key_of
from strati.knowledge.graph.find import View
from strati.knowledge.graph.linking import Decision, Group
from strati.knowledge.graph.records import Doubt, Node
from strati.knowledge.graph.scoring import Name, veto
from strati.knowledge.store.lock import writing


def merge(view: View, a: str, b: str) -> int:
    """Write down that two entities are one; the number of the decision.

    Raises:
        DataError: one of them is unknown, they are one already, rules forbid it, or a person said they are two.
    """
    one, other = view.find(a), view.find(b)
    if one.id == other.id:
        raise DataError(f"{a!r} and {b!r} are one entity already: {one.name} ({one.id})")
    _not_contradicted(view, one, other, "split")
    groups = _names(view)
    for x in one.atoms:
        for y in other.atoms:
            why = veto(groups[x], groups[y])
            if why:
                raise DataError(f"{groups[x].shown} and {groups[y].shown} cannot be merged: {why}")
    return _decide(view, "merge", one.atoms[0], other.atoms[0], (one.name, other.name))


def split(view: View, name: str, alias: str | None = None, document: str | None = None) -> list[int]:
    """Take one of its names, or its mentions in one document, away from an entity; the numbers of the decisions.

    Raises:
        DataError: the entity, the name or the document is unknown, or a person said that they are one.
    """
    node = view.find(name)
    groups = _names(view)
    if document is not None:
        entry = view.base.store.find(document)
        here = _atoms_in(view, entry.id) & set(node.atoms)
        if not here:
            raise DataError(f"{entry.name} does not speak of {node.name}")
        if not any(place.document != entry.id for place in node.mentions):
            raise DataError(f"only {entry.name} speaks of {node.name}: there is nothing to split")
        return [_decide(view, "scope", atom, entry.id, (node.name, entry.name)) for atom in sorted(here)]
    if alias is None:
        raise DataError(
            f"say what to take away from {node.name}: one of its names, or --document for those in one document"
        )
    key = key_of(alias)
    some = [atom for atom in node.atoms if key in (groups[atom].key, key_of(groups[atom].shown)) or atom == alias]
    if not some or len(some) == len(node.atoms):
        known = ", ".join(sorted(groups[atom].shown for atom in node.atoms))
        raise DataError(f"{node.name} was not merged with {alias!r}: it is put together from {known}")
    rest = [atom for atom in node.atoms if atom not in some]
    held = [
        d for d in view.store.decisions() if d.kind == "merge" and ({d.a, d.b} & set(some)) and ({d.a, d.b} & set(rest))
    ]
    if held:
        number = held[0].number
        raise DataError(
            f"you decided that {' and '.join(held[0].names)} are one: strati graph review --undo {number} first"
        )
    return [
        _decide(view, "split", a, b, (groups[a].shown, groups[b].shown)) for a in sorted(some) for b in sorted(rest)
    ]


def accept(view: View, doubt: str) -> int:
    """Merge what a doubt is about. Raises `DataError` when there is no such doubt, or rules forbid it."""
    found = _doubt(view, doubt)
    one, other = _node_of(view, found.a), _node_of(view, found.b)
    return merge(view, one.id, other.id)


def refuse(view: View, doubt: str) -> int:
    """Keep apart what a doubt is about."""
    found = _doubt(view, doubt)
    _not_contradicted(view, _node_of(view, found.a), _node_of(view, found.b), "merge")
    return _decide(view, "split", found.a, found.b, found.names)


def undo(view: View, number: int) -> Decision:
    """Take a decision back. Raises `DataError` when there is none with this number that holds."""
    found = next((d for d in view.store.decisions() if d.number == number), None)
    if found is None:
        raise DataError(f"there is no decision {number} that holds: strati graph review lists them")
    with writing(view.base.store.folder):
        view.store.undo(number)
    return found


def queue(view: View) -> dict[str, JSON]:
    """Doubts with their reasons, the merges that were made and why, and people's decisions."""
    node_of = {atom: node for node in view.graph.nodes for atom in node.atoms}
    return {
        "doubts": [
            {
                **doubt.to_json(),
                "quotes": [view.quote(node_of[one].mentions[0]).to_json() for one in (doubt.a, doubt.b)],
            }
            for doubt in view.graph.doubts
        ],
        "merges": [merged.to_json() for merged in view.graph.merges],
        "decisions": [{"number": d.number, "kind": d.kind, "names": list(d.names)} for d in view.store.decisions()],
    }


def _doubt(view: View, id: str) -> Doubt:
    found = next((doubt for doubt in view.graph.doubts if doubt.id == id), None)
    if found is None:
        raise DataError(f"there is no doubt {id!r}: strati graph review lists them")
    return found


def _decide(view: View, kind: str, a: str, b: str, names: Sequence[str]) -> int:
    with view.base.store._words(), writing(view.base.store.folder):
        return view.store.decide(kind, a, b, names)


def _not_contradicted(view: View, one: Node, other: Node, kind: str) -> None:
    said = "two" if kind == "split" else "one"
    for decision in view.store.decisions():
        ends = {decision.a, decision.b}
        if decision.kind == kind and ends & set(one.atoms) and ends & set(other.atoms):
            raise DataError(
                f"you decided that {' and '.join(decision.names)} are {said}: "
                f"strati graph review --undo {decision.number} first"
            )


def _node_of(view: View, atom: str) -> Node:
    return next(node for node in view.graph.nodes if atom in node.atoms)


def _atoms_in(view: View, document: str) -> set[str]:
    rows = view.store.db.execute("SELECT atom FROM graph_names WHERE document = ?", (document,))
    return {atom for (atom,) in rows}


def _names(view: View) -> dict[str, Name]:
    """All names by id, as they are compared."""
    from strati.knowledge.graph.linking import groups_of

    groups: dict[str, Group] = groups_of(view.store.readings(), view.store.decisions())
    return {id: group.compared() for id, group in groups.items()}
