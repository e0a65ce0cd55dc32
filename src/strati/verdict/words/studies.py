"""What the studies found, in sentences: for the questions of a report and for its notes. Computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from strati.core.figures import count, difference, money, share
from strati.verdict.label_price import Reached

Record = Mapping[str, Any]


def price_words(row: Record) -> str:
    """One label price in a sentence."""
    trained, llm, largest = row["trained"], row["llm"], row["largest"]
    if row["reached"] == Reached.TOO_FEW:
        return f"{trained} and {llm}: only {row['n']} tune examples answered by both, too few to place a crossing"
    if row["reached"] == Reached.NOT_REACHED:
        from_ = f"; at best with {count(row['low'])}" if row["low"] is not None else ""
        return f"{trained} does not reach {llm} with the {count(largest)} training labels there are{from_}"
    if row["reached"] == Reached.FROM_THE_START:
        upper = f" (at most {count(row['high'])})" if row["high"] is not None else " (perhaps not with all there are)"
        return f"{trained} is level with {llm} from the smallest size tried, {count(row['labels'])} labels{upper}"
    return f"{trained} reaches {llm} with about {count(row['labels'])} training labels ({_reach(row)})"


def price_total_words(row: Record, price: Record) -> str:
    """All labels of the two ways, and their price where it is known."""
    if row["total"] is None:
        return ""
    either = sum(price["proving"].values())
    words = f"with the {count(either)} labels to choose, calibrate and test it makes {count(row['total'])}"
    words += f" against {count(row['llm_total'])} for {row['llm']}"
    if row["shots"]:
        words += f" (its shots come from {count(row['shots'])})"
    if row["dollars"] is not None:
        words += f": {money(row['dollars'])} against {money(row['llm_dollars'])}"
    return words


def best_price(price: Record | None, llm: str) -> Record | None:
    """The pair in which a trained rung reaches a language model with the fewest labels; else one not reached."""
    rows = [row for row in (price or {}).get("rows", []) if row["llm"] == llm]
    return min(rows, key=lambda row: (row["labels"] is None, row["labels"] or 0, row["low"] or 0), default=None)


def last_step_words(curves: Sequence[Record], name: str) -> str:
    """What the last step of a rung's curve bought."""
    step = next((curve["last_step"] for curve in curves if curve["candidate"] == name), None)
    if step is None:
        return ""
    return (
        f"going from {count(step['from'])} to {count(step['to'])} training labels changed {name} by "
        f"{difference(step)} points"
    )


def total_words(owned: Record, name: str) -> str:
    """The total cost of one candidate in a sentence, and what is not in it."""
    row = next((row for row in owned["rows"] if row["candidate"] == name), None)
    if row is None:
        return ""
    parts = ", ".join(f"{part.replace('_', ' ')} {money(dollars)}" for part, dollars in row["parts"].items() if dollars)
    spread = f" ({money(row['low'])} to {money(row['high'])})" if row["high"] > row["low"] else ""
    words = f"In all {money(row['total'])}{spread} over {count(owned['horizon_months'])} months"
    words += f": {parts}." if parts else "."
    if row["left_out"]:
        words += f" Not counted, for want of a price in the goal: {', '.join(row['left_out'])}."
    return words


def break_even_words(owned: Record) -> str:
    """Up to or from which volume the cheapest candidate stays it; "" where no other becomes the cheapest."""
    row = owned["break_even"]
    if row is None:
        return ""
    side = "above" if row["cheaper_above"] == row["b"] else "below"
    volume = f"{count(round(row['volume_per_month']))} answers a month"
    return f"{row['a']} is the cheapest at the stated volume, {row['b']} {side} {volume}."


def seen_words(found: Record | None) -> list[str]:
    """What twins and cut-offs show, one sentence each."""
    if not found:
        return []
    words = [
        f"{row['candidate']}, {KIND_WORDS[row['kind']]}: {difference(row)} points on {row['n']}"
        for row in found["twins"]
        if row["kind"] in KIND_WORDS and row["n"]
    ]
    return words + [after_words(row) for row in found["after_cutoff"]]


def after_words(row: Record) -> str:
    """A model's quality on text after its cut-off against that before."""
    words = f"{row['candidate']} on the {count(row['n_after'])} texts after {row['cutoff']}: {share(row['after'])}"
    if not row["n_before"] or not row["n_after"]:
        return f"{words}; none to compare with on the other side of the cut-off"
    words += f", on the {count(row['n_before'])} before: {share(row['before'])}, {difference(row)} points"
    beyond = row["beyond_control"]
    return words if beyond is None else f"{words}; beyond {row['control']}: {difference(beyond)}"


def hints(found: Record | None) -> list[str]:
    """Language models that fall after their cut-off, beyond the control, interval and all."""
    if not found:
        return []
    rows = [(row["candidate"], row["beyond_control"]["high"]) for row in found["after_cutoff"] if row["beyond_control"]]
    return sorted({name for name, high in rows if high is not None and high < 0})


def flip_words(row: Record) -> str:
    """How often second answers differed."""
    rate = difference_free(row)
    return f"asked twice, {count(row['flips'])} of {count(row['n'])} answers differed: {rate}"


def difference_free(row: Record) -> str:
    """A rate with its interval."""
    return f"{share(row['rate'])} ({share(row['low'])[:-2]} to {share(row['high'])[:-2]})"


KIND_WORDS = {
    "names": "made-up label names",
    "order": "labels in another order",
}


def _reach(row: Record) -> str:
    low = count(row["low"])
    return f"{low} to {count(row['high'])}" if row["high"] is not None else f"{low}, or not with all there are"
