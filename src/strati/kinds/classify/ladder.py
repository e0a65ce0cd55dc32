"""The default ladder: candidates from the simplest to the dearest, for a labelling task."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from strati.kinds.classify.encoder.layer import Encoder
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.kinds.classify.neighbours import ExampleIndex, LabelNames, Neighbours, Shots
from strati.kinds.classify.prompts import MOST_LISTED
from strati.kinds.classify.rules import InducedRules
from strati.models.ask import Remote
from strati.models.contract import Embedder, LanguageModel
from strati.models.weights import EncoderWeights
from strati.stack.candidate import Candidate, Form
from strati.stack.layers.features import SharedFits, TextFeatures
from strati.stack.stack import Stack
from strati.task.task import Task

MANY_LABELS = 12  # from here on, a short-list of labels is among the forms tried
LETTERS = 26
SHOTS = 4


def ladder(
    task: Task,
    labels: Sequence[str],
    models: Sequence[LanguageModel] = (),
    embedders: Sequence[Embedder] = (),
    weights: Sequence[EncoderWeights] = (),
) -> list[Candidate]:
    """The rungs that can be tried with the models at hand, cheapest first: those behind servers last, by price."""
    rungs = [_majority(), _rules(labels), _ngrams(task)]
    for embedder in embedders:
        rungs += [_joined(task, embedder), _neighbours(embedder)]
    rungs += [_encoder(one, layers) for one in weights for layers in (3, 0)]
    best = embedders[-1] if embedders else None
    here = [model for model in models if not isinstance(model, Remote)]
    by_size = sorted(here, key=lambda model: model.card.size_bytes or 0)
    by_price = sorted((model for model in models if isinstance(model, Remote)), key=_price)
    for kind in (by_size, by_price):
        rungs += [_zero_shot(task, tuple(labels), model, best) for model in kind]
        rungs += [_few_shot(task, tuple(labels), model, best) for model in kind]
    return rungs


def _price(model: LanguageModel) -> float:
    """Dollars for a call of usual shape: many tokens in, few out."""
    prices = model.card.dollars_per_million or (0.0, 0.0)
    return 20 * prices[0] + prices[1]


def _majority() -> Candidate:
    return Candidate("majority", (Form({}, Stack.of(Majority(), name="majority")),), learns=True)


def _rules(labels: Sequence[str]) -> Candidate:
    sizes = sorted({10, 30, 100, 300, 2 * len(labels), 5 * len(labels)})
    shared = SharedFits()
    forms = [
        Form({"rules": n}, Stack.of(InducedRules(most=n, shared=shared), name="keyword rules"))
        for n in sizes
        if n <= InducedRules.longest
    ]
    return Candidate("keyword rules", tuple(forms), learns=True)


def _ngrams(task: Task) -> Candidate:
    shared = SharedFits()
    features = TextFeatures()
    forms = [
        Form(
            {"C": c} | ({"classes weighed": True} if balanced else {}),
            Stack.of(Linear(c, features, balanced, "n-grams", shared=shared), name="n-grams"),
        )
        for balanced, c in product(_balances(task), (0.1, 0.3, 1.0, 3.0))
    ]
    return Candidate("n-grams", tuple(forms), learns=True)


def _joined(task: Task, embedder: Embedder) -> Candidate:
    name = f"n-grams + {embedder.card.name}"
    shared = SharedFits()
    forms = [
        Form(
            {"C": c, "embedding weight": weight} | ({"classes weighed": True} if balanced else {}),
            Stack.of(
                Linear(c, TextFeatures(embedder=embedder, weight=weight), balanced, name, shared=shared), name=name
            ),
        )
        for balanced, (weight, c) in product(
            _balances(task), ((1.0, 0.3), (1.0, 1.0), (2.0, 0.3), (2.0, 1.0), (4.0, 0.3))
        )
    ]
    return Candidate(name, tuple(forms), learns=True)


def _neighbours(embedder: Embedder) -> Candidate:
    name = f"neighbours by {embedder.card.name}"
    forms = [Form({"k": k}, Stack.of(Neighbours(k, ExampleIndex(embedder), name), name=name)) for k in (1, 5, 15, 40)]
    return Candidate(name, tuple(forms), learns=True)


def _encoder(weights: EncoderWeights, layers: int) -> Candidate:
    """A small encoder fine-tuned on the labels: the first layers only, or all of them."""
    name = f"{weights.name.removesuffix('-weights')} fine-tuned" + (f", {layers} layers" if layers else "")
    stack = Stack.of(Encoder(weights, layers, name=name), name=name)
    form = Form({"layers": layers or "all"}, stack)
    return Candidate(name, (form,), learns=True, licence=weights.licence, trains_long=True)


def _zero_shot(task: Task, labels: tuple[str, ...], model: LanguageModel, embedder: Embedder | None) -> Candidate:
    name = f"{model.card.name} zero-shot"
    shortlists = [0] if len(labels) <= MANY_LABELS else [0, 10]
    if len(labels) > MOST_LISTED:
        shortlists = [20]
    styles = ["list", "question", *(["letters"] if len(labels) <= LETTERS else [])]
    if isinstance(model, Remote):  # each form costs money; the corrected one asks nothing new
        shortlists, styles = shortlists[:1], ["list"]
    forms = []  # those that begin alike side by side: an engine keeps the beginning of a prompt evaluated
    for style, shortlist, corrected in product(styles, shortlists, (False, True)):
        llm = LLM(model, labels, instruction(task), style, corrected, name=name)
        names = LabelNames(0, shortlist, ExampleIndex(embedder), "label names", answers=labels)
        stack = Stack.of(names, llm, name=name) if shortlist else Stack.of(llm, name=name)
        settings = {"prompt": style, "prior corrected": corrected}
        asks = f"{style} {shortlist}"
        forms.append(Form({**settings, "short-list": shortlist} if shortlist else settings, stack, asks))
    return Candidate(name, tuple(forms))


def _few_shot(task: Task, labels: tuple[str, ...], model: LanguageModel, embedder: Embedder | None) -> Candidate:
    name = f"{model.card.name} few-shot"
    shortlists = [0] if len(labels) <= MANY_LABELS else [0, 5]
    if len(labels) > MOST_LISTED:
        shortlists = [5, 20]
    styles = ["turns", "list"]
    if isinstance(model, Remote):
        shortlists, styles = shortlists[:1], ["turns"]
    forms = []
    for style, shortlist, corrected in product(styles, shortlists, (False, True)):
        shots = Shots(SHOTS, shortlist, ExampleIndex(embedder))
        llm = LLM(model, labels, instruction(task), style, corrected, name=name)
        settings = {"prompt": style, "shots": SHOTS, "prior corrected": corrected}
        stack = Stack.of(shots, llm, name=name)
        asks = f"{style} {shortlist}"
        forms.append(Form({**settings, "short-list": shortlist} if shortlist else settings, stack, asks))
    return Candidate(name, tuple(forms), learns=True)


def instruction(task: Task) -> str:
    """What the language models are told: the user's description, or a plain sentence."""
    return task.description or f"Classify the text by its {task.label.replace('_', ' ')}."


def _balances(task: Task) -> tuple[bool, ...]:
    """Weighing rare classes up can only pay where the metric counts classes alike."""
    return (False, True) if task.metric == "macro_f1" else (False,)
