"""WikiTableQuestions without a language model: right answers over all, and on the share answered most surely.

    python benchmarks/tables_wikitable.py --data FOLDER [--part tune|report|all] [--most 500] [--wrong 20]

FOLDER holds `data/random-split-1-dev.tsv` and `csv/`, as published. Settings are chosen on the tables of "tune" (half
of all, by a hash of their name); "report" is the other half, looked at once. An answer is right when its values are
those of the reference, as the published evaluator compares them: numbers as numbers, dates as dates, text without case,
accents and punctuation, in whatever order.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.statistics.proportions import clopper_pearson
from strati.tables.allowed import Refused, validated
from strati.tables.asking import answer_of
from strati.tables.engine import Engine, QueryFailed
from strati.tables.parse.parser import Parser
from strati.tables.sources import Source

SUREST = 0.25


def questions(folder: Path) -> dict[str, list[tuple[str, list[str]]]]:
    """Questions and their answers by table."""
    found: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    with (folder / "data" / "random-split-1-dev.tsv").open(encoding="utf-8") as file:
        for line in list(file)[1:]:
            _, question, table, target = line.rstrip("\n").split("\t")
            found[table].append((question, [_unescaped(part) for part in target.split("|")]))
    return found


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\p", "|").replace("\\\\", "\\")


def part_of(table: str) -> str:
    return "tune" if hashlib.sha256(table.encode()).digest()[0] % 2 == 0 else "report"


def rewritten(path: Path, target: Path) -> None:
    """The table with a name of its own for each column."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, doublequote=False, escapechar="\\"))
    width = len(rows[0])
    seen: dict[str, int] = {}
    header = []
    for place, name in enumerate(rows[0], 1):
        plain = " ".join(name.split()) or f"column {place}"
        seen[plain.casefold()] = seen.get(plain.casefold(), 0) + 1
        header.append(plain if seen[plain.casefold()] == 1 else f"{plain} {seen[plain.casefold()]}")
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows((row + [""] * width)[:width] for row in rows[1:])


def plain(text: str) -> str:
    """Text as the published evaluator compares it."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn")
    text = re.sub(r"[‘’´`]", "'", text)
    text = re.sub(r"[“”]", '"', text)
    text = re.sub(r"[‐‑‒–—−]", "-", text)
    while True:
        before = text
        text = re.sub(r"((?<!^)\[[^\]]*\]|\[\d+\]|[•♦†‡*#+])*$", "", text.strip())
        text = re.sub(r"(?<!^)( \([^)]*\))*$", "", text.strip())
        text = re.sub(r'^"([^"]*)"$', r"\1", text.strip())
        if text == before:
            break
    return re.sub(r"\s+", " ", text.removesuffix(".")).lower().strip()


def number(text: str) -> float | None:
    try:
        return float(text.replace(",", "").strip().removeprefix("$").removesuffix("%"))
    except ValueError:
        return None


def matches(found: JSON, target: Sequence[str]) -> bool:
    values = found if isinstance(found, list) else [found]
    texts = [str(value[0] if isinstance(value, list) and value else value) for value in values if value is not None]
    texts = list(dict.fromkeys(texts))
    if len(texts) != len(set(target)):
        return False
    left = list(texts)
    for wanted in dict.fromkeys(target):
        hit = next((text for text in left if _same(text, wanted)), None)
        if hit is None:
            return False
        left.remove(hit)
    return True


def _same(text: str, wanted: str) -> bool:
    if plain(text) == plain(wanted):
        return True
    a, b = number(text), number(wanted)
    if a is not None and b is not None:
        return abs(a - b) < 1e-6
    return _date(text) is not None and _date(text) == _date(wanted)


def _date(text: str) -> str | None:
    from datetime import datetime

    for form in ("%Y-%m-%d", "%B %d, %Y", "%d %B %Y", "%b %d, %Y", "%d %b %Y"):
        try:
            return datetime.strptime(text.strip(), form).date().isoformat()
        except ValueError:
            continue
    return None


def answers(folder: Path, part: str, most: int) -> Iterator[tuple[str, str, bool, float, JSON, list[str], str, str]]:
    asked = 0
    for table, listed in sorted(questions(folder).items()):
        if part not in ("all", part_of(table)):
            continue
        with tempfile.TemporaryDirectory() as name:
            scratch = Path(name)
            rewritten(folder / table, scratch / "table.csv")
            try:
                engine = Engine([Source("csv", str(scratch / "table.csv"), "table.csv")], scratch)
            except DataError as error:
                for question, target in listed:
                    yield table, question, False, 0.0, None, target, str(error), ""
                continue
            parser = Parser(engine)
            for question, target in listed:
                asked += 1
                answer, sure, sql, shape = _answer(question, engine, parser)
                yield table, question, matches(answer, target), sure, answer, target, sql, shape
            engine.close()
        if most and asked >= most:
            return


def _answer(question: str, engine: Engine, parser: Parser) -> tuple[JSON, float, str, str]:
    for one in parser.readings(question)[:3]:
        try:
            checked = validated(one.sql, engine.schema)
            return (
                answer_of(engine.query(checked.sql), one.reading),
                one.confidence,
                checked.sql,
                one.reading.shape.value,
            )
        except (Refused, QueryFailed):
            continue
    return None, 0.0, "", ""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--part", default="tune", choices=("tune", "report", "all"))
    options.add_argument("--most", type=int, default=0, help="questions; 0 for all")
    options.add_argument("--wrong", type=int, default=0, help="wrong answers to print, the surest first")
    given = options.parse_args()
    found = list(answers(given.data, given.part, given.most))
    right = sum(one[2] for one in found)
    sure = clopper_pearson(right, len(found))
    print(f"{given.part}: {len(found)} questions, right {right / len(found):.3f} [{sure.low:.3f}, {sure.high:.3f}]")
    ranked = sorted(found, key=lambda one: -one[3])
    for share in (0.1, SUREST, 0.5):
        head = ranked[: round(share * len(ranked))]
        hits = sum(one[2] for one in head)
        sure = clopper_pearson(hits, len(head))
        print(f"  the surest {share:.0%}: right {hits / len(head):.3f} [{sure.low:.3f}, {sure.high:.3f}]")
    for shape in sorted({one[7] for one in found}):
        mine = [one for one in found if one[7] == shape]
        kept = [one for one in mine if one[3] >= 0.6 * max(m[3] for m in mine)]
        counts = (sum(one[2] for one in mine), len(mine), sum(one[2] for one in kept), len(kept))
        print("  {}: {} of {}; surer {} of {}".format(shape or "no reading", *counts))
    for table, question, _, score, answer, target, sql, _ in [one for one in ranked if not one[2]][: given.wrong]:
        print(f"{score:.2f} {table} {question}\n     {str(answer)[:100]} | expected {target}\n     {sql[:300]}")


if __name__ == "__main__":
    main()
