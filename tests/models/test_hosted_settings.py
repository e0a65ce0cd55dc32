from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from strati.core.errors import ModelError
from strati.models.hosted.settings import HostedSettings
from strati.task.config import MODEL_KEYS

OPENAI = {"url": "https://api.openai.com/v1", "model": "gpt-4o-mini"}


def settings(**values: Any) -> HostedSettings:
    return HostedSettings.of("gpt", {**OPENAI, **values})


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        ("http://localhost:11434", "http://localhost:11434/v1"),
        ("https://x.example/v1/chat/completions", "https://x.example/v1"),
        ("https://x.example/openai/v2", "https://x.example/openai/v2"),
    ],
)
def test_addresses_in_one_form(url: str, found: str) -> None:
    assert settings(url=url).url == found


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://localhost:11434", True),
        ("http://[::1]:80", True),
        ("http://127.8.9.1", True),
        ("http://10.0.0.7", False),
        ("http://localhost.example.com", False),
        ("https://127.0.0.1.example.com", False),
        ("https://api.openai.com", False),
    ],
)
def test_what_runs_on_this_machine(url: str, here: bool) -> None:
    assert settings(url=url).loopback is here
    assert settings(url=url).stays is here
    assert settings(url=url, private=True).stays
    assert not settings(url=url, private=False).stays


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"url": "api.openai.com"}, r"models\.gpt\.url is 'api\.openai\.com', expected an address such as"),
        ({"url": "ftp://x.example"}, "expected an address"),
        ({"url": "http://x.example:notaport/"}, "expected an address"),
        ({"url": ""}, r"models\.gpt\.url is missing"),
        ({"url": "https://me:secret@x.example/v1"}, "holds a user name or password"),
        ({"model": " "}, r"models\.gpt\.model is missing"),
        ({"price_in": 0.0000025, "price_out": 1}, r"price_in is 2\.5e-06, expected dollars per million tokens"),
        ({"price_in": 1, "price_out": 2500}, r"price_out is 2500, expected dollars per million tokens"),
        ({"price_in": -1, "price_out": 1}, "price_in is -1, expected dollars per million"),
        ({"price_in": float("nan"), "price_out": 1}, "price_in is nan, expected dollars per million"),
        ({"price_in": 1}, "one of price_in and price_out, expected both"),
        ({"price_cached": 1}, "price_cached alone"),
        ({"timeout": 0}, r"timeout is 0, expected seconds"),
        ({"samples": 0}, "samples is 0, expected at least 1"),
        ({"concurrency": 0}, "concurrency is 0, expected at least 1"),
        ({"retries": -1}, "retries is -1, expected at least 0"),
        ({"batch_factor": 0}, "batch_factor is 0, expected a share above 0"),
        ({"batch_factor": 50}, "batch_factor is 50, expected a share above 0"),
        ({"context": 10}, "context is 10, expected at least 64"),
        ({"extra": {"max_tokens": 5}}, "extra sets 'max_tokens'"),
        ({"extra": {"until": date(2026, 1, 1)}}, "extra holds a date"),
        ({"cutoff": "June"}, "cutoff is 'June', expected a date"),
        ({"url": "http://x.example/v1", "key_env": "KEY"}, "in the clear, expected https:"),
        ({"colour": "red"}, "has the key 'colour', expected one of"),
    ],
)
def test_bad_settings_are_one_sentence(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        settings(**values)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_key_is_read_when_it_is_used_and_kept_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    known = settings(key_env="STRATI_TEST_KEY")
    with pytest.raises(ModelError, match=r"STRATI_TEST_KEY is not set, expected the key for api\.openai\.com"):
        known.key()
    monkeypatch.setenv("STRATI_TEST_KEY", " sk-test-123456789\n")
    assert known.key() == "sk-test-123456789"
    assert "sk-test" not in repr(known)
    monkeypatch.setenv("STRATI_TEST_KEY", "sk-\nother: header")
    with pytest.raises(ModelError, match="characters that no key has"):
        known.key()
    assert settings().key() is None


def test_every_key_of_the_config_file_is_known() -> None:
    values = {"url": "https://x.example/v1", "model": "m", "price_in": 1.0, "price_out": 1.0, "price_cached": 1.0}
    others = {"key_env": "K", "private": False, "licence": "x", "provider": "openai", "context": 100, "concurrency": 2}
    more = {"timeout": 5, "retries": 1, "logprobs": True, "samples": 2, "reasoning_tokens": 9, "extra": {"a": 1}}
    given = {**values, **others, **more, "cutoff": "2024-06-01", "batch": True, "batch_factor": 0.6}
    assert set(given) == set(MODEL_KEYS)
    assert HostedSettings.of("x", given).samples == 2
