"""How far is an answer with fewer options, taken from what was said about all, from one evaluated afresh?

    python benchmarks/remembered_answers.py MODEL... [--catalog FILE] [--items N]

While forms of a rung are compared, a local model evaluates a prompt once for two sets of options
(`GgufModel.remembering`). Made-up texts are asked with ten of forty labels: afresh, and after all forty were asked.
Labels share their first words, so answers take several evaluations. Printed: the largest difference of a probability,
how often the winner is the same, and the seconds of both (the second without those of asking about all forty).
"""

from __future__ import annotations

import argparse
import time
from random import Random

from prompt_rate import WORDS
from strati.models.catalog.catalog import Catalog
from strati.models.catalog.store import Store
from strati.models.contract import Choice, Prompt
from strati.models.local.gguf import GgufModel

LABELS = tuple(
    f"{first} {second}"
    for first in ("card", "cash", "transfer", "exchange", "account", "top up", "refund", "identity")
    for second in ("lost", "declined", "pending", "fee", "limit")
)


def timed(model: GgufModel, prompt: Prompt, options: list[str]) -> tuple[Choice, float]:
    start = time.perf_counter()
    return model.choose(prompt, options), time.perf_counter() - start


def measure(name: str, catalog: list[str], items: int) -> None:
    draw, apart, same, seconds = Random(0), 0.0, 0, [0.0, 0.0]
    system = "Answer with exactly one of these labels:\n" + "\n".join(LABELS)
    with Store().open(Catalog.load(catalog)[name]) as model:  # type: ignore[union-attr]
        model.choose(Prompt("warm up", system=system), LABELS)
        for _ in range(items):
            some = draw.sample(LABELS, 10)
            about = f"my {draw.choice(LABELS)} {' '.join(draw.choices(WORDS, k=12))}"
            prompt = Prompt(f"Text: {about}\nLabel:", system=system)
            fresh, took = timed(model, prompt, some)
            with model.remembering():
                model.choose(prompt, LABELS)
                again, later = timed(model, prompt, some)
            pairs = list(zip(fresh.probabilities, again.probabilities, strict=True))
            apart = max(apart, *(abs(one - other) for one, other in pairs))
            winners = [max(range(10), key=choice.probabilities.__getitem__) for choice in (fresh, again)]
            same += winners[0] == winners[1]
            seconds = [seconds[0] + took, seconds[1] + later]
    print(f"{name}: at most {apart:.4f} apart, the same winner in {same} of {items}; ", end="")
    print(f"{seconds[0] / items:.3f} s an answer afresh, {seconds[1] / items:.3f} s from what was remembered")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--catalog", action="append", default=[])
    parser.add_argument("--items", type=int, default=40)
    given = parser.parse_args()
    for name in given.models:
        measure(name, given.catalog, given.items)


if __name__ == "__main__":
    main()
