"""One tool: a typed function behind the guards."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from strati.core.context import Context
from strati.core.errors import TaskError
from strati.core.records import JSON
from strati.serve.guards.intake import Guards
from strati.serve.tools.records import Returned

SECONDS = 60.0
LONGEST = 20_000


@dataclass(frozen=True)
class Tool:
    """One tool: a typed function behind the guards. `changes` where it changes a file, and waits for a person."""

    name: str
    about: str
    function: Callable[..., Returned]
    changes: bool = False
    guards: Guards = field(default_factory=Guards)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def signature(self) -> inspect.Signature:
        """The parameters of a call, without the context, and the record that comes back."""
        whole = inspect.signature(self.function, eval_str=True)
        return whole.replace(parameters=list(whole.parameters.values())[1:])

    @property
    def main(self) -> str:
        """The parameter that holds what is asked; the others can be left out."""
        return next(iter(self.signature.parameters))

    @property
    def description(self) -> str:
        """What it does, in full, with the names that can be given."""
        listed = [f"{name}: {', '.join(values)}." for name, values in self.names.items() if values]
        return " ".join([" ".join((self.function.__doc__ or "").split()), *listed])

    def schema(self, longest: int = LONGEST) -> dict[str, JSON]:
        """The JSON schema of a call's arguments; a text has at most so many characters."""
        properties: dict[str, JSON] = {}
        for name, one in self.signature.parameters.items():
            whole = one.annotation is int
            properties[name] = {"type": "integer"} if whole else {"type": "string", "maxLength": longest}
            if self.names.get(name):
                properties[name] = {"enum": list(self.names[name])}
        return {"type": "object", "properties": properties, "required": [self.main], "additionalProperties": False}

    def call(self, ctx: Context, **arguments: JSON) -> Returned:
        """Make a call: arguments are checked, then the guards look at what goes in and what comes out.

        Raises:
            TaskError: an argument is missing, unknown, empty or too long, or a guard found something in it.
            UserError: the tool says what is wrong.
            Stopped: the context's time is over.
        """
        self.must_fit(arguments)
        texts = [value for value in arguments.values() if isinstance(value, str)]
        if refused := self.guards.incoming(texts):
            raise TaskError(f"{refused}; {self.name} was not called")
        ctx.check()
        found = self.function(ctx, **arguments)
        if refused := self.guards.outgoing(found.told):
            raise TaskError(f"{refused} of {self.name}; it is held back")
        return found

    def must_fit(self, arguments: Mapping[str, JSON]) -> None:
        """Raises `TaskError` when an argument is missing, unknown, of another type, empty or too long."""
        expected = self.signature.parameters
        for name, value in arguments.items():
            if name not in expected:
                raise TaskError(f"{self.name} takes no {name!r}, expected {', '.join(expected)}")
            kind = int if expected[name].annotation is int else str
            if not isinstance(value, kind) or isinstance(value, bool):
                raise TaskError(f"{name} is {value!r}, expected {'a whole number' if kind is int else 'a text'}")
            if isinstance(value, str) and len(value) > LONGEST:
                raise TaskError(f"the {name} has {len(value):,} characters, expected at most {LONGEST:,}")
        first = arguments.get(self.main, expected[self.main].default)
        if not isinstance(first, str) or (not first.strip() and expected[self.main].default is not first):
            raise TaskError(f"the {self.main} is empty")


def context() -> Context:
    """What one call may take where nobody says otherwise."""
    return Context(deadline=time.monotonic() + SECONDS)
