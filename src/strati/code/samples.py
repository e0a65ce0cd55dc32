"""What a model is asked, and how several different replies are drawn from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from strati.code.edits import DIVIDE, REPLACE, SEARCH
from strati.code.project import Named, Project
from strati.models.contract import Generation, LanguageModel, Prompt

MAX_TOKENS = 1024
TEMPERATURE = 0.8
TOLD = 1500
"""Characters of the tests' output that a repair is told."""

SYSTEM = "You are a careful Python programmer. You reply with code only, in one ``` block."
_DEFINITIONS = "Reply with one ```python block that holds the whole new or changed functions and the imports they need."
_EDITS = (
    "Reply with one ``` block for each file that changes. Its first line is `FILE: path`. Then one or more edits:\n"
    f"{SEARCH}\nlines as they are now\n{DIVIDE}\nlines as they shall be\n{REPLACE}\n"
    "The lines to search for must be in the file exactly once."
)
HINTS = (
    "",
    "Mind unusual inputs: empty, negative, repeated.",
    "Write it in the simplest way.",
    "First think what each test asks for.",
    "Use a plain loop.",
    "Use the standard library where it helps.",
    "Write short helper functions where they make it clearer.",
    "Go through the examples step by step in your mind, then write the code.",
)


@runtime_checkable
class Sampler(Protocol):
    """A language model that can draw different replies to one prompt."""

    def sample(self, prompt: Prompt, max_tokens: int, *, seed: int, temperature: float) -> Generation: ...


def first_prompt(project: Project, task: str, tests: Sequence[tuple[str, str]]) -> Prompt:
    """The question: the files as they are, the tests, the task, and the form of the reply.

    Args:
        project: the named files.
        task: what is wanted.
        tests: (path, text) of the test files.
    """
    parts = [_file(named) for named in project.files if named.content]
    parts += [f"Tests in {path}:\n```python\n{text.strip()}\n```" for path, text in tests]
    single = len(project.files) == 1 and project.files[0].path.endswith((".py", ".pyi"))
    new = [named.path for named in project.files if named.content is None]
    if new and not single:
        parts.append(f"New files, for which a block after `FILE: path` is the whole file: {', '.join(new)}")
    parts += [f"Task: {task.strip()}", _DEFINITIONS if single else _EDITS]
    return Prompt("\n\n".join(parts), system=SYSTEM)


def repair_prompt(prompt: Prompt, reply: str, failure: str) -> Prompt:
    """The same question, the reply that failed, and what the tests said of it."""
    user = f"That fails:\n{failure[-TOLD:].strip()}\n\nCorrect it. Reply in the same form, with the whole functions."
    return replace(prompt, user=user, shots=(*prompt.shots, (prompt.user, reply)))


def draw(model: LanguageModel, prompt: Prompt, number: int, max_tokens: int = MAX_TOKENS) -> Generation:
    """Reply `number` to a prompt: the first is the model's likeliest, the others differ.

    A model that can sample is sampled with the number as seed. Any other is asked in other words.
    """
    if number == 0:
        return model.generate(prompt, max_tokens)
    if isinstance(model, Sampler):
        return model.sample(prompt, max_tokens, seed=number, temperature=TEMPERATURE)
    hint = HINTS[number % len(HINTS)] + (f" (Version {number // len(HINTS) + 1}.)" if number >= len(HINTS) else "")
    return model.generate(replace(prompt, user=f"{prompt.user} {hint}"), max_tokens)


def _file(named: Named) -> str:
    fence = "```python" if named.path.endswith(".py") else "```"
    return f"File {named.path}:\n{fence}\n{named.text.rstrip()}\n```"
