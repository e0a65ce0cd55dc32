"""What people decide about the graph: two names are one, one is two, a relation is right or wrong, a decision is taken
back. Nothing is overwritten: decisions are a log, and a graph without a decision is the graph as it was before it."""

from __future__ import annotations

from collections.abc import Sequence

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.kinds.extract.words import key_of
from strati.knowledge.graph.alarms import LARGE
from strati.knowledge.graph.find import Quote, View
from strati.knowledge.graph.linking import Decision, ends_of, link
from strati.knowledge.graph.records import Doubt, Edge, Node, digest
from strati.knowledge.graph.scoring import veto
from strati.knowledge.store.lock import writing


def merge(view: View, a: str, b: str) -> int:
    """Write down that two entities are one; the number of the decision.

    Raises:
        DataError: one of them is unknown, they are one already, rules forbid it, or a person said they are two.
    """
    one, other = view.find(a), view.find(b)
    if one.id == other.id:
        raise DataError(f"{a!r} and {b!r} are one entity already: {one.name} ({one.id})")
    return _kept(view, [_merged(view, one, other, one.atoms[0], other.atoms[0])])[0]


def split(view: View, name: str, alias: str | None = None, document: str | None = None) -> list[int]:
    """Take one of its names, or its mentions in one document, away from an entity; the numbers of the decisions.

    Raises:
        DataError: the entity, the name or the document is unknown, or a person said that they are one.
    """
    node = view.find(name)
    groups = view.groups
    if document is not None:
        entry = view.base.store.find(document)
        if not any(place.document == entry.id for place in node.mentions):
            raise DataError(f"{entry.name} does not speak of {node.name}")
        if not any(place.document != entry.id for place in node.mentions):
            raise DataError(f"only {entry.name} speaks of {node.name}: there is nothing to split")
        some = [groups[atom] for atom in node.atoms if not groups[atom].scope]
        ends = sorted(one.end for one in some if any(place.document == entry.id for place in one.mentions))
        return _kept(view, [Decision(0, "scope", end, entry.id, (node.name, entry.name)) for end in ends])
    if alias is None:
        raise DataError(
            f"say what to take away from {node.name}: one of its names, or --document for those in one document"
        )
    key = key_of(alias)
    some_ids = [atom for atom in node.atoms if key in (groups[atom].key, key_of(groups[atom].name)) or atom == alias]
    if not some_ids or len(some_ids) == len(node.atoms):
        known = ", ".join(sorted(groups[atom].name for atom in node.atoms))
        way = f"it is one name, {known}, in all its forms" if len(node.atoms) == 1 else f"it is merged from {known}"
        raise DataError(f"{alias!r} cannot be taken away from {node.name}: {way}; --document splits by document")
    rest = [atom for atom in node.atoms if atom not in some_ids]
    _must_not_hold(view, "merge", some_ids, rest)
    return _kept(view, [_split(view, a, b) for a in sorted(some_ids) for b in sorted(rest)])


def reject(view: View, head: str, label: str, tail: str, document: str | None = None) -> list[int]:
    """Write down that a relation is wrong, everywhere or in one document; the numbers of the decisions.

    Raises:
        DataError: the graph has no such relation, or the document does not say so.
    """
    one, other = view.find(head), view.find(tail)
    edge = next((e for e in view.facts(one) if (e.head, e.label, e.tail) == (one.id, label, other.id)), None)
    if edge is None:
        some = [e.label for e in view.facts(one) if {e.head, e.tail} == {one.id, other.id}]
        known = f", only: {', '.join(sorted(set(some)))}" if some else ""
        raise DataError(f"the graph does not say that {one.name} - {label} - {other.name}{known}")
    where = "" if document is None else view.base.store.find(document).id
    made = _judged(view, edge, "wrong", where)
    if not made:
        raise DataError(f"{document} does not say that {one.name} - {label} - {other.name}")
    return _kept(view, made)


