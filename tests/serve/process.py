"""A real `strati serve` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from strati.kinds.classify.rules import Rules
from strati.stack.folder import save_stack
from strati.stack.layers.person import Person
from strati.stack.stack import Stack, Stage

KEY = "process-key-0123456789"


def small_stack(folder: Path) -> Path:
    """A stack of two rules and people, saved."""
    (folder / "rules.txt").write_text('when "money" then refund\nwhen "stop" then cancel\n')
    rules = Rules.from_file(folder / "rules.txt")
    save_stack(Stack((Stage(rules), Stage(Person())), "tickets"), folder / "tickets.stack")
    return folder / "tickets.stack"


@dataclass
class Running:
    """A service that runs, and what it said of itself."""

    process: subprocess.Popen[str]
    told: dict[str, Any]

    @property
    def address(self) -> str:
        return str(self.told["address"])


def start(folder: Path, *words: str, port: int = 0, key: str | None = KEY) -> Running:
    """Start it in `folder`; returns when it answers."""
    command = [sys.executable, "-m", "strati", "serve", *words, "--port", str(port), "--json"]
    environment = {name: value for name, value in os.environ.items() if name != "STRATI_KEY"}
    if key is not None:
        environment["STRATI_KEY"] = key
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    out: IO[str] | None = process.stdout
    assert out is not None
    line = out.readline()
    if not line:
        _, errors = process.communicate(timeout=30)
        raise RuntimeError(errors)
    return Running(process, json.loads(line))


def stop(running: Running) -> None:
    """End it for good."""
    if running.process.poll() is None:
        running.process.kill()
    running.process.communicate(timeout=30)
