"""What `[models.NAME]` in strati.toml says about a model behind a server, checked."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Self
from urllib.parse import urlsplit

from strati.core.errors import ModelError
from strati.core.records import JSON

OURS = ("model", "messages", "stream", "n", "max_tokens", "max_completion_tokens", "logprobs", "top_logprobs")
"""Fields of a request that `extra` may not set: money or the reading of replies depends on them."""
LEAST_PRICE = 0.001
MOST_PRICE = 1000.0
REMOTE_CONCURRENCY = 8


@dataclass(frozen=True, slots=True)
class HostedSettings:
    """One model behind an OpenAI-compatible server.

    Attributes:
        name: what reports call it.
        url: where `/chat/completions` is found, such as https://api.openai.com/v1.
        model: the server's own name of the model.
        key_env: the environment variable that holds the key; it is read for each call and kept nowhere.
        private: whether texts stay with the user; None: only when the server is on this machine.
        licence: of the weights, or "closed".
        price_in, price_out, price_cached: dollars per million tokens.
        provider: whose prices apply where the address does not tell.
        context: tokens that prompt and reply may take together, where known.
        batch: whether questions are handed in together, to be answered within a day for less.
        batch_factor: what a batch costs, as a share of the ordinary price; None: by the table, else half.
        concurrency: calls in flight at most; None: 1 for a server on this machine, else 8.
        timeout: seconds for a whole reply.
        retries: further attempts at most, for each call.
        logprobs: whether to use token log probabilities; None: when the server gives them.
        samples: replies drawn where it gives none.
        reasoning_tokens: tokens that a model may write for itself before its reply.
        extra: further fields of each request.
        cutoff: the date up to which the model has read texts.
    """

    name: str
    url: str
    model: str
    key_env: str | None = None
    private: bool | None = None
    licence: str | None = None
    price_in: float | None = None
    price_out: float | None = None
    price_cached: float | None = None
    provider: str | None = None
    context: int | None = None
    batch: bool = False
    batch_factor: float | None = None
    concurrency: int | None = None
    timeout: float = 60.0
    retries: int = 5
    logprobs: bool | None = None
    samples: int = 3
    reasoning_tokens: int = 0
    extra: Mapping[str, JSON] = field(default_factory=dict)
    cutoff: str | None = None

    @classmethod
    def of(cls, name: str, values: Mapping[str, JSON]) -> Self:
        """From the section of a strati.toml; raises `ModelError` in one sentence for what makes no sense."""
        known = {part.name for part in fields(cls)} - {"name"}
        for key in values:
            if key not in known:
                raise ModelError(f"models.{name} has the key {key!r}, expected one of: {', '.join(sorted(known))}")
        for key in ("url", "model"):
            if not str(values.get(key, "")).strip():
                raise ModelError(f"models.{name}.{key} is missing, expected {_WANTED[key]}")
        return cls(name, **{**values, "url": _address(name, str(values["url"]))})

    def __post_init__(self) -> None:
        where = f"models.{self.name}"
        _prices(where, {key: getattr(self, key) for key in ("price_in", "price_out", "price_cached")})
        least = {"context": 64, "concurrency": 1, "retries": 0, "samples": 1, "reasoning_tokens": 0}
        for key, low in least.items():
            value = getattr(self, key)
            if value is not None and value < low:
                raise ModelError(f"{where}.{key} is {value}, expected at least {low}")
        if self.batch_factor is not None and not 0 < self.batch_factor <= 1:
            raise ModelError(f"{where}.batch_factor is {self.batch_factor:.12g}, expected a share above 0 up to 1: 0.5")
        if not 0 < self.timeout <= 3600:
            raise ModelError(f"{where}.timeout is {self.timeout}, expected seconds above 0 and at most 3600")
        for key in self.extra:
            if key in OURS:
                raise ModelError(f"{where}.extra sets {key!r}, which strati sets itself: expected another field")
        try:
            json.dumps(dict(self.extra), allow_nan=False)
        except (TypeError, ValueError):
            raise ModelError(f"{where}.extra holds a date or a number that JSON has no form for") from None
        try:
            date.fromisoformat(self.cutoff or "2000-01-01")
        except ValueError:
            raise ModelError(f'{where}.cutoff is {self.cutoff!r}, expected a date such as "2024-06-01"') from None
        if self.key_env and not self.stays and self.url.startswith("http:"):
            raise ModelError(f"{where}.url begins with http: and the key would travel in the clear, expected https:")

    @property
    def host(self) -> str:
        """The server's name and port, as reports show it."""
        return urlsplit(self.url).netloc

    @property
    def root(self) -> str:
        """The address without its path."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def loopback(self) -> bool:
        """Whether the server runs on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    @property
    def stays(self) -> bool:
        """Whether texts sent to it stay with the user."""
        return self.loopback if self.private is None else self.private

    @property
    def at_once(self) -> int:
        return self.concurrency or (1 if self.loopback else REMOTE_CONCURRENCY)

    def key(self) -> str | None:
        """The key, read now. Raises `ModelError` when its variable is not set, or holds what no header can."""
        if self.key_env is None:
            return None
        key = os.environ.get(self.key_env, "").strip()
        if not key:
            raise ModelError(
                f"the environment variable {self.key_env} is not set, expected the key for {self.host} "
                f"(models.{self.name})"
            )
        if not key.isascii() or not key.isprintable():
            raise ModelError(f"the key in {self.key_env} holds characters that no key has, expected plain ASCII")
        return key


_WANTED = {
    "url": 'an address such as "https://api.openai.com/v1"',
    "model": "the name that the server knows the model by",
}


def _address(name: str, url: str) -> str:
    """The address in one form: no slash at the end, `/v1` where it has no path."""
    found = url.strip().rstrip("/").removesuffix("/chat/completions").rstrip("/")
    try:
        parts = urlsplit(found)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or bool(parts.query or parts.fragment)
        secret = "@" in parts.netloc
        _ = parts.port
    except ValueError:
        wrong, secret = True, "@" in found
    if secret:
        raise ModelError(f"models.{name}.url holds a user name or password, expected them in a variable: key_env")
    if wrong:
        raise ModelError(f"models.{name}.url is {url!r}, expected {_WANTED['url']}")
    return found if parts.path else f"{found}/v1"


def _prices(where: str, prices: Mapping[str, float | None]) -> None:
    for key, price in prices.items():
        if price is None or price == 0 or LEAST_PRICE <= price <= MOST_PRICE:
            continue
        raise ModelError(f"{where}.{key} is {price:.12g}, expected dollars per million tokens, such as 2.5")
    if (prices["price_in"] is None) != (prices["price_out"] is None):
        raise ModelError(f"{where} has one of price_in and price_out, expected both, in dollars per million tokens")
    if prices["price_cached"] is not None and prices["price_in"] is None:
        raise ModelError(f"{where} has price_cached alone, expected price_in and price_out too")
