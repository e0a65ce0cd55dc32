"""The process that holds the tables: `python -m strati.tables.worker`, told what to do on standard input.

It may die of any file or query without harm. Memory and processor time are limited by the operating system, it dies
with its parent, it may write no file once the tables are loaded, and connections to a network are refused.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any, BinaryIO

from strati.core.errors import UserError
from strati.core.records import JSON
from strati.tables.engine import Engine, Limits, QueryFailed
from strati.tables.sources import Source

_SPACE = 6_000_000_000  # address space beyond the memory that DuckDB may fill: it maps more than it uses
_REFUSED = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind",
            "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn"}  # fmt: skip


def confine(limits: Limits) -> None:
    """Limits of the operating system, where it has them."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        space = limits.memory + _SPACE
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    sys.addaudithook(_guard)


def _end_with(parent: int) -> None:
    """Not Linux's signal at a parent's death: that is the death of the thread that started this process."""
    while os.getppid() == parent:
        sleep(1.0)
    os._exit(1)


def _guard(event: str, _: tuple[Any, ...]) -> None:
    if event in _REFUSED:
        raise PermissionError(f"{event}: tables are read without it")


def _no_more_files() -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _more_processor_time(seconds: float) -> None:
    """Let the next query use so much processor time, and then die: the deadline has failed."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        allowed = int(used.ru_utime + used.ru_stime + seconds) + 2
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))


def serve(orders: BinaryIO, output: BinaryIO) -> None:
    """Answer one order a line until the pipe is closed."""
    engine: Engine | None = None
    for line in orders:
        order = json.loads(line)
        reply: dict[str, JSON]
        try:
            if order["do"] == "load":
                limits = Limits(**order["limits"])
                confine(limits)
                sources = [Source(**source) for source in order["sources"]]
                engine = Engine(sources, Path(order["scratch"]), limits)
                _no_more_files()
                reply = {"schema": engine.schema.to_json()}
            elif engine is None:
                reply = {"error": "no table is loaded", "user": True}
            elif order["do"] == "query":
                seconds = order.get("seconds") or engine.limits.seconds
                _more_processor_time(engine.limits.threads * seconds)
                result = engine.query(order["sql"], seconds, order.get("rows"))
                reply = {
                    "columns": result.columns,
                    "types": result.types,
                    "rows": result.rows,
                    "seconds": result.seconds,
                    "cut": result.cut,
                }
            else:
                reply = {"values": engine.values(order["table"], order["column"], order["keys"])}
        except QueryFailed as failed:
            reply = {"error": str(failed), "limit": failed.limit}
        except UserError as error:
            reply = {"error": str(error), "user": True}
        except MemoryError:
            reply = {"error": "the tables need more memory than the limit allows", "user": True}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300], "user": order["do"] == "load"}
        output.write(json.dumps(reply).encode() + b"\n")
        output.flush()


def main() -> None:
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the replies
    serve(sys.stdin.buffer, output)


if __name__ == "__main__":
    main()
