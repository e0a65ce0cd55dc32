"""How much the check misses in sentences that language models wrote, by labels of readers, one by one.

    python benchmarks/check_misses.py generate --data FOLDER --sentences FILE [--questions 240]
    python benchmarks/check_misses.py show --data FOLDER --sentences FILE
    python benchmarks/check_misses.py figures --data FOLDER --sentences FILE [--errors 1000]

FOLDER holds squad_xquad/xquad.en.json and covid_qa/200423_covidQA.json. `generate` asks each of two models half of the
questions, with one piece of a document as evidence, at most 600 characters; for half of the questions the piece does
not hold the answer. FILE gets a line for each reply; what is in it is not asked again. `show` prints each sentence with
its evidence for a reader, without what the check says. The labels beside this file name a sentence by set, question,
model and place in the reply, and hold its hash, not its text: a sentence that comes out otherwise is left out and
counted. A sentence is "supported" when all that it says stands in its piece, read with its question where it is a
fragment; "partly" and "not" count as not supported; "no claim" (a refusal in other words, a reference) counts as
neither. The labels are one reader's, a large language model that had not seen what the check says. `figures` puts
each sentence through the layer that `strati ask` writes with, and prints how often it is wrong (Clopper-Pearson), and
what it finds of errors put into sentences of the same pieces, and into the supported sentences that models wrote.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ask_answers import holds
from strati.core.context import Context
from strati.core.records import JSON, Case, Evidence, Source
from strati.knowledge.ask.corrupt import Error, corrupted, names_in
from strati.knowledge.ask.prompt import declined, keys_for, prompt_for, written
from strati.knowledge.ask.sources import PASSAGE, Sources
from strati.knowledge.ask.units import units
from strati.knowledge.ask.write import Write
from strati.knowledge.base import KnowledgeBase
from strati.models.open import open_models
from strati.models.scripted import ScriptedModel
from support_check import share

FILES = {"xquad": "squad_xquad/xquad.en.json", "covid": "covid_qa/200423_covidQA.json"}
MODELS = ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
LABELS = Path(__file__).with_suffix(".jsonl")
LONGEST = 600  # characters of a piece
TOKENS = 40  # that a model may write
KINDS = (Error.NUMBER, Error.NAME, Error.NEGATION, Error.SOURCE)


class Piece(NamedTuple):
    """Whole sentences in a row of a document, by its characters."""

    document: str
    start: int
    end: int
    text: str


class Row(NamedTuple):
    """A question with its reference answers, and the number of the piece that holds the first, or -1."""

    id: str
    question: str
    answers: tuple[str, ...]
    piece: int


class Sentence(NamedTuple):
    """A sentence of a reply: its names, question, evidence and text, and whether the evidence holds the answer."""

    key: tuple[str, str, str, int]
    question: str
    piece: Piece
    text: str
    answerable: bool


@dataclass
class World:
    """One set: its pieces, its questions, and a base of the pieces, each a file."""

    pieces: list[Piece]
    rows: list[Row]
    sources: Sources
    context: Context = field(default_factory=Context)

    def evidence(self, row: Row, *, answerable: bool) -> Piece | None:
        """The piece that holds the answer, or the one nearest to the question among those that do not hold it."""
        if answerable:
            return self.pieces[row.piece]
        found = [self.pieces[int(Path(str(hit.data["name"])).stem)] for hit in self.sources.search(row.question, 20)]
        own = self.pieces[row.piece]
        return next((one for one in found if one != own and not holds(one.text, row.answers)), None)

    def passes(self, question: str, piece: Piece, text: str) -> bool:
        """Whether a reply of this one sentence is delivered as an answer."""
        layer = Write(self.sources, ScriptedModel(lambda _: text, name=digest(text)))
        case = Case(question, question, (passage(piece),))
        return layer.run([case], self.context)[0].answer is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["generate", "show", "figures"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=240)
    parser.add_argument("--errors", type=int, default=1000)
    arguments = parser.parse_args()
    with worlds(arguments.data) as sets:
        if arguments.action == "generate":
            generate(sets, arguments.sentences, arguments.questions)
        elif arguments.action == "show":
            show(sentences(sets, arguments.sentences))
        else:
            figures(sets, sentences(sets, arguments.sentences), arguments.errors)


@contextmanager
def worlds(data: Path) -> Iterator[dict[str, World]]:
    """The sets by name, with their bases open."""
    with tempfile.TemporaryDirectory() as folder:
        made: dict[str, World] = {}
        for name, file in FILES.items():
            pieces, rows = read(data / file)
            place = Path(folder) / name
            place.mkdir()
            for number, piece in enumerate(pieces):
                (place / f"{number:05}.txt").write_text(piece.text, encoding="utf-8")
            base = KnowledgeBase.open(Path(folder) / f"{name}.base")
            base.ingest([str(place)])
            made[name] = World(pieces, rows, Sources(base))
        try:
            yield made
        finally:
            for world in made.values():
                world.sources.base.close()


def read(path: Path) -> tuple[list[Piece], list[Row]]:
    """The pieces of a file's documents, and the odd ones of its questions whose first answer lies in one piece."""
    pieces: list[Piece] = []
    rows: list[Row] = []
    number = 0
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            first = len(pieces)
            pieces += cut(paragraph["context"])
            for one in paragraph["qas"]:
                answers = tuple(answer["text"].strip() for answer in one["answers"] if answer["text"].strip())
                number += 1
                if number % 2 or not answers:
                    continue
                start = one["answers"][0]["answer_start"]
                end = start + len(one["answers"][0]["text"].rstrip())
                at = next((n for n in range(first, len(pieces)) if pieces[n].start <= start < end <= pieces[n].end), -1)
                if at >= 0:
                    rows.append(Row(str(one["id"]), one["question"].strip(), answers, at))
    return pieces, rows


