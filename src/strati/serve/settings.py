"""How a service is set: every number that a user may turn, with what it is for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from strati.core.errors import TaskError


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of `strati serve`.

    Attributes:
        folder: where the service database, uploads and the log live.
        host, port: where it listens; port 0 takes a free one.
        origins: further host names under which it is reached (behind a proxy).
        timeout: seconds after which a case that has no answer goes to people.
        waiting: most requests that wait for one stack; over it 429.
        people: most items that wait for people; over it 429.
        body: largest request body in bytes; `upload` the largest file.
        text: most characters of one input.
        rate, tokens: requests and tokens (estimated by length) a minute and key.
        dollars: money that one key may spend in all.
        audit: share of traffic drawn blindly for the audit.
        confidence: of the audit's bound and of its alarm.
        lease: seconds that an item is one reviewer's; `grace`: seconds in which a decision can be undone.
        look_first: reviewers do not see the proposal before they asked for it.
        guards: "closed" (a guard that fails withholds) or "open" (it lets pass).
        secure: cookies only over HTTPS.
    """

    folder: Path = Path(".strati/service")
    host: str = "127.0.0.1"
    port: int = 8321
    origins: tuple[str, ...] = ()
    timeout: float = 30.0
    waiting: int = 256
    people: int = 10_000
    body: int = 1_000_000
    upload: int = 200_000_000
    text: int = 100_000
    rate: int = 6_000
    tokens: int = 2_000_000
    dollars: float = 0.0
    audit: float = 0.02
    confidence: float = 0.95
    lease: float = 300.0
    grace: float = 4.0
    look_first: bool = True
    guards: str = "closed"
    injection: bool = True
    personal: bool = False
    secure: bool = False
    catalogs: tuple[Path, ...] = field(default=())

    def __post_init__(self) -> None:
        for name, least, most in (
            ("timeout", 0.01, 3600),
            ("waiting", 1, 1_000_000),
            ("people", 1, 10_000_000),
            ("audit", 0, 1),
            ("lease", 1, 86_400),
            ("grace", 0, 3600),
            ("rate", 1, 10**9),
            ("dollars", 0, 10**9),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise TaskError(f"{name} is {value}, expected a number from {least:g} to {most:g}")
        if not 0 <= self.port <= 65_535:
            raise TaskError(f"the port is {self.port}, expected a number from 0 to 65535")
        if self.guards not in ("open", "closed"):
            raise TaskError(f"guards is {self.guards!r}, expected open or closed")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in ("127.0.0.1", "localhost", "::1")
