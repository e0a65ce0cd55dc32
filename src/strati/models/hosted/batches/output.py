"""What the output of a batch comes to: replies to keep, and dollars to book."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from strati.core.budget import NANO
from strati.core.errors import ModelError
from strati.models.contract import ContextOverflow
from strati.models.hosted.batches.lines import to_keep
from strati.models.hosted.completion import BadRequest, Fault, UnknownModel, read
from strati.models.hosted.prices import Prices
from strati.models.hosted.settings import HostedSettings
from strati.models.hosted.transport import HttpReply
from strati.models.jobs import Received, Wanted


def names(nonce: str, count: int) -> Iterable[str]:
    """The names of a job's requests in its files."""
    return (f"{nonce}-{number}" for number in range(count))


def settled(
    nonce: str,
    wanted: Sequence[Wanted],
    lines: Mapping[str, HttpReply],
    settings: HostedSettings,
    prices: Prices,
    *,
    silent_paid: bool,
) -> tuple[list[Received], int]:
    """The replies that answer something, and what all requests are booked with, in billionths of a dollar.

    The rules are those of a single call: what was surely not billed counts 0, what may have been counts with its most.
    With `silent_paid` a request without a line may have been billed. A request whose reply is no answer is left out; it
    will be asked again.
    """
    kept, paid, key = [], 0, settings.key()
    for name, want in zip(names(nonce, len(wanted)), wanted, strict=True):
        line = lines.get(name)
        if line is None:
            paid += want.most if silent_paid else 0
            continue
        cost, answers = _value(line, want, settings, prices)
        paid += cost
        if answers:
            kept.append(Received(want.key, want.seed, cost / NANO, to_keep(line, key)))
    return kept, paid


def _value(line: HttpReply, want: Wanted, settings: HostedSettings, prices: Prices) -> tuple[int, bool]:
    """What one line is booked with, and whether it is an answer."""
    try:
        usage = read(line, settings, None).usage
    except ContextOverflow:
        return 0, True
    except Fault as fault:
        return (want.most if fault.lost else 0), False
    except (BadRequest, UnknownModel, ModelError):
        return 0, False
    return want.most if usage is None else min(want.most, round(prices.of(usage) * NANO)), True
