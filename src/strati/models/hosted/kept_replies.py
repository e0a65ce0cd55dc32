"""Replies that were paid for an answer that is not remembered yet: kept with what they cost, read instead of asked.

An answer may need several replies, and the process may die after any of them. Each is kept in the moment in which its
reservation is settled (`models.jobs`), under the memo's key of the answer and its own number. The key is that of all
that is asked, and of the occasion: a question that is asked again on purpose has another one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

from strati.core.budget import NANO, Close
from strati.core.context import Context
from strati.core.records import Usage
from strati.models.hosted.batches.lines import to_keep
from strati.models.hosted.transport import HttpReply
from strati.models.jobs import Jobs, Received

Keep = Callable[[HttpReply, Usage], Close | None]
"""From a reply, and what the attempts took that came before it, to what settles its reservation and keeps it."""
SECRET = 8
"""Characters of a key from which on it is one: servers of one's own take "x", which stands in any reply."""
LONG = 16_384
"""Bytes of a reply beyond which it has more than log probabilities: what the model thought, most likely."""


def not_kept(reply: HttpReply, before: Usage) -> Close | None:  # noqa: ARG001
    """For what belongs to no answer that will be remembered."""
    return None


def as_text(reply: HttpReply) -> str:
    """A reply as JSON that `as_reply` reads: as the server sent it, without what is not needed where that is long.

    To parse and write each one again would add a third to what a call takes here.
    """
    if len(reply.body) <= LONG and json.detect_encoding(reply.body) == "utf-8":
        with suppress(UnicodeDecodeError):
            return f"[{reply.status}, {reply.body.decode()}]"
    return json.dumps(to_keep(reply))


class KeptReplies:
    """The replies to one question, by their numbers.

    Args:
        key: the memo's key of the answer that they are for.
        ctx: its memo keeps them, where that is the book of its budget, too.
    """

    def __init__(self, key: str, ctx: Context) -> None:
        self._key = key
        self._jobs: Jobs | None = getattr(ctx.memo, "jobs", None)  # `KeepsJobs`; isinstance is slow for a protocol
        self._keeps = ctx.budget.is_kept_in(ctx.memo)
        self.found = self._jobs.replies(key) if self._jobs else {}

    def keep(self, seed: int, secret: str | None) -> Keep:
        """How the reply of that number is kept; one that repeats the server's key is not."""
        jobs = self._jobs
        if jobs is None or not self._keeps:
            return not_kept

        def closing(reply: HttpReply, before: Usage) -> Close | None:
            text = as_text(reply)
            if secret and len(secret) >= SECRET and secret in text.replace("\\/", "/"):  # as some servers write it
                return None
            kept = Received(self._key, seed, 0.0, text, before.calls + 1, before.seconds)

            def close(number: int, paid: int) -> None:
                jobs.settle(number, paid, kept._replace(dollars=before.dollars + paid / NANO))

            return close

        return closing
