"""As many questions as go into one batch: by the server's limits, and by what the budget allows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from strati.core.budget import NANO
from strati.core.records import JSON
from strati.models.ask import Question
from strati.models.hosted.batches.lines import request_line
from strati.models.hosted.batches.output import names
from strati.models.hosted.caller import Caller
from strati.models.hosted.chat_request import Request, as_messages, samples, with_logprobs
from strati.models.hosted.prices import Prices
from strati.models.hosted.token_bounds import at_least, at_most
from strati.models.jobs import Wanted

MOST = 10_000
"""Requests in a batch, fewer than servers take, so that what comes back fits into memory."""
MOST_BYTES = 100 * 2**20


@dataclass
class Part:
    """The first `questions` of a list, as requests. `poor`: the budget allowed no more of them."""

    questions: int = 0
    wanted: list[Wanted] = field(default_factory=list)
    bodies: list[dict[str, JSON]] = field(default_factory=list)
    size: int = 0
    poor: bool = False

    def file(self, nonce: str) -> bytes:
        """The requests of a job as the file that is handed in."""
        rows = zip(names(nonce, len(self.bodies)), self.bodies, strict=True)
        return b"".join(request_line(name, body) for name, body in rows)


def make_part(
    questions: Sequence[Question], caller: Caller, prices: Prices, dollars: float, most: int | None = None
) -> Part:
    """The beginning of a list of questions that fits; all requests of a question, or none. `most` counts requests."""
    part, left, limit = Part(), round(dollars * NANO), min(MOST, most or MOST)
    for question in questions:
        requests = list(_requests(question, caller)) if _writable(question) else []
        bodies = [caller.dialect.body(request) for request in requests]
        costs = [
            math.ceil(prices.worst(at_most(request.messages), request.limit) * NANO - 1e-6) for request in requests
        ]
        size = sum(len(request_line("", body)) + 64 for body in bodies)
        part.poor = sum(costs) > left
        full = len(part.wanted) + len(requests) > limit or part.size + size > MOST_BYTES
        if part.poor or (full and part.questions):
            return part
        left -= sum(costs)
        part.questions += 1
        part.size += size
        part.bodies += bodies
        part.wanted += [Wanted(question.key, request.seed, cost) for request, cost in zip(requests, costs, strict=True)]
    return part


def _writable(question: Question) -> bool:
    """Whether a question has a form on the wire; half of a character has none and will fail alone."""
    try:
        "".join(message["content"] for message in as_messages(question.prompt)).encode()
    except UnicodeEncodeError:
        return False
    return True


def _requests(question: Question, caller: Caller) -> Iterator[Request]:
    """What a question asks, by what is known of the server; nothing where the prompt is too long for its context."""
    settings = caller.settings
    if caller.dialect.logprobs:
        found = [with_logprobs(question.prompt, question.options, settings)]
    else:
        found = samples(question.prompt, question.options, settings)
    context = settings.context
    if context is None or at_least(found[0].messages) + found[0].limit <= context:
        yield from found