def accept(view: View, doubt: str) -> list[int]:
    """Say "yes" to a doubt. Raises `DataError` when there is no such doubt, or rules forbid it."""
    return _kept(view, decisions_on(view, doubt_of(view, doubt), yes=True))


def refuse(view: View, doubt: str) -> list[int]:
    """Say "no" to a doubt."""
    return _kept(view, decisions_on(view, doubt_of(view, doubt), yes=False))


def undo(view: View, number: int) -> Decision:
    """Take a decision back. Raises `DataError` when there is none with this number that holds."""
    found = next((d for d in view.store.decisions() if d.number == number), None)
    if found is None:
        raise DataError(f"there is no decision {number} that holds: strati graph review lists them")
    with view.base.store._words(), writing(view.base.store.folder):
        view.store.undo(number)
    return found


def said(decision: Decision) -> str:
    """A decision in words, for people.

    >>> said(Decision(3, "wrong", "x", "y", ("Acme", "Beta"), "acquired"))
    'Acme - acquired - Beta is wrong'
    """
    a, b = decision.names[:2]
    if decision.kind == "scope":
        return f"{a} in {b} is somebody else"
    if decision.kind in ("merge", "split"):
        return f"{a} and {b} are {'one' if decision.kind == 'merge' else 'two'}"
    here = f", in {decision.names[2]} only" if decision.document and len(decision.names) > 2 else ""
    return f"{a} - {decision.label} - {b} is {decision.kind}{here}"


def queue(view: View) -> dict[str, JSON]:
    """Doubts with their reasons, what is most likely wrong first; the merges that were made and why; entities of very
    many names; and people's decisions."""
    large = [(node, sorted({view.groups[atom].name for atom in node.atoms})) for node in view.graph.nodes]
    return {
        "doubts": [
            {**doubt.to_json(), "quotes": [quote.to_json() for quote in quotes(view, doubt)]}
            for doubt in view.graph.doubts
        ],
        "large": [
            {"id": node.id, "name": node.name, "names": names} for node, names in large if len(names) > LARGE
        ],
        "merges": [merged.to_json() for merged in view.graph.merges],
        "decisions": [
            {"number": d.number, "kind": d.kind, "names": list(d.names), "label": d.label, "said": said(d)}
            for d in view.store.decisions()
        ],
    }  # fmt: skip


def quotes(view: View, doubt: Doubt) -> list[Quote]:
    """The sentences that name both names, or the words that say the relation."""
    if doubt.kind == "relation":
        edge = _edge_of(view, doubt)
        return [view.quote(place) for place in edge.evidence[:1]] if edge else []
    groups = (view.group(end) for end in (doubt.a, doubt.b))
    return [view.around(min(one.mentions)) for one in groups if one.mentions]


def doubt_of(view: View, id: str) -> Doubt:
    """The doubt with this id. Raises `DataError` when there is none."""
    found = next((doubt for doubt in view.graph.doubts if doubt.id == id), None)
    if found is None:
        raise DataError(f"there is no doubt {id!r}: strati graph review lists them")
    return found


def decisions_on(view: View, doubt: Doubt, *, yes: bool) -> list[Decision]:
    """What a "yes" or "no" to a doubt would write down. Raises `DataError` when it contradicts what is decided."""
    if doubt.kind == "relation":
        edge = _edge_of(view, doubt)
        return _judged(view, edge, "right" if yes else "wrong") if edge else []
    a, b = view.group(doubt.a).id, view.group(doubt.b).id
    if yes and doubt.kind == "merge":
        return [_merged(view, _node_of(view, a), _node_of(view, b), a, b)]
    if yes:
        return [Decision(0, "merge", doubt.a, doubt.b, doubt.names)]
    _must_not_hold(view, "merge", [a], [b])
    return [Decision(0, "split", doubt.a, doubt.b, doubt.names)]


