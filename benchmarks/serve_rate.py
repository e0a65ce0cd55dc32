"""What serving adds: processor time of a request, latency at a fixed rate, and what becomes of an overload.

    python benchmarks/serve_rate.py [--requests 5000] [--beside-model] [--only overload]

A stack of one keyword rule, which answers in some 20 microseconds, is served as a process; `hey` (a load generator in
Go, from Debian) asks it. Processor time is that of the serving process, all threads: parsing, key, limits, guards, the
draw of the audit, stack, commit to the service database, metrics, log, reply. With `--beside-model` another process
generates with SmolLM2-135M all the while.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from strati.kinds.classify.rules import Rules
from strati.stack.folder import save_stack
from strati.stack.layers.person import Person
from strati.stack.stack import Stack, Stage

KEY = "benchmark-key-0123456789"
CHAT = '{"model": "tickets", "messages": [{"role": "user", "content": "I want my money back"}]}'
NATIVE = '{"model": "tickets", "input": "I want my money back"}'


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=5000)
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--cancelled", type=int, default=5000)
    options.add_argument("--beside-model", action="store_true")
    options.add_argument("--only", choices=("time", "rate", "overload", "cancelled"))
    given = options.parse_args()
    if shutil.which("hey") is None:
        sys.exit("this needs hey: apt install hey")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "rules.txt").write_text('when "money" then refund\n')
        rules = Rules.from_file(folder / "rules.txt")
        save_stack(Stack((Stage(rules), Stage(Person())), "tickets"), folder / "tickets.stack")
        process, address = start(folder, "--audit", "0.02", "--rate", "100000000", "--waiting", "64")
        try:
            if given.only in (None, "time"):
                processor_time(process.pid, address, given.requests)
            if given.only in (None, "rate"):
                fixed_rate(address, given.seconds)
            if given.beside_model:
                with_model(address, given.seconds)
            if given.only in (None, "overload"):
                overload(process.pid, address, given.seconds)
            if given.only in (None, "cancelled"):
                cancelled(process.pid, address, given.cancelled)
        finally:
            process.terminate()
            process.wait(30)


def start(folder: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "strati", "serve", "--port", "0", "--json", *words]
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, "STRATI_KEY": KEY}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["address"]


def hey(url: str, body: str, *words: str) -> str:
    command = ["hey", "-m", "POST", "-T", "application/json", "-H", f"Authorization: Bearer {KEY}", "-d", body]
    return subprocess.run([*command, *words, url], capture_output=True, text=True, check=True).stdout


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processor_time(pid: int, address: str, requests: int) -> None:
    for name, path, body in (
        ("/v1/chat/completions", "/v1/chat/completions", CHAT),
        ("/api/answer", "/api/answer", NATIVE),
    ):
        hey(address + path, body, "-n", "500", "-c", "4")
        for clients in (1, 16):
            before = cpu(pid)
            told = hey(address + path, body, "-n", str(requests), "-c", str(clients))
            spent = 1000 * (cpu(pid) - before) / requests
            print(f"{name}, {clients} clients: {spent:.3f} ms of processor time a request; {figures(told)}")


def fixed_rate(address: str, seconds: int, name: str = "") -> None:
    for rate in (50, 200):
        told = hey(address + "/v1/chat/completions", CHAT, "-z", f"{seconds}s", "-c", "5", "-q", str(rate // 5))
        print(f"{rate} requests a second{name}: {figures(told)}")


def with_model(address: str, seconds: int) -> None:
    process = multiprocessing.Process(target=generate, daemon=True)
    process.start()
    time.sleep(5)
    fixed_rate(address, seconds, " while a model generates")
    process.kill()


def generate() -> None:
    from strati.models.catalog.catalog import Catalog
    from strati.models.catalog.store import Store
    from strati.models.contract import Prompt

    model = Store().open(Catalog.load(())["smollm2-135m"])
    while True:
        model.generate(Prompt("Tell a long story."), 400)  # type: ignore[attr-defined]


def overload(pid: int, address: str, seconds: int) -> None:
    """Twenty times the requests at once that the queue holds."""
    url, before = address + "/v1/chat/completions", memory(pid)
    told = hey(url, CHAT, "-z", f"{seconds}s", "-c", str(64 * 20), "-t", "10")
    statuses = dict(re.findall(r"\[(\d+)\]\s+(\d+) responses", told))
    began = time.monotonic()
    while True:
        request = urllib.request.Request(url, CHAT.encode(), {"authorization": f"Bearer {KEY}"})
        try:
            with urllib.request.urlopen(request, timeout=2):
                break
        except OSError:
            time.sleep(0.02)
    print(
        f"overload by {64 * 20} clients for {seconds} s: {statuses}, {figures(told)}; answers again after "
        f"{time.monotonic() - began:.2f} s; memory {before} to {memory(pid)} MB"
    )


def cancelled(pid: int, address: str, count: int) -> None:
    """Streams that wait for a person, each cut off by its client after the first bytes."""
    host, port = address.removeprefix("http://").split(":")
    body = (
        '{"model": "tickets", "messages": [{"role": "user", "content": "hello"}], "stream": true, "strati_wait": 600}'
    )
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {KEY}\r\n"
    asked = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    before: tuple[int, int] | None = None
    for number in range(count):
        if number == count // 10:  # after warming up
            before = memory(pid), open_files(pid)
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(asked)
            connection.recv(400)
    time.sleep(12)  # a sign of life finds that the client is gone
    assert before is not None
    print(
        f"{count:,} streams cancelled by their clients: memory {before[0]} to {memory(pid)} MB, open files {before[1]} "
        f"to {open_files(pid)}"
    )


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def memory(pid: int) -> int:
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) // 1000


def figures(told: str) -> str:
    found = {share: 1000 * float(value) for share, value in re.findall(r"(\d+)% in ([\d.]+) secs", told)}
    rate = re.findall(r"Requests/sec:\s+([\d.]+)", told)
    shown = ", ".join(f"{share} % within {found[share]:.1f} ms" for share in ("50", "95", "99") if share in found)
    return f"{float(rate[0]):.0f} a second; {shown}"


if __name__ == "__main__":
    main()