def cut(text: str) -> Iterator[Piece]:
    """Sentences in a row, as many as fit; one that is too long by itself is left out."""
    document = digest(text)
    start = end = -1
    for unit in units(text):
        if unit.end - unit.start > LONGEST:
            continue
        if start >= 0 and unit.end - start > LONGEST:
            yield Piece(document, start, end, text[start:end])
            start = -1
        start, end = (unit.start if start < 0 else start), unit.end
    if start >= 0:
        yield Piece(document, start, end, text[start:end])


def plan(sets: dict[str, World], questions: int) -> Iterator[tuple[str, Row, str, bool]]:
    """Which question is asked of which model, and whether its piece holds the answer; sets take turns.

    A smaller number of questions is the beginning of a larger one.
    """
    drawn = {name: random.Random(name).sample(world.rows, len(world.rows)) for name, world in sets.items()}
    for number in range(questions):
        name = list(sets)[number % 2]
        at = number // 2
        if at < len(drawn[name]):
            yield name, drawn[name][at], MODELS[at % 2], at // 2 % 2 == 0


def generate(sets: dict[str, World], file: Path, questions: int) -> None:
    known = lines(file)
    done = {(line["set"], line["question"], line["model"]) for line in known}
    models = {model.card.name: model for model in open_models(MODELS, [], llms=True)[0]}
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in known), encoding="utf-8")
    with file.open("a", encoding="utf-8") as out:
        for name, row, model, answerable in plan(sets, questions):
            piece = sets[name].evidence(row, answerable=answerable)
            if (name, row.id, model) in done or piece is None:
                continue
            shown = [passage(piece)]
            prompt = prompt_for(row.question, shown, keys_for(row.question, [piece.text]))
            made = models[model].generate(prompt, TOKENS)
            line = {
                "set": name, "question": row.id, "model": model, "answerable": answerable, "document": piece.document,
                "start": piece.start, "end": piece.end, "reply": made.text, "finished": made.finished,
            }  # fmt: skip
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()


