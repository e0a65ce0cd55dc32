"""Quantised language models on this machine: a GGUF file run in this process by llama.cpp (package xllamacpp)."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from strati.core.errors import LayerDown, ModelError
from strati.core.identity import fingerprint, sha256_of
from strati.core.records import JSON, Usage
from strati.core.threads import threads as thread_budget
from strati.models.contract import Choice, ContextOverflow, Generation, ModelCard, Prompt
from strati.models.local.asked import SHARE, Asked, Memory
from strati.models.local.chat_form import ChatForm, Ids, Tokens
from strati.models.local.engine import Engine, engine_version
from strati.models.local.gguf_file import Header, check_magic, read_header
from strati.models.local.heads import Heads
from strati.models.local.prefix_tree import END, build, probabilities
from strati.models.local.prefix_tree import Path as TokenPath

CONTEXT = 4096
BIAS = 12.0
"""Added to the logits of allowed tokens, so that they all are among the few that the engine reports."""
STRONG_BIAS = 60.0
"""For the rare prompt after which the allowed tokens are too unlikely even so."""
SPARE = 16
"""Tokens reported beside the allowed ones: what the model would rather have said."""
PLAIN = ("a", "b", "c", "d", "e", "the")
"""Tokens to draw where the engine cannot show one; one of them is no wanted token in all but the oddest label sets."""
PUSHES = (20.0, 40.0, 60.0)


class GgufModel:
    """A GGUF model, loaded at its first use. Safe to call from several threads; calls wait for each other.

    Every call starts from the same engine state, the evaluated head of its prompt, so an answer does not depend on the
    calls before it, nor on the number of threads.

    Args:
        path: the GGUF file.
        name: what it is called in reports; the file's name by default.
        licence: the licence of the weights.
        context: tokens that prompt and reply may take together; the training context but at most 4096 by default.
        threads: processor cores to use; all by default.
        sha256: the file's hash where it is known already, from a catalog; computed when needed otherwise.

    Raises `ModelError` for a file that is missing or not GGUF; a damaged one is noticed when it is loaded.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        name: str | None = None,
        licence: str = "unknown",
        context: int | None = None,
        threads: int | None = None,
        sha256: str | None = None,
    ) -> None:
        self.path = Path(path)
        check_magic(self.path)
        if context is not None and context < 64:
            raise ModelError(f"context is {context}, expected at least 64 tokens")
        if threads is not None and threads < 1:
            raise ModelError(f"threads is {threads}, expected at least 1")
        self.name = name or self.path.stem
        self._licence = licence
        self._context = context
        self._threads = threads or thread_budget()
        self._sha256 = sha256
        self._header: Header | None = None
        self._loaded: _Loaded | None = None
        self._memory: Memory | None = None
        self._lock = threading.RLock()

    @property
    def card(self) -> ModelCard:
        details = {"kind": "gguf"} | ({"sha256": self._sha256} if self._sha256 else {})
        return ModelCard(self.name, self._licence, self.path.stat().st_size, True, details)

    @property
    def context(self) -> int:
        """Tokens that fit: the number asked for, never more than the model was trained with."""
        trained = self.header.context or CONTEXT
        if self._context is not None and self._context > trained:
            raise ModelError(f"context is {self._context}, but {self.name} was trained with {trained} tokens")
        return self._context or min(trained, CONTEXT)

    @property
    def header(self) -> Header:
        """The file's metadata."""
        with self._lock:
            self._header = self._header or read_header(self.path)
            return self._header

    def fingerprint(self) -> str:
        with self._lock:
            self._sha256 = self._sha256 or sha256_of(self.path)
        return fingerprint("gguf.v1", sha256=self._sha256, engine=engine_version(), context=self.context)

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """The probability of each option as the whole reply; see `strati.models.local.prefix_tree`."""
        start = time.perf_counter()
        with self._lock:
            loaded = self.load()
            tree = build(loaded.form.options(tuple(options)), options)
            tokens = loaded.form.prompt(prompt)
            loaded.must_fit(len(tokens.all) + tree.longest)
            call = _Call(loaded, tokens, self._memory)
            masses: dict[TokenPath, float] = {}

            def score(path: TokenPath, allowed: Sequence[int]) -> Mapping[int, float]:
                weights, masses[path] = call.next_token(path, allowed)
                return weights

            if tree.root.path:  # all options begin alike: only this call can tell whether the model wants any of them
                score((), tree.root.path[:1])
            found = probabilities(tree, score)
        return Choice(found, call.usage(start), masses.get(()))

    def generate(
        self, prompt: Prompt, max_tokens: int, grammar: str | None = None, schema: JSON | None = None
    ) -> Generation:
        """The reply by greedy decoding. Raises `ModelError` for a grammar or schema that the engine cannot read."""
        if max_tokens < 1:
            raise ModelError(f"max_tokens is {max_tokens}, expected at least 1")
        if grammar is not None and schema is not None:
            raise ModelError("a grammar and a schema were given, expected one of them")
        start = time.perf_counter()
        with self._lock:
            call = self._asked(prompt)
            reply = call.greedy(max_tokens, grammar, schema)
        choice = reply["choices"][0]
        listed = (choice.get("logprobs") or {}).get("content") or []
        logprob = math.fsum(token["logprob"] for token in listed) if listed else None
        text = call.words(choice["text"])
        return Generation(text, call.usage(start), choice["finish_reason"] == "stop", logprob)

    def stream(self, prompt: Prompt, max_tokens: int, schema: JSON | None = None) -> Generator[str, None, Generation]:
        """The reply of `generate` piece by piece, as it is written; closing the generator stops the engine."""
        if max_tokens < 1:
            raise ModelError(f"max_tokens is {max_tokens}, expected at least 1")
        start = time.perf_counter()
        with self._lock:
            call = self._asked(prompt)
            said, finish = "", "length"
            with closing(call.streamed(max_tokens, schema)) as pieces:
                for piece in pieces:
                    choice = piece["choices"][0]
                    finish = choice.get("finish_reason") or finish
                    if text := choice.get("text") or "":
                        said += text
                        yield text
            usage = call.usage(start)
        return Generation(call.words(said), usage, finish == "stop")

    def sample(self, prompt: Prompt, max_tokens: int, *, seed: int, temperature: float) -> Generation:
        """A reply drawn at random: another for each seed, the same for the same one."""
        if max_tokens < 1 or not 0 < temperature <= 2:
            raise ModelError(f"max_tokens is {max_tokens} and temperature {temperature}, expected above 0, at most 2")
        start = time.perf_counter()
        with self._lock:
            call = self._asked(prompt)
            reply = call.drawn(max_tokens, seed, temperature)
        choice = reply["choices"][0]
        return Generation(call.words(choice["text"]), call.usage(start), choice["finish_reason"] == "stop")

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Inside it, a prompt that was asked with more options is not evaluated again for fewer of them.

        Such an answer agrees with one evaluated afresh up to the engine's rounding (tokens evaluated in other pieces:
        some thousandths of a probability), and tells as usage what the first took.
        """
        before = self._memory
        with self._lock:
            self._memory = Memory()
        try:
            yield
        finally:
            with self._lock:
                self._memory = before

    def _asked(self, prompt: Prompt) -> _Call:
        """A prompt ready for the engine; raises `ContextOverflow` where it does not fit."""
        loaded = self.load()
        tokens = loaded.form.prompt(prompt)
        loaded.must_fit(len(tokens.all))
        return _Call(loaded, tokens)

    def count_tokens(self, text: str) -> int:
        with self._lock:
            return len(self.load().engine.tokens(text))

    def load(self) -> _Loaded:
        """The engine, started if it is not running. Other methods call this; call it to pay for loading earlier."""
        with self._lock:
            if self._loaded is None:
                header, context = self.header, self.context
                self._loaded = _Loaded(Engine(self.path, context, self._threads), header, context)
            return self._loaded

    def close(self) -> None:
        """Free the memory. The next call loads the model again."""
        with self._lock:
            if self._loaded is not None:
                self._loaded.engine.close()
                self._loaded = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Loaded:
    """A running engine, its prompt form, and what its cache holds."""

    def __init__(self, engine: Engine, header: Header, context: int) -> None:
        self.engine = engine
        self.form = ChatForm(engine, header.has_template)
        self.context = context
        self.heads = Heads(engine)
        self.head: Ids = ()
        self.last: Ids = ()
        known = [header.metadata.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot")]
        self.ends = tuple(dict.fromkeys([*self.form.ends, *(token for token in known if isinstance(token, int))]))

    def must_fit(self, tokens: int) -> None:
        """One place must be left for the next token."""
        if tokens + 1 > self.context:
            raise ContextOverflow(tokens, self.context - 1)


class _Call:
    """One prompt on the engine, and the count of what it took."""

    def __init__(self, loaded: _Loaded, tokens: Tokens, memory: Memory | None = None) -> None:
        self._loaded = loaded
        self._tokens = tokens
        self._memory = memory
        self._counts = Usage()
        self._prepared = False

    def next_token(self, path: TokenPath, allowed: Sequence[int]) -> tuple[dict[int, float], float]:
        """The weight of each allowed token after `path`, and the probability of all of them together.

        Where the same was asked about more tokens and is remembered, that is used, with what it took then.
        """
        ends = self._loaded.ends if END in allowed else ()
        wanted = dict.fromkeys([token for token in allowed if token != END] + list(ends))
        top, mass = self._recalled(path, wanted) or self._weighed(path, wanted)
        weights = {token: top.get(token, 0.0) for token in allowed if token != END}
        if ends:
            weights[END] = math.fsum(top.get(token, 0.0) for token in ends)
        return weights, min(1.0, max(0.0, mass))

    def _recalled(self, path: TokenPath, wanted: Collection[int]) -> tuple[dict[int, float], float] | None:
        asked = self._memory.recall(self._tokens.all + path) if self._memory else None
        found = asked.of(wanted) if asked else None
        if asked and found:
            self._counts += asked.usage
        return found

    def _weighed(self, path: TokenPath, wanted: Collection[int]) -> tuple[dict[int, float], float]:
        before, start = self._counts, time.perf_counter()
        self._counts = Usage()
        self._prepare()
        top = self._top(path, list(wanted), BIAS)
        inside = math.fsum(top.get(token, 0.0) for token in wanted)
        outside = math.fsum(top.values()) - inside
        mass = inside / (inside + outside * math.exp(BIAS)) if inside > 0 else 0.0
        if inside < SHARE:
            top = self._top(path, list(wanted), STRONG_BIAS)
        elif self._memory:
            took = replace(self._counts, seconds=time.perf_counter() - start)
            weights = {token: top.get(token, 0.0) for token in wanted}
            self._memory.keep(self._tokens.all + path, Asked(weights, outside, math.exp(BIAS), took))
        self._counts += before
        return top, mass

    def greedy(self, max_tokens: int, grammar: str | None, schema: JSON | None = None) -> dict[str, Any]:
        """The engine's reply to the prompt."""
        self._prepare()
        settings: dict[str, JSON] = {"max_tokens": max_tokens, "temperature": 0.0, "logprobs": 1, "n_probs": 1}
        settings["stop"] = self._loaded.form.stop
        if grammar is not None:
            settings["grammar"] = grammar
        if schema is not None:
            settings["json_schema"] = schema
        try:
            return self._complete(self._tokens.all, settings)
        except LayerDown as error:
            if grammar is not None and "grammar" in str(error):
                raise ModelError(f"the grammar is not GBNF with a rule named root: {grammar!r}") from error
            if schema is not None and ("schema" in str(error) or "grammar" in str(error)):
                raise ModelError(f"the engine cannot read the JSON schema {schema!r}: {error}") from error
            raise

    def streamed(self, max_tokens: int, schema: JSON | None = None) -> Generator[dict[str, Any], None, None]:
        """The engine's reply piece by piece, as the engine tells it; counts are taken from its last piece."""
        self._prepare()
        settings: dict[str, JSON] = {"max_tokens": max_tokens, "temperature": 0.0, "stop": self._loaded.form.stop}
        settings |= {"cache_prompt": bool(self._loaded.head), "seed": 1}
        if schema is not None:
            settings["json_schema"] = schema
        ids = self._loaded.last = self._tokens.all
        used: dict[str, Any] = {}
        written = 0
        try:
            with closing(self._loaded.engine.stream(ids, settings)) as pieces:
                for piece in pieces:
                    used = piece.get("usage") or used
                    if piece.get("choices"):
                        written += 1
                        yield piece
        finally:  # also when nobody reads on: what was evaluated counts
            cached = (used.get("prompt_tokens_details") or {}).get("cached_tokens", 0) if used else 0
            tokens_in, tokens_out = used.get("prompt_tokens", len(ids)), used.get("completion_tokens", written)
            self._counts += Usage(0.0, 1, tokens_in, cached, tokens_out)

    def drawn(self, max_tokens: int, seed: int, temperature: float) -> dict[str, Any]:
        """A reply drawn from the likeliest tokens that together have 95 % of the probability."""
        self._prepare()
        settings: dict[str, JSON] = {"max_tokens": max_tokens, "temperature": temperature, "top_p": 0.95, "seed": seed}
        settings["stop"] = self._loaded.form.stop
        return self._complete(self._tokens.all, settings)

    def words(self, text: str) -> str:
        """What the engine wrote, as the reply that it is."""
        return self._loaded.form.reply(text)

    def usage(self, start: float) -> Usage:
        """What all calls took together, `start` being the time of `time.perf_counter()` before them.

        What was remembered counts with the seconds it took when it was asked.
        """
        counts = self._counts
        seconds = time.perf_counter() - start + counts.seconds
        return Usage(seconds, counts.calls, counts.tokens_in, counts.tokens_cached, counts.tokens_out)

    def _top(self, path: TokenPath, wanted: Sequence[int], bias: float) -> dict[int, float]:
        """Probabilities of the most likely tokens after the bias, `wanted` ones and a few others.

        The engine tells none when the token it draws ends inside a character (emoji, scripts other than Latin). Then a
        plain token is pushed so far up that it is drawn, and left out of what is returned.
        """
        found = self._asked(path, wanted, [[token, bias] for token in wanted])
        if found is not None:
            return found
        plain = next(ids[0] for text in PLAIN if (ids := self._loaded.engine.tokens(text)) and ids[0] not in wanted)
        for push in PUSHES:
            found = self._asked(path, wanted, [*([token, bias] for token in wanted), [plain, bias + push]])
            rest = {token: share for token, share in (found or {}).items() if token != plain}
            total = math.fsum(rest.values())
            if total > 0:
                return {token: share / total for token, share in rest.items()}
        raise LayerDown("the engine tells no probabilities for this prompt")

    def _asked(self, path: TokenPath, wanted: Sequence[int], bias: list[list[float]]) -> dict[int, float] | None:
        count = len(wanted) + SPARE
        reply = self._complete(
            self._tokens.all + path,
            {
                "max_tokens": 1,
                "temperature": 1.0,
                "samplers": ["top_k", "temperature"],
                "top_k": count,
                "n_probs": count,
                "logprobs": count,
                "post_sampling_probs": True,
                "logit_bias": bias,
            },
        )
        listed = reply["choices"][0]["logprobs"]
        return None if listed is None else {entry["id"]: entry["prob"] for entry in listed["content"][0]["top_probs"]}

    def _prepare(self) -> None:
        """Bring the engine's cache to the evaluated head and nothing more.

        What follows is then evaluated in the same pieces as ever, so rounding is the same. The head of the previous
        prompt is still there, an earlier one is read back. So is the present one after a prompt that shares more than
        the head; where it is not kept, one other token displaces what is shared, which takes an evaluation.
        """
        if self._prepared:
            return
        self._prepared = True
        loaded, head, rest = self._loaded, self._tokens.head, self._tokens.rest
        if loaded.head != head:
            if loaded.heads.back_to(head):
                loaded.last = head
            elif head:
                self._complete(head, {"max_tokens": 1, "temperature": 0.0}, keep=False)
                loaded.heads.keep(head)
            loaded.head = head
        elif head and loaded.last[: len(head) + 1] == self._tokens.all[: len(head) + 1]:
            if loaded.heads.back_to(head):
                loaded.last = head
            else:
                self._complete((*head, 0 if rest[0] else 1), {"max_tokens": 1, "temperature": 0.0})

    def _complete(self, ids: Ids, settings: dict[str, JSON], keep: bool = True) -> dict[str, Any]:
        keep = keep and bool(self._loaded.head)
        self._loaded.last = ids
        reply = self._loaded.engine.complete(ids, {"seed": 1, **settings, "cache_prompt": keep})
        used = reply["usage"]
        cached = (used.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        self._counts += Usage(0.0, 1, used["prompt_tokens"], cached, used["completion_tokens"])
        return reply
