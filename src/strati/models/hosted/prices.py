"""What a call to a hosted model costs: from a dated public table, or as the user states it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from strati.core.errors import MissingExtra, ModelError
from strati.core.records import Usage
from strati.models.hosted.settings import HostedSettings

MILLION = 1e6
HALF = 0.5
"""What a batch costs where nobody says: the share that providers of batch endpoints take."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Dollars per million tokens; `tiers` are (prompt tokens, dollars): above that length all tokens cost that."""

    base: float
    tiers: tuple[tuple[int, float], ...] = ()

    def times(self, factor: float) -> Rate:
        return Rate(self.base * factor, tuple((start, price * factor) for start, price in self.tiers))

    def at(self, prompt_tokens: int) -> float:
        passed = [price for start, price in self.tiers if prompt_tokens > start]
        return passed[-1] if passed else self.base

    def most(self, prompt_tokens: int) -> float:
        """The dearest that a prompt of at most this length may cost."""
        return max([self.base, *(price for start, price in self.tiers if prompt_tokens > start)])


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one model. `source` says in words where they come from, and of when they are."""

    input: Rate
    output: Rate
    cached: Rate
    source: str

    def times(self, factor: float, source: str) -> Prices:
        """Every price as a share of this one."""
        return Prices(self.input.times(factor), self.output.times(factor), self.cached.times(factor), source)

    @property
    def free(self) -> bool:
        return not any(rate.base or rate.tiers for rate in (self.input, self.output, self.cached))

    def of(self, usage: Usage) -> float:
        """Dollars for the tokens of a call; cached tokens are part of those in, reasoning is part of those out."""
        cached = min(usage.tokens_cached, usage.tokens_in)
        return (
            (usage.tokens_in - cached) * self.input.at(usage.tokens_in)
            + cached * self.cached.at(usage.tokens_in)
            + usage.tokens_out * self.output.at(usage.tokens_in)
        ) / MILLION

    def worst(self, tokens_in: int, tokens_out: int) -> float:
        """The most that a call with at most so many tokens may cost."""
        dearest = max(self.input.most(tokens_in), self.cached.most(tokens_in))
        return (tokens_in * dearest + tokens_out * self.output.most(tokens_in)) / MILLION


FREE = Prices(Rate(0.0), Rate(0.0), Rate(0.0), "your own server, nothing is paid by token")


def find_prices(settings: HostedSettings) -> Prices:
    """The user's prices; else 0 for a server of the user's own; else those of the table.

    Raises `ModelError` when nothing says what the model costs, and `MissingExtra` without the package of the table.
    """
    if settings.price_in is not None and settings.price_out is not None:
        cached = settings.price_in if settings.price_cached is None else settings.price_cached
        return Prices(Rate(settings.price_in), Rate(settings.price_out), Rate(cached), "strati.toml")
    if settings.loopback and settings.stays:
        return FREE
    if not settings.stays:
        return _from_table(settings)
    try:  # the user's own, unless the table knows the address: an account elsewhere may be trusted and still be paid
        return _from_table(settings)
    except (ModelError, MissingExtra):
        return FREE


def batch_prices(settings: HostedSettings, ordinary: Prices) -> Prices:
    """What tokens cost in a batch: the user's share of the ordinary price, else as the table says, else half."""
    factor = settings.batch_factor
    if ordinary.free:
        return ordinary
    if factor is None and settings.price_in is None:
        stated = _from_table(settings, {"processing": "batch"})
        if (stated.input, stated.output) != (ordinary.input, ordinary.output):
            return stated
    share = HALF if factor is None else factor
    return ordinary.times(share, f"{ordinary.source}, x {share:g} in a batch")


def _from_table(settings: HostedSettings, context: Mapping[str, str] | None = None) -> Prices:
    """`context` says which of a model's prices: those for {"processing": "batch"}; the ordinary ones without."""
    try:
        from genai_prices import __version__, data_snapshot
    except ImportError as error:
        raise MissingExtra("genai-prices", "hosted") from error
    table = data_snapshot.get_snapshot()
    where = settings.provider or settings.host
    try:
        if settings.provider is None:
            provider, model = table.find_provider_model(settings.model, None, None, settings.url)
        else:
            own = [found for found in table.providers if found.id == settings.provider.lower().strip()]
            if not own:
                close = difflib.get_close_matches(settings.provider, [found.id for found in table.providers], 1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise ModelError(
                    f"models.{settings.name}.provider is {settings.provider!r}, which the table of prices does not "
                    f"know{hint}: expected price_in and price_out in dollars per million tokens"
                )
            provider, model = table.find_provider_model(settings.model, own[0], None, None)
    except LookupError:
        raise ModelError(
            f"nothing says what models.{settings.name} costs ({settings.model} at {where}): "
            "expected price_in and price_out, in dollars per million tokens"
        ) from None
    found = model.get_prices(datetime.now(UTC), context)
    if found.input_mtok is None or found.output_mtok is None or found.requests_kcount is not None:
        raise ModelError(
            f"the table of prices has no plain price by token for {model.id} of {provider.id}: "
            f"expected models.{settings.name}.price_in and price_out, in dollars per million tokens"
        )
    dated = _newest_date(table.providers)
    source = f"genai-prices {__version__}, changes up to {dated}: {model.id} of {provider.id}"
    source += ", in a batch" if context else ""
    inputs = _rate(found.input_mtok)
    cached = inputs if found.cache_read_mtok is None else _rate(found.cache_read_mtok)
    return Prices(inputs, _rate(found.output_mtok), cached, source)


def _rate(price: Any) -> Rate:
    if hasattr(price, "base"):
        return Rate(float(price.base), tuple((tier.start, float(tier.price)) for tier in price.tiers))
    return Rate(float(price))


def _newest_date(providers: Iterable[Any]) -> str:
    """The newest date of a change that the table knows and that has passed: the table is at least that new."""
    dates = [
        day
        for provider in providers
        for model in provider.models
        if isinstance(model.prices, list)
        for price in model.prices
        if isinstance(day := getattr(price.constraint, "start_date", None), date) and day <= datetime.now(UTC).date()
    ]
    return max(dates).isoformat() if dates else "an unknown date"