def lines(file: Path) -> list[dict[str, JSON]]:
    """The whole lines of a file; the last may have been cut off."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return [json.loads(line) for line in text.split("\n")[:-1]]


def passage(piece: Piece) -> Evidence:
    source = Source(piece.document, piece.document, piece.start, piece.end)
    about = {"passage": 0, "name": piece.document, "title": "", "kind": "text", "path": [], "place": "", "rank": 0}
    return Evidence(PASSAGE, piece.text, 1.0, source, about)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def sentences(sets: dict[str, World], file: Path) -> list[Sentence]:
    """The sentences that the product would look at, in the order of the replies; from an altered document none."""
    rows = {(name, row.id): row for name, world in sets.items() for row in world.rows}
    pieces = {(name, *one[:3]): one for name, world in sets.items() for one in world.pieces}
    found: list[Sentence] = []
    for line in lines(file):
        name, row = line["set"], rows.get((line["set"], line["question"]))
        piece = pieces.get((name, line["document"], line["start"], line["end"]))
        if row is None or piece is None or declined(line["reply"]):
            continue
        for number, one in enumerate(written(line["reply"], finished=line["finished"])):
            key = (name, row.id, line["model"], number)
            found.append(Sentence(key, row.question, piece, one.text, line["answerable"]))
    return found


def show(found: Sequence[Sentence]) -> None:
    for one in found:
        print("/".join(map(str, one.key[:2])), one.key[3], digest(one.text))
        print(f"  evidence: {' '.join(one.piece.text.split())}\n  question: {one.question}\n  sentence: {one.text}\n")


def figures(sets: dict[str, World], found: Sequence[Sentence], errors: int) -> None:
    labelled = {key_of(line): line for line in lines(LABELS)}
    same = [one for one in found if one.key in labelled and labelled[one.key]["sha256"] == digest(one.text)]
    other = sum(one.key in labelled for one in found) - len(same)
    print(f"{len(labelled)} labelled sentences: {len(same)} rebuilt, {other} came out otherwise, "
          f"{len(labelled) - len(same) - other} are not in the file")  # fmt: skip
    said = [one for one in same if labelled[one.key]["label"] != "no claim"]
    print(f"{len(same) - len(said)} of them claim nothing")
    good = {one.key for one in same if labelled[one.key]["label"] == "supported"}
    passed = {one.key for one in said if sets[one.key[0]].passes(one.question, one.piece, one.text)}
    groups: dict[str, list[Sentence]] = {"all": said}
    for one in said:
        answer = "answer in the piece" if one.answerable else "answer not in the piece"
        for group in (one.key[0], one.key[2], answer):
            groups.setdefault(group, []).append(one)
    for group, some in groups.items():
        print(group)
        share("  not supported, and passed", [one.key in passed for one in some if one.key not in good])
        share("  supported, and blocked", [one.key not in passed for one in some if one.key in good])
        share("  passed, and not supported", [one.key not in good for one in some if one.key in passed])
    partly = [one.key in passed for one in said if labelled[one.key]["label"] == "partly"]
    share("of those partly supported, passed", partly)
    for what in ("the sets' own sentences", "supported sentences of models"):
        tried: dict[Error, list[bool]] = {kind: [] for kind in KINDS}
        for name, world in sets.items():
            own = [
                ("", unit.text, piece) for piece in world.pieces for unit in units(piece.text) if len(unit.text) > 40
            ]
            written_by = [(one.question, one.text, one.piece) for one in said if one.key in good and one.key[0] == name]
            told = own if what.startswith("the sets") else written_by
            injected(world, told, errors // len(sets) // len(KINDS), tried)
        print(f"errors put into {what}")
        for kind, results in tried.items():
            share(f"  {kind}: found", results)


def injected(world: World, told: Sequence[tuple[str, str, Piece]], most: int, tried: dict[Error, list[bool]]) -> None:
    """Errors put into sentences, `most` of each kind, held against the piece that the sentence is true of."""
    rng = random.Random(0)
    names = names_in([text for _, text, _ in told])
    left = dict.fromkeys(KINDS, most)
    for question, text, piece in rng.sample(told, len(told)):
        elsewhere = [other for _, other, source in rng.sample(told, min(5, len(told))) if source != piece]
        for kind, claim in corrupted(text, rng, names, elsewhere):
            if left.get(kind):
                left[kind] -= 1
                tried[kind].append(not world.passes(question, piece, claim))
        if not any(left.values()):
            break


def key_of(line: dict[str, JSON]) -> tuple[str, str, str, int]:
    return (line["set"], line["question"], line["model"], line["sentence"])


if __name__ == "__main__":
    main()
