"""A user's own code as a candidate, named as FILE.py:NAME."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import TaskError

if TYPE_CHECKING:
    from strati.stack.candidate import Candidate


def own_layer(spec: str) -> Candidate:
    """The candidate behind FILE.py:NAME: a function of one text, a layer, a stack, or a class that makes a layer.

    Raises:
        TaskError: the file or the name is not there, the code raises, or it is neither of these.
    """
    from strati.core.identity import sha256_of
    from strati.stack.candidate import Candidate
    from strati.stack.contract import Layer
    from strati.stack.layers.function import Function
    from strati.stack.stack import Stack

    path, _, name = spec.rpartition(":")
    if not path or not name:
        raise TaskError(f"found --layer {spec!r}, expected FILE.py:NAME")
    if not Path(path).is_file():
        raise TaskError(f"--layer {spec}: there is no file {path}")
    module_spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if module_spec is None or module_spec.loader is None:
        raise TaskError(f"--layer {spec}: {path} is not a Python file")
    module = importlib.util.module_from_spec(module_spec)
    try:
        module_spec.loader.exec_module(module)
        part = getattr(module, name)
        part = part() if isinstance(part, type) else part
    except AttributeError:
        names = [key for key in vars(module) if not key.startswith("_")]
        raise TaskError(f"--layer {spec}: {path} has no {name!r}; it has: {', '.join(names)}") from None
    except (Exception, SystemExit) as error:  # a script that ends itself must not end strati without a word
        raise TaskError(f"--layer {spec}: the code raised {type(error).__name__}: {error}") from error
    if not callable(part) and not callable(getattr(part, "run", None)):
        raise TaskError(f"--layer {spec}: found a {type(part).__name__}, expected a function, a layer or a stack")
    if not isinstance(part, Layer | Stack):  # the hash of the file: an edit of what the function calls counts too
        part = Function(part, name, sha256_of(Path(path)))
    return Candidate.of(part, name)
