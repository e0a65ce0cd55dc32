"""A table of 1,000,000 rows: time and memory of load, profile and answers, beside DuckDB's own SUMMARIZE and query.

    python benchmarks/tables_speed.py [--rows 1000000] [--seed 1]

Makes a CSV file of eight columns in a temporary folder. Each line is measured in processes of its own: seconds of
processor time, theirs and their children's, the wall clock, and the memory of the largest of them. Last, one process
loads the table once and is asked five questions, each by the clock.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MINE = "from strati import tables; {0}"
PLAIN = "import duckdb; print(len(duckdb.sql({0!r}).fetchall()))"
QUESTION = "total amount by region"
QUESTIONS = (
    QUESTION, "how many orders are online?", "top 5 customers by amount", "average quantity by month",
    "which customers spent more than 40000 in total",
)  # fmt: skip


def made(path: Path, rows: int, seed: int) -> None:
    rng = random.Random(seed)
    regions, kinds = ["North", "South", "East", "West"], ["retail", "online", "partner"]
    customers = [f"Customer {number}" for number in range(20_000)]
    with path.open("w", encoding="utf-8") as file:
        file.write("order_id,customer,region,kind,order_date,quantity,amount,note\n")
        for number in range(rows):
            day = f"20{rng.randrange(18, 25)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
            amount = f"{rng.random() * 900:.2f}" if rng.random() > 0.01 else ""
            file.write(
                f"{number},{rng.choice(customers)},{rng.choice(regions)},{rng.choice(kinds)},{day},"
                f"{rng.randrange(1, 9)},{amount},note {rng.randrange(400)}\n"
            )


def measured(name: str, code: str) -> None:
    """Run `code` in a process of its own and print what it and the processes that it started took."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{name}: ended with exit code {process.returncode}")
    used, most = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6
    print(f"{name}: {used:.1f} s of processor time, {wall:.1f} s by the clock, {most:,.0f} MB at most", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        made(path, given.rows, given.seed)
        print(f"{given.rows:,} rows, {path.stat().st_size / 1e6:.0f} MB")
        source = f"read_csv('{path}')"
        measured("strati tables look", MINE.format(f"tables.look({str(path)!r})"))
        measured("DuckDB SUMMARIZE", PLAIN.format(f"SUMMARIZE SELECT * FROM {source}"))
        measured("strati tables ask", MINE.format(f"tables.ask({QUESTION!r}, {str(path)!r})"))
        measured("DuckDB, the same query", PLAIN.format(f"SELECT region, sum(amount) FROM {source} GROUP BY region"))
        opened = (
            "import sys, time\nfrom strati.tables.database import Database\n"
            "from strati.tables.asking import by_parser\nfrom strati.tables.parse.parser import Parser\n"
            "def said(name, at): print(f'  {name}: {time.perf_counter() - at:.2f} s by the clock', file=sys.stderr)\n"
            f"at = time.perf_counter()\nwith Database({str(path)!r}) as tables:\n"
            " said('load', at); at = time.perf_counter(); parser = Parser(tables); said('index', at)\n"
            f" for question in {QUESTIONS!r}:\n"
            "  at = time.perf_counter(); answer = by_parser(question, tables, parser); said(question, at)\n"
            "  assert answer.state == 'answered', answer.reason\n"
        )
        measured("load once and ask five times", opened)


if __name__ == "__main__":
    main()
