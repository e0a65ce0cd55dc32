"""How often a delivered program is right: MBPP with its public tests, judged on the hidden inputs of MBPP+.

For each task a model gives one likeliest reply and some samples. A program is delivered when it passes the public tests
and agrees with the other samples that do, by at least a threshold. The threshold is chosen on `--half tune`, the first
half of the tasks in a fixed random order; the other half (`report`) is looked at once, with that threshold. Beside it
stands pass@1 of the likeliest reply.

    python benchmarks/code_mbpp.py replies --data FOLDER --model qwen2.5-coder-0.5b --out tune.jsonl --tasks 60
    python benchmarks/code_mbpp.py judge   --data FOLDER --out tune.jsonl
    python benchmarks/code_mbpp.py judge   --data FOLDER --out report.jsonl --half report --threshold .5
    python benchmarks/code_mbpp.py tasks   --data FOLDER --out mbpp.jsonl   # for strati bench --kind code
"""

from __future__ import annotations

import argparse
import ast
import gzip
import json
import math
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from strati.code.agreement import Output, loose, shares
from strati.code.find import find_sandbox
from strati.code.layer import prompt_for
from strati.code.programs import behaviour, check, inputs_for, program_in
from strati.code.samples import draw
from strati.code.sandbox import Sandbox
from strati.models.open import open_models
from strati.statistics.proportions import clopper_pearson

TARGET = 0.90
MAX_TOKENS = 400


@dataclass(frozen=True, slots=True)
class Problem:
    """One task: what is asked, its public tests, and hidden inputs with the reference program."""

    id: str
    task: str
    tests: str
    function: str
    reference: str
    hidden: list[str]
    as_set: bool
    tolerance: float


