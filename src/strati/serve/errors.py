"""Why a request gets no answer at all: a status, a code that programs read, a sentence for people."""

from __future__ import annotations


class Refused(Exception):
    """A request that is not taken, or cannot be served.

    Attributes:
        status: the HTTP status.
        code: a word for programs, such as "invalid_api_key".
        sentence: what was found and what was expected.
        param: the part of the request it is about.
        retry_after: seconds after which another try makes sense.
    """

    def __init__(
        self, status: int, code: str, sentence: str, param: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.param = param
        self.retry_after = retry_after


class ClientGone(Exception):
    """Nobody waits for the answer any more; the work was cancelled."""
