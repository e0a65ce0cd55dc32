"""The checkers for language models and embedders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from strati.models.contract import Choice, ContextOverflow, Embedder, Generation, LanguageModel, ModelCard, Prompt
from strati.testing.clauses import ODD_TEXTS, ContractError, hold, is_share, no_error, stable_fingerprint

OPTIONS = ("card", "card payment", "refund")  # one is the beginning of another
PROMPT = Prompt("Text: my card was charged twice\nLabel:", system="Answer with one label.")


def check_model(model: LanguageModel, *, prompt: Prompt = PROMPT, tolerance: float = 1e-3) -> None:
    """Hold a language model to its contract; it is asked about fifteen times.

    Args:
        model: the model.
        prompt: a prompt it can answer.
        tolerance: how far probabilities may differ between calls, and with the order of the options.

    Raises:
        ContractError: a clause is broken; the message says which.
    """
    hold(isinstance(model, LanguageModel), f"{type(model).__name__} is no LanguageModel")
    _card(model.card)
    stable_fingerprint(model)
    first = _choose(model, prompt, OPTIONS)
    _near(first, _choose(model, prompt, OPTIONS), tolerance, "the same question twice gets different probabilities")
    turned = _choose(model, prompt, OPTIONS[::-1])[::-1]
    _near(first, turned, tolerance, "the probabilities depend on the order of the options")
    alone = _choose(model, prompt, ("card",))[0]
    hold(alone == 0 or abs(alone - 1) <= 1e-6, "a single option does not get probability 1")
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda _: _choose(model, prompt, OPTIONS), range(2)):
            _near(first, found, tolerance, "called from two threads it gives other probabilities")
    for name, text in ODD_TEXTS.items():
        if name == "a lone surrogate":  # no text in any encoding: layers keep it from models
            continue
        try:
            _choose(model, Prompt(text), OPTIONS)
        except ContextOverflow as error:
            hold(error.tokens > error.limit, f"with {name}: overflow at {error.tokens} tokens of {error.limit}")
    _generation(model, prompt)
    counts = [model.count_tokens(text) for text in ("", "one", "one two three four five six")]
    hold(0 <= counts[0] <= counts[1] < counts[2], f"count_tokens gives {counts} for texts that grow")


def check_embedder(embedder: Embedder, *, tolerance: float = 1e-3) -> None:
    """Hold an embedder to its contract.

    Args:
        embedder: the embedder.
        tolerance: how far a number may differ between a text alone and in a batch (int8 models: about 0.05).

    Raises:
        ContractError: a clause is broken; the message says which.
    """
    hold(isinstance(embedder, Embedder), f"{type(embedder).__name__} is no Embedder")
    _card(embedder.card)
    stable_fingerprint(embedder)
    texts = ["my card was lost", "what is the weather", "my card was stolen", "a", "my card was lost"]
    rows = _embed(embedder, texts)
    hold(_close(rows, _embed(embedder, texts), 1e-6), "the same texts twice get different vectors")
    hold(_close(rows[0], rows[4], tolerance), "a text that comes twice gets two different vectors")
    alone = np.vstack([_embed(embedder, [text]) for text in texts])
    hold(_close(rows, alone, tolerance), "a text alone gets another vector than in a batch, or the order is not kept")
    hold(_embed(embedder, []).shape == (0, rows.shape[1]), "no texts do not give an array of shape (0, dimensions)")
    _embed(embedder, list(ODD_TEXTS.values()))


def _card(card: ModelCard) -> None:
    hold(isinstance(card, ModelCard) and card.name != "", "the card has no name")
    hold(card.licence != "", f"the card of {card.name} names no licence, expected one, or 'unknown'")


def _choose(model: LanguageModel, prompt: Prompt, options: tuple[str, ...]) -> tuple[float, ...]:
    try:
        choice = model.choose(prompt, options)
    except ContextOverflow:
        raise
    except Exception as error:
        raise ContractError(f"choose for {prompt.user[:30]!r} raised {type(error).__name__}: {error}") from error
    hold(isinstance(choice, Choice), f"choose returned a {type(choice).__name__}, expected a Choice")
    shares = choice.probabilities
    hold(len(shares) == len(options), f"{len(options)} options got {len(shares)} probabilities, expected as many")
    hold(all(is_share(share) for share in shares), f"a probability is not a number from 0 to 1: {shares}")
    other = choice.reply is not None and not any(shares)  # it wrote what is none of the options
    hold(other or abs(sum(shares) - 1) <= 1e-6, f"the probabilities sum to {sum(shares)}, expected 1")
    hold(choice.mass is None or is_share(choice.mass), f"the mass is {choice.mass}, expected None or 0 to 1")
    hold(choice.usage.calls >= 1, "the usage counts no call, expected at least 1")
    hold(choice.usage.seconds >= 0 and choice.usage.dollars >= 0, "the usage is negative")
    return shares


def _generation(model: LanguageModel, prompt: Prompt) -> None:
    limit = 3
    found = no_error(lambda: model.generate(prompt, limit), "generate")
    hold(isinstance(found, Generation), f"generate returned a {type(found).__name__}, expected a Generation")
    written = model.count_tokens(found.text)
    hold(written <= 2 * limit, f"generate wrote {written} tokens, the limit was {limit}")  # cut anew they may be more
    hold(found.text == model.generate(prompt, limit).text, "generate writes different texts for the same prompt")


def _near(one: tuple[float, ...], two: tuple[float, ...], tolerance: float, clause: str) -> None:
    hold(all(abs(a - b) <= tolerance for a, b in zip(one, two, strict=True)), f"{clause}: {one} and {two}")


def _embed(embedder: Embedder, texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    rows = no_error(lambda: embedder.embed(texts), f"embed of {len(texts)} texts")
    hold(isinstance(rows, np.ndarray) and rows.ndim == 2, "embed did not return an array with two axes")
    hold(len(rows) == len(texts), f"{len(texts)} texts gave {len(rows)} rows, expected as many")
    hold(rows.dtype == np.float32, f"the vectors are {rows.dtype}, expected float32")
    hold(bool(np.isfinite(rows).all()), "a vector holds a number that is not finite")
    lengths = np.linalg.norm(rows, axis=1)
    hold(bool((np.abs(lengths - 1) <= 1e-3).all()), "a vector's length is not 1")
    return rows


def _close(one: object, two: object, tolerance: float) -> bool:
    return bool(np.allclose(np.asarray(one), np.asarray(two), rtol=0.0, atol=tolerance))
