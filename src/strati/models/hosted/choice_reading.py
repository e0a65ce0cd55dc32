"""From the replies of a server to a choice: by the token log probabilities of one, or by the agreement of several."""

from __future__ import annotations

from collections.abc import Sequence

from strati.core.records import Usage
from strati.models.contract import Choice
from strati.models.hosted.completion import Completion
from strati.models.hosted.token_walk import walk
from strati.models.hosted.written_reply import Found, Options


def by_tokens(done: Completion, options: Options) -> Choice | None:
    """From the log probabilities of one reply; None where they do not tell."""
    found = _found(done, options)
    if found is None:
        if done.tokens or not done.text:
            return _none(done, len(options.texts))
    elif len(options.texts) == 1:
        return Choice((1.0,), Usage(), None, done.text)
    walked = walk(done.tokens, done.text, found, options) if found and done.tokens else None
    return Choice(walked.probabilities, Usage(), walked.mass, done.text) if found and walked else None


def by_agreement(replies: Sequence[Completion], options: Options) -> Choice:
    """From the agreement of several replies.

    Each option counts one nth of a reply beforehand, n being the number of options (a Dirichlet prior of weight 1), so
    even replies that all agree leave some doubt.
    """
    size = len(options.texts)
    votes = [0.0] * size
    for number, done in enumerate(replies):
        found = _found(done, options)
        if found is not None:
            votes[found.option] += 1 - 1e-6 * number  # of equals, the one that was drawn first
    usable = round(sum(votes))
    if not usable:
        return _none(replies[0], size, "samples")
    weights = [vote + 1 / size for vote in votes]
    total = sum(weights)
    shares = tuple(weight / total for weight in weights)
    return Choice(shares, Usage(), usable / len(replies), replies[0].text, "samples")


def _found(done: Completion, options: Options) -> Found | None:
    """The option of a reply; none when the reply was cut where another option would go on."""
    found = options.find(done.text)
    if found and done.finish == "length" and len(options.matching(done.text[found.start : found.end])) > 1:
        return None
    return found


def _none(done: Completion, options: int, basis: str = "tokens") -> Choice:
    """A reply that is none of the options: nothing is known of any of them."""
    why = {"length": "(cut at the limit of tokens) ", "content_filter": "(withheld by a content filter) "}
    return Choice((0.0,) * options, Usage(), 0.0, why.get(done.finish, "") + done.text, basis)
