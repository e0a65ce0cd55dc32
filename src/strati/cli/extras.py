"""Optional packages that a command needs, asked for before any work."""

from __future__ import annotations


def must_have(extra: str, *packages: str) -> None:
    """Raise `MissingExtra` naming the first package that is not installed."""
    from importlib.util import find_spec

    from strati.core.errors import MissingExtra

    for package in packages:
        if find_spec(package) is None:
            raise MissingExtra(package, extra)
