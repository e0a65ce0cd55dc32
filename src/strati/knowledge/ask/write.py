"""The layer in which a language model writes the answer from the evidence; checks decide what is delivered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self, cast

from strati.core.context import Context
from strati.core.errors import BudgetReached, LayerDown, ModelError, StackError, Stopped
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Evidence, Example, Failure, Usage
from strati.knowledge.ask.align import Fault, fault_of, locate
from strati.knowledge.ask.contradict import dispute
from strati.knowledge.ask.coverage import cover
from strati.knowledge.ask.gate import confidence, gap_of, passages_of
from strati.knowledge.ask.judge import Judged, Learns, Rules, SentenceCheck, within
from strati.knowledge.ask.prompt import SYSTEM, Written, declined, keys_for, prompt_for, written
from strati.knowledge.ask.quantities import quantities
from strati.knowledge.ask.question import LONGEST, Question, read
from strati.knowledge.ask.sources import Sources, piece_of
from strati.knowledge.ask.words import content, words
from strati.models.ask import write
from strati.models.contract import ContextOverflow, Generation, LanguageModel, Prompt, Streaming
from strati.stack.contract import Saveable
from strati.stack.registry import saved_class

PASSAGES = 5  # passages that a model is shown
TOKENS = 160  # tokens that it may write
SECONDS = 120.0  # after which a model is stopped
TOO_LONG = 20  # characters for each token it may write: a server that sends more does not keep to the limit
FRAGMENT = 4  # telling words: an answer with fewer is read together with its question
ABOUT = 0.2  # share of the question's words that a sentence after the first must have
MOST = 3  # sentences that are delivered
_QUOTED = ('"', "“", "”", "«", "»", "「", "」")


@dataclass(frozen=True, slots=True)
class Passed:
    """A sentence that passed the checks, with the piece of a passage that it rests on."""

    text: str
    piece: Evidence
    score: float


@dataclass
class Write:
    """A model writes from the best passages; each sentence is cited by our own search for its place, and checked.

    What no check supports is dropped, with the reason; what is left is the answer. Without `checks` everything is
    delivered that can be placed at all. A model that has not ended after `seconds`, or goes on far beyond `tokens`, is
    stopped: what has passed by then is the answer, if anything has.
    """

    sources: Sources
    model: LanguageModel
    checks: tuple[SentenceCheck, ...] = (Rules(),)
    passages: int = PASSAGES
    tokens: int = TOKENS
    on_sentence: Callable[[str, Evidence], None] | None = None
    seconds: float = SECONDS
    name: str = field(default="write", init=False)
    kind: ClassVar[str] = "write_answer.v1"

    @property
    def batch(self) -> int:
        """How many cases it is best given at once."""
        return 1

    def fingerprint(self) -> str:
        return fingerprint(
            self.kind, model=self.model.fingerprint(), checks=[one.fingerprint() for one in self.checks],
            passages=self.passages, tokens=self.tokens, system=SYSTEM, snapshot=self.sources.snapshot,
        )  # fmt: skip

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        """The same, with the checks that learn from the base made from it."""
        made = tuple(one.learned(self.sources) if isinstance(one, Learns) else one for one in self.checks)
        return replace(self, checks=made)

    def save(self, folder: Path) -> dict[str, JSON]:
        """Each check has a folder of its own. Raises `StackError` for one that has no saved form."""
        return {
            "model": self.model.card.name,
            "checks": [_saved(one, folder / f"check-{n}") for n, one in enumerate(self.checks)],
            "passages": self.passages,
            "tokens": self.tokens,
            **self.sources.save(),
        }

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:
        model = resources.get(settings["model"])
        if not isinstance(model, LanguageModel):
            raise ModelError(f"the stack needs the model {settings['model']}: it was not found among the models given")
        checks = tuple(_loaded(one, folder / f"check-{n}", resources) for n, one in enumerate(settings["checks"]))
        sources = Sources.load(settings, resources)
        return cls(sources, model, checks, settings["passages"], settings["tokens"])

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        return [self._one(case, ctx) for case in cases]

    def _one(self, case: Case, ctx: Context) -> Case:
        ctx.check()
        start = time.perf_counter()
        gap = gap_of(case)
        if gap is not None:
            return case.passed(self.name, gap.text)
        found = [one for one in passages_of(case) if not one.data.get("unsafe")]
        if not found:
            return case.passed(self.name, "no passage was found")
        question = read(case.text[:LONGEST])
        sieve = _Sieve(self, question, tuple(within(one, ctx) for one in self.checks))
        began = time.perf_counter()
        try:
            reply = self._reply(question.text, found, sieve, self._limited(ctx))
        except ContextOverflow as error:
            return case.failed(self.name, Failure.CONTEXT_OVERFLOW, str(error), error.usage)
        except LayerDown as error:
            return case.failed(self.name, Failure.LAYER_DOWN, f"{self.model.card.name} failed: {error}")
        except Stopped as error:
            ctx.check()
            if isinstance(error, BudgetReached):
                raise
            told = f"{self.model.card.name} had not ended after {self.seconds:.0f} seconds"
            usage = replace(sieve.usage, seconds=time.perf_counter() - start)
            if not sieve.passed:
                return case.failed(self.name, Failure.TIMEOUT, told, usage)
            return case.answered(self._answer(question, sieve.passed, found), usage, f"{told}; what had passed stands")
        ended, judged = time.perf_counter(), sieve.usage.seconds

        def spent() -> float:
            """Seconds of all the work. A remembered reply counts what it took when it was written."""
            return reply.usage.seconds + began - start + max(time.perf_counter() - ended, sieve.usage.seconds - judged)

        if not reply.text.strip():
            usage = replace(reply.usage, seconds=spent())
            return case.failed(self.name, Failure.UNUSABLE_REPLY, f"{self.model.card.name} wrote nothing", usage)
        refused = declined(reply.text)
        try:
            if not refused:
                sieve.take(reply.text, finished=reply.finished, last=True)
        except LayerDown as error:
            return case.failed(self.name, Failure.LAYER_DOWN, f"a check failed: {error}", reply.usage + sieve.usage)
        usage = replace(reply.usage + sieve.usage, seconds=spent())
        if refused and not sieve.passed:
            return case.passed(self.name, f"{self.model.card.name} found no answer in the passages", usage)
        told = "; ".join(sieve.dropped)
        if not sieve.passed:
            why = told or "no sentence was found in it"
            said = f"nothing that {self.model.card.name} wrote passed the check: {why}"
            step = case.passed(self.name, said, usage)
            return replace(step, steps=(*step.steps[:-1], replace(step.steps[-1], proposed=reply.text)))
        answer = self._answer(question, sieve.passed, found)
        return case.answered(answer, usage, told or "every sentence passed the check")

    def _limited(self, ctx: Context) -> Context:
        """The limits of the run, and the time that the model has."""
        end = time.monotonic() + self.seconds
        return replace(ctx, deadline=end if ctx.deadline is None else min(end, ctx.deadline))

    def _answer(self, question: Question, passed: Sequence[Passed], found: Sequence[Evidence]) -> Answer:
        coverage = cover(question, found, self.sources)
        lowest = min(one.score for one in passed)
        sure = confidence(coverage)
        disputed = dispute(question, coverage.candidates, self.sources)
        why = disputed.reason if disputed else ""
        said = [(one.text, one.piece, "supported") for one in passed]
        for one in disputed.sides if disputed else ():
            piece = piece_of(one.passage, one.unit.start, one.unit.end)
            if not any(_inside(piece, other) for _, other, _ in said):  # both sides are heard
                said.append((" ".join(piece.text.split()), piece, "disputed"))
                if self.on_sentence is not None:
                    self.on_sentence(said[-1][0], piece)
        citations = tuple(
            replace(piece, data={**piece.data, "sentence": n, "said": text, "state": state, "why": why})
            for n, (text, piece, state) in enumerate(said)
        )
        text = " ".join(text for text, *_ in said)
        return Answer(
            text, min(sure, lowest), self.name, features={**coverage.features, "support": lowest}, citations=citations
        )

    def _reply(self, question: str, found: Sequence[Evidence], sieve: _Sieve, ctx: Context) -> Generation:
        """What the model wrote of the passages; fewer of them are shown where not all fit."""
        count = min(self.passages, len(found))
        while True:
            shown = list(found[:count])
            keys = keys_for(question, [one.text for one in shown])
            sieve.shown = dict(zip(keys, shown, strict=True))
            prompt = prompt_for(question, shown, keys)
            try:
                if self.on_sentence is not None and isinstance(self.model, Streaming):
                    return self._streamed(prompt, sieve, ctx)
                return write(self.model, prompt, self.tokens, ctx)
            except ContextOverflow:
                if count == 1:
                    raise
                count = max(1, count // 2)

    def _streamed(self, prompt: Prompt, sieve: _Sieve, ctx: Context) -> Generation:
        """The reply as it is written: each sentence goes through the checks as soon as the next one begins."""
        start = time.perf_counter()
        within = getattr(self.model, "within", None)
        model: Streaming = self.model if within is None else within(ctx)  # type: ignore[assignment]
        pieces = model.stream(prompt, self.tokens)
        text = ""
        try:
            while True:
                ctx.check()
                text += next(pieces)
                if not declined(text):
                    sieve.take(text)
                if len(text) > TOO_LONG * self.tokens:
                    return Generation(text, Usage(time.perf_counter() - start, calls=1), False)
        except StopIteration as end:
            made: Generation = end.value
        finally:
            pieces.close()
        return replace(made, usage=replace(made.usage, seconds=time.perf_counter() - start))

    def about(self, question: Question, one: Passed) -> bool:
        """Whether a further sentence still has to do with the question: with a telling word of it at least."""
        weights = {word.key: self.sources.weight(word) for word in question.words}
        said = {word.key for word in content(one.text)}
        return sum(weights[key] for key in weights.keys() & said) >= ABOUT * sum(weights.values())

    def judged(self, one: Written, sieve: _Sieve) -> Passed | str:
        """The sentence with its place, or why it is dropped."""
        question, shown = sieve.question, sieve.shown
        named = [shown[key] for key in one.keys if key in shown]
        order = [*named, *(passage for passage in shown.values() if passage not in named)]
        fault = _misquoted(one.text, order)
        if fault is not None:
            return f"its quotation is {fault}"
        claim = one.text
        if len(content(claim)) < FRAGMENT:
            claim = f"{question.text.rstrip(' ?？')}: {claim}"
        found: list[Judged] = []
        for check in sieve.checks:
            judged = sieve.asked(check, claim, named) if named else None
            if judged is None or not judged.supported:
                judged = sieve.asked(check, claim, order)
            if judged is None or not judged.supported:
                return f"{check.name}: {judged.support.reason if judged else 'there is no evidence'}"
            found.append(judged)
        lost = _not_said(one.text, found[0].passage.text) if found and claim != one.text else ""
        if lost:
            return f"{lost!r} is not in the source"
        best = found[0] if found else Rules().judge(claim, named or order, self.sources)
        if best is None or best.passage.source is None:
            return "it cannot be placed in a source"
        at = best.passage.source.start
        piece = piece_of(best.passage, at + best.support.start, at + best.support.end)
        return Passed(one.text, piece, min((judged.support.score for judged in found), default=best.support.score))


@dataclass
class _Sieve:
    """The sentences of a reply as they come: which passed, and in words why others did not."""

    layer: Write
    question: Question
    checks: tuple[SentenceCheck, ...] = ()
    shown: dict[str, Evidence] = field(default_factory=dict)
    passed: list[Passed] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    _done: int = 0

    def asked(self, check: SentenceCheck, claim: str, passages: Sequence[Evidence]) -> Judged | None:
        """What a check says; what asking took is counted."""
        judged = check.judge(claim, passages, self.layer.sources)
        if judged is not None:
            self.usage += judged.usage
        return judged

    def take(self, text: str, *, finished: bool = True, last: bool = False) -> None:
        """The reply so far; its last sentence is not looked at before it is the `last`."""
        found = written(text, finished=finished)
        for one in found[self._done : None if last else len(found) - 1]:
            self._done += 1
            self._one(one)

    def _one(self, one: Written) -> None:
        if len(self.passed) == MOST:
            self.dropped.append(f"more than {MOST} sentences: {one.text!r}")
            return
        made = self.layer.judged(one, self)
        if isinstance(made, str):
            self.dropped.append(f"dropped {one.text!r}: {made}")
        elif any(made.text == other.text for other in self.passed):
            return
        elif self.passed and not self.layer.about(self.question, made):
            self.dropped.append(f"dropped {one.text!r}: it says nothing about the question")
        else:
            self.passed.append(made)
            if self.layer.on_sentence is not None:
                self.layer.on_sentence(made.text, made.piece)


def _saved(check: SentenceCheck, folder: Path) -> dict[str, JSON]:
    if not isinstance(check, Saveable):
        raise StackError(f"the check {check.name} ({type(check).__name__}) has no saved form: expected save, load")
    folder.mkdir()
    return {"kind": check.kind, "settings": check.save(folder)}


def _loaded(entry: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> SentenceCheck:
    return cast("SentenceCheck", saved_class(entry["kind"]).load(entry["settings"], folder, resources))


def _inside(piece: Evidence, other: Evidence) -> bool:
    a, b = piece.source, other.source
    return a is not None and b is not None and a.document == b.document and b.start <= a.start and a.end <= b.end


def _misquoted(sentence: str, passages: Sequence[Evidence]) -> Fault | None:
    """What is wrong with the quotations in a sentence, if something is."""
    for quote in _quotations(sentence):
        if not any(locate(quote, one.text) for one in passages):
            return fault_of(quote, passages[0].text, [one.text for one in passages[1:]])
    return None


def _not_said(fragment: str, passage: str) -> str:
    """The first telling word of a short answer that a passage does not have, numbers aside; "" when there is none."""
    there = {word.key for word in words(passage)}
    numbers = quantities(fragment)
    for word in content(fragment):
        if word.key not in there and not any(one.start <= word.start < one.end for one in numbers):
            return word.text
    return ""


def _quotations(sentence: str) -> Iterator[str]:
    opened = -1
    for at, char in enumerate(sentence):
        if char not in _QUOTED:
            continue
        if opened < 0:
            opened = at + 1
        else:
            if at - opened >= 12:
                yield sentence[opened:at]
            opened = -1
