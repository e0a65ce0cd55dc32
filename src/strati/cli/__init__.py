"""The command line. One command a file; nothing heavy is imported before a command runs."""

from __future__ import annotations

import sys

from strati.core.errors import AnswerIsNo, LayerDown, Stopped, StratiError, UserError

EXIT_NO = 1
EXIT_USER = 2
EXIT_STOPPED = 3
EXIT_INTERRUPTED = 130  # as the shell has it: nothing was begun, or nothing is kept
EXIT_FAULT = 70


def main() -> None:
    """Entry point: runs a command and turns errors into one sentence and an exit code.

    0 done; 1 checked, and the answer is no; 2 the user can fix it; 3 a limit ended it; 70 a fault of strati itself.
    """
    try:
        from strati.cli.app import app
        from strati.core.threads import share_out

        share_out()
        app(standalone_mode=True)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except (StratiError, OSError) as error:
        told = _in_words(error)
        print(f"strati: {told}", file=sys.stderr)
        sys.exit(_code(told))
    except Exception as error:
        import traceback

        traceback.print_exc()
        print(f"strati: a fault of strati itself ({type(error).__name__}): please report it", file=sys.stderr)
        sys.exit(EXIT_FAULT)


def _in_words(error: StratiError | OSError) -> StratiError:
    if isinstance(error, StratiError):
        return error
    from pathlib import Path

    from strati.core.lock import in_words

    return in_words(error, Path(error.filename if isinstance(error.filename, str) else "the output"))


def _code(error: StratiError) -> int:
    if isinstance(error, AnswerIsNo):
        return EXIT_NO
    if isinstance(error, Stopped | LayerDown):
        return EXIT_STOPPED
    return EXIT_USER if isinstance(error, UserError) else EXIT_FAULT
