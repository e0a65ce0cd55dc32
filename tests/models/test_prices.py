from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.errors import ModelError
from strati.core.records import Usage
from strati.models.hosted.prices import Prices, Rate, batch_prices, find_prices
from strati.models.hosted.settings import HostedSettings


def prices(**values: Any) -> Prices:
    return find_prices(HostedSettings.of("gpt", {"url": "https://api.openai.com/v1", "model": "gpt-4o-mini", **values}))


def test_cached_and_reasoning_tokens_count() -> None:
    """1,000 in of which 400 are cached, 50 out of which 20 are reasoning: 600 x 1 + 400 x .5 + 50 x 4 millionths."""
    found = prices(price_in=1, price_out=4, price_cached=0.5)
    assert found.of(Usage(0, 1, 1000, 400, 50, 0.0, 20)) == pytest.approx(1000e-6)
    assert found.worst(1000, 50) == pytest.approx(1200e-6)
    assert prices(price_in=1, price_out=4).of(Usage(0, 1, 1000, 400, 50)) == pytest.approx(1200e-6)


def test_the_table_by_address_or_by_provider() -> None:
    by_address = prices()
    assert by_address == prices(url="https://proxy.example/v1", provider="openai")
    assert 0 < by_address.input.base < by_address.output.base < 100
    assert by_address.cached.base <= by_address.input.base
    assert by_address.source.startswith("genai-prices ")
    assert "gpt-4o-mini of openai" in by_address.source


def test_a_long_prompt_may_cost_more_by_token() -> None:
    found = Prices(Rate(1.0, ((100, 2.0),)), Rate(10.0, ((100, 20.0),)), Rate(0.5), "")
    assert found.of(Usage(0, 1, 100, 0, 10)) == pytest.approx(200e-6)
    assert found.of(Usage(0, 1, 101, 0, 10)) == pytest.approx(402e-6)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": "no-such-model"}, r"nothing says what models\.gpt costs \(no-such-model at api\.openai\.com\)"),
        ({"url": "https://unknown.example/v1"}, "expected price_in and price_out, in dollars per million tokens"),
        ({"provider": "opneai"}, "did you mean 'openai'"),
        ({"url": "http://localhost:1/v1", "private": False, "model": "x"}, "expected price_in and price_out"),
    ],
)
def test_an_unknown_price_is_an_error(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        prices(**values)


def test_what_is_free() -> None:
    assert prices(url="http://localhost:11434").free
    assert prices(url="http://gpu.example/v1", private=True).free
    assert not prices(private=True).free  # a known address costs money, whoever is trusted


amounts = st.floats(0, 100)
rates = st.builds(Rate, amounts, st.lists(st.tuples(st.integers(1, 500), amounts), max_size=2).map(sorted).map(tuple))


@given(rates, rates, rates, st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 9))
def test_no_call_costs_more_than_the_worst(
    first: Rate, second: Rate, third: Rate, tokens: int, cached: int, out: int, less: int
) -> None:
    found = Prices(first, second, third, "")
    used = Usage(0, 1, max(0, tokens - less), cached, max(0, out - less))
    assert found.of(used) <= found.worst(tokens, out) + 1e-12


def test_a_batch_costs_what_the_table_says_or_the_user_or_half() -> None:
    def both(**values: Any) -> tuple[Prices, Prices]:
        settings = HostedSettings.of("gpt", {"url": "https://api.openai.com/v1", "model": "gpt-4o-mini", **values})
        ordinary = find_prices(settings)
        return ordinary, batch_prices(settings, ordinary)

    ordinary, batch = both()
    assert (batch.input.base, batch.output.base) == (ordinary.input.base / 2, ordinary.output.base / 2)
    assert batch.cached.base <= ordinary.cached.base
    assert batch.source.endswith("gpt-4o-mini of openai, in a batch")
    _, batch = both(batch_factor=0.25)
    assert batch.input.base == ordinary.input.base / 4
    _, batch = both(price_in=3.0, price_out=8.0)
    assert (batch.input.base, batch.output.base, batch.source) == (1.5, 4.0, "strati.toml, x 0.5 in a batch")
    _, batch = both(url="http://localhost:1/v1")
    assert batch.free


def test_tiers_are_shared_too() -> None:
    rate = Rate(2.0, ((1000, 4.0),)).times(0.5)
    assert (rate.at(10), rate.at(2000)) == (1.0, 2.0)