def problems(folder: Path, half: str, count: int) -> list[Problem]:
    """Tasks of MBPP (sanitized) that MBPP+ has hidden inputs for, in a fixed random order: some of a half."""
    plain = {row["task_id"]: row for row in json.loads((folder / "sanitized-mbpp.json").read_text())}
    found = []
    with gzip.open(folder / "MbppPlus.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            plus = json.loads(line)
            row = plain.get(int(plus["task_id"].partition("/")[2]))
            if row is None:
                continue
            tests = "\n".join([*row["test_imports"], *row["test_list"]])
            like = next(iter(_calls(tests, plus["entry_point"])), ())
            given_inputs = [*plus["base_input"], *(plus["plus_input"] or [])]
            hidden = [text for given in given_inputs if _literal(text := repr(_shaped(given, like)))]
            as_set = "set(" + plus["entry_point"] in tests
            function, reference = plus["entry_point"], plus["canonical_solution"]
            told = (plus["task_id"], row["prompt"], tests, function, reference, hidden, as_set, float(plus["atol"]))
            found.append(Problem(*told))
    random.Random(1).shuffle(found)
    middle = len(found) // 2
    return (found[:middle] if half == "tune" else found[middle:])[:count]


def _calls(tests: str, function: str) -> Iterator[tuple[object, ...]]:
    for node in ast.walk(ast.parse(tests)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
            try:
                yield tuple(ast.literal_eval(part) for part in node.args)
            except ValueError:
                continue


def _literal(text: str) -> bool:
    try:
        return isinstance(ast.literal_eval(text), tuple)
    except ValueError:  # infinity and the like
        return False


def _shaped(given: object, like: object) -> object:
    """JSON knows no tuples and sets: the given value in the types of a call in the public tests."""
    if isinstance(given, list) and isinstance(like, tuple | set | frozenset | list):
        inner = list(like)
        parts = [_shaped(part, inner[min(at, len(inner) - 1)] if inner else None) for at, part in enumerate(given)]
        return type(like)(parts)
    return tuple(given) if isinstance(given, list) and like is None else given


def replies(folder: Path, half: str, model: str, out: Path, count: int, samples: int) -> None:
    """Ask for what is not in the file yet; one line a reply, so a stopped run goes on."""
    done = {(row["id"], row["number"]) for row in _rows(out)}
    (llm,), _ = open_models([model], [], llms=True)
    with out.open("a", encoding="utf-8") as file:
        for at, problem in enumerate(problems(folder, half, count), 1):
            for number in range(samples + 1):
                if (problem.id, number) in done:
                    continue
                start = time.perf_counter()
                text = draw(llm, prompt_for(problem.task, problem.tests), number, MAX_TOKENS).text
                seconds = time.perf_counter() - start
                row = {"id": problem.id, "number": number, "model": model, "text": text, "seconds": seconds}
                file.write(json.dumps(row) + "\n")
                file.flush()
            print(f"{at} of {count}", file=sys.stderr, end="\r")


HIDDEN = """import copy, math
def _near(a, b):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-7, abs_tol={tolerance})
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(_near, a, b))
    return a == b
_names = {{}}
exec({reference!r}, _names)
for _given in [{inputs}]:
    _one, _two = {function}(*copy.deepcopy(_given)), _names[{function!r}](*copy.deepcopy(_given))
    assert {compared}, _given
"""


def tasks(folder: Path, half: str, out: Path, count: int) -> None:
    """Write the tasks as a file that `strati bench --kind code` reads: hidden tests compare with the reference.

    A task whose reference does not pass them here, within the time limit of a run, is left out.
    """
    sandbox = find_sandbox()
    with out.open("w", encoding="utf-8") as file:
        for problem in problems(folder, half, count):
            hidden = HIDDEN.format(
                tolerance=problem.tolerance,
                reference=problem.reference,
                inputs=", ".join(problem.hidden),
                function=problem.function,
                compared="set(_one) == set(_two)" if problem.as_set else "_near(_one, _two)",
            )
            if not check(problem.reference, hidden, sandbox).passed:
                print(f"left out: {problem.id}", file=sys.stderr)
                continue
            row = {"id": problem.id, "task": problem.task, "tests": problem.tests, "hidden": hidden}
            file.write(json.dumps(row) + "\n")


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one task."""

    first_passes_public: bool
    first_right: bool
    passing: float
    agreement: float
    right: bool
    any_right: bool


def judge(folder: Path, half: str, out: Path, count: int, threshold: float | None) -> None:
    rows: dict[str, dict[int, str]] = {}
    seconds = 0.0
    for row in _rows(out):
        rows.setdefault(row["id"], {})[row["number"]] = row["text"]
        seconds += row["seconds"]
    chosen = [problem for problem in problems(folder, half, count) if problem.id in rows]
    sandbox = find_sandbox()
    cache = out.with_suffix(".judged.jsonl")
    known = {row["id"]: row for row in _rows(cache)}
    with cache.open("a", encoding="utf-8") as file:
        for at, problem in enumerate(chosen, 1):
            if problem.id not in known:
                judged = _judge(problem, rows[problem.id], sandbox)
                known[problem.id] = {"id": problem.id, **{k: getattr(judged, k) for k in Judged.__slots__}}
                file.write(json.dumps(known[problem.id]) + "\n")
                file.flush()
            print(f"{at} of {len(chosen)}", file=sys.stderr, end="\r")
    found = [Judged(**{k: known[problem.id][k] for k in Judged.__slots__}) for problem in chosen]
    if threshold is None:
        threshold = _threshold(found)
        print(f"threshold on passing share x agreement, chosen on these tasks: {threshold}")
    print(f"{half}: {len(found)} tasks, {seconds / max(1, len(chosen)):.1f} s of the model for a task")
    _report(found, threshold)


def _judge(problem: Problem, texts: dict[int, str], sandbox: Sandbox) -> Judged:
    programs = {number: program_in(text) for number, text in sorted(texts.items())}
    passed: dict[str, bool] = {}
    for program in programs.values():
        if program and program not in passed:
            passed[program] = check(program, problem.tests, sandbox).passed
    passing = [program for program in programs.values() if program and passed[program]]
    inputs = inputs_for(problem.tests, [problem.function], 40).get(problem.function, [])
    outputs = {program: behaviour(program, problem.function, inputs, sandbox) for program in dict.fromkeys(passing)}
    agreement = dict(zip(passing, shares([outputs[program] for program in passing]), strict=True))
    truth = _hidden(problem.reference, problem, sandbox)
    right = {
        program: all(map(_close, _hidden(program, problem, sandbox), truth, repeat(problem.tolerance)))
        for program in dict.fromkeys(passing)
    }
    best = max(passing, key=lambda program: agreement[program], default=None)
    first = programs.get(0)
    return Judged(
        first in passing,
        first in passing and right[first],
        len(passing) / len(programs),
        agreement[best] if best else 0.0,
        right[best] if best else False,
        any(right.values()),
    )


def _hidden(program: str, problem: Problem, sandbox: Sandbox) -> list[Output]:
    found = []
    for kind, value in map(loose, behaviour(program, problem.function, problem.hidden, sandbox)):
        if problem.as_set and value[:1] in "([":  # the public tests compare sets: the order does not matter
            value = str(sorted(part.strip() for part in value.strip("()[],").split(",")))
        found.append((kind, value))
    return found


def _close(one: Output, two: Output, tolerance: float) -> bool:
    """Whether two outputs are the same, numbers up to the tolerance that MBPP+ allows a task."""
    if one == two:
        return True
    try:
        return one[0] == two[0] == "value" and _near(ast.literal_eval(one[1]), ast.literal_eval(two[1]), tolerance)
    except (ValueError, SyntaxError):
        return False


def _near(one: object, two: object, tolerance: float) -> bool:
    if isinstance(one, list | tuple) and isinstance(two, list | tuple):
        same = type(one) is type(two) and len(one) == len(two)
        return same and all(map(_near, one, two, repeat(tolerance)))
    if isinstance(one, int | float) and isinstance(two, int | float):
        return math.isclose(one, two, rel_tol=1e-7, abs_tol=tolerance)
    return one == two


def _threshold(found: list[Judged]) -> float | None:
    """The least threshold whose delivered programs are right often enough; None where none is."""
    for threshold in sorted({round(row.passing * row.agreement, 6) for row in found if row.passing}):
        kept = [row for row in found if row.passing and row.passing * row.agreement >= threshold]
        if kept and sum(row.right for row in kept) / len(kept) >= TARGET:
            return threshold
    return None


def _report(part: list[Judged], threshold: float | None) -> None:
    public = [row for row in part if row.passing]
    delivered = [row for row in public if threshold is not None and row.passing * row.agreement >= threshold]
    _line("pass@1, likeliest reply, hidden inputs", sum(row.first_right for row in part), len(part))
    _line("likeliest reply passes the public tests", sum(row.first_passes_public for row in part), len(part))
    _line("some sample passes the public tests", len(public), len(part))
    _line("  right among those, chosen by agreement", sum(row.right for row in public), len(public))
    _line("delivered (threshold met)", len(delivered), len(part))
    _line("  right among the delivered", sum(row.right for row in delivered), len(delivered))


def _line(name: str, count: int, of: int) -> None:
    if not of:
        print(f"  {name}: none")
        return
    bounds = clopper_pearson(count, of)
    print(f"  {name}: {count} of {of} = {count / of:.3f} [{bounds.low:.3f}, {bounds.high:.3f}]")


def _rows(path: Path) -> list[dict[str, object]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("replies", "judge", "tasks"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--half", choices=("tune", "report"), default="tune")
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--threshold", type=float, default=None, help="By default it is chosen on these tasks.")
    parser.add_argument("--samples", type=int, default=5)
    options = parser.parse_args()
    if options.what == "replies":
        replies(options.data, options.half, options.model, options.out, options.tasks, options.samples)
    elif options.what == "tasks":
        tasks(options.data, options.half, options.out, options.tasks)
    else:
        judge(options.data, options.half, options.out, options.tasks, options.threshold)


if __name__ == "__main__":
    main()
