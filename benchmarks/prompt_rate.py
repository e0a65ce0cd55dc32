"""Does the GGUF adapter read prompts as fast as the bare engine?

    python benchmarks/prompt_rate.py MODEL... [--catalog FILE] [--items N] [--rounds N]

The same prompts go through `GgufModel.choose` and, as the same token ids, through `handle_completions` of a second
engine with the same settings, one token out, prefix cached; the two take turns. Printed: prompt tokens evaluated per
second of wall time, the ratio with a 95 % interval over rounds (bootstrap), and what was evaluated per item beyond the
cached prefix. Options differ in their first token, so each item is one question. The target is a ratio of .90.
"""

from __future__ import annotations

import argparse
import statistics
import time
from random import Random

from strati.models.catalog.catalog import Catalog
from strati.models.catalog.store import Store
from strati.models.contract import Prompt
from strati.models.local.gguf import GgufModel

OPTIONS = ("weather", "sports", "music", "travel", "food", "money", "health", "school")
WORDS = """please tell me about the long road near our house where people often meet when rain stops and children play
with a red ball before dinner while somebody cooks rice for them""".split()  # noqa: SIM905


def prompts(count: int, seed: int) -> list[Prompt]:
    """Made-up questions of 20 to 50 words after one prefix of about 150 tokens."""
    words = Random(seed)
    prefix = "Name the topic of the text.\n" + "".join(f"- {option}: texts about {option}\n" for option in OPTIONS) * 2
    texts = [" ".join(words.choices(WORDS, k=words.randint(20, 50))) for _ in range(count)]
    return [Prompt(text, system="You sort texts.", prefix=prefix + "Text: ") for text in texts]


def adapter_round(model: GgufModel, items: list[Prompt]) -> tuple[float, int]:
    """Seconds and tokens evaluated, through `choose`."""
    start = time.perf_counter()
    usages = [model.choose(item, OPTIONS).usage for item in items]
    return time.perf_counter() - start, sum(usage.tokens_in - usage.tokens_cached for usage in usages)


def bare_round(model: GgufModel, items: list[tuple[int, ...]]) -> tuple[float, int]:
    """Seconds and tokens evaluated, by the engine alone."""
    engine = model.load().engine
    settings = {"max_tokens": 1, "temperature": 0.0, "cache_prompt": True}
    start = time.perf_counter()
    replies = [engine.complete(ids, settings) for ids in items]
    return time.perf_counter() - start, sum(reply["timings"]["prompt_n"] for reply in replies)


def interval(ratios: list[float], seed: int = 0) -> tuple[float, float]:
    """Bootstrap interval of the median ratio."""
    draw = Random(seed)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(2000))
    return medians[49], medians[1949]


def measure(name: str, catalog: list[str], count: int, rounds: int) -> None:
    entry, store = Catalog.load(catalog)[name], Store()
    with store.open(entry) as model, store.open(entry) as bare:  # type: ignore[union-attr]
        items = prompts(count, seed=1)
        tokens = [model.load().form.prompt(item) for item in items]
        adapter_round(model, items[:1])
        bare_round(bare, [tokens[0].all])
        rates = []
        evaluated = 0
        for number in range(rounds):
            if number % 2:
                other = bare_round(bare, [item.all for item in tokens])
                own = adapter_round(model, items)
            else:
                own = adapter_round(model, items)
                other = bare_round(bare, [item.all for item in tokens])
            rates.append((own[1] / own[0], other[1] / other[0]))
            evaluated += own[1]
        calls = [model.choose(item, OPTIONS).usage.calls for item in items]
    ratios = [own / other for own, other in rates]
    low, high = interval(ratios)
    rest = statistics.mean(len(item.rest) for item in tokens)
    print(f"{name}: {count} prompts, {rounds} rounds")
    print(f"  adapter {statistics.median(r[0] for r in rates):.0f} tok/s, engine alone ", end="")
    print(f"{statistics.median(r[1] for r in rates):.0f} tok/s")
    print(f"  ratio {statistics.median(ratios):.3f} (95 % interval {low:.3f} to {high:.3f})")
    print(f"  prefix {len(tokens[0].head)} tokens; case and tail {rest:.1f}; ", end="")
    print(f"evaluated {evaluated / count / rounds:.1f} per item in {statistics.mean(calls):.2f} calls")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--catalog", action="append", default=[])
    parser.add_argument("--items", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=8)
    arguments = parser.parse_args()
    for name in arguments.models:
        measure(name, arguments.catalog, arguments.items, arguments.rounds)


if __name__ == "__main__":
    main()
