"""Sources that contradict each other and false premises: how often they are seen, and how often seen where none are.

    python benchmarks/ask_traps.py --data FOLDER [--set xquad|covid] [--half tune|report] [--show]

FOLDER as for ask_answers.py. False alarms: the questions of the set over its own paragraphs, which hardly contradict
each other or the questions (--show prints them to be read). Contradictions: the sentence that answers a question for a
date or a number goes, with another value, into a file of its own: as it stands, and with every third of the words that
the question does not have left out. Premises: each question that names a date or a measured number, with
another one. Settings were chosen on the even questions (tune); the odd ones are the report. Intervals: Clopper-Pearson.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ask_answers import SETS, Row, asked, holds
from strati.core.context import Context
from strati.core.records import Case, Evidence
from strati.knowledge.ask.contradict import dispute
from strati.knowledge.ask.coverage import cover
from strati.knowledge.ask.gate import Gate, gap_of
from strati.knowledge.ask.premises import contradicted_premise
from strati.knowledge.ask.quantities import Quantity, measures, quantities
from strati.knowledge.ask.question import Wanted, read
from strati.knowledge.ask.retrieve import Retrieve
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.units import units
from strati.knowledge.ask.words import words
from strati.knowledge.base import KnowledgeBase
from strati.statistics import clopper_pearson


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", default="xquad", choices=sorted(SETS))
    parser.add_argument("--half", default="tune", choices=("tune", "report"))
    parser.add_argument("--most", type=int, default=10**9, help="at most so many questions")
    parser.add_argument("--show", action="store_true", help="print what is found")
    arguments = parser.parse_args()
    texts, rows = SETS[arguments.set](arguments.data)
    rows = rows[arguments.half == "report" :: 2][: arguments.most]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        changed = dict(contradictions(texts, rows, random.Random(0)))
        for name, text in changed.items():
            (Path(folder) / "more").mkdir(exist_ok=True)
            (Path(folder) / "more" / name).write_text(text, encoding="utf-8")
        with KnowledgeBase.open(Path(folder) / "x") as base:
            base.ingest([Path(folder) / name for name in texts])
            alarms(Sources(base), rows, arguments.show)
            premises(Sources(base), rows, arguments.show)
            base.ingest([Path(folder) / "more"])
            disputes(Sources(base), rows, changed, arguments.show)


def alarms(sources: Sources, rows: Sequence[Row], show: bool) -> None:
    disputed = premise = 0
    for question, *_ in rows:
        covered = asked(sources, question)[1]
        taken = read(question)
        found = dispute(taken, covered.candidates, sources)
        why = contradicted_premise(taken, covered, sources)
        disputed += found is not None
        premise += why is not None
        if show and found:
            print(f"DISPUTE {question}\n   {found.reason}\n   " + "\n   ".join(one.unit.text for one in found.sides))
        if show and why:
            print(f"PREMISE {question}\n   {why[0]}\n   {why[1].text}")
    line("questions, sources said to disagree", disputed, len(rows))
    line("questions, premise said to be false", premise, len(rows))


def premises(sources: Sources, rows: Sequence[Row], show: bool) -> None:
    rng = random.Random(0)
    named = withheld = count = 0
    for question, *_ in rows:
        false = with_another(question, [one for one in quantities(question) if measures(question, one)], rng)
        if false is None:
            continue
        count += 1
        case = Gate(sources).run(Retrieve(sources).run([Case("1", false)], Context()), Context())[0]
        gap = gap_of(case)
        withheld += gap is not None
        named += gap is not None and gap.text.startswith("the premise")
        if show and (gap is None or not gap.text.startswith("the premise")):
            print(f"MISSED {false}  (was: {question})")
    line("another date or number, named with its place", named, count)
    line("another date or number, not answered", withheld, count)


def contradictions(texts: dict[str, str], rows: Sequence[Row], rng: random.Random) -> Iterator[tuple[str, str]]:
    """File names and texts: the answering sentence with another value, whole and shortened."""
    for number, (question, answers, file) in enumerate(rows):
        taken = read(question)
        if taken.wanted not in (Wanted.DATE, Wanted.NUMBER):
            continue
        sentence = next((unit.text for unit in units(texts[file]) if holds(unit.text, answers)), "")
        values = [one for one in quantities(sentence) if any(holds(answer, [one.text]) for answer in answers)]
        other = with_another(sentence, values, rng)
        if other is None:
            continue
        yield f"{number:04}-whole.txt", other
        kept, left = [], 0
        for word in words(other):
            spare = (
                word.key not in taken.keys and word.text[:1].islower() and word.text.isalpha() and len(word.text) > 3
            )
            left += spare
            if not (spare and left % 3 == 0):
                kept.append(word)
        text = other
        for word in reversed([word for word in words(other) if word not in kept]):
            text = text[: word.start].rstrip() + text[word.end :]
        yield f"{number:04}-short.txt", text


def disputes(sources: Sources, rows: Sequence[Row], changed: dict[str, str], show: bool) -> None:
    for form in ("whole", "short"):
        found = count = 0
        other_form = "short" if form == "whole" else "whole"
        for number, (question, *_) in enumerate(rows):
            name = f"{number:04}-{form}.txt"
            if name not in changed:
                continue
            count += 1
            kept = [
                one
                for one in Retrieve(sources, k=24).find(question)
                if not any(mark in str(one.data["name"]) for mark in (f"-{other_form}.txt",))
                and ("-" not in Path(str(one.data["name"])).name or Path(str(one.data["name"])).name == name)
            ][:8]
            seen = seen_in(question, kept, sources, name)
            found += seen
            if show and not seen:
                print(f"UNSEEN {question}\n   {changed[name]}")
        line(f"another value in a sentence, {form}, seen", found, count)


def seen_in(question: str, passages: Sequence[Evidence], sources: Sources, name: str) -> bool:
    taken = read(question)
    found = dispute(taken, cover(taken, passages, sources).candidates, sources)
    return found is not None and any(str(one.passage.data["name"]).endswith(name) for one in found.sides)


def with_another(text: str, values: Sequence[Quantity], rng: random.Random) -> str | None:
    """The text with its first value made another; None where it has none that can be."""
    for one in values:
        digits = [at for at in range(one.start, one.end) if text[at].isdigit()]
        if not digits or one.kind in ("time", "ordinal"):
            continue
        year = one.year or (one.kind == "date" and one.value[0])
        if year:  # the last two digits of a year, ten to thirty years apart
            number = str(int(one.value[0]))
            place = text.find(number, one.start, one.end)
            if place < 0:
                continue
            other = str(int(number) + rng.choice((-1, 1)) * rng.randint(10, 30))
            return text[:place] + other + text[place + len(number) :]
        first = digits[0]
        other = str((int(text[first]) + rng.randint(2, 7)) % 9 + 1)
        if other == text[first]:
            other = str(int(other) % 9 + 1)
        return text[:first] + other + text[first + 1 :]
    return None


def line(what: str, found: int, count: int) -> None:
    interval = clopper_pearson(found, count)
    print(
        f"{what:48} {found:4} of {count:4}  {interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]", flush=True
    )


if __name__ == "__main__":
    main()
