"""The command line. One command a file; nothing heavy is imported before a command runs."""

from __future__ import annotations

import sys

from strati.core.errors import Stopped, StratiError, UserError

EXIT_USER = 2
EXIT_STOPPED = 3


def main() -> None:
    """Entry point: runs a command and turns errors into one sentence and an exit code."""
    from strati.cli.app import app

    try:
        app(standalone_mode=True)
    except Stopped as reason:
        print(f"strati: {reason}", file=sys.stderr)
        sys.exit(EXIT_STOPPED)
    except UserError as error:
        print(f"strati: {error}", file=sys.stderr)
        sys.exit(EXIT_USER)
    except StratiError as error:
        print(f"strati: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
