"""The prompt of a language model, pushed to its limit: instruction, form and examples, searched on a part of tune.

Two rounds of successive halving (Jamieson and Talwalkar, arXiv 1502.07943): first instructions and forms, then, with
the best of them, the examples that are shown. Demonstrations are bootstrapped as in DSPy (Khattab et al., arXiv
2310.03714, section 4): train rows that the model itself gets right; a label of which it gets too few right has others.
The winner alone goes before the gate, on tune rows that the search has not seen.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import Case, Example
from strati.data import Splits, Unit
from strati.data.normal import normal_text
from strati.improve.experiment import FEWEST, Figures, Outcome, decide, measured, stored_of
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.neighbours import Demonstrations, ExampleIndex, Shots
from strati.kinds.classify.prompts import spoken
from strati.measure.effort import Effort, shuffled
from strati.measure.race.halving import HalvingTuner
from strati.measure.results import Results, group_names
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack, Stage

SEARCHED, JUDGED = 48, 300
"""Tune rows at most: that the forms are compared on, and that the gate looks at."""
COPIED = 5  # words in a row that an instruction shares with a train row
NEAREST = (2, 8)
FIXED = (1, 2)  # demonstrations for each label
MOST_FIXED = 16
TRIED = 4  # train rows that are asked for one demonstration
TELLING = 4  # words by which a label is described


@dataclass(frozen=True)
class PromptPlan:
    """The rung, its language model's stage, and the rows to search and to judge on."""

    rung: str
    stack: Stack
    place: int
    instructions: tuple[str, ...]
    search: tuple[Example, ...]
    judge: tuple[Example, ...]

    @property
    def llm(self) -> LLM:
        layer = self.stack.stages[self.place].layer
        assert isinstance(layer, LLM)
        return layer


def plan_prompts(
    results: Results, splits: Splits, rung: str, stack: Stack, instructions: Sequence[str], seed: int
) -> PromptPlan:
    """What will be searched.

    Raises:
        DataError: the rung's language model does not choose labels, an instruction is empty, or tune rows are too few.
    """
    place = next((n for n, stage in enumerate(stack.stages) if isinstance(stage.layer, LLM)), None)
    if place is None:
        raise DataError(f"the rung {rung} has no language model that chooses a label, expected one")
    if any(not text.strip() for text in instructions):
        raise DataError("an --instruction is empty, expected a sentence or two that say what is wanted")
    tune = shuffled(splits.units[0].tune, seed)
    search = tune[: min(SEARCHED, len(tune) - FEWEST)]
    if len(tune) < 2 * FEWEST:
        raise DataError(
            f"run {results.run} has {len(tune)} tune rows, expected at least {2 * FEWEST}: some to search on, and "
            f"{FEWEST} others to judge on"
        )
    judge = tune[len(search) : len(search) + JUDGED]
    return PromptPlan(rung, stack, place, tuple(instructions), tuple(search), tuple(judge))


def improve_prompt(results: Results, splits: Splits, plan: PromptPlan, ctx: Context) -> tuple[Outcome, Stack | None]:
    """Search on one part of tune, and put the winner before the gate on the other; the outcome and what was chosen.

    Smaller means fewer tokens.
    """
    unit = Unit("search", splits.units[0].train, plan.search, ())
    tuner = HalvingTuner(results.metric, replace(ctx, tick=ctx.advance), Effort(form_rows=len(plan.search)))

    def best(forms: list[Form]) -> tuple[str, Stack]:
        found = tuner.choose(Candidate(plan.rung, tuple(forms), uses_llm=True, slow=True, learns=True), unit)
        settings = next(row.settings for row in found.forms if row.chosen)
        return str(settings["prompt"]), found.stack

    first, stack = best(list(_instructions(plan, unit.train)))
    shown = list(_examples(plan, stack, unit.train, first, ctx))
    name, winner = best([Form({"prompt": first}, stack), *shown])
    stored = stored_of(plan.judge)
    ctx.begin(f"{plan.rung}: judging", 2 * len(stored))
    told = replace(ctx, tick=ctx.advance)
    kept = _by_tokens(measured(results, plan.stack, f"{plan.rung}, as it is", stored, told))
    tried: list[Figures] = []
    if winner.fingerprint() != plan.stack.fingerprint():
        copied = copied_words(_llm_of(winner).task, unit.train)
        found = _by_tokens(measured(results, winner, name, stored, told))
        tried.append(replace(found, flag=f'its instruction copies a train row: "{copied}"' if copied else ""))
    outcome = decide(results, "prompts", kept, tried, group_names(stored))
    return outcome, winner if outcome.chosen is not None else None


def copied_words(instruction: str, train: Sequence[Example]) -> str:
    """Five words in a row that an instruction has from a train row; empty where there are none."""
    words = normal_text(instruction).split()
    runs = {" ".join(words[at : at + COPIED]) for at in range(len(words) - COPIED + 1)}
    if not runs:
        return ""
    for example in train:
        said = normal_text(example.text).split()
        for at in range(len(said) - COPIED + 1):
            if (run := " ".join(said[at : at + COPIED])) in runs:
                return run
    return ""


def _llm_of(stack: Stack) -> LLM:
    return next(stage.layer for stage in stack.stages if isinstance(stage.layer, LLM))