def decide_all(view: View, some: Sequence[Decision]) -> list[int]:
    """Write several decisions down, all or none.

    Raises:
        DataError: they contradict each other or what is decided, also through other names.
    """
    graph = link(view.store.readings(), [*view.store.decisions(), *some])
    node_of = {view.groups[atom].end: node.id for node in graph.nodes for atom in node.atoms if atom in view.groups}
    for one in some:
        together = one.kind == "merge"
        if one.kind in ("merge", "split") and (node_of.get(one.a) == node_of.get(one.b)) is not together:
            raise DataError(f"these decisions contradict each other or earlier ones: {said(one)}; nothing was kept")
    return _kept(view, some)


def decided(view: View) -> dict[str, tuple[int, bool]]:
    """The doubts that are decided, by id: the decision's number, and whether it was "yes"."""
    found: dict[str, tuple[int, bool]] = {}
    for one in view.store.decisions():
        if one.kind in ("merge", "split"):
            for kind in ("merge", "split"):
                found[digest(kind, *sorted((one.a, one.b)))] = (one.number, one.kind == "merge")
        elif one.kind in ("right", "wrong") and not one.document:
            found[digest("relation", one.a, one.label, one.b)] = (one.number, one.kind == "right")
    return found


def _kept(view: View, some: Sequence[Decision]) -> list[int]:
    with view.base.store._words(), writing(view.base.store.folder):
        return view.store.decide(some)


def _merged(view: View, one: Node, other: Node, a: str, b: str) -> Decision:
    """The decision that two entities are one, by a name of each."""
    _must_not_hold(view, "split", one.atoms, other.atoms)
    groups = view.groups
    for x in one.atoms:
        for y in other.atoms:
            why = veto(groups[x].compared(), groups[y].compared())
            if why:
                raise DataError(f"{groups[x].name} and {groups[y].name} cannot be merged: {why}")
    return Decision(0, "merge", groups[a].end, groups[b].end, (one.name, other.name))


def _split(view: View, a: str, b: str) -> Decision:
    one, other = view.groups[a], view.groups[b]
    return Decision(0, "split", one.end, other.end, (one.name, other.name))


def _judged(view: View, edge: Edge, kind: str, document: str = "") -> list[Decision]:
    """What is written down about an edge: one decision for each two names that are said to stand in the relation."""
    node_of = {atom: node.id for node in view.graph.nodes for atom in node.atoms}
    decisions = view.store.decisions()
    found: dict[tuple[str, str], Decision] = {}
    for place in dict.fromkeys(place.document for place in edge.evidence):
        reading = view.store.reading(place)
        if reading is None or document not in ("", place):
            continue
        ends = ends_of(reading, decisions)
        for fact in reading.facts:
            if fact.label != edge.label:
                continue
            a, b = ends[fact.head], ends[fact.tail]
            heads, tails = view.by_end.get(a), view.by_end.get(b)
            if heads and tails and (node_of.get(heads.id), node_of.get(tails.id)) == (edge.head, edge.tail):
                names = (heads.name, tails.name, *([view.entries[document].name] if document else []))
                found[a, b] = Decision(0, kind, a, b, names, edge.label, document)
    return [found[key] for key in sorted(found)]


def _edge_of(view: View, doubt: Doubt) -> Edge | None:
    a, b = _node_of(view, view.group(doubt.a).id), _node_of(view, view.group(doubt.b).id)
    wanted = (a.id, doubt.label, b.id)
    return next((e for e in view.edges_of.get(a.id, ()) if (e.head, e.label, e.tail) == wanted), None)


def _must_not_hold(view: View, kind: str, some: Sequence[str], others: Sequence[str]) -> None:
    """Raise `DataError` when a person decided the contrary of what is asked for."""
    here, there = ({view.groups[atom].end for atom in atoms} for atoms in (some, others))
    for one in view.store.decisions():
        if one.kind == kind and ((one.a in here and one.b in there) or (one.b in here and one.a in there)):
            raise DataError(f"you decided that {said(one)}: strati graph review --undo {one.number} first")


def _node_of(view: View, atom: str) -> Node:
    return next(node for node in view.graph.nodes if atom in node.atoms)