def _instructions(plan: PromptPlan, train: Sequence[Example]) -> Iterator[Form]:
    """The rung as it is, and with other instructions, each in two forms."""
    own = plan.llm.task
    texts = {"as it is": own, "labels described": described(own, plan.llm.labels, train)}
    texts |= {f"instruction {number}": text for number, text in enumerate(plan.instructions, 1)}
    shown = any(isinstance(stage.layer, Shots) for stage in plan.stack.stages)
    styles = [
        plan.llm.form,
        *(one for one in (("turns", "list") if shown else ("list", "question")) if one != plan.llm.form),
    ]
    for name, text in texts.items():
        for style in styles[:2]:
            llm = replace(plan.llm, task=text, form=style)
            said = name if style == plan.llm.form else f"{name}, form {style}"
            yield Form({"prompt": said}, _with(plan.stack, plan.place, llm))


def _examples(plan: PromptPlan, stack: Stack, train: Sequence[Example], said: str, ctx: Context) -> Iterator[Form]:
    """The best prompt with other examples: more or fewer of the nearest, or the same for every text."""
    llm = _llm_of(stack)
    own = next((stage.layer for stage in plan.stack.stages if isinstance(stage.layer, Shots)), None)
    short = own.labels if own is not None else 0
    style = "turns" if llm.form == "question" else llm.form
    for k in NEAREST:
        if own is None or k != own.k:
            index = ExampleIndex(own.index.embedder if own is not None else None)
            parts = (Stage(Shots(k, short, index)), Stage(replace(llm, form=style)))
            yield Form({"prompt": f"{said}; {k} nearest examples"}, replace(stack, stages=parts))
    if short:  # a short-list is made of the nearest rows
        return
    demonstrations = list(bootstrapped(llm, train, max(FIXED), ctx))
    for each in FIXED:
        some = [one for number, one in enumerate(demonstrations) if number % max(FIXED) < each][:MOST_FIXED]
        if some:
            layer = Demonstrations(tuple((one.text, str(one.reference)) for one in some))
            parts = (Stage(layer), Stage(replace(llm, form=style)))
            yield Form({"prompt": f"{said}; the same {len(some)} examples for all"}, replace(stack, stages=parts))


def bootstrapped(llm: LLM, train: Sequence[Example], each: int, ctx: Context) -> Iterator[Example]:
    """For each label, `each` train rows: those that the model gets right without any examples, the surest first.

    Where it gets too few right, others of the label; a label with fewer rows than that has none.
    """
    rows = list(train)
    random.Random(f"demonstrations {ctx.seed}").shuffle(rows)
    labels = list(dict.fromkeys(str(one.reference) for one in rows))
    alone = replace(llm, corrected=False, prior=(), form="list")
    for label in labels[: MOST_FIXED // each]:
        own = [one for one in rows if one.reference == label][: each * TRIED]
        done = alone.run([Case(one.id, one.input) for one in own], ctx)
        right = [
            (case.answer.confidence or 0.0, one)
            for one, case in zip(own, done, strict=True)
            if case.answer is not None and case.answer.value == label
        ]
        found = [one for _, one in sorted(right, key=lambda pair: -pair[0])]
        found += [one for one in own if one not in found]
        if len(found) >= each:
            yield from found[:each]


def described(instruction: str, labels: Sequence[str], train: Sequence[Example]) -> str:
    """The instruction with the words that tell each label from the others, by log odds over train rows."""
    told = telling_words(labels, train)
    lines = [f"{spoken(label)}: {', '.join(words)}" for label, words in told.items() if words]
    return f"{instruction}\nWords that often go with a label:\n" + "\n".join(lines) if lines else instruction


def telling_words(labels: Sequence[str], train: Sequence[Example]) -> dict[str, list[str]]:
    """For each label the words that are most typical of its train rows: by a smoothed difference of log shares."""
    place = {label: number for number, label in enumerate(labels)}
    vocabulary: dict[str, int] = {}
    counts_of: list[tuple[int, int]] = []
    for one in train:
        for word in set(normal_text(one.text).split()):
            if word.isalpha() and len(word) > 2:
                counts_of.append((place.get(str(one.reference), -1), vocabulary.setdefault(word, len(vocabulary))))
    counts = np.zeros((len(labels), len(vocabulary)))
    for at, column in counts_of:
        if at >= 0:
            counts[at, column] += 1
    words = list(vocabulary)
    total = counts.sum(axis=0)
    found: dict[str, list[str]] = {}
    for label, row in place.items():
        mine = counts[row]
        rest = total - mine
        gap = np.log((mine + 0.5) / (mine.sum() + 1)) - np.log((rest + 0.5) / (rest.sum() + 1))
        best = np.argsort(-gap * np.sqrt(mine), kind="stable")[:TELLING].tolist()
        found[label] = [words[at] for at in best if mine[at] >= 2]
    return found


def _with(stack: Stack, place: int, llm: LLM) -> Stack:
    stages = list(stack.stages)
    stages[place] = replace(stages[place], layer=llm)
    return replace(stack, stages=tuple(stages))


def _by_tokens(one: Figures) -> Figures:
    return replace(one, size=(round(one.tokens, 3),))
